"""Until when somebody has to decide, in working days and wall clock times of Berlin."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from django.conf import settings

from osk_portal.toolkit import clock
from osk_portal.toolkit.clock import BERLIN
from osk_portal.toolkit.working_days import add_working_days, is_working_day
from sandbox.enums import BookingState
from sandbox.models import Blueprint, BlueprintVersion

if TYPE_CHECKING:
    from sandbox.models import Booking

REPORT_DAYS: Final = 14
_TESTED: Final = (BookingState.ACTIVE, BookingState.ENDED)
_PERHAPS_TESTED: Final = (BookingState.CANCELLED, BookingState.FAILED)


def first_start_with_approval(now: datetime) -> datetime:
    """The earliest begin of a booking that the OSK has to approve: the day after it promised to decide."""
    decided = add_working_days(now.astimezone(BERLIN).date(), settings.OSK_SANDBOX_APPROVAL_DAYS)
    return datetime.combine(
        decided + timedelta(days=1), time(settings.OSK_OFFICE_OPENS), tzinfo=BERLIN
    )


def first_start(
    blueprint: Blueprint, version: BlueprintVersion | None, now: datetime, *, needs_approval: bool
) -> datetime:
    """The earliest begin: now, unless the OSK approves it first, or a person sets up ``version``."""
    first = first_start_with_approval(now) if needs_approval else now
    if version is not None and version.is_by_hand:
        first += timedelta(minutes=blueprint.pool.lead_minutes)
    return first


def approval_deadline(start: datetime, asked_at: datetime) -> datetime:
    """Until when an application holds its place: at most until it would begin."""
    last = add_working_days(asked_at.astimezone(BERLIN).date(), settings.OSK_SANDBOX_HOLD_DAYS)
    return min(start, datetime.combine(last, time(settings.OSK_OFFICE_CLOSES), tzinfo=BERLIN))


def offer_deadline(now: datetime) -> datetime:
    """Until when an offer of the waitlist holds its place.

    Never on a day on which nobody works: then at the same hour of the next working day.
    """
    end = (now + timedelta(hours=settings.OSK_SANDBOX_OFFER_HOURS)).astimezone(BERLIN)
    if is_working_day(end.date()):
        return end
    return datetime.combine(add_working_days(end.date(), 0), end.time(), tzinfo=BERLIN)


def report_deadline(booking: Booking) -> datetime:
    """Until when reports can be written: 14 days after the end, however it came."""
    return (booking.ended_at or booking.ends_at) + timedelta(days=REPORT_DAYS)


def takes_reports(booking: Booking) -> bool:
    """From the begin until the deadline; never of what did not come about.

    What was ended early, has failed after it had run, or was put into quarantine, was tested until then.
    """
    came_about = booking.state in _TESTED
    if booking.state in _PERHAPS_TESTED:
        came_about = any(environment.ready_at for environment in booking.environments.all())
    return came_about and booking.starts_at <= clock.now() <= report_deadline(booking)
