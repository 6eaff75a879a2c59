from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from sandbox import provisioning
from sandbox.enums import BookingState, EnvironmentState
from sandbox.services import take_over_booking


def url(booking):
    return reverse("sandbox:booking_end", args=[booking.public_id])


def test_anonymous_signs_in_first(client, world):
    booking = world.book()

    assert client.get(url(booking)).status_code == 302
    assert client.post(url(booking)).status_code == 302


@pytest.mark.parametrize("who", ["stranger", "colleague", "outsider"])
def test_strangers_find_nothing(signed_in, world, who):
    booking = world.book()

    assert signed_in(getattr(world, who)).post(url(booking)).status_code == 404
    booking.refresh_from_db()
    assert booking.state == BookingState.APPROVED


def test_who_may_read_but_not_end(signed_in, world, monkeypatch):
    monkeypatch.setattr("sandbox.permissions.can_end", lambda user, booking: False)
    booking = world.book()

    assert signed_in(world.booker).get(url(booking)).status_code == 403
    assert signed_in(world.booker).post(url(booking)).status_code == 403


def test_it_is_asked_first(signed_in, world):
    booking, _environment = world.book_and_set_up()

    page = signed_in(world.booker).get(url(booking))

    assert "Testumgebung beenden?" in page.text
    booking.refresh_from_db()
    assert booking.state == BookingState.ACTIVE


def test_a_booking_for_later_is_cancelled(signed_in, world):
    booking = world.book(starts_in=timedelta(days=3))

    assert "Buchung stornieren?" in signed_in(world.booker).get(url(booking)).text


@pytest.mark.parametrize("who", ["booker", "manager"])
def test_ending_removes_everything(signed_in, world, bells, commits, who):
    booking, environment = world.book_and_set_up()
    if who == "manager":
        assert signed_in(world.manager).post(url(booking)).status_code == 403
        take_over_booking(booking_id=booking.pk, actor=world.manager, reason="Urlaub")

    with commits():
        answer = signed_in(getattr(world, who)).post(url(booking))
    assert answer.url == booking.get_absolute_url()
    assert bells.of("sandbox.tasks.work")[-1] == {"environment_id": environment.pk}
    provisioning.work(environment.pk)

    booking.refresh_from_db()
    environment.refresh_from_db()
    assert booking.state == BookingState.CANCELLED
    assert booking.ended_by == getattr(world, who)
    assert environment.state == EnvironmentState.GONE
    assert world.engine.objects == {}


def test_twice_is_once(signed_in, world):
    booking = world.book()
    client = signed_in(world.booker)
    client.post(url(booking))

    again = client.post(url(booking), follow=True)
    look = client.get(url(booking), follow=True)

    assert "inzwischen" in again.text or "changed" in again.text
    assert "schon beendet" in look.text
    assert booking.events.filter(kind="cancel").count() == 1


def test_after_the_window_there_is_nothing_to_end(signed_in, world, clock):
    booking = world.book(days=1)
    booking.environments.update(ready_at=booking.starts_at)
    clock.move_to(booking.ends_at + timedelta(seconds=1))
    provisioning.end_what_is_over()

    signed_in(world.booker).post(url(booking))

    booking.refresh_from_db()
    assert booking.state == BookingState.ENDED
