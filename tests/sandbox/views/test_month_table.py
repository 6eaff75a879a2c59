"""The month table, the list of free begins, and the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sandbox import services
from sandbox.models import Booking
from tests.factories import staff
from tests.sandbox.test_approval import MONDAY
from tests.sandbox.views.test_booking_create import URL, data
from tests.sandbox.world import book

MONTH = reverse("sandbox:month_table", args=["radicale"])


def words(page):
    return " ".join(page.text.replace("\N{NO-BREAK SPACE}", " ").split())


def test_the_month_shows_free_full_and_maintenance(client, world, clock):
    clock.move_to(MONDAY)
    for _two in range(2):
        book(world.blueprint, starts_in=timedelta(days=14), days=1)
    services.add_blackout(
        actor=staff("operator"),
        pool=world.blueprint.pool,
        slots=list(world.blueprint.pool.slots.all()),
        start=datetime(2026, 12, 21, 7, tzinfo=UTC),
        end=datetime(2026, 12, 23, 7, tzinfo=UTC),
        reason="Umzug der Server",
    )

    page = client.get(MONTH, {"monat": "2026-12"})

    shown = words(page)
    assert "2 frei" in shown
    assert "belegt" in shown
    assert "Umzug der Server" in shown
    assert f"{URL}?tag=2026-12-01" in page.text
    assert f"{URL}?tag=2026-12-22" not in page.text
    assert "?monat=2026-11" in page.text
    assert "?monat=2027-01" in page.text


def test_months_that_cannot_be_booked_are_not_there(client, world, clock):
    clock.move_to(MONDAY)
    first = client.get(MONTH)
    assert "November 2026" in first.text
    assert 'rel="prev"' not in first.text
    assert 'rel="next"' not in client.get(MONTH, {"monat": "2027-02"}).text
    for month in ("2026-10", "2027-03", "9999-12", "0000-00", "2026-13", "x" * 300, "'"):
        assert client.get(MONTH, {"monat": month}).status_code == 404
    assert client.post(MONTH).status_code == 405
    unknown = reverse("sandbox:month_table", args=["gibt-es-nicht"])
    assert client.get(unknown).status_code == 404


def test_the_month_costs_the_same_with_more_bookings(client, world):
    client.get(MONTH)
    with CaptureQueriesContext(connection) as few:
        client.get(MONTH)
    for days in (10, 20):
        book(world.blueprint, starts_in=timedelta(days=days), days=1)
    with CaptureQueriesContext(connection) as more:
        client.get(MONTH)

    assert len(more) == len(few) <= 12


def test_free_begins_come_first_with_how_long_they_are_free(signed_in, world, clock):
    clock.move_to(MONDAY)
    for _two in range(2):
        book(world.blueprint, starts_in=timedelta(days=4), days=7)

    page = words(signed_in(world.booker).get(URL))

    assert "Di, 24.11.2026, 08:00 Uhr, frei für bis zu 3 Tage" in page
    assert page.index("Di, 24.11.2026") < page.index("Später, ich gebe")


def test_a_chosen_begin_is_booked_and_a_lost_one_is_told_at_the_field(signed_in, world, clock):
    clock.move_to(MONDAY)
    client = signed_in(world.booker)
    begin = {"when": "at-20261124T0700Z", "days": "3"}

    client.post(URL, data(**begin))
    assert Booking.objects.get().starts_at == datetime(2026, 11, 24, 7, tzinfo=UTC)
    book(world.blueprint, starts_in=timedelta(hours=19))
    page = client.post(URL, data(**begin))
    assert "nicht mehr frei" in words(page)
    for nonsense in ("at-20260230T0700Z", "at-99999999T9999Z", "at-20251124T0700Z", "at-"):
        assert client.post(URL, data(when=nonsense)).status_code == 200
    assert Booking.objects.filter(organisation=world.authority).count() == 1


def test_a_day_of_the_month_is_chosen_already(signed_in, world, clock):
    clock.move_to(MONDAY)
    client = signed_in(world.booker)

    listed = client.get(URL, {"tag": "2026-11-24"})
    assert 'value="at-20261124T0700Z" checked' in words(listed) or "checked" in listed.text
    later = client.get(URL, {"tag": "2026-12-22"})
    assert 'value="2026-12-22"' in later.text
    for nonsense in ("2026-02-31", "gestern", "'"):
        assert client.get(URL, {"tag": nonsense}).status_code == 200


@pytest.mark.parametrize(
    ("day", "answers"),
    [
        (
            "2027-03-28",
            {
                "20270328T0030Z": "01:30 Uhr, vor der Zeitumstellung",
                "20270328T0130Z": "03:30 Uhr, nach der Zeitumstellung",
            },
        ),
        (
            "2026-10-25",
            {
                "20261025T0030Z": "02:30 Uhr, vor der Zeitumstellung",
                "20261025T0130Z": "02:30 Uhr, nach der Zeitumstellung",
            },
        ),
    ],
)
def test_a_time_that_is_skipped_or_comes_twice_is_answered(signed_in, world, clock, day, answers):
    """The field offers both moments; with an answer it is booked, with a foreign one asked again."""
    clock.move_to(datetime.fromisoformat(f"{day}T12:00:00+00:00") - timedelta(days=30))
    client = signed_in(world.booker)
    typed = data(when="later", start_date=day, start_time="02:30", days="1")

    page = client.post(URL, typed)
    for key, shown in answers.items():
        assert f'value="{key}"' in page.text
        assert shown in words(page)
    assert client.post(URL, {**typed, "clock_change": "20260101T0000Z"}).status_code == 200
    assert not Booking.objects.exists()

    for key in answers:
        client.post(URL, {**typed, "clock_change": key})
    starts = sorted(Booking.objects.values_list("window", flat=True), key=lambda w: w.lower)
    assert [w.lower.strftime("%Y%m%dT%H%MZ") for w in starts] == list(answers)


def test_an_answer_to_an_older_question_is_not_looked_at(signed_in, world, clock):
    clock.move_to(MONDAY)
    typed = data(when="later", start_date="2026-12-01", start_time="09:30")

    signed_in(world.booker).post(URL, {**typed, "clock_change": "20261025T0030Z"})

    assert Booking.objects.get().starts_at == datetime(2026, 12, 1, 8, 30, tzinfo=UTC)


def test_a_product_with_approval_says_so_and_offers_no_now(signed_in, world, clock):
    clock.move_to(MONDAY)
    world.blueprint.needs_approval = True
    world.blueprint.save()
    client = signed_in(world.booker)

    page = client.get(URL)
    assert "frühestens am Do, 26.11.2026, 08:00 Uhr" in words(page)
    assert 'value="now"' not in page.text
    assert 'value="at-20261126T0700Z"' in page.text, "the first begin is in the list"
    client.post(URL, data(when="now"))
    early = client.post(URL, data(when="later", start_date="2026-11-24", start_time="09:00"))
    assert "frühestens" in words(early)
    assert not Booking.objects.exists()
    client.post(URL, data(when="at-20261127T0700Z"))
    assert Booking.objects.get().state == "requested"
