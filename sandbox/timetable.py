"""What is free when: read once, asked often. Only to inform, never to decide (capacity.py decides)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q

from osk_portal.toolkit import clock
from osk_portal.toolkit.clock import BERLIN
from osk_portal.toolkit.working_days import is_working_day
from sandbox.models import Allocation, Pool
from sandbox.windows import end_after


@dataclass(frozen=True)
class Taken:
    """A slot is taken in ``range``; ``reason`` of a maintenance, else empty."""

    range: DateTimeTZRange
    reason: str = ""


@dataclass(frozen=True)
class Choice:
    """A begin that is free, for at most ``days`` days."""

    start: datetime
    days: int


def occupied(pool: Pool, start: datetime, end: datetime) -> DateTimeTZRange:
    """What a slot gives for a window. A booking that starts now has no lead to take."""
    lead = start - timedelta(minutes=pool.lead_minutes)
    begin = min(start, max(lead, clock.now()))
    return DateTimeTZRange(begin, end + timedelta(minutes=pool.buffer_minutes))


def allocation_is_late() -> Q:
    """The time of a place is over, and what was in it is not removed yet."""
    return Q(booking__isnull=False, occupies__fully_lt=(clock.now(), None))


def expected_clearing(pool: Pool) -> datetime:
    """Until when a place whose removal is late is taken, as far as anybody knows: a removal from now."""
    return clock.now() + timedelta(minutes=pool.buffer_minutes)


class Timetable:
    """The places of a capacity from ``start`` on, with what takes them. Two queries."""

    def __init__(self, pool: Pool, start: datetime, *, without: Allocation | None = None) -> None:
        self.pool = pool
        self.start = start
        self._taken: dict[int, list[Taken]] = {slot.pk: [] for slot in pool.slots.for_bookings()}
        before = max(timedelta(days=1), timedelta(minutes=pool.lead_minutes))
        horizon = DateTimeTZRange(start - before, None)
        rows = (
            Allocation.objects.held()
            .filter(Q(occupies__overlap=horizon) | allocation_is_late(), slot__in=list(self._taken))
            .exclude(pk=without.pk if without else 0)
            .order_by("occupies")
            .values_list("slot_id", "occupies", "booking_id", "blackout__reason")
        )
        now, cleared_at = clock.now(), expected_clearing(pool)
        for slot_id, occupies, booking_id, reason in rows:
            if booking_id is not None and occupies.upper <= now:
                occupies = DateTimeTZRange(occupies.lower, cleared_at)
            self._taken[slot_id].append(Taken(occupies, reason or ""))

    @property
    def places(self) -> int:
        return len(self._taken)

    def free_places(self, start: datetime, end: datetime) -> int:
        wanted = occupied(self.pool, start, end)
        return sum(not _clashes(taken, wanted) for taken in self._taken.values())

    def reasons(self, start: datetime, end: datetime) -> set[str]:
        """Maintenance that takes a place in that time."""
        window = DateTimeTZRange(start, end)
        return {
            one.reason
            for taken in self._taken.values()
            for one in taken
            if one.reason and _overlap(one.range, window)
        }

    def next_free(self, start: datetime, length: timedelta) -> datetime | None:
        """The earliest begin from ``start`` on at which a place is free as long; None without places."""
        starts = [self._first_gap(taken, start, length) for taken in self._taken.values()]
        return min(starts, default=None)

    def most_days(self, start: datetime, longest: int) -> int:
        """For how many days, at most ``longest``, a place is free from ``start`` on."""
        return next(
            (days for days in range(longest, 0, -1) if self._fits(start, days)),
            0,
        )

    def _fits(self, start: datetime, days: int) -> bool:
        wanted = occupied(self.pool, start, end_after(start, days))
        return any(not _clashes(taken, wanted) for taken in self._taken.values())

    def choices(
        self, longest: int, *, first: datetime, horizon: date, most: int = 5
    ) -> list[Choice]:
        """The next begins that are free, one a working day, at the hour when the office opens."""
        found: list[Choice] = []
        day = first.astimezone(BERLIN).date()
        while day <= horizon and len(found) < most:
            start = opening(day)
            if start >= first and is_working_day(day):
                days = self.most_days(start, longest)
                if days:
                    found.append(Choice(start, days))
            day += timedelta(days=1)
        return found

    def _first_gap(self, taken: Iterable[Taken], start: datetime, length: timedelta) -> datetime:
        """``taken`` in its order of time, without overlaps."""
        lead = timedelta(minutes=self.pool.lead_minutes)
        candidate = start
        for one in taken:
            wanted = occupied(self.pool, candidate, candidate + length)
            if _overlap(one.range, wanted):
                candidate = max(candidate, one.range.upper + lead)
        return candidate


def opening(day: date) -> datetime:
    """When the office opens on that day: no clock is changed at that hour."""
    return datetime.combine(day, time(settings.OSK_OFFICE_OPENS), tzinfo=BERLIN)


def _clashes(taken: Iterable[Taken], wanted: DateTimeTZRange) -> bool:
    return any(_overlap(one.range, wanted) for one in taken)


def _overlap(one: DateTimeTZRange, other: DateTimeTZRange) -> bool:
    return bool(one.lower < other.upper and other.lower < one.upper)
