"""How often a public form may be sent."""

from __future__ import annotations

from allauth.core.internal import ratelimit
from django.http import HttpRequest


def within_limit(request: HttpRequest, action: str, *, key: str | None = None) -> bool:
    """Count one use of ``action`` (settings.ACCOUNT_RATE_LIMITS); False where it was one too many.

    ``key``: counts for this key, for limits that are not by address of the network.
    """
    used = ratelimit.consume(request, app="allauth.account", action=action, key=key, limit_get=True)
    return bool(used)
