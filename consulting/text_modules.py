"""Text modules in the composers of the OSK: choosing one, filling it in, adding it to what is typed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, ClassVar, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from consulting.deadlines import long_date
from consulting.file_forms import PREVIEW
from consulting.legal import check_citations, old_in
from consulting.models import ConsultingRequest
from consulting.models.text_module import PLACEHOLDERS, TextModule
from osk_portal.accounts.models import User

_PLACEHOLDER: Final = re.compile("|".join(rf"\{{{name}\}}" for name in PLACEHOLDERS))
BUTTON: Final = "insert"
CITE_OLD: Final = "cite_old"
"""The tick with which an old legal statement is cited nevertheless."""


def fill(text: str, case: ConsultingRequest, writer: User) -> str:
    """``text`` for this case, in the language of its author; the values are inserted once and never
    looked through for placeholders themselves."""
    with override(case.author.language):
        day = case.answer_due_on if case.is_open else case.closes_on
        values = {
            "{anrede}": _("Hello %(name)s,") % {"name": case.author},
            "{aktenzeichen}": case.reference or "",
            "{ansprechperson}": str(case.assignee or writer),
            "{frist}": long_date(day) if day else "–",
        }
        return _PLACEHOLDER.sub(lambda found: values[found[0]], text)


class ModuleMixin(forms.Form):
    """A composer that offers text modules. ``insert`` is a button of the form itself: no script needed."""

    target: ClassVar[str]
    """The field into which the text goes."""
    case: ConsultingRequest

    module = forms.CharField(label=gettext_lazy("Text module"), required=False)

    def __init__(
        self, *args: Any, modules: Iterable[TextModule] | None = None, **options: Any
    ) -> None:
        """``modules``: those that are offered, where the page has read them already."""
        super().__init__(*args, **options)
        if modules is None:
            modules = TextModule.objects.filter(is_active=True)
        self.modules = {str(m.public_id): m for m in modules}
        none = ("", gettext_lazy("None"))
        choices = [none, *((key, module.name) for key, module in self.modules.items())]
        self.fields["module"].widget = forms.Select(choices=choices)
        if CITE_OLD in self.data:
            self._offer_old()

    def clean(self) -> dict[str, Any]:
        """A legal statement that is cited must be known and still right; of an old one is warned once.

        The preview shows the statements themselves, with the warning.
        """
        cleaned = super().clean() or self.cleaned_data
        text = str(cleaned.get(self.target) or "")
        try:
            check_citations(text)
        except ValidationError as error:
            self.add_error(self.target, error)
            return cleaned
        old = [] if PREVIEW in self.data or cleaned.get(CITE_OLD) else old_in(text)
        if old:
            self._offer_old()
            self.add_error(
                self.target,
                _(
                    "%(references)s: checked more than twelve months ago. Ask the OSK lead to check it, take it"
                    " out, or tick that you cite it nevertheless."
                )
                % {"references": ", ".join(statement.reference for statement in old)},
            )
        return cleaned

    def _offer_old(self) -> None:
        self.fields[CITE_OLD] = forms.BooleanField(
            label=_("Cite the old legal statement nevertheless"), required=False
        )

    @property
    def is_inserting(self) -> bool:
        return BUTTON in self.data

    def filled(self, text: str, writer: User) -> str:
        """The text of a module for what this composer writes about."""
        return fill(text, self.case, writer)

    def options_with_module(self, writer: User) -> dict[str, Any]:
        """The options for the same form again, with the text inserted."""
        return {"initial": self.typed_with_module(writer)}

    def typed_with_module(self, writer: User) -> dict[str, Any]:
        """What was typed, with the chosen text behind it; for the same form again, not yet checked."""
        typed = {name: self.data[name] for name in self.data}
        module = self.modules.get(typed.pop("module", ""))
        if module is not None:
            before = typed.get(self.target, "").rstrip()
            added = self.filled(module.text, writer)
            typed[self.target] = f"{before}\n\n{added}" if before else added
        return typed
