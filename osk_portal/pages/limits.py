"""How often a public form may be sent."""

from __future__ import annotations

from allauth.core import ratelimit
from django.http import HttpRequest


def within_limit(request: HttpRequest, action: str) -> bool:
    """Count one use of ``action`` (settings.ACCOUNT_RATE_LIMITS); False where it was one too many."""
    return bool(ratelimit.consume(request, action=action))
