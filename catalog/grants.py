"""The words by which people put their texts under CC0 1.0.

A version is never changed: who has said yes, has said it to these words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext_lazy as _

from catalog.all_fields import EVERY
from catalog.fields import Field, Kind

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

CURRENT: Final = "2026-11"
WORDINGS: Final[Mapping[str, _StrPromise]] = {
    "2026-11": _(
        "I release the texts that I have written under CC0 1.0: everybody may use, change and pass "
        "them on without conditions. I may do so for my organisation too."
    ),
}
LICENCE_URL: Final = "https://creativecommons.org/publicdomain/zero/1.0/deed.de"
_WRITTEN: Final = (Kind.TEXT, Kind.LONG, Kind.LINES)
_ADDRESSES: Final = ("screenshots", "videos")


def is_written(field: Field) -> bool:
    """Whether people write this field; addresses, and what stands outside of the description, are facts."""
    *section, key = field.path
    return section[:1] == ["description"] and field.kind in _WRITTEN and key not in _ADDRESSES


def needs_grant(changes: Mapping[str, Any]) -> bool:
    """Whether these changes contain texts that somebody has written."""
    return any(
        value and name in EVERY and is_written(EVERY[name]) for name, value in changes.items()
    )
