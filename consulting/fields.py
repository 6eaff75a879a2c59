"""Text as people type or paste it: refused in words where it could hide something, never changed."""

from __future__ import annotations

import re
import unicodedata
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

MOST_USERS = 10_000_000
# C0 and C1 controls without tab and line feed; NUL is among them, which PostgreSQL cannot store.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# Direction overrides let a title read otherwise than it is (Unicode TR 36, 2.5.1). Hebrew and Arabic need none.
_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")


def without_controls(text: str) -> str:
    """Text of somebody's making as these fields take it."""
    return _OVERRIDES.sub("", _CONTROLS.sub("", text))


class TextField(forms.CharField):
    """Several lines. NFC, line ends as \\n; refuses control characters and what is too long."""

    widget: Any = forms.Textarea

    def __init__(self, *, max_length: int, rows: int = 6, **options: Any) -> None:
        options.setdefault("widget", self.widget(attrs={"rows": rows}))
        messages = {
            "max_length": ngettext_lazy(
                "Shorten this to %(limit_value)d character. Now it has %(show_value)d.",
                "Shorten this to %(limit_value)d characters. Now it has %(show_value)d.",
                "limit_value",
            ),
            "null_characters_not_allowed": _CONTROL_MESSAGE,
            **options.pop("error_messages", {}),
        }
        super().__init__(max_length=max_length, error_messages=messages, **options)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Without ``maxlength``: a browser would cut off pasted text without a word."""
        attrs = super().widget_attrs(widget)
        attrs.pop("maxlength", None)
        return attrs

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        return unicodedata.normalize(
            "NFC", str(text or "").replace("\r\n", "\n").replace("\r", "\n")
        )

    def validate(self, value: str) -> None:
        super().validate(value)
        if _CONTROLS.search(value):
            raise ValidationError(_CONTROL_MESSAGE, code="control_characters")


class LineField(TextField):
    """One line: no line breaks, no direction overrides."""

    widget = forms.TextInput

    def __init__(self, *, max_length: int, **options: Any) -> None:
        super().__init__(
            max_length=max_length,
            **{"widget": forms.TextInput(attrs={"autocomplete": "off"}), **options},
        )

    def validate(self, value: str) -> None:
        super().validate(value)
        if "\n" in value or "\t" in value or _OVERRIDES.search(value):
            raise ValidationError(_CONTROL_MESSAGE, code="control_characters")


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


_CONTROL_MESSAGE = _(
    "This contains invisible control characters. Please type the text again without them."
)


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
