"""Whether a product can be booked now, by whom and until when. The same for booking, offer, move, extension."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.utils.translation import gettext as _

from network.models import Organisation
from osk_portal.templatetags.osk import berlin_date
from osk_portal.toolkit.clock import BERLIN
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox.capacity import TooLong
from sandbox.models import Blueprint


def last_moment(blueprint: Blueprint) -> datetime | None:
    """When a prototype ends for good; None for what has no end."""
    if blueprint.expires_on is None:
        return None
    return datetime.combine(blueprint.expires_on + timedelta(days=1), time(), tzinfo=BERLIN)


def require_open(blueprint: Blueprint, organisation: Organisation) -> None:
    """Read again: a block may have come since the page was shown. Raises TransitionNotAllowed."""
    fresh = Blueprint.objects.get(pk=blueprint.pk)
    if fresh.organisation_id not in (None, organisation.pk):
        raise TransitionNotAllowed(
            "book", "prototype", _("This prototype belongs to another organisation.")
        )
    if not fresh.is_open:
        raise TransitionNotAllowed("book", "not bookable", why_closed(fresh))


def require_time(blueprint: Blueprint, end: datetime) -> None:
    """A prototype's bookings end with it. Raises TooLong, with the last moment."""
    last = last_moment(blueprint)
    if last is not None and end > last:
        raise TooLong(last)


def why_closed(blueprint: Blueprint) -> str:
    if blueprint.is_blocked:
        return _("The OSK has blocked this test product. It cannot be booked for now.")
    if blueprint.is_bookable and not blueprint.is_open and blueprint.expires_on is not None:
        return _("The time of this prototype ended on %(day)s. Ask the OSK to extend it.") % {
            "day": berlin_date(blueprint.expires_on)
        }
    return _("This test product cannot be booked at the moment.")
