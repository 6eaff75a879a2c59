"""How often a public form may be sent."""

from __future__ import annotations

from typing import Final

from allauth.core.internal import ratelimit
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

TOO_OFTEN: Final = _(
    "You have sent the form very often. Please try again later. What you typed still stands here."
)
"""For the form that was one too many, shown again with its text and status 429."""


def within_limit(request: HttpRequest, action: str, *, key: str | None = None) -> bool:
    """Count one use of ``action`` (settings.ACCOUNT_RATE_LIMITS); False where it was one too many.

    ``key``: counts for this key, for limits that are not by address of the network.
    """
    used = ratelimit.consume(request, app="allauth.account", action=action, key=key, limit_get=True)
    return bool(used)
