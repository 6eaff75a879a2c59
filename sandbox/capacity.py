"""Who gets a place. The exclusion constraint decides, not a look before the write (sandbox.md section 3)."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _
from psycopg.errors import ExclusionViolation

from osk_portal.toolkit import clock
from sandbox.models import Allocation, Booking, Environment, Pool, Slot
from sandbox.timetable import Timetable, allocation_is_late, expected_clearing, occupied

logger = logging.getLogger(__name__)

R = TypeVar("R")
_chance = random.SystemRandom()


class CannotBook(Exception):
    """``str(error)`` is for the person who books; ``field`` of the form is where it belongs."""

    field: str | None = None


class NoFreeSlot(CannotBook):
    """Every place is taken; ``next_free`` is the earliest start at which one is free as long."""

    field = "when"

    def __init__(self, next_free: datetime | None) -> None:
        self.next_free = next_free
        super().__init__(_("All places are taken in this time."))


class TooLong(CannotBook):
    """The place is promised to somebody else afterwards; ``latest_end`` is as long as it can be had."""

    field = "days"

    def __init__(self, latest_end: datetime | None) -> None:
        self.latest_end = latest_end
        super().__init__(_("The place is promised to somebody else afterwards."))


def allocate(booking: Booking) -> Allocation:
    """Take a slot for the booking's window, with lead and removal. Raises NoFreeSlot.

    Must run in the transaction that made the booking. Slots are tried in random order, so that many
    at once do not queue for the same one; each try is a savepoint that the constraint may refuse.
    """
    pool = booking.blueprint_version.blueprint.pool
    occupies = occupied(pool, booking.starts_at, booking.ends_at)
    for slot in _candidates(pool, occupies, is_trial=booking.is_trial):

        def take(slot: Slot = slot) -> Allocation:
            return Allocation.objects.create(slot=slot, booking=booking, occupies=occupies)

        taken = _unless_taken(slot, take)
        if taken is not None:
            return taken
    raise NoFreeSlot(next_free(pool, booking.starts_at, booking.ends_at))


def move(allocation: Allocation, start: datetime, end: datetime) -> Allocation:
    """Another window for what is held, on the same slot if possible, else on another one.

    ``allocation`` comes with its slot and pool; the booking is locked. Raises NoFreeSlot.
    """
    pool = allocation.slot.pool
    occupies = occupied(pool, start, end)
    candidates = _candidates(pool, occupies, without=allocation)
    for slot in sorted(candidates, key=lambda slot: slot.pk != allocation.slot_id):

        def take(slot: Slot = slot) -> int:
            mine = Allocation.objects.held().filter(pk=allocation.pk)
            return mine.update(slot=slot, occupies=occupies)

        if _unless_taken(slot, take) == 1:
            allocation.slot, allocation.occupies = slot, occupies
            return allocation
    raise NoFreeSlot(next_free(pool, start, end, without=allocation))


def extend(allocation: Allocation, end: datetime) -> Allocation:
    """A later end on the same slot, where the environment is. Raises TooLong.

    An environment that is late already keeps the begin of its time.
    """
    begin = allocation.occupies.lower
    until = end + timedelta(minutes=allocation.slot.pool.buffer_minutes)
    occupies = DateTimeTZRange(begin, until)

    def take() -> int:
        return Allocation.objects.held().filter(pk=allocation.pk).update(occupies=occupies)

    if not _unless_taken(allocation.slot, take):
        raise TooLong(latest_end(allocation))
    allocation.occupies = occupies
    return allocation


def another_place(allocation: Allocation, *, is_trial: bool) -> Slot | None:
    """From now on another slot that is empty, for what waits until its own is cleared; None without one.

    ``allocation`` comes with its slot and pool; the booking is locked, and nothing of it is set up.
    """
    occupies = DateTimeTZRange(
        max(allocation.occupies.lower, clock.now()), allocation.occupies.upper
    )
    if occupies.lower >= occupies.upper:
        return None
    candidates = _candidates(allocation.slot.pool, occupies, without=allocation, is_trial=is_trial)
    full = set(
        Environment.objects.owning().filter(slot__in=candidates).values_list("slot_id", flat=True)
    )
    for slot in candidates:
        if slot.pk == allocation.slot_id or slot.pk in full:
            continue

        def take(slot: Slot = slot) -> int:
            mine = Allocation.objects.held().filter(pk=allocation.pk)
            return mine.update(slot=slot, occupies=occupies)

        if _unless_taken(slot, take) == 1:
            return slot
    return None


def take_back(booking: Booking, environment: Environment) -> Slot:
    """A place for what exists already, from now on and at its own engine: the one it had, if that is free.

    ``environment`` comes with its slot and pool; the booking is locked. Raises NoFreeSlot.
    """
    pool, now = environment.slot.pool, clock.now()
    until = booking.ends_at + timedelta(minutes=pool.buffer_minutes)
    occupies = DateTimeTZRange(now, until)
    candidates = [
        slot
        for slot in _candidates(pool, occupies, is_trial=booking.is_trial)
        if slot.backend == environment.backend
    ]
    full = set(
        Environment.objects.owning().filter(slot__in=candidates).values_list("slot_id", flat=True)
    )
    for slot in sorted(candidates, key=lambda slot: slot.pk != environment.slot_id):

        def take(slot: Slot = slot) -> Allocation:
            return Allocation.objects.create(slot=slot, booking=booking, occupies=occupies)

        if slot.pk not in full and _unless_taken(slot, take) is not None:
            return slot
    raise NoFreeSlot(next_free(pool, now, booking.ends_at))


def latest_end(allocation: Allocation) -> datetime | None:
    """How long the place can be had before somebody else's time on it begins; None: without limit."""
    following = (
        Allocation.objects.held()
        .filter(slot=allocation.slot_id, occupies__startswith__gte=allocation.occupies.upper)
        .exclude(pk=allocation.pk)
        .order_by("occupies")
        .values_list("occupies", flat=True)
        .first()
    )
    if following is None:
        return None
    end: datetime = following.lower - timedelta(minutes=allocation.slot.pool.buffer_minutes)
    return end


def _unless_taken(slot: Slot, take: Callable[[], R]) -> R | None:
    """What ``take`` returns, or None where the constraint refused it."""
    try:
        with transaction.atomic():
            # Two inserts at once would each wait for the other's row. The lock of a try that is
            # refused goes with its savepoint, so nobody holds one slot and waits for another.
            Slot.objects.select_for_update(no_key=True).get(pk=slot.pk)
            return take()
    except IntegrityError as error:
        if not isinstance(error.__cause__, ExclusionViolation):
            raise
        return None


def _candidates(
    pool: Pool,
    occupies: DateTimeTZRange,
    *,
    without: Allocation | None = None,
    is_trial: bool = False,
) -> list[Slot]:
    """In random order; a place that should be empty but is still being cleared comes last, and not before
    it can be expected to be.

    A trial run takes a place for trial runs, and only where the capacity has none of these an ordinary one.

    What is seen to be taken is not tried, so that who comes too late waits for no lock. That a place looks
    free promises nothing.
    """
    held = Allocation.objects.held().exclude(pk=without.pk if without else 0)
    busy = held.filter(occupies__overlap=occupies).values("slot")
    usable = pool.slots.enabled() if is_trial else pool.slots.for_bookings()
    if is_trial and usable.filter(is_for_trials=True).exists():
        usable = usable.filter(is_for_trials=True)
    slots = list(usable.exclude(pk__in=busy))
    late = set(held.filter(allocation_is_late(), slot__in=slots).values_list("slot_id", flat=True))
    if occupies.lower < expected_clearing(pool):
        slots = [slot for slot in slots if slot.pk not in late]
    _chance.shuffle(slots)
    return sorted(slots, key=lambda slot: slot.pk in late)


def next_free(
    pool: Pool, start: datetime, end: datetime, *, without: Allocation | None = None
) -> datetime | None:
    """The earliest start from ``start`` on at which a place is free as long; None without places."""
    return Timetable(pool, start, without=without).next_free(start, end - start)
