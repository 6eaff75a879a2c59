"""Logins of the demo world: a known password, so never outside a try-out."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from osk_portal.accounts.enums import StaffRole
from osk_portal.accounts.models import User
from osk_portal.accounts.services import create_person
from osk_portal.embedded.demo_logins import PASSWORD

DOMAIN = "demo.osk.example"


def ensure_login(name: str, local_part: str, *roles: StaffRole) -> User:
    """A person with a verified address and the demo password; the same one on each call.

    Raises ImproperlyConfigured in production: a known password must never exist there.
    """
    if settings.PRODUCTION:
        raise ImproperlyConfigured("Demo logins are refused with OSK_ENV=production.")
    email = f"{local_part}@{DOMAIN}"
    user = User.objects.filter(email=email).first()
    return user or create_person(email=email, name=name, password=PASSWORD, roles=roles)
