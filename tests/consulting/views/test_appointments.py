"""Termine on the page of a request: choose, none fits, cancel, save for the calendar."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from icalendar import Calendar

from consulting import services
from consulting.enums import AppointmentState, CaseEventKind, CaseState
from consulting.models import Appointment, ConsultingRequest
from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail
from tests.consulting.conftest import World
from tests.consulting.test_appointments import (
    FRIDAY,
    LINK,
    MONDAY,
    NEXT_MONDAY,
    cancel,
    fixed,
    move,
    offered,
    pick,
)
from tests.consulting.views.conftest import HOSTILE, REFUSED, queries

Browser = Callable[[User], Client]
S = CaseState


@pytest.fixture(autouse=True)
def _monday(clock: Any) -> None:
    clock.move_to(MONDAY)


@pytest.fixture
def case(world: World) -> ConsultingRequest:
    return world.case(S.IN_PROGRESS)


def url(appointment: Appointment, action: str) -> str:
    return f"/beratung/termin/{appointment.public_id}/{action}/"


def shown(page: Any) -> str:
    return str(page.text).replace("\xa0", " ")


ACTIONS = ("waehlen", "keiner-passt", "absagen")


@pytest.mark.parametrize("action", ACTIONS)
def test_ladder(world: World, case: ConsultingRequest, signed_in: Browser, action: str) -> None:
    offered(world, case)
    appointment = case.appointments.get()
    slot = appointment.slots.all()[0]
    if action == "absagen":
        pick(world, case)
    data = {"slot": str(slot.public_id), "text": "Passt nicht.", "message_id": str(uuid4())}
    before = case.events.count()
    for role, status in {
        "stranger": 404, "colleague": 404, "manager": 404, "operator": 404, "reader": 403,
        "advisor": 403, "lead": 403,
    }.items():  # fmt: skip
        assert (
            signed_in(world.person(role)).post(url(appointment, action), data).status_code == status
        )
    assert "/konto/" in Client().post(url(appointment, action), data)["Location"]
    browser = signed_in(world.requester)
    expected = 405 if action == "waehlen" else 200
    assert browser.get(url(appointment, action)).status_code == expected
    assert case.events.count() == before

    for _again in range(2):
        answer = browser.post(url(appointment, action), data)
        assert answer["Location"] == case.get_absolute_url()
    assert case.events.count() == before + 1
    gone = Appointment(public_id=uuid4())
    assert browser.post(url(gone, action), data).status_code == 404


def test_the_page_offers_and_then_shows_it(
    world: World, case: ConsultingRequest, signed_in: Browser
) -> None:
    offered(world, case, note="Worum es <b>geht</b>")
    appointment = case.appointments.get()
    browser = signed_in(world.requester)
    page = shown(browser.get(case.get_absolute_url()))
    assert "Wählen Sie einen Termin" in page
    assert page.count('name="slot"') == 2
    assert "Fr, 27.11.2026, 10:00 Uhr (60 Minuten)" in page
    assert "Worum es &lt;b&gt;geht&lt;/b&gt;" in page
    assert f'href="{LINK}"' in page
    assert "Termine vorgeschlagen" in page
    theirs = shown(signed_in(world.reader).get(case.get_absolute_url()))
    assert 'name="slot"' not in theirs
    assert "Fr, 27.11.2026, 10:00 Uhr" in theirs

    nothing = browser.post(url(appointment, "waehlen"), {"slot": ""})
    assert nothing.status_code == 422
    assert nothing.text.count("Wählen Sie einen der Termine.") == 2
    assert "<title>Fehler: " in nothing.text

    slot = appointment.slots.all()[1]
    page = shown(
        browser.post(url(appointment, "waehlen"), {"slot": str(slot.public_id)}, follow=True)
    )
    assert "Ihr Termin" in page
    assert "Montag, 30. November 2026" in page
    assert "Termin vereinbart: Mo, 30.11.2026, 14:00 Uhr" in page
    assert 'name="slot"' not in page


def test_who_comes_second_is_told(
    world: World, case: ConsultingRequest, signed_in: Browser, clock: Any
) -> None:
    offered(world, case)
    appointment = case.appointments.get()
    first, second = (str(slot.public_id) for slot in appointment.slots.all())
    pick(world, case, 0, "writer")
    answer = signed_in(world.requester).post(
        url(appointment, "waehlen"), {"slot": second}, follow=True
    )
    assert "Toni Probe war schneller: Der Termin ist am Fr, 27.11.2026, 10:00 Uhr." in shown(answer)
    assert case.events.filter(kind=CaseEventKind.APPOINTMENT_FIXED).count() == 1

    cancel(world, appointment)
    page = signed_in(world.requester).post(
        url(appointment, "waehlen"), {"slot": first}, follow=True
    )
    assert "stehen nicht mehr zur Wahl" in shown(page)

    offered(world, case)
    again = case.appointments.get(state="offered")
    clock.move_to(FRIDAY)
    gone, left = (str(slot.public_id) for slot in again.slots.all())
    page = signed_in(world.requester).post(url(again, "waehlen"), {"slot": gone}, follow=True)
    assert "Dieser Termin ist nicht mehr frei." in shown(page)
    assert gone not in page.text
    assert left in page.text


def test_a_text_is_never_lost(world: World, case: ConsultingRequest, signed_in: Browser) -> None:
    offered(world, case)
    appointment = case.appointments.get()
    browser = signed_in(world.requester)
    empty = browser.post(url(appointment, "keiner-passt"), {"text": " "})
    assert empty.status_code == 422
    assert empty.text.count("Schreiben Sie, wann es besser passt.") == 2
    pick(world, case, 0, "writer")
    late = browser.post(url(appointment, "keiner-passt"), {"text": "Lieber dienstags."})
    assert late.status_code == 409
    assert "Lieber dienstags." in late.text
    assert not case.messages.exists()
    cancel(world, appointment)
    for action in ("keiner-passt", "absagen"):
        answer = browser.get(url(appointment, action), follow=True)
        assert "stehen nicht mehr zur Wahl" in shown(answer)


def test_what_was_moved_meanwhile_is_not_cancelled(
    world: World, case: ConsultingRequest, signed_in: Browser
) -> None:
    appointment = fixed(world, case)
    browser = signed_in(world.requester)
    path = url(appointment, "absagen")
    assert 'name="sequence" value="0"' in browser.get(path).text
    move(world, appointment, NEXT_MONDAY)

    page = browser.post(path, {"text": "Freitag geht nicht.", "sequence": "0"})

    assert page.status_code == 409
    assert "Freitag geht nicht." in page.text
    assert "in der Zwischenzeit verschoben" in page.text
    assert case.appointments.get().state == AppointmentState.FIXED
    assert browser.post(path, {"text": "Auch nicht.", "sequence": "1"}).status_code == 302
    assert case.appointments.get().state == AppointmentState.CANCELLED


def test_hostile_texts(world: World, case: ConsultingRequest, signed_in: Browser) -> None:
    browser = signed_in(world.requester)
    offered(world, case)
    appointment = case.appointments.get()
    for text in (*REFUSED, "x" * 20_001):
        assert browser.post(url(appointment, "keiner-passt"), {"text": text}).status_code == 422
    for slot in (HOSTILE[2], REFUSED[0], "x" * 10_000, str(uuid4())):
        assert browser.post(url(appointment, "waehlen"), {"slot": slot}).status_code == 422
    everything = "\n".join(HOSTILE)
    path = url(appointment, "keiner-passt")
    assert browser.post(path, {"text": everything}).status_code == 302
    assert "<script>alert(1)" not in browser.get(case.get_absolute_url()).text


def test_the_file_for_the_calendar(
    world: World, case: ConsultingRequest, signed_in: Browser, clock: Any
) -> None:
    offered(world, case)
    appointment = case.appointments.get()
    path = url(appointment, "datei")
    assert signed_in(world.requester).get(path).status_code == 404
    pick(world, case)
    assert "/konto/" in Client().get(path)["Location"]
    assert signed_in(world.stranger).get(path).status_code == 404
    for role in ("requester", "reader", "advisor"):
        answer = signed_in(world.person(role)).get(path)
        assert answer["Content-Type"] == "text/calendar; charset=utf-8"
        [event] = Calendar.from_ical(answer.content).walk("VEVENT")
        assert event["DTSTART"].dt == FRIDAY
        assert event["UID"] == f"{appointment.public_id}@osk.example"
        assert "ATTENDEE" not in event
    clock.move_to(FRIDAY + timedelta(hours=1))
    assert signed_in(world.requester).get(path).status_code == 404
    assert "Ihr Termin" not in shown(signed_in(world.requester).get(case.get_absolute_url()))


def test_an_offer_is_a_task(
    world: World, case: ConsultingRequest, signed_in: Browser, clock: Any
) -> None:
    offered(world, case)
    for role, count in {
        "requester": 1,
        "deputy": 1,
        "writer": 1,
        "reader": 0,
        "stranger": 0,
    }.items():
        page = signed_in(world.person(role)).get("/mein/").text
        assert (
            page.count(f'class="osk-a osk-a--strong" href="{case.get_absolute_url()}#termin"')
            == count
        )
    clock.move_to(NEXT_MONDAY)
    assert "#termin" not in signed_in(world.requester).get("/mein/").text


def test_three_appointments_cost_what_one_does(
    world: World, case: ConsultingRequest, signed_in: Browser
) -> None:
    browser = signed_in(world.requester)
    browser.get(case.get_absolute_url())
    none = queries(lambda: browser.get(case.get_absolute_url()))
    fixed(world, case)
    one = queries(lambda: browser.get(case.get_absolute_url()))
    for _ in range(2):
        cancel(world, case.appointments.get(state=AppointmentState.FIXED))
        fixed(world, case)
    three = queries(lambda: browser.get(case.get_absolute_url()))
    # Messages bring their own query's rows, not more queries.
    assert one - none <= 1
    assert three == one


def test_reading_alone_sends_nothing(
    world: World, case: ConsultingRequest, signed_in: Browser
) -> None:
    fixed(world, case)
    count = OutgoingMail.objects.count()
    signed_in(world.requester).get(case.get_absolute_url())
    assert OutgoingMail.objects.count() == count
    services.withdraw(case_id=case.pk, actor=world.requester)
    assert "Ihr Termin" not in shown(signed_in(world.requester).get(case.get_absolute_url()))
