"""Text as people type or paste it: refused in words where it could hide something, never changed."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

CONTROL_MESSAGE = _(
    "This contains invisible control characters. Please type the text again without them."
)
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
            "null_characters_not_allowed": CONTROL_MESSAGE,
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
            raise ValidationError(CONTROL_MESSAGE, code="control_characters")


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
            raise ValidationError(CONTROL_MESSAGE, code="control_characters")
