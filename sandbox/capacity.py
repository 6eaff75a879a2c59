"""Who gets a place. The exclusion constraint decides, not a look before the write (sandbox.md section 3)."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.db import IntegrityError, OperationalError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _
from psycopg.errors import DeadlockDetected, ExclusionViolation

from network.models import Organisation
from osk_portal.toolkit import clock
from sandbox.models import Allocation, Booking, Pool, Slot

logger = logging.getLogger(__name__)

R = TypeVar("R")
_chance = random.SystemRandom()


class CannotBook(Exception):
    """``str(error)`` is for the person who books."""


class NoFreeSlot(CannotBook):
    """Every place is taken; ``next_free`` is the earliest start at which one is free as long."""

    def __init__(self, next_free: datetime | None) -> None:
        self.next_free = next_free
        super().__init__(_("All places are taken in this time."))


class QuotaExceeded(CannotBook):
    def __init__(self, quota: int) -> None:
        self.quota = quota
        super().__init__(
            _(
                "Your organisation has booked %(quota)d test environments for this time already. "
                "End one of them or choose another time."
            )
            % {"quota": quota}
        )


def allocate(booking: Booking) -> Allocation:
    """Take a slot for the booking's window, with lead and removal. Raises NoFreeSlot.

    Must run in the transaction that made the booking. Slots are tried in random order, so that many
    at once do not queue for the same one; each try is a savepoint that the constraint may refuse.
    """
    pool = booking.blueprint_version.blueprint.pool
    occupies = occupied(pool, booking.starts_at, booking.ends_at)
    for slot in _candidates(pool):
        try:
            with transaction.atomic():
                # Two inserts at once would each wait for the other's row. The lock of a try that is
                # refused goes with its savepoint, so nobody holds one slot and waits for another.
                Slot.objects.select_for_update(no_key=True).get(pk=slot.pk)
                return Allocation.objects.create(slot=slot, booking=booking, occupies=occupies)
        except IntegrityError as error:
            if not isinstance(error.__cause__, ExclusionViolation):
                raise
    raise NoFreeSlot(next_free(pool, booking.starts_at, booking.ends_at))


def occupied(pool: Pool, start: datetime, end: datetime) -> DateTimeTZRange:
    """What a slot gives for a window. A booking that starts now has no lead to take."""
    lead = start - timedelta(minutes=pool.lead_minutes)
    begin = min(start, max(lead, clock.now()))
    return DateTimeTZRange(begin, end + timedelta(minutes=pool.buffer_minutes))


def _candidates(pool: Pool) -> list[Slot]:
    """In random order; a place that should be empty but is still being cleared comes last."""
    slots = list(pool.slots.enabled())
    late = set(
        Allocation.objects.held()
        .filter(slot__in=slots, occupies__fully_lt=(clock.now(), None))
        .values_list("slot_id", flat=True)
    )
    _chance.shuffle(slots)
    return sorted(slots, key=lambda slot: slot.pk in late)


def check_quota(organisation: Organisation, start: datetime, end: datetime) -> None:
    """Lock the organisation until the end of the transaction and count. Raises QuotaExceeded."""
    # NO KEY: rows that merely refer to the organisation can still be written meanwhile.
    Organisation.objects.select_for_update(no_key=True, of=("self",)).get(pk=organisation.pk)
    held = Booking.objects.of_organisation(organisation).holding().overlapping(start, end).count()
    if held >= settings.OSK_SANDBOX_QUOTA:
        raise QuotaExceeded(settings.OSK_SANDBOX_QUOTA)


def free_slots(pool: Pool, start: datetime, end: datetime) -> int:
    """How many places are free now for that window; only to inform, never to decide."""
    wanted = occupied(pool, start, end)
    busy = Allocation.objects.held().filter(occupies__overlap=wanted).values("slot")
    return pool.slots.enabled().exclude(pk__in=busy).count()


def next_free(pool: Pool, start: datetime, end: datetime) -> datetime | None:
    """The earliest start from ``start`` on at which a place is free as long; None without places."""
    length = end - start
    # A place that is still being cleared after its time is over could not be promised for sooner.
    horizon = DateTimeTZRange(start - timedelta(days=1), None)
    taken: dict[int, list[DateTimeTZRange]] = {slot.pk: [] for slot in pool.slots.enabled()}
    rows = Allocation.objects.held().filter(slot__in=list(taken), occupies__overlap=horizon)
    for slot_id, occupies in rows.order_by("occupies").values_list("slot_id", "occupies"):
        taken[slot_id].append(occupies)
    starts = [_first_gap(pool, ranges, start, length) for ranges in taken.values()]
    return min(starts, default=None)


def _first_gap(
    pool: Pool, taken: Iterable[DateTimeTZRange], start: datetime, length: timedelta
) -> datetime:
    """``taken`` in its order of time, without overlaps."""
    lead = timedelta(minutes=pool.lead_minutes)
    candidate = start
    for occupies in taken:
        wanted = occupied(pool, candidate, candidate + length)
        if occupies.lower < wanted.upper and wanted.lower < occupies.upper:
            candidate = max(candidate, occupies.upper + lead)
    return candidate


def without_deadlock(work: Callable[[], R]) -> R:
    """Run a whole transaction; once more where PostgreSQL ended it to resolve a deadlock (40P01)."""
    try:
        return work()
    except OperationalError as error:
        if not isinstance(error.__cause__, DeadlockDetected):
            raise
        logger.warning("sandbox: deadlock while booking, tried again")
        return work()
