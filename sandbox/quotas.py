"""How much one organisation may book: at the same time, days a quarter, and how far ahead.

The settings hold for all; an operator's ``OrganisationQuota`` differs for one. Bookings that the OSK makes
for a case or an event do not count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from network.models import Organisation
from osk_portal.toolkit import clock
from osk_portal.toolkit.clock import BERLIN
from sandbox.capacity import CannotBook
from sandbox.enums import BookingState
from sandbox.models import Booking, OrganisationQuota

if TYPE_CHECKING:
    from sandbox.querysets import BookingQuerySet

Quarter = tuple[int, int]

_COUNTED = (
    BookingState.DRAFT,
    BookingState.REQUESTED,
    BookingState.APPROVED,
    BookingState.ACTIVE,
    BookingState.ENDED,
    BookingState.CANCELLED,
)
"""What takes days: not what was refused, has lapsed, or failed through no fault of the organisation."""


class QuotaExceeded(CannotBook):
    """``quota``: the number that is reached."""

    def __init__(self, message: str, *, quota: int, field: str) -> None:
        self.quota = quota
        self.field = field
        super().__init__(message)


@dataclass(frozen=True)
class Limits:
    concurrent: int
    days_per_quarter: int
    horizon_days: int

    def last_day(self) -> date:
        return clock.today() + timedelta(days=self.horizon_days)


def limits_of(organisation: Organisation) -> Limits:
    own = OrganisationQuota.objects.filter(organisation=organisation).first()
    usual = (
        settings.OSK_SANDBOX_QUOTA,
        settings.OSK_SANDBOX_QUOTA_DAYS,
        settings.OSK_SANDBOX_HORIZON_DAYS,
    )
    if own is None:
        return Limits(*usual)
    set_by_hand = (own.concurrent, own.days_per_quarter, own.horizon_days)
    return Limits(
        *(
            of_all if of_one is None else of_one
            for of_one, of_all in zip(set_by_hand, usual, strict=True)
        )
    )


def lock(organisation_id: int) -> None:
    """Nobody else books for the organisation until the end of the transaction, and nobody leaves it.

    Before its bookings, as whoever ends a membership does (README, order of locks).
    """
    # NO KEY: rows that merely refer to the organisation can still be written meanwhile.
    Organisation.objects.select_for_update(no_key=True, of=("self",)).get(pk=organisation_id)


def check(
    organisation: Organisation, start: datetime, end: datetime, *, without: Booking | None = None
) -> None:
    """Lock the organisation until the end of the transaction and count. Raises QuotaExceeded.

    Who has locked a booking before has called ``lock`` before that.
    ``without``: the booking that is about to get this window.
    """
    lock(organisation.pk)
    limits = limits_of(organisation)
    if start.astimezone(BERLIN).date() > limits.last_day():
        raise QuotaExceeded(
            horizon_text(limits.horizon_days), quota=limits.horizon_days, field="start_date"
        )
    _check_at_once(_rows(organisation, without), limits, start, end)
    _check_days(organisation, without, limits, start, end)


def why_not_again(booking: Booking) -> str:
    """In words why its organisation may not have again what had failed, since it does not count meanwhile; empty
    where it may. Locks as ``check`` does.
    """
    if booking.is_outside_quota or booking.is_trial:
        return ""
    if not booking.organisation.is_entitled:
        return _("The organisation is no longer entitled to test environments.")
    try:
        check(booking.organisation, booking.starts_at, booking.ends_at, without=booking)
    except QuotaExceeded:
        return _("The organisation has used up its quota with other bookings meanwhile.")
    return ""


def horizon_text(days: int) -> str:
    return ngettext(
        "Choose a day in the next %(days)d day.", "Choose a day in the next %(days)d days.", days
    ) % {"days": days}


def _rows(organisation: Organisation, without: Booking | None) -> BookingQuerySet:
    rows = Booking.objects.of_organisation(organisation).filter(is_outside_quota=False)
    return rows if without is None else rows.exclude(pk=without.pk)


def _check_at_once(rows: BookingQuerySet, limits: Limits, start: datetime, end: datetime) -> None:
    windows = rows.holding().overlapping(start, end).values_list("window", flat=True)
    if most_at_once((w.lower, w.upper) for w in windows) < limits.concurrent:
        return
    raise QuotaExceeded(
        ngettext(
            "Your organisation has booked %(quota)d test environment for this time already. "
            "End it or choose another time.",
            "Your organisation has booked %(quota)d test environments for this time already. "
            "End one of them or choose another time.",
            limits.concurrent,
        )
        % {"quota": limits.concurrent},
        quota=limits.concurrent,
        field="when",
    )


def _check_days(
    organisation: Organisation,
    without: Booking | None,
    limits: Limits,
    start: datetime,
    end: datetime,
) -> None:
    wanted = days_by_quarter(start, end)
    used = used_days(organisation, wanted, without=without)
    for quarter, days in sorted(wanted.items()):
        left = max(0, limits.days_per_quarter - used[quarter])
        if days > left:
            raise QuotaExceeded(
                _(
                    "Your organisation may book %(limit)d days in quarter %(quarter)d/%(year)d. "
                    "%(left)d of them are left, you need %(days)d."
                )
                % {
                    "limit": limits.days_per_quarter,
                    "quarter": quarter[1],
                    "year": quarter[0],
                    "left": left,
                    "days": days,
                },
                quota=limits.days_per_quarter,
                field="days",
            )


def used_days(
    organisation: Organisation, quarters: Iterable[Quarter], *, without: Booking | None = None
) -> Counter[Quarter]:
    """Days that the organisation has booked in these quarters; of an early end only until then."""
    wanted = sorted(quarters)
    if not wanted:
        return Counter()
    rows = _rows(organisation, without).filter(
        state__in=_COUNTED,
        window__overlap=(_begin_of(wanted[0]), _begin_of(_following(wanted[-1]))),
    )
    used: Counter[Quarter] = Counter()
    for window, state, ended_at in rows.values_list("window", "state", "ended_at"):
        end = min(window.upper, ended_at) if state == BookingState.CANCELLED else window.upper
        if end > window.lower:
            used.update(days_by_quarter(window.lower, end))
    return used


def most_at_once(windows: Iterable[tuple[datetime, datetime]]) -> int:
    """How many of the windows hold at the same moment at most. An end makes room for a begin."""
    steps: list[tuple[datetime, int]] = []
    for start, end in windows:
        steps += [(start, 1), (end, -1)]
    now = most = 0
    for _moment, step in sorted(steps):
        now += step
        most = max(most, now)
    return most


def days_by_quarter(start: datetime, end: datetime) -> Counter[Quarter]:
    """Days of a window by Berlin's calendar, each begun one counts: Monday 9 to Tuesday 9 is one."""
    first, last = start.astimezone(BERLIN), end.astimezone(BERLIN)
    count = (last.date() - first.date()).days + (
        last.replace(tzinfo=None).time() > first.replace(tzinfo=None).time()
    )
    days = (first.date() + timedelta(days=n) for n in range(max(1, count)))
    return Counter(quarter_of(day) for day in days)


def quarter_of(day: date) -> Quarter:
    return day.year, (day.month - 1) // 3 + 1


def _following(quarter: Quarter) -> Quarter:
    year, number = quarter
    return (year + 1, 1) if number == 4 else (year, number + 1)


def _begin_of(quarter: Quarter) -> datetime:
    year, number = quarter
    return datetime.combine(date(year, 3 * number - 2, 1), time(), tzinfo=BERLIN)


def usual_last_day() -> date:
    """The last day on which most organisations may begin."""
    return clock.today() + timedelta(days=settings.OSK_SANDBOX_HORIZON_DAYS)


def held_now(organisation: Organisation) -> int:
    """Test environments that count now."""
    now = clock.now()
    rows = _rows(organisation, None).holding()
    return rows.overlapping(now, now + timedelta(minutes=1)).count()
