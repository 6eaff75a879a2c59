"""Whether a product can be booked now, by whom and until when. The same for booking, offer, move, extension."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.db import connection
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


def require_open(blueprint: Blueprint, organisation: Organisation) -> Blueprint:
    """The product as it is now, and stays until the end of the transaction. Raises TransitionNotAllowed.

    A block may have come since the page was shown; one that comes now waits, and tells this booking too.
    """
    with connection.cursor() as cursor:
        # SHARE: others book the same product meanwhile. Django knows only locks that exclude them.
        cursor.execute("SELECT FROM sandbox_blueprint WHERE id = %s FOR SHARE", [blueprint.pk])
    fresh = Blueprint.objects.select_related("pool").get(pk=blueprint.pk)
    if fresh.organisation_id not in (None, organisation.pk):
        raise TransitionNotAllowed(
            "book", "prototype", _("This prototype belongs to another organisation.")
        )
    if not fresh.is_open:
        raise TransitionNotAllowed("book", "not bookable", why_closed(fresh))
    return fresh


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
