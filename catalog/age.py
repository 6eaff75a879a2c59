"""When something that was stated is too old to be taken as it is (product.md 2, Entry): after 12 months."""

from __future__ import annotations

from datetime import date
from typing import Final

from osk_portal.toolkit import clock

MOST_MONTHS: Final = 12


def is_old(day: date | None) -> bool:
    """More than twelve months ago; a day without a date is not old, it is unknown."""
    return day is not None and day < oldest()


def oldest() -> date:
    """The same day a year ago; on 29 February the day before it."""
    today = clock.today()
    day = 28 if (today.month, today.day) == (2, 29) else today.day
    return today.replace(year=today.year - 1, day=day)
