"""The form by which an advisor says what the OSK knows of a solution beyond its file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models import Solution
from network.enums import OrganisationKind
from network.models import Organisation

MOST_LINES: Final = 50
LONGEST_LINE: Final = 100


class LinesField(forms.CharField):
    """One value a line; empty lines and repetitions are left out."""

    widget = forms.Textarea(attrs={"rows": 5})

    def clean(self, value: Any) -> list[str]:
        text = super().clean(value) or ""
        lines = list(dict.fromkeys(" ".join(line.split()) for line in text.splitlines()))
        found = [line for line in lines if line]
        if len(found) > MOST_LINES:
            raise ValidationError(_("At most %(n)s lines, please.") % {"n": MOST_LINES})
        if any(len(line) > LONGEST_LINE for line in found):
            raise ValidationError(
                _("At most %(n)s characters in a line, please.") % {"n": LONGEST_LINE}
            )
        return found


class AdditionForm(forms.Form):
    alternatives = LinesField(
        label=gettext_lazy("Alternative to"),
        help_text=gettext_lazy(
            "Names of products that it can replace, one a line. Who searches for one of them finds this entry."
        ),
        required=False,
    )
    keywords = LinesField(
        label=gettext_lazy("Keywords"),
        help_text=gettext_lazy("By which it shall be found too, one a line. Nobody sees them."),
        required=False,
    )
    berlin_body = forms.ModelChoiceField(
        Organisation.objects.none(),
        label=gettext_lazy("Published by"),
        help_text=gettext_lazy("The Berlin body that has published the code."),
        empty_label=gettext_lazy("No Berlin body"),
        required=False,
    )
    seen = forms.CharField(widget=forms.HiddenInput, max_length=40)

    def __init__(
        self, *args: Any, solution: Solution, restored: Mapping[str, Any], **kwargs: Any
    ) -> None:
        """``restored``: earlier values to begin with, in place of what the entry says now.

        ``keeps_body``: the body of then has left the network and is no choice; that of now stays.
        """
        # Who is not shown publicly stands on no entry; what was chosen earlier stays.
        shown = Q(is_published=True) | Q(pk=solution.berlin_body_id)
        bodies = Organisation.objects.filter(shown, kind=OrganisationKind.BERLIN_ADMINISTRATION)
        body = restored.get("berlin_body")
        self.keeps_body = body is not None and not bodies.filter(pk=body).exists()
        if self.keeps_body:
            restored = {name: restored[name] for name in restored if name != "berlin_body"}
        kwargs["initial"] = {
            "alternatives": "\n".join(solution.alternatives),
            "keywords": "\n".join(solution.keywords),
            "berlin_body": solution.berlin_body_id,
            "seen": solution.updated_at.isoformat(),
            **restored,
        }
        super().__init__(*args, **kwargs)
        self.fields["berlin_body"].queryset = bodies.order_by("sort_key", "pk")  # type: ignore[attr-defined] # a ModelChoiceField
