"""The pages on which a booking is extended, moved, restarted and reset."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from sandbox import deadlines, provisioning, services
from sandbox.enums import EnvironmentState
from tests.factories import staff
from tests.sandbox.test_approval import MONDAY
from tests.sandbox.test_changing import move
from tests.sandbox.world import book


def address(booking, step):
    return reverse(f"sandbox:booking_{step}", args=[booking.public_id])


@pytest.mark.parametrize("step", ["extend", "move", "restart", "reset"])
def test_the_ladder(client, signed_in, world, step):
    """Anonymous signs in, strangers and colleagues find nothing, who may only read gets 403."""
    booking = world.book(starts_in=timedelta(days=3))
    url = address(booking, step)
    assert client.post(url).status_code == 302
    for who in ("stranger", "colleague", "outsider"):
        assert signed_in(getattr(world, who)).post(url, {"days": "1"}).status_code == 404
    booking.refresh_from_db()
    assert booking.sequence == 0


@pytest.mark.parametrize("step", ["extend", "move", "restart", "reset"])
def test_who_may_only_read_may_change_nothing(signed_in, world, monkeypatch, step):
    booking = world.book(starts_in=timedelta(days=3))
    monkeypatch.setattr("sandbox.permissions.can_change", lambda user, booking: False)
    assert signed_in(world.booker).post(address(booking, step)).status_code == 403
    assert "Buchung ändern" not in signed_in(world.booker).get(booking.get_absolute_url()).text


@pytest.mark.parametrize("step", ["extend", "move", "restart", "reset"])
def test_in_the_wrong_state_one_is_told(signed_in, world, step):
    booking = world.book(starts_in=timedelta(days=3))
    services.end_booking(booking_id=booking.pk, actor=world.booker)
    client = signed_in(world.booker)

    for answer in (
        client.get(address(booking, step), follow=True),
        client.post(address(booking, step), {"days": "1"}, follow=True),
    ):
        assert answer.redirect_chain[-1][0] == booking.get_absolute_url()
        assert "kern-alert" in answer.text


def test_extending_by_page(signed_in, world, clock):
    clock.move_to(MONDAY)
    booking, _environment = world.book_and_set_up()
    client = signed_in(world.booker)

    assert "Verlängern" in client.get(booking.get_absolute_url()).text
    for days, words in (("0", "mindestens"), ("8", "höchstens 7"), ("x" * 300, "ganze Zahl")):
        page = client.post(address(booking, "extend"), {"days": days})
        assert words in page.text
    client.post(address(booking, "extend"), {"days": "7"})

    booking.refresh_from_db()
    assert booking.ends_at == MONDAY + timedelta(days=14)
    assert "schon so lang" in client.get(address(booking, "extend"), follow=True).text


def test_an_extension_that_is_sent_twice_acts_once(signed_in, world, clock):
    clock.move_to(MONDAY)
    booking, _environment = world.book_and_set_up()
    client = signed_in(world.booker)
    page = client.get(address(booking, "extend"))
    sent = {"days": "2", "sequence": page.context["form"]["sequence"].value()}

    for _time in range(2):
        answer = client.post(address(booking, "extend"), sent, follow=True)

    booking.refresh_from_db()
    assert booking.ends_at == MONDAY + timedelta(days=9)
    assert "inzwischen geändert" in answer.text


def test_the_loser_of_an_extension_reads_the_latest_end_at_the_field(signed_in, world, clock):
    clock.move_to(MONDAY)
    world.blueprint.pool.slots.last().delete()
    booking, _environment = world.book_and_set_up()
    book(world.blueprint, starts_in=timedelta(days=9), days=1)

    page = signed_in(world.booker).post(address(booking, "extend"), {"days": "5"})

    assert page.status_code == 200
    assert "höchstens bis Mi, 02.12.2026, 11:20 Uhr" in page.text.replace("\N{NO-BREAK SPACE}", " ")
    booking.refresh_from_db()
    assert booking.sequence == 0


def test_moving_by_page(signed_in, world, clock):
    clock.move_to(MONDAY)
    booking = world.book(starts_in=timedelta(days=3))
    client = signed_in(world.booker)
    typed = {"when": "later", "start_date": "2026-12-01", "start_time": "09:30", "days": "5"}

    assert 'value="2026-11-26"' in client.get(address(booking, "move")).text
    client.post(address(booking, "move"), typed)

    booking.refresh_from_db()
    assert booking.starts_at.isoformat() == "2026-12-01T08:30:00+00:00"
    assert booking.ends_at - booking.starts_at == timedelta(days=5)


def test_moving_to_now_by_page(signed_in, world):
    """The clock goes on between the form and the service."""
    booking = world.book(starts_in=timedelta(days=3))

    page = signed_in(world.booker).post(address(booking, "move"), {"when": "now", "days": "5"})

    assert page.status_code == 302
    booking.refresh_from_db()
    assert booking.starts_at <= portal_clock.now() < booking.starts_at + timedelta(minutes=1)


def test_what_is_approved_is_moved_without_the_time_of_an_approval(signed_in, world, clock):
    """Only an application still waits for the OSK; what the OSK has booked knows no horizon either."""
    clock.move_to(MONDAY)
    world.blueprint.needs_approval = True
    world.blueprint.save()
    approved = world.book(starts_in=timedelta(days=14), days=2)
    asked = world.book(starts_in=timedelta(days=14), days=2)
    advisor = staff("advisor")
    services.approve_booking(booking_id=approved.pk, actor=advisor)
    by_osk = services.book(
        user=advisor, organisation=world.authority, blueprint=world.blueprint, by_osk=True,
        start=MONDAY + timedelta(days=60), end=MONDAY + timedelta(days=61), purpose="Vorführung",
    )  # fmt: skip
    early = {"when": "later", "start_date": "2026-11-24", "start_time": "09:30", "days": "2"}

    refused = signed_in(world.booker).post(address(asked, "move"), early)
    assert "genehmigt" in refused.context["form"].errors["start_date"][0]
    assert signed_in(world.booker).post(address(approved, "move"), early).status_code == 302
    for typed in (early, {**early, "start_date": "2027-11-02"}):
        assert signed_in(advisor).post(address(by_osk, "move"), typed).status_code == 302
    by_osk.refresh_from_db()
    assert by_osk.starts_at.isoformat() == "2027-11-02T08:30:00+00:00"


def test_an_application_is_moved_within_the_time_since_it_was_asked_for(signed_in, world, clock):
    """The page fills in its begin: later, too, it is no earlier than the OSK has to decide."""
    clock.move_to(MONDAY)
    world.blueprint.needs_approval = True
    world.blueprint.save()
    begin = deadlines.first_start_with_approval(MONDAY)
    asked = world.book(starts_in=begin - MONDAY, days=2)
    clock.move_to(MONDAY + timedelta(days=2))
    client = signed_in(world.booker)

    filled_in = client.get(address(asked, "move")).context["form"].initial
    answer = client.post(address(asked, "move"), {**filled_in, "days": "3"})

    assert answer.status_code == 302
    asked.refresh_from_db()
    assert (asked.starts_at, asked.ends_at) == (begin, begin + timedelta(days=3))


def test_restart_and_reset_are_asked_first(signed_in, world):
    booking, environment = world.book_and_set_up()
    services.name_deputy(booking_id=booking.pk, actor=world.booker, deputy=world.colleague)
    client = signed_in(world.colleague)

    assert "Ihre Eingaben bleiben" in client.get(address(booking, "restart")).text
    assert "nicht rückgängig" in client.get(address(booking, "reset")).text
    client.post(address(booking, "restart"))
    environment.refresh_from_db()
    assert environment.state == EnvironmentState.STARTING
    assert "Wird neu gestartet" in client.get(booking.get_absolute_url()).text
    provisioning.work(environment.pk)
    client.post(address(booking, "reset"))
    environment.refresh_from_db()
    assert environment.desired == "absent"


def test_the_calendar_file_follows_the_changes(signed_in, world):
    booking = world.book(starts_in=timedelta(days=3))
    client = signed_in(world.booker)
    first = client.get(address(booking, "calendar"))
    move(booking, days=1)
    second = client.get(address(booking, "calendar"))

    assert first["Content-Type"] == "text/calendar; charset=utf-8"
    assert "SEQUENCE:0" in first.text
    assert "SEQUENCE:1" in second.text
    assert signed_in(world.stranger).get(address(booking, "calendar")).status_code == 404
    services.end_booking(booking_id=booking.pk, actor=world.booker)
    assert signed_in(world.booker).get(address(booking, "calendar")).status_code == 404
    mail = OutgoingMail.objects.get(kind="sandbox.booking_cancelled")
    assert "METHOD:CANCEL" in str(mail.attachments)
    assert "SEQUENCE:2" in str(mail.attachments)
