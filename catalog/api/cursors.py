"""Opaque cursors: where the next page begins, signed, so that nothing but our own comes back.

Without a time in them: the same page must have the same ETag a second later.
"""

from __future__ import annotations

import json
from typing import Any

from django.core.signing import BadSignature, Signer
from django.utils.translation import gettext as _


class NoSuchPage(Exception):
    """A cursor that names no page of this list; answered with 404. ``str(error)``: what to do."""


class _Utf8:
    """JSON without escapes: names in other scripts stay short enough for an address."""

    def dumps(self, obj: Any) -> bytes:
        return json.dumps(obj, ensure_ascii=False, separators=(",", ":")).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


def _signer() -> Signer:
    return Signer(salt="catalog.api.cursor")


def write(order: str, *place: Any) -> str:
    """A cursor behind ``place``, the sort values of a page's last row."""
    return _signer().sign_object([order, *place], serializer=_Utf8)


def read(cursor: str, order: str) -> list[Any] | None:
    """The place that ``cursor`` names; None without one.

    Raises NoSuchPage for what this portal has not written, or wrote for another order.
    """
    if not cursor:
        return None
    try:
        written, *place = list[Any](_signer().unsign_object(cursor, serializer=_Utf8))
    except BadSignature:
        raise NoSuchPage(
            _("Take the cursor from the answer before, unchanged, or leave it out.")
        ) from None
    if written != order:
        raise NoSuchPage(_("This cursor belongs to another list or order. Begin without it."))
    return place
