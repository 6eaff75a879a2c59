"""The promises in Berlin working days: computed and said."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from consulting import deadlines
from consulting.enums import CaseState
from osk_portal.toolkit import working_days
from osk_portal.toolkit.working_days import is_working_day
from tests.consulting.factories import case_in

DAYS = st.dates(date(2024, 1, 1), date(2034, 12, 31))
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2034, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 # bounds are naive by hypothesis' rule


@given(DAYS)
def test_promises_fall_on_working_days_in_order(day: date) -> None:
    first, answer = deadlines.first_response_due(day), deadlines.answer_due(day)

    assert day < first < answer
    assert is_working_day(first)
    assert is_working_day(answer)


@given(DAYS, st.integers(0, 30), st.integers(0, 30))
def test_resting_twice_is_resting_once_as_long(day: date, first: int, second: int) -> None:
    due = deadlines.answer_due(day)

    twice = deadlines.moved_by(deadlines.moved_by(due, first), second)

    assert twice == deadlines.moved_by(due, first + second)
    assert twice >= due


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=60)))
def test_rest_leaves_as_many_days_as_there_were(start: datetime, rest: timedelta) -> None:
    """What was left when the clock stopped is left when it goes on."""
    due = deadlines.answer_due(deadlines.berlin_day(start) - timedelta(days=3))
    rested = deadlines.paused_days(start, start + rest)

    moved = deadlines.moved_by(due, rested)

    left = deadlines.working_days_between
    assert rested >= 0
    assert left(deadlines.berlin_day(start + rest), moved) == left(deadlines.berlin_day(start), due)


@given(DAYS, DAYS)
def test_silent_closing_is_never_before_the_named_date(asked: date, reply_by: date) -> None:
    close = deadlines.silent_close_on(asked, reply_by)

    assert close >= reply_by
    assert deadlines.silent_reminder_on(asked) < close


def test_reply_on_the_same_day_moves_nothing() -> None:
    morning = datetime(2026, 11, 23, 8, tzinfo=UTC)

    assert deadlines.paused_days(morning, morning + timedelta(hours=6)) == 0


def test_berlin_day_changes_at_berlins_midnight() -> None:
    assert deadlines.berlin_day(datetime(2026, 7, 1, 22, 30, tzinfo=UTC)) == date(2026, 7, 2)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 25), "noch 2 Arbeitstage"),
        (date(2026, 11, 24), "noch 1 Arbeitstag"),
        (date(2026, 11, 23), "heute"),
        (date(2026, 11, 20), "seit 1 Arbeitstag überfällig"),
        (date(2026, 11, 18), "seit 3 Arbeitstagen überfällig"),
    ],
)
def test_days_left_in_words(day: date, words: str) -> None:
    assert working_days.days_left(day, date(2026, 11, 23)) == words


def test_weekend_after_the_due_day_is_overdue() -> None:
    assert working_days.days_left(date(2026, 11, 20), date(2026, 11, 21)) == (
        "seit 1 Arbeitstag überfällig"
    )


@pytest.mark.django_db
def test_promise_in_words_as_product_says_it(clock: Any) -> None:
    clock.move_to(datetime(2026, 11, 11, 9, tzinfo=UTC))
    case = case_in(CaseState.IN_PROGRESS)
    clock.move_to(datetime(2026, 11, 23, 9, tzinfo=UTC))

    assert deadlines.answer_in_words(case).replace("\N{NO-BREAK SPACE}", " ") == (
        "Antwort bis Mittwoch, 25. November 2026 (noch 2 Arbeitstage)"
    )
    with translation.override("en"):
        assert deadlines.answer_in_words(case).replace("\N{NO-BREAK SPACE}", " ") == (
            "Answer by Wednesday, 25 November 2026 (2 working days left)"
        )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "moved", "tone"),
    [
        (CaseState.IN_PROGRESS, 0, "ok"),
        (CaseState.IN_PROGRESS, 12, "soon"),
        (CaseState.IN_PROGRESS, 30, "over"),
        (CaseState.WAITING_REQUESTER, 30, "rest"),
        (CaseState.ANSWERED, 30, "done"),
    ],
)
def test_sign_of_a_promise(clock: Any, state: CaseState, moved: int, tone: str) -> None:
    start = clock.move_to(datetime(2026, 11, 2, 9, tzinfo=UTC))
    case = case_in(state)
    clock.move_to(start + timedelta(days=moved))

    due = deadlines.due(case)

    assert due is not None
    assert due.tone == tone


@pytest.mark.django_db
def test_first_response_is_promised_until_it_was_given() -> None:
    case = case_in(CaseState.SUBMITTED)
    assert deadlines.first_response(case) is not None

    case.first_responded_at = case.submitted_at
    assert deadlines.first_response(case) is None


@pytest.mark.django_db
@pytest.mark.parametrize("state", [CaseState.DRAFT, CaseState.DECLINED, CaseState.WITHDRAWN])
def test_nothing_is_promised_where_nothing_runs(state: CaseState) -> None:
    case = case_in(state)

    assert deadlines.due(case) is None
    assert deadlines.answer_in_words(case) == ""
    assert deadlines.first_response(case) is None


@pytest.mark.django_db
def test_answer_after_its_promise_is_said_without_praise(clock: Any) -> None:
    clock.move_to(datetime(2026, 11, 2, 9, tzinfo=UTC))
    case = case_in(CaseState.ANSWERED)
    case.answered_at = datetime(2026, 12, 1, 9, tzinfo=UTC)

    due = deadlines.due(case)

    assert due is not None
    assert due.text == "beantwortet am 01.12.2026"
