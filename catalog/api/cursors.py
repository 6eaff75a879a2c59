"""Opaque cursors: where the next page begins, signed, so that nothing but our own comes back."""

from __future__ import annotations

from typing import Any

from django.core import signing
from django.core.signing import BadSignature
from django.utils.translation import gettext as _

from catalog.api.problems import WrongParameter

LONGEST = 1_000
_SALT = "catalog.api.cursor"


def write(order: str, *place: Any) -> str:
    """A cursor behind ``place``, the sort values of a page's last row."""
    return signing.dumps([order, *place], salt=_SALT)


def read(cursor: str, order: str) -> list[Any] | None:
    """The place that ``cursor`` names; None without one.

    Raises WrongParameter for what this portal has not written, or wrote for another order.
    """
    if not cursor:
        return None
    try:
        written, *place = list[Any](signing.loads(cursor, salt=_SALT))
    except BadSignature:
        raise WrongParameter(
            "cursor", _("Take the cursor from the answer before, unchanged, or leave it out.")
        ) from None
    if written != order:
        raise WrongParameter(
            "cursor", _("This cursor belongs to another list or order. Begin without it.")
        )
    return place
