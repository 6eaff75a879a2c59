"""Whether this login has proved a second factor. Staff need one (product.md, People)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from allauth.account import app_settings
from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.http import HttpRequest

if TYPE_CHECKING:
    from osk_portal.accounts.models import User

# Holds the person's key: a session that changes hands must not hand the factor on. That an authenticator
# exists is not enough either, since a thief's session may be older than the authenticator.
SESSION_KEY = "second_factor_of"
DEMO_DOMAIN = "@demo.osk.example"


def note(request: HttpRequest, user: User) -> None:
    request.session[SESSION_KEY] = user.pk


def forget(request: HttpRequest) -> None:
    request.session.pop(SESSION_KEY, None)


def is_proved(request: HttpRequest) -> bool:
    user = request.user
    if not user.is_authenticated:
        return False
    return request.session.get(SESSION_KEY) == user.pk or is_demo_login(user)


def is_proved_recently(request: HttpRequest) -> bool:
    """Within the time for which a repeated sign-in counts (ACCOUNT_REAUTHENTICATION_TIMEOUT)."""
    user = request.user
    if not user.is_authenticated:
        return False
    proofs = [r["at"] for r in get_authentication_records(request, user) if r["method"] == "mfa"]
    is_fresh = bool(proofs) and time.time() - max(proofs) < app_settings.REAUTHENTICATION_TIMEOUT
    return is_fresh or is_demo_login(user)


def is_demo_login(user: User) -> bool:
    """The logins of the demo world, which no production has (settings.py refuses)."""
    return bool(settings.OSK_DEMO and not settings.PRODUCTION and user.email.endswith(DEMO_DOMAIN))
