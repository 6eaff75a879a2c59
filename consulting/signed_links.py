"""Addresses that open one form without signing in: signed, for one purpose, for a limited time."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.core import signing

VALID_FOR: Final = timedelta(days=90)


def make(purpose: str, public_id: UUID) -> str:
    return signing.dumps(str(public_id), salt=f"consulting.{purpose}")


def read(purpose: str, token: str) -> UUID | None:
    """The id that was signed for ``purpose``; None for a forged, foreign or expired token."""
    try:
        value = signing.loads(token, salt=f"consulting.{purpose}", max_age=VALID_FOR)
    except signing.BadSignature:
        return None
    return UUID(str(value))
