"""The OSK's promises in Berlin working days: computing them, and saying them.

A promise is a date. Working days and closures: ``toolkit.working_days``. Only the answer's clock
rests, and only while the OSK waits for the requester (product.md 1.3).
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from consulting.enums import CaseState, Urgency
from osk_portal.toolkit import clock
from osk_portal.toolkit.working_days import add_working_days, days_left, working_days_between

if TYPE_CHECKING:
    from consulting.models import ConsultingRequest

SILENT_REMINDER_DAYS = 10
SILENT_CLOSE_DAYS = 20
DRAFT_NOTICE_DAYS = 14
URGENCY_DAYS = 1
"""Working days within which the Leitung confirms or answers an urgency (product.md 1.1)."""
DUE_SOON_DAYS = 2
"""From how many working days left a promise counts as "due soon"."""


def berlin_day(moment: datetime) -> date:
    return moment.astimezone(clock.BERLIN).date()


def half_year_after(day: date) -> date:
    """The same day six calendar months later, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + 6, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def first_response_due(submitted_on: date) -> date:
    return add_working_days(submitted_on, settings.OSK_FIRST_RESPONSE_DAYS)


def answer_due(started_on: date) -> date:
    """The promised day of the answer, when the clock starts on ``started_on``."""
    return add_working_days(started_on, settings.OSK_ANSWER_DAYS)


def urgency_due(case: ConsultingRequest) -> date | None:
    """The day by which the Leitung decides about the urgency; None where there is nothing to decide."""
    if case.urgency != Urgency.WISHED or not case.is_open or case.submitted_at is None:
        return None
    return add_working_days(berlin_day(case.submitted_at), URGENCY_DAYS)


def paused_days(paused_at: datetime, resumed_at: datetime) -> int:
    """Working days for which the clock rested; a reply on the same day costs and gives nothing."""
    return working_days_between(berlin_day(paused_at), berlin_day(resumed_at))


def moved_by(due_on: date, rested: int) -> date:
    """``due_on`` after a rest of ``rested`` working days."""
    return add_working_days(due_on, rested) if rested else due_on


def questions_until(answered_on: date) -> date:
    """Last day for a follow-up question; the case is closed after it."""
    return add_working_days(answered_on, settings.OSK_CLOSE_AFTER_DAYS)


def silent_close_on(asked_on: date, reply_due_on: date) -> date:
    """Last day for a reply; never before the date that the question named."""
    return max(add_working_days(asked_on, SILENT_CLOSE_DAYS), reply_due_on)


def silent_reminder_on(asked_on: date) -> date:
    return add_working_days(asked_on, SILENT_REMINDER_DAYS)


def reopen_until(closed_at: datetime) -> date:
    return berlin_day(closed_at) + timedelta(days=settings.OSK_REOPEN_DAYS)


def draft_expires_on(saved_at: datetime, announced_at: datetime | None = None) -> date:
    day = berlin_day(saved_at) + timedelta(days=settings.OSK_DRAFT_DAYS)
    if announced_at is None:
        return day
    return max(day, berlin_day(announced_at) + timedelta(days=DRAFT_NOTICE_DAYS))


def long_date(day: date) -> str:
    """Mittwoch, 25. November 2026"""
    return date_format(
        day, pgettext("date with weekday, Django's format", "l, j\N{NO-BREAK SPACE}F Y")
    )


def short_date(day: date) -> str:
    """25.11.2026"""
    return date_format(day, pgettext("short date, Django's format", "d/m/Y"))


def moment_in_words(moment: datetime) -> str:
    """``Mo, 30.11.2026, 10:00 Uhr`` in Berlin's time, for texts outside templates."""
    local = moment.astimezone(clock.BERLIN)
    return pgettext("moment", "%(day)s, %(time)s") % {
        "day": f"{date_format(local, 'D')}, {short_date(local.date())}",
        "time": date_format(local, "H:i"),
    }


@dataclass(frozen=True)
class Due:
    """A promise as lists and pages show it, with ``{% due due.tone due.text %}``."""

    tone: str
    """over, soon, ok, rest or done."""
    text: str
    on: date | None = None


def answer_in_words(case: ConsultingRequest, today: date | None = None) -> str:
    """The promise in one sentence, the same on page, mail, admin and record; empty where none runs.

    ``Antwort bis Mittwoch, 25. November 2026 (noch 2 Arbeitstage)``
    """
    today = today or clock.today()
    if case.state == CaseState.WAITING_REQUESTER:
        return _("The time for our answer rests until the authority replies.")
    if case.answer_due_on is None or not case.is_with_osk:
        return ""
    return _("Answer by %(date)s (%(left)s)") % {
        "date": long_date(case.answer_due_on),
        "left": days_left(case.answer_due_on, today),
    }


def promise_in_words(case: ConsultingRequest, today: date | None = None) -> str:
    """As ``answer_in_words``; of an answered request the day that was promised."""
    if case.answered_at is not None and case.answer_due_on is not None and not case.is_with_osk:
        return answer_in_words(case, today) or long_date(case.answer_due_on)
    return answer_in_words(case, today)


def due(case: ConsultingRequest, today: date | None = None) -> Due | None:
    """The promise as a short sign for lists; None where there is nothing to promise."""
    today = today or clock.today()
    if case.state == CaseState.WAITING_REQUESTER:
        return Due("rest", _("time rests"))
    if case.is_with_osk and case.answer_due_on is not None:
        return _running(case.answer_due_on, today)
    if case.answered_at is not None and case.answer_due_on is not None:
        day = berlin_day(case.answered_at)
        if day <= case.answer_due_on:
            return Due("done", _("kept on %(date)s") % {"date": short_date(day)}, day)
        return Due("ok", _("answered on %(date)s") % {"date": short_date(day)}, day)
    return None


def first_response(case: ConsultingRequest, today: date | None = None) -> Due | None:
    """The promise of a first response, while it is still open."""
    if case.first_responded_at is not None or case.first_response_due_on is None:
        return None
    if not case.is_with_osk:
        return None
    return _running(case.first_response_due_on, today or clock.today())


def _running(day: date, today: date) -> Due:
    words = days_left(day, today)
    if day < today:
        return Due("over", words, day)
    if working_days_between(today, day) <= DUE_SOON_DAYS:
        return Due("soon", words, day)
    return Due("ok", words, day)
