"""Mails to guests: who tests along without an account comes in by a link that only such a mail holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _

from osk_portal.notifications import rendering
from osk_portal.notifications.services import post_secret
from sandbox.models import TestParticipant

TESTS_ALONG: Final = _("You were invited to test along.")
"""Why who tests along gets a mail, with an account or without."""


def to_guest(
    guest: TestParticipant,
    *,
    kind: str,
    template: str,
    context: Mapping[str, object],
    lifetime: timedelta,
) -> None:
    """A mail that opens something: encrypted at rest, not sent once the guest is removed."""
    rendered = rendering.render(
        template,
        {
            **context,
            "recipient": None,
            "thread": "",
            "reply_to": "",
            "guest_name": guest.name,
        },
        language="de",
        url=guest.get_absolute_url(),
        reason=TESTS_ALONG,
    )
    post_secret(
        kind=kind,
        address=guest.email,
        user=None,
        language="de",
        subject=rendered.subject,
        body=rendered.body,
        lifetime=lifetime,
        subject_key=guest.link_key.hex,
    )
