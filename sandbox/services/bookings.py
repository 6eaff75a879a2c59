"""Booking and ending: what people start."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import capacity
from sandbox.enums import (
    BookingState,
    EnvironmentEventKind,
)
from sandbox.models import (
    Blueprint,
    Booking,
)
from sandbox.services.environments import add_generation, remove_environment

logger = logging.getLogger(__name__)


def book(
    *,
    user: User,
    organisation: Organisation,
    blueprint: Blueprint,
    start: datetime,
    end: datetime,
    purpose: str,
) -> Booking:
    """Promise an environment of the newest published version for the window, and start on it.

    The caller has checked that the user may book for the organisation and has promised to use test
    data only. Raises NoFreeSlot, QuotaExceeded, TransitionNotAllowed (not bookable any more).
    """

    def work() -> Booking:
        with transaction.atomic():
            return _book(user, organisation, blueprint, start, end, purpose)

    return capacity.without_deadlock(work)


def _book(
    user: User,
    organisation: Organisation,
    blueprint: Blueprint,
    start: datetime,
    end: datetime,
    purpose: str,
) -> Booking:
    version = blueprint.published_version()
    if version is None or not blueprint.is_bookable:
        raise TransitionNotAllowed("book", "not bookable")
    capacity.check_quota(organisation, start, end)
    booking = Booking.objects.create(
        blueprint_version=version,
        organisation=organisation,
        booked_by=user,
        purpose=purpose,
        test_data_acknowledged_at=clock.now(),
        window=DateTimeTZRange(start, end),
        state=BookingState.APPROVED,
    )
    booking.record("book", actor=user)
    allocation = capacity.allocate(booking)
    environment = add_generation(booking, allocation.slot)
    environment.record(EnvironmentEventKind.BOOKED, actor=user)
    logger.info("sandbox: booked", extra={"booking": str(booking.public_id)})
    return booking


def end_booking(*, booking_id: int, actor: User) -> Booking:
    """End it now: process and data go at once. Raises TransitionNotAllowed."""
    with transaction.atomic():
        booking = Booking.objects.select_for_update(of=("self",)).get(pk=booking_id)
        booking.cancel(actor=actor)
        remove_environment(booking)
    return booking
