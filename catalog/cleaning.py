"""Texts of others without what can deceive, before anything is kept of them."""

from __future__ import annotations

import unicodedata
from typing import Any

from django.core.exceptions import ValidationError

from catalog.publiccode.invisible import DECEIVING, without_hidden
from osk_portal.toolkit.text_fields import CONTROL_MESSAGE

__all__ = ["HONEST", "cleaned"]


def cleaned(value: Any) -> Any:
    """A value of JSON without NUL and half characters (PostgreSQL takes neither) and without hidden characters."""
    if isinstance(value, str):
        text = value.encode("utf-8", "ignore").decode()
        return unicodedata.normalize("NFC", without_hidden(text))
    if isinstance(value, dict):
        return {cleaned(key): cleaned(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [clean for inner in value if (clean := cleaned(inner)) not in ("", {}, [])]
    return value


def _refuse_deceiving(text: str) -> None:
    if DECEIVING.search(text):
        raise ValidationError(CONTROL_MESSAGE, code="control_characters")


HONEST = (_refuse_deceiving,)
"""Validators of fields whose text becomes part of an entry."""
