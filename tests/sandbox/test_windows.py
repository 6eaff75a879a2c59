"""Berlin's clocks: what people choose, what the database keeps."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osk_portal.toolkit.clock import BERLIN
from sandbox.windows import LocalTimeError, berlin_moment, end_after


def test_winter_and_summer_time() -> None:
    assert berlin_moment(date(2026, 11, 23), time(9)) == datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert berlin_moment(date(2026, 7, 1), time(9)) == datetime(2026, 7, 1, 7, tzinfo=UTC)


def test_a_time_that_does_not_exist_is_asked_back() -> None:
    with pytest.raises(LocalTimeError) as asked:
        berlin_moment(date(2026, 3, 29), time(2, 30))
    assert "forward" in str(asked.value) or "vorgestellt" in str(asked.value)


def test_a_time_that_comes_twice_is_asked_back() -> None:
    with pytest.raises(LocalTimeError) as asked:
        berlin_moment(date(2026, 10, 25), time(2, 30))
    assert "twice" in str(asked.value) or "zweimal" in str(asked.value)


def test_a_week_over_the_change_of_the_clocks_ends_at_the_same_hour() -> None:
    start = berlin_moment(date(2026, 3, 27), time(9))

    end = end_after(start, 7)

    assert end.astimezone(BERLIN).time() == time(9)
    assert end - start == timedelta(days=7, hours=-1)


def test_an_end_in_the_skipped_hour_moves_on() -> None:
    start = berlin_moment(date(2026, 3, 28), time(2, 30))

    assert end_after(start, 1) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@given(
    st.integers(0, 2 * 365 * 24 * 60).map(
        lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    st.integers(1, 90),
)
def test_every_window_is_long_enough(start: datetime, days: int) -> None:
    length = end_after(start, days) - start

    assert abs(length - timedelta(days=days)) <= timedelta(hours=1)
