"""The forms by which an advisor issues, corrects and withdraws a notice."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.enums import NoticeKind
from catalog.models import Notice, Solution
from catalog.models.notices import LONGEST_TEXT
from osk_portal.toolkit.forms import DateInput, HttpsURLField

LONGEST_REASON = 1_000


class NoticeForm(forms.Form):
    """After ``is_valid()``, ``words`` are the keyword arguments of the services."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What is it about?"),
        choices=NoticeKind.choices,
        error_messages={"required": gettext_lazy("Choose what it is about.")},
    )
    text_de = forms.CharField(
        label=gettext_lazy("Text in German"),
        help_text=gettext_lazy("What happened, whom it concerns, what is to be done. Markdown is possible."),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 8, "lang": "de"}),
        error_messages={"required": gettext_lazy("Write the notice.")},
    )  # fmt: skip
    text_en = forms.CharField(
        label=gettext_lazy("Text in English"),
        help_text=gettext_lazy("Without it the German text is shown everywhere."),
        max_length=LONGEST_TEXT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "lang": "en"}),
    )
    evidence = HttpsURLField(
        label=gettext_lazy("Evidence"),
        help_text=gettext_lazy("Address of the page that shows it, with https."),
        max_length=500,
        required=False,
        validators=[URLValidator(schemes=["https"])],
    )
    valid_from = forms.DateField(label=gettext_lazy("Valid from"), widget=DateInput)
    successor = forms.CharField(
        label=gettext_lazy("Successor"),
        help_text=gettext_lazy("Address of its entry in the catalog. Only for a notice of that kind."),
        max_length=300,
        required=False,
    )  # fmt: skip

    def __init__(self, *args: Any, solution: Solution, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._solution = solution

    def clean_text_de(self) -> str:
        text: str = self.cleaned_data["text_de"]
        return text.replace("\r\n", "\n")

    def clean_text_en(self) -> str:
        text: str = self.cleaned_data["text_en"]
        return text.replace("\r\n", "\n")

    def clean_successor(self) -> Solution | None:
        wanted: str = self.cleaned_data["successor"].strip()
        if not wanted:
            return None
        found = Solution.objects.published().filter(slug=_slug_in(wanted)).first()
        if found is None or found.pk == self._solution.pk:
            raise ValidationError(_("The successor must be another entry of the catalog."))
        return found

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "kind" in cleaned and "successor" in cleaned:
            is_successor = cleaned["kind"] == NoticeKind.SUCCESSOR
            if is_successor != (cleaned["successor"] is not None):
                self.add_error("successor", _("Name the successor, in a notice of that kind only."))
        return cleaned

    @property
    def words(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in Notice.WORDS}


class NoticeCorrectionForm(NoticeForm):
    reason = forms.CharField(
        label=gettext_lazy("What was wrong?"),
        help_text=gettext_lazy("Stands in the public history of the notice."),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": gettext_lazy("Say what was wrong.")},
    )
    tell_again = forms.BooleanField(
        label=gettext_lazy("Tell everybody again, and ask for a new confirmation"),
        required=False,
        initial=True,
    )
    version = forms.IntegerField(min_value=1, max_value=32_000, widget=forms.HiddenInput)


class NoticeWithdrawalForm(forms.Form):
    withdrawal_reason = forms.CharField(
        label=gettext_lazy("Why does it no longer hold?"),
        help_text=gettext_lazy("Stands in the public history of the notice."),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": gettext_lazy("Say why it no longer holds.")},
    )
    # Two forms stand on one page: their ids must differ.
    version = forms.IntegerField(
        min_value=1, max_value=32_000, widget=forms.HiddenInput(attrs={"id": "withdrawal_version"})
    )


def initial_of(notice: Notice) -> dict[str, Any]:
    successor = notice.successor
    return {
        **notice.words,
        "successor": successor.get_absolute_url() if successor else "",
        "version": notice.version,
    }


def _slug_in(address: str) -> str:
    """The entry's slug, from its address as it stands in the browser, or from the slug alone."""
    try:
        path = urlsplit(address).path
    except ValueError:
        return ""
    try:
        found = resolve(path)
    except Resolver404:
        return address
    return str(found.kwargs.get("slug", "")) if found.view_name == "catalog:solution_detail" else ""
