"""Termine in the staff area: pages to offer, move and cancel, and the box of the case page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from consulting import queues
from consulting.enums import AppointmentState, CaseEventKind, CaseState
from consulting.models import ConsultingRequest
from osk_portal.toolkit.clock import BERLIN
from tests.consulting.conftest import World
from tests.consulting.test_appointments import (
    FRIDAY,
    LINK,
    MONDAY,
    NEXT_MONDAY,
    cancel,
    fixed,
    offered,
    pick,
)

Browsers = Callable[[str], Client]
S = CaseState


@pytest.fixture(autouse=True)
def _monday(clock: Any) -> None:
    clock.move_to(MONDAY)


@pytest.fixture
def case(world: World) -> ConsultingRequest:
    return world.case(S.IN_PROGRESS)


def typed(case: ConsultingRequest, **changes: Any) -> dict[str, Any]:
    case.refresh_from_db(fields=["version"])
    return {
        "version": case.version,
        "form_id": str(uuid4()),
        "message_id": str(uuid4()),
        "day_1": "2026-11-27", "hour_1": "10:00",
        "day_2": "30.11.2026", "hour_2": "14:00",
        "day": "2026-12-01", "hour": "09:30",
        "minutes": "45",
        "kind": "video",
        "place": LINK,
        "note": "Worum es geht",
        "text": "Ich bin verhindert.",
        **changes,
    }  # fmt: skip


PAGES = ("appointment", "appointment-move", "appointment-cancel")


@pytest.mark.parametrize("name", PAGES)
def test_ladder(world: World, case: ConsultingRequest, sign_in: Browsers, name: str) -> None:
    if name != "appointment":
        fixed(world, case)
    url = queues.step_url(case, name)
    before = case.events.count()
    for role, statuses in {
        "visitor": (302,), "requester": (302, 403, 404), "operator": (403,), "other_advisor": (403,),
    }.items():  # fmt: skip
        assert sign_in(role).get(url).status_code in statuses, role
        assert sign_in(role).post(url, typed(case)).status_code in statuses, role
    browser = sign_in("advisor")
    assert browser.get(url).status_code == sign_in("lead").get(url).status_code == 200
    assert browser.put(url).status_code == 405
    assert browser.get(queues.step_url(world.case(S.DRAFT), name)).status_code == 404
    assert case.events.count() == before

    data = typed(case)
    for _again in range(2):
        assert browser.post(url, data)["Location"] == queues.case_url(case)
    assert case.events.count() == before + 1


def test_offer_move_cancel(world: World, case: ConsultingRequest, sign_in: Browsers) -> None:
    browser = sign_in("advisor")

    def case_page() -> str:
        return str(browser.get(queues.case_url(case)).text).replace("\xa0", " ")

    offer, move, end = (f'href="{queues.step_url(case, name)}"' for name in PAGES)
    page = case_page()
    assert [link in page for link in (offer, move, end)] == [True, False, False]

    browser.post(queues.step_url(case, "appointment"), typed(case))
    appointment = case.appointments.get()
    slots = list(appointment.slots.values_list("starts_at", flat=True))
    assert slots == [FRIDAY, NEXT_MONDAY]
    assert (appointment.place, appointment.note) == (LINK, "Worum es geht")
    page = case_page()
    assert [link in page for link in (offer, move, end)] == [False, False, True]
    assert "Vorschläge zurücknehmen" in page
    assert "Fr, 27.11.2026, 10:00 Uhr" in page

    pick(world, case)
    page = case_page()
    assert [link in page for link in (offer, move, end)] == [False, True, True]
    assert "gewählt von Alex Muster" in page
    form = browser.get(queues.step_url(case, "appointment-move")).text
    assert 'value="2026-11-27"' in form
    assert 'value="10:00"' in form
    browser.post(queues.step_url(case, "appointment-move"), typed(case))
    appointment.refresh_from_db()
    assert appointment.starts_at == datetime(2026, 12, 1, 9, 30, tzinfo=BERLIN)

    browser.post(queues.step_url(case, "appointment-cancel"), typed(case))
    appointment.refresh_from_db()
    assert appointment.state == AppointmentState.CANCELLED
    page = case_page()
    assert [link in page for link in (offer, move, end)] == [True, False, False]
    assert "Termin verschoben: Di, 01.12.2026, 09:30 Uhr" in page
    assert "Abgesagt" in page


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("day_1", "", "Geben Sie den Tag ein."),
        ("hour_2", "", "Geben Sie die Uhrzeit ein."),
        ("day_3", "2026-12-01", "Geben Sie die Uhrzeit ein."),
        ("hour_4", "10:00", "Geben Sie den Tag ein."),
        ("day_1", "gestern", "Geben Sie einen Tag ein, zum Beispiel 24.11.2026."),
        ("hour_1", "25:99", "Geben Sie eine Uhrzeit ein, zum Beispiel 14:30."),
        ("day_1", "2026-11-20", "Wählen Sie eine Zeit, die noch nicht vorbei ist."),
        ("day_1", "2027-11-20", "Wählen Sie einen Tag in den nächsten sechs Monaten."),
        ("kind", "", "Wählen Sie, wie Sie sprechen."),
        ("place", "", "Geben Sie den Link, die Nummer oder den Ort ein."),
        ("place", "javascript:alert(1)", "Geben Sie den ganzen Link der Videokonferenz ein."),
        ("place", "a\x00b", "unsichtbare Steuerzeichen"),
        ("note", "x" * 5_001, "Kürzen Sie"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(
    world: World, case: ConsultingRequest, sign_in: Browsers, field: str, value: str, words: str
) -> None:
    page = sign_in("advisor").post(
        queues.step_url(case, "appointment"), typed(case, **{field: value})
    )
    assert page.status_code == 200
    assert page.text.count(words) >= 2
    assert "<title>Fehler: " in page.text
    assert not case.appointments.exists()


def test_times_that_no_clock_shows_or_twice(
    world: World, case: ConsultingRequest, sign_in: Browsers, clock: Any
) -> None:
    browser = sign_in("advisor")
    for now, day, words in (
        (datetime(2027, 3, 1, 9, 0, tzinfo=BERLIN), "2027-03-28", "gibt es an dem Tag nicht"),
        (datetime(2027, 10, 1, 9, 0, tzinfo=BERLIN), "2027-10-31", "gibt es an dem Tag zweimal"),
    ):
        clock.move_to(now)
        browser = sign_in("advisor")
        page = browser.post(
            queues.step_url(case, "appointment"),
            typed(case, day_1=day, hour_1="02:30", day_2=day, hour_2="12:00"),
        )
        assert page.text.count(words) == 2
        assert 'value="02:30"' in page.text
    assert not case.appointments.exists()


def test_the_same_time_twice(world: World, case: ConsultingRequest, sign_in: Browsers) -> None:
    page = sign_in("advisor").post(
        queues.step_url(case, "appointment"), typed(case, day_3="2026-11-27", hour_3="10:00")
    )
    assert page.text.count("Schlagen Sie jede Zeit nur einmal vor.") == 2


def test_an_old_form_keeps_what_was_typed(
    world: World, case: ConsultingRequest, sign_in: Browsers
) -> None:
    browser = sign_in("advisor")
    fixed(world, case)
    late = typed(case, text="Ich bin krank geworden.")
    cancel(world, case.appointments.get(), "requester")
    for name in ("appointment-move", "appointment-cancel"):
        page = browser.post(queues.step_url(case, name), late)
        assert page.status_code == 409
        assert "Ich bin krank geworden." in page.text
        assert "Termin abgesagt" in page.text
    assert case.events.filter(kind=CaseEventKind.APPOINTMENT_CANCELLED).count() == 1
    for name in ("appointment-move", "appointment-cancel"):
        assert browser.get(queues.step_url(case, name))["Location"] == queues.case_url(case)

    offered(world, case)
    page = browser.post(queues.step_url(case, "appointment"), typed(case))
    assert page.text.count("Es gibt schon einen Termin") == 1
    assert browser.get(queues.step_url(case, "appointment")).status_code == 302


def test_an_ended_case_shows_what_was_and_offers_nothing(
    world: World, sign_in: Browsers, case: ConsultingRequest
) -> None:
    browser = sign_in("advisor")
    closed = world.case(S.CLOSED)
    url = queues.step_url(closed, "appointment")
    assert url not in browser.get(queues.case_url(closed)).text
    assert browser.get(url).status_code == 302
    page = browser.post(url, typed(closed))
    assert "Diese Anfrage ist beendet." in page.text
    assert "Worum es geht" in page.text
    assert url not in sign_in("other_advisor").get(queues.case_url(case)).text


def test_the_box_costs_no_query(world: World, case: ConsultingRequest, sign_in: Browsers) -> None:
    browser = sign_in("advisor")

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get(queues.case_url(case))
        return len(captured)

    browser.get(queues.case_url(case))
    before = count()
    for _ in range(3):
        fixed(world, case)
        assert count() == before
        cancel(world, case.appointments.get(state=AppointmentState.FIXED))
