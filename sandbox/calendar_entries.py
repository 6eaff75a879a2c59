"""A booking as an entry of a calendar: the same event in mail, file and feed."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _

from osk_portal.accounts.models import User
from osk_portal.notifications.attachments import Attachment
from osk_portal.notifications.rendering import absolute_url
from osk_portal.toolkit import clock, ics
from sandbox.models import Booking


def entry_of(booking: Booking, url: str) -> ics.Entry:
    """It takes no time of the person. ``sequence`` rises with each change of the window and the end."""
    return ics.Entry(
        uid=f"{booking.public_id}@{settings.OSK_MAIL_DOMAIN}",
        title=f"{_('Test environment')}: {booking.blueprint_version.blueprint.name}",
        starts=booking.starts_at,
        ends=booking.ends_at,
        url=url,
        sequence=booking.sequence,
    )


def attachment(booking: Booking, person: User, method: ics.Method) -> Attachment:
    """For the calendar of one person, in the present language: REQUEST or CANCEL."""
    text = ics.invitation(
        method,
        entry_of(booking, absolute_url(booking.get_absolute_url())),
        organiser=ics.Person(settings.OSK_SITE_NAME, settings.OSK_CONTACT_EMAIL),
        attendee=ics.Person(str(person), person.email),
        at=clock.now(),
    )
    name = "absage.ics" if method == "CANCEL" else "termin.ics"
    return Attachment(name, f"text/calendar; method={method}; charset=utf-8", text)
