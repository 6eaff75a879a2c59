"""When a booking runs. People choose Berlin's time; everything inside is UTC.

Berlin's clocks skip an hour in March and repeat one in October. A time that does not exist or exists
twice is asked back, never guessed.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from django.utils.translation import gettext as _

from osk_portal.toolkit.clock import BERLIN


class LocalTimeError(ValueError):
    """The message is for the person who chose the time."""


def berlin_moment(day: date, hour: time) -> datetime:
    """The moment of that wall clock time in Berlin. Raises LocalTimeError."""
    first = datetime.combine(day, hour, tzinfo=BERLIN)
    second = first.replace(fold=1)
    if first.utcoffset() != second.utcoffset():
        exists = first.astimezone(UTC).astimezone(BERLIN).replace(fold=0, tzinfo=None)
        if exists != first.replace(tzinfo=None):
            raise LocalTimeError(
                _(
                    "This time does not exist on that day: the clocks are put forward. Choose another one."
                )
            )
        raise LocalTimeError(
            _("This time comes twice on that day: the clocks are put back. Choose another one.")
        )
    return first.astimezone(UTC)


def end_after(start: datetime, days: int) -> datetime:
    """The same wall clock time ``days`` calendar days later; a skipped hour moves to the next one."""
    local = start.astimezone(BERLIN)
    end = datetime.combine(
        local.date() + timedelta(days=days), local.time().replace(fold=0), tzinfo=BERLIN
    )
    return end.astimezone(UTC)
