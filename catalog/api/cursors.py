"""Opaque cursors: where the next page begins, signed, so that nothing but our own comes back.

Without a time in them: the same page must have the same ETag a second later.
"""

from __future__ import annotations

from typing import Any

from django.core.signing import BadSignature, Signer
from django.utils.translation import gettext as _

from catalog.api.problems import WrongParameter

LONGEST = 1_000


def _signer() -> Signer:
    return Signer(salt="catalog.api.cursor")


def write(order: str, *place: Any) -> str:
    """A cursor behind ``place``, the sort values of a page's last row."""
    return _signer().sign_object([order, *place])


def read(cursor: str, order: str) -> list[Any] | None:
    """The place that ``cursor`` names; None without one.

    Raises WrongParameter for what this portal has not written, or wrote for another order.
    """
    if not cursor:
        return None
    try:
        written, *place = list[Any](_signer().unsign_object(cursor))
    except BadSignature:
        raise WrongParameter(
            "cursor", _("Take the cursor from the answer before, unchanged, or leave it out.")
        ) from None
    if written != order:
        raise WrongParameter(
            "cursor", _("This cursor belongs to another list or order. Begin without it.")
        )
    return place
