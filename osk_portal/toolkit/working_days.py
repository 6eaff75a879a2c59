"""Working days of the Berlin administration.

Monday to Friday without Berlin's public holidays (§ 1 of Berlin's law on Sundays and holidays, with
8 March), 24 and 31 December, and the closures that the operator enters (``OSK_CLOSURES``).
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache, lru_cache

import holidays
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from osk_portal.toolkit import clock


@cache
def _berlin_holidays() -> holidays.HolidayBase:
    return holidays.country_holidays("DE", subdiv="BE")


def is_working_day(day: date) -> bool:
    if day.weekday() >= 5 or day in _berlin_holidays():
        return False
    if settings.OSK_CLOSED_ON_EVES and day.month == 12 and day.day in (24, 31):
        return False
    return day not in settings.OSK_CLOSURES


def is_office_hour() -> bool:
    """A working day in Berlin, from the hour when the office opens up to the one when it closes."""
    now = clock.now().astimezone(clock.BERLIN)
    return (
        is_working_day(now.date())
        and settings.OSK_OFFICE_OPENS <= now.hour < settings.OSK_OFFICE_CLOSES
    )


def add_working_days(day: date, count: int) -> date:
    """The ``count``-th working day after ``day``; with 0 the first working day from ``day`` on.

    ``day`` itself never counts (§ 187 (1) BGB: the day of the event is not part of the term).
    """
    if count < 0:
        raise ValueError("count must not be negative")
    current = day
    if count == 0:
        while not is_working_day(current):
            current += timedelta(days=1)
        return current
    left = count
    while left:
        current += timedelta(days=1)
        if is_working_day(current):
            left -= 1
    return current


def working_days_between(start: date, end: date) -> int:
    """How many working days lie after ``start`` up to and with ``end``; negative when end is before."""
    if end < start:
        return -working_days_between(end, start)
    closures = frozenset(settings.OSK_CLOSURES)
    return _days_between(start, end, settings.OSK_CLOSED_ON_EVES, closures)


@lru_cache(maxsize=4096)
def _days_between(start: date, end: date, on_eves: bool, closures: frozenset[date]) -> int:
    """A list asks for the same spans all day long; the settings are arguments so that they count."""
    days = (start + timedelta(days=n) for n in range(1, (end - start).days + 1))
    return sum(is_working_day(day) for day in days)


def days_left(day: date, today: date | None = None) -> str:
    """``noch 2 Arbeitstage``, ``heute``, ``seit 3 Arbeitstagen überfällig``; ``today``: else Berlin's."""
    today = today or clock.today()
    left = working_days_between(today, day)
    if day < today:
        late = max(-left, 1)
        return ngettext(
            "overdue for %(count)d working day", "overdue for %(count)d working days", late
        ) % {"count": late}
    if left == 0:
        return _("today")
    return ngettext("%(count)d working day left", "%(count)d working days left", left) % {
        "count": left
    }
