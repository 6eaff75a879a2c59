"""Fields of the forms of consulting, and those of the ground that all of them use."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from osk_portal.toolkit.text_fields import LineField, TextField, without_controls

__all__ = [
    "FormIdField",
    "LineField",
    "SeenField",
    "TextField",
    "users_count_field",
    "without_controls",
]

MOST_USERS = 10_000_000


class FormIdField(forms.UUIDField):
    """Hidden: the id that makes a form sent twice count once. Nonsense in it counts as none."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False)

    def clean(self, value: Any) -> UUID | None:
        try:
            cleaned: UUID | None = super().clean(value)
        except ValidationError:
            return None
        return cleaned


class SeenField(forms.CharField):
    """Hidden: what the page showed (``seen.token``). Nonsense in it counts as nothing seen."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False)

    def clean(self, value: Any) -> str:
        try:
            return str(super().clean(value))
        except ValidationError:
            return ""


def users_count_field() -> forms.IntegerField:
    """How many people it is for: asked of the authority, and noted down by the OSK."""
    return forms.IntegerField(
        label=_("Number of users"),
        help_text=_("An estimate is enough."),
        required=False,
        min_value=1,
        max_value=MOST_USERS,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={
            "invalid": _("Enter a number without other characters, for example 250."),
            "min_value": _("Enter a number from 1 up."),
            "max_value": _("Enter a smaller number."),
        },
    )
