from datetime import date

import pytest

from osk_portal.toolkit.working_days import add_working_days, is_working_day, working_days_between


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2026, 11, 23), True),
        (date(2026, 11, 22), False),
        (date(2027, 3, 8), False),  # International Women's Day, only in Berlin and MV
        (date(2026, 10, 31), False),  # a Saturday; Reformation Day is no holiday in Berlin
        (date(2028, 10, 31), True),
        (date(2026, 12, 24), False),
        (date(2026, 12, 31), False),
        (date(2026, 12, 25), False),
    ],
)
def test_berlin_working_day(day: date, working: bool) -> None:
    assert is_working_day(day) is working


def test_closure_of_the_operator_is_no_working_day(settings) -> None:
    settings.OSK_CLOSURES = [date(2026, 11, 24)]

    assert add_working_days(date(2026, 11, 23), 1) == date(2026, 11, 25)


def test_ten_working_days_over_christmas() -> None:
    assert add_working_days(date(2026, 12, 18), 10) == date(2027, 1, 7)


def test_zero_days_moves_to_the_first_working_day() -> None:
    assert add_working_days(date(2026, 11, 21), 0) == date(2026, 11, 23)


def test_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        add_working_days(date(2026, 11, 21), -1)


def test_between_is_the_inverse_of_adding() -> None:
    start = date(2026, 12, 18)

    assert working_days_between(start, add_working_days(start, 7)) == 7
    assert working_days_between(add_working_days(start, 7), start) == -7
