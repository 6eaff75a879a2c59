"""A person's own calendar: its secret address, and what the apps put into it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from osk_portal import portal
from osk_portal.accounts.models import User
from osk_portal.notifications.rendering import absolute_url
from osk_portal.pages.models import CalendarAddress
from osk_portal.toolkit import clock, encryption, ics

TOKEN_BYTES = 32


@transaction.atomic
def renew_address(*, user: User) -> CalendarAddress:
    """Make the address, or another one in its place; the old one opens nothing from now on."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    address, _is_new = CalendarAddress.objects.update_or_create(
        user=user,
        defaults={
            "token_hash": hashed(token),
            "token_sealed": encryption.encrypt(token),
            "made_at": clock.now(),
        },
    )
    return address


@transaction.atomic
def delete_address(*, user: User) -> bool:
    """Whether there was one."""
    return bool(CalendarAddress.objects.filter(user=user).delete()[0])


def address_of(user: User) -> str:
    """The whole address; empty where there is none, or where its key was lost: then it is made anew."""
    row = CalendarAddress.objects.filter(user=user).first()
    if row is None:
        return ""
    try:
        token = encryption.decrypt(row.token_sealed)
    except encryption.CannotDecrypt:
        return ""
    return absolute_url(reverse("pages:calendar_feed", args=[token]))


def owner_of(token: str) -> User | None:
    """Whose calendar it is. None for an unknown token and for a person who is no longer active."""
    row = CalendarAddress.objects.select_related("user").filter(token_hash=hashed(token)).first()
    if row is None or not row.user.is_active or row.user.anonymised_at is not None:
        return None
    return row.user


def feed_of(user: User) -> str:
    """What ``user`` may see now, as iCalendar. Every app asks its own policy again."""
    with translation.override(user.language):
        entries = [
            replace(entry, url=absolute_url(entry.url))
            for source in portal.calendar_sources
            for entry in source.entries(user)
        ]
        title = _("%(site)s: appointments and dates") % {"site": settings.OSK_SITE_NAME}
    return ics.published(entries, at=clock.now(), title=title)


def hashed(token: str) -> str:
    """The token is long and random: a plain digest is enough, and it can be looked up."""
    return hashlib.sha256(token.encode()).hexdigest()
