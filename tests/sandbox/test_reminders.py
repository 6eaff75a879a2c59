"""Reminders of the end: each once for an end, and only what is of use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from sandbox import provisioning, services
from sandbox.models import Booking, Reminder
from tests.sandbox import world
from tests.sandbox.test_approval import MONDAY
from tests.sandbox.world import product

pytestmark = pytest.mark.django_db
KIND = "sandbox.booking_ends_soon"


def book(blueprint, **window) -> Booking:
    """Handed over: of what never came nobody is reminded."""
    booking = world.book(blueprint, **window)
    booking.activate()
    return booking


def kinds() -> list[str]:
    return list(Reminder.objects.order_by("pk").values_list("kind", flat=True))


def at(clock, moment: datetime) -> None:
    clock.move_to(moment)
    for _twice in range(2):
        services.send_reminders()


@pytest.fixture
def week(clock):
    """From Monday noon to the next Monday noon, all in office hours but for the weekend."""
    clock.move_to(MONDAY)
    return book(product(longest_days=30))


def test_a_week_is_reminded_three_times_and_never_twice(week, clock):
    at(clock, week.ends_at - timedelta(days=3, minutes=1))
    assert kinds() == []
    for lead in (timedelta(days=3), timedelta(days=1), timedelta(hours=1)):
        at(clock, week.ends_at - lead)

    assert kinds() == ["three_days", "hour"], "nobody works on Sunday; the hour does not wait"
    assert OutgoingMail.objects.filter(kind=KIND).count() == 2
    assert Notification.objects.filter(kind=KIND, user=week.booked_by).count() == 2
    mail = OutgoingMail.objects.filter(kind=KIND).first()
    assert "verlängern" in mail.body
    assert mail.expires_at <= week.ends_at + timedelta(seconds=5)


def test_an_extension_arms_them_again(week, clock):
    at(clock, week.ends_at - timedelta(days=3))
    services.extend_booking(
        booking_id=week.pk, actor=week.booked_by, end=week.ends_at + timedelta(days=4)
    )
    week.refresh_from_db()
    at(clock, portal_clock.now())
    assert kinds() == ["three_days"], "the new end is a week away"

    at(clock, week.ends_at - timedelta(days=3) + timedelta(hours=1))

    assert kinds() == ["three_days", "three_days"]
    assert len({r.ends_at for r in Reminder.objects.all()}) == 2


def test_who_has_chosen_the_end_just_now_is_not_reminded_of_it(week, clock):
    clock.move_to(week.ends_at - timedelta(hours=20))
    services.extend_booking(
        booking_id=week.pk, actor=week.booked_by, end=week.ends_at + timedelta(hours=1)
    )
    at(clock, MONDAY + timedelta(days=6, hours=21))

    assert kinds() == []


@pytest.mark.parametrize(
    ("days", "lead", "sent"), [(1, 24, []), (1, 1, ["hour"]), (2, 24, ["day"]), (4, 72, [])]
)
def test_a_short_booking_gets_what_makes_sense(clock, days, lead, sent):
    clock.move_to(MONDAY)
    booking = book(product(), days=days)

    at(clock, booking.ends_at - timedelta(hours=lead))

    assert kinds() == sent


def test_at_night_only_the_hour_is_told(clock):
    clock.move_to(datetime(2026, 11, 23, 1, tzinfo=UTC))
    booking = book(product(), days=2)

    at(clock, booking.ends_at - timedelta(days=1))
    assert kinds() == []
    at(clock, booking.ends_at - timedelta(hours=1))
    assert kinds() == ["hour"]


def test_the_tick_sends_them_and_not_for_what_has_ended(week, clock):
    clock.move_to(week.ends_at - timedelta(hours=1))
    other = book(product(), days=1)
    services.end_booking(booking_id=other.pk, actor=other.booked_by)

    provisioning.tick()
    services.end_booking(booking_id=week.pk, actor=week.booked_by)
    provisioning.tick()

    assert Reminder.objects.get().booking == week


def test_many_cost_no_more_to_look_at(clock, django_assert_num_queries):
    clock.move_to(MONDAY)
    bookings = [book(product()) for _three in range(3)]
    at(clock, bookings[-1].ends_at - timedelta(minutes=50))

    with django_assert_num_queries(2):
        services.send_reminders()
