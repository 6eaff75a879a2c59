"""Reminders three days, one day and one hour before the end: each once for an end."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Max, Q

from osk_portal.toolkit import clock
from osk_portal.toolkit.working_days import is_office_hour
from sandbox import notifications
from sandbox.enums import BookingAction, BookingState, ReminderKind
from sandbox.models import Booking, Reminder
from sandbox.services.snapshots import can_take

logger = logging.getLogger(__name__)

LEADS: Final[Mapping[ReminderKind, timedelta]] = {
    ReminderKind.HOUR: timedelta(hours=1),
    ReminderKind.DAY: timedelta(days=1),
    ReminderKind.THREE_DAYS: timedelta(days=3),
}
"""The shortest first: of several that are due only the most urgent one is of use."""
AT_ANY_HOUR: Final = frozenset({ReminderKind.HOUR})
"""Waiting for the office to open would bring these too late."""
BATCH: Final = 50
_CHANGES: Final = (BookingAction.EXTEND, BookingAction.MOVE)


def send_reminders() -> None:
    """Tell who booked that the end is near, of what was handed over. Called again it sends nothing twice."""
    now = clock.now()
    in_office = is_office_hour()
    for booking_id, kind in _due(now):
        if in_office or kind in AT_ANY_HOUR:
            _send(booking_id, kind, now)


def due_kind(
    *, starts_at: datetime, ends_at: datetime, changed_at: datetime | None, now: datetime
) -> ReminderKind | None:
    """Which reminder is of use now.

    None for what lies in the first half of the booking (it was booked just now), for what would have been
    due before somebody chose this end, and once it is over.
    """
    if ends_at <= now:
        return None
    for kind, lead in LEADS.items():
        moment = ends_at - lead
        if moment > now:
            continue
        is_of_use = lead * 2 <= ends_at - starts_at
        return kind if is_of_use and (changed_at is None or changed_at <= moment) else None
    return None


def _due(now: datetime) -> list[tuple[int, ReminderKind]]:
    longest = max(LEADS.values())
    near = (
        Booking.objects.filter(state=BookingState.ACTIVE)
        .filter(window__endswith__gt=now, window__endswith__lte=now + longest)
        .annotate(changed_at=Max("events__at", filter=Q(events__kind__in=_CHANGES)))
        .order_by("window__endswith", "pk")
    )
    found = [
        (booking_id, kind, window.upper)
        for booking_id, window, changed_at in near.values_list("pk", "window", "changed_at")
        if (kind := _kind_of(window, changed_at, now)) is not None
    ]
    sent = set(
        Reminder.objects.filter(
            booking__in=[booking_id for booking_id, *_rest in found]
        ).values_list("booking", "kind", "ends_at")
    )
    due = [
        (booking_id, kind)
        for booking_id, kind, ends_at in found
        if (booking_id, kind.value, ends_at) not in sent
    ]
    return due[:BATCH]


def _kind_of(
    window: DateTimeTZRange, changed_at: datetime | None, now: datetime
) -> ReminderKind | None:
    return due_kind(starts_at=window.lower, ends_at=window.upper, changed_at=changed_at, now=now)


def _send(booking_id: int, kind: ReminderKind, now: datetime) -> None:
    with transaction.atomic():
        booking = (
            Booking.objects.filter(state=BookingState.ACTIVE)
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("blueprint_version__blueprint", "booked_by")
            .filter(pk=booking_id)
            .first()
        )
        if booking is None:
            return
        changed_at = booking.events.filter(kind__in=_CHANGES).aggregate(at=Max("at"))["at"]
        if _kind_of(booking.window, changed_at, now) != kind:
            return  # extended meanwhile
        _row, is_new = Reminder.objects.get_or_create(
            booking=booking, kind=kind, ends_at=booking.ends_at
        )
        if is_new:
            there = booking.environments.existing().first()
            notifications.booking_ends_soon(booking, kind, may_take=can_take(booking, there))
            logger.info("sandbox: reminded", extra={"booking": str(booking.public_id)})
