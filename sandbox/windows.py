"""When a booking runs. People choose Berlin's time; everything inside is UTC.

Berlin's clocks skip an hour in March and repeat one in October. A time that does not exist or exists
twice is asked back, never guessed.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from django.utils.translation import gettext as _

from osk_portal.toolkit.clock import BERLIN


class LocalTimeError(ValueError):
    """The message is for the person who chose the time.

    ``choices``: the two moments that may be meant, the earlier first. Of a time that comes twice both; of
    one that is skipped the same time before and after the clocks are put forward.
    """

    def __init__(self, message: str, choices: tuple[datetime, datetime]) -> None:
        self.choices = choices
        super().__init__(message)


def berlin_moment(day: date, hour: time) -> datetime:
    """The moment of that wall clock time in Berlin. Raises LocalTimeError."""
    first = datetime.combine(day, hour, tzinfo=BERLIN)
    second = first.replace(fold=1)
    if first.utcoffset() != second.utcoffset():
        moments = sorted((first.astimezone(UTC), second.astimezone(UTC)))
        choices = (moments[0], moments[1])
        exists = first.astimezone(UTC).astimezone(BERLIN).replace(fold=0, tzinfo=None)
        if exists != first.replace(tzinfo=None):
            raise LocalTimeError(
                _(
                    "This time does not exist on that day: the clocks are put forward. Choose another one."
                ),
                choices,
            )
        raise LocalTimeError(
            _("This time comes twice on that day: the clocks are put back. Choose another one."),
            choices,
        )
    return first.astimezone(UTC)


def end_after(start: datetime, days: int) -> datetime:
    """The same wall clock time ``days`` calendar days later; a skipped hour moves to the next one."""
    local = start.astimezone(BERLIN)
    end = datetime.combine(
        local.date() + timedelta(days=days), local.time().replace(fold=0), tzinfo=BERLIN
    )
    return end.astimezone(UTC)


def days_between(start: datetime, end: datetime) -> int:
    """The fewest whole days after ``start`` that reach ``end``."""
    local_start, local_end = start.astimezone(BERLIN), end.astimezone(BERLIN)
    days = max(0, (local_end.date() - local_start.date()).days)
    return days if end_after(start, days) >= end else days + 1
