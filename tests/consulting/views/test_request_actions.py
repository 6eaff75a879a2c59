"""Reply, message, close, reopen, withdraw: the ladder, and old forms on a moved state."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from consulting import services
from consulting.enums import CaseState
from consulting.models import ConsultingRequest
from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from tests.consulting.conftest import World
from tests.consulting.views.conftest import HOSTILE, REFUSED

pytestmark = pytest.mark.django_db

Browser = Callable[[User], Client]
S = CaseState
TEXT = {"text": "Das ist mein Text."}
# action → state in which it works, state that follows, data, kind of the event
ACTIONS = {
    "antworten/": (S.WAITING_REQUESTER, S.IN_PROGRESS, TEXT, "replied"),
    "nachricht/": (S.IN_PROGRESS, S.IN_PROGRESS, TEXT, "message_added"),
    "abschliessen/": (S.ANSWERED, S.CLOSED, {}, "closed"),
    "oeffnen/": (S.CLOSED, S.IN_PROGRESS, TEXT, "reopened"),
    "zurueckziehen/": (S.ASSIGNED, S.WITHDRAWN, {}, "withdrawn"),
}


def url(case: ConsultingRequest, action: str = "") -> str:
    return f"/beratung/anfrage/{case.public_id}/{action}"


@pytest.mark.parametrize("action", ACTIONS)
def test_ladder(action: str, world: World, signed_in: Browser) -> None:
    state, following, data, kind = ACTIONS[action]
    case = world.case(state)
    address = url(case, action)

    assert "/konto/" in Client().post(address, data).url
    for role in ("stranger", "colleague", "manager"):
        assert signed_in(world.person(role)).post(address, data).status_code == 404, role
    refused = ("reader",) if action == "oeffnen/" else ("reader", "other_advisor")
    for role in refused:
        assert signed_in(world.person(role)).post(address, data).status_code == 403, role
    case.refresh_from_db()
    assert case.state == state
    assert not case.events.exists()

    signed_in(world.requester).get(address)
    case.refresh_from_db()
    assert case.state == state  # GET changes nothing

    response = signed_in(world.writer).post(address, data)
    assert response.status_code == 302
    assert response.url == url(case)
    case.refresh_from_db()
    assert case.state == following
    assert [event.kind for event in case.events.all()] == [kind]
    assert OutgoingMail.objects.filter(subject_key=str(case.public_id)).exists()


@pytest.mark.parametrize("action", ACTIONS)
def test_second_click_changes_nothing_more(action: str, world: World, signed_in: Browser) -> None:
    state, following, data, _kind = ACTIONS[action]
    case = world.case(state)
    browser = signed_in(world.requester)
    form = {**data, "message_id": str(uuid.uuid4())}

    browser.post(url(case, action), form)
    again = browser.post(url(case, action), form)

    assert again.status_code == 302  # never "Your text was not sent": it was
    case.refresh_from_db()
    assert case.state == following
    assert case.events.count() == 1
    assert case.messages.count() == (1 if data else 0)


def test_get_of_a_button_is_405(world: World, signed_in: Browser) -> None:
    case = world.case(S.ANSWERED)

    assert signed_in(world.requester).get(url(case, "abschliessen/")).status_code == 405


def test_old_reply_form_keeps_the_text_and_offers_a_message(
    world: World, signed_in: Browser
) -> None:
    case = world.case(S.WAITING_REQUESTER)
    services.reply(case_id=case.pk, actor=world.writer, text="Ich war schneller.")

    page = signed_in(world.requester).post(url(case, "antworten/"), TEXT)

    text = page.content.decode()
    assert page.status_code == 409
    assert "Das ist mein Text." in text
    assert url(case, "nachricht/") in text
    assert "wurde nicht gesendet" in text
    assert case.messages.count() == 1


def test_old_message_form_while_we_ask_becomes_the_reply_form(
    world: World, signed_in: Browser
) -> None:
    case = world.case(S.IN_PROGRESS)
    services.ask_back(
        case_id=case.pk,
        actor=world.advisor,
        question="Wie viele?",
        reply_by=portal_clock.today() + timedelta(days=5),
    )

    page = signed_in(world.requester).post(url(case, "nachricht/"), TEXT)

    assert page.status_code == 409
    assert "Das ist mein Text." in page.content.decode()
    assert url(case, "antworten/") in page.content.decode()


@pytest.mark.parametrize("state", [S.DECLINED, S.WITHDRAWN, S.CLOSED])
def test_old_message_form_on_an_ended_case_shows_the_text(
    world: World, signed_in: Browser, state: CaseState
) -> None:
    case = world.case(state)

    page = signed_in(world.requester).post(url(case, "nachricht/"), TEXT)

    assert page.status_code == 409
    assert "Das ist mein Text." in page.content.decode()


@pytest.mark.parametrize("action", ["antworten/", "nachricht/", "oeffnen/"])
@pytest.mark.parametrize("text", ["", "   \n ", *REFUSED, "x" * 20_001])
def test_bad_text_is_told_at_the_field(
    world: World, signed_in: Browser, action: str, text: str
) -> None:
    case = world.case(ACTIONS[action][0])

    page = signed_in(world.requester).post(url(case, action), {"text": text})

    assert page.status_code in (200, 422)
    assert "Bitte prüfen Sie 1 Angabe" in page.content.decode()
    assert not case.events.exists()


@pytest.mark.parametrize("text", HOSTILE)
def test_strange_but_honest_text_is_sent(world: World, signed_in: Browser, text: str) -> None:
    case = world.case(S.IN_PROGRESS)

    assert (
        signed_in(world.requester).post(url(case, "nachricht/"), {"text": text}).status_code == 302
    )
    assert signed_in(world.requester).get(url(case)).status_code == 200


def test_requester_cannot_make_a_message_internal(world: World, signed_in: Browser) -> None:
    case = world.case(S.IN_PROGRESS)

    signed_in(world.requester).post(
        url(case, "nachricht/"), {**TEXT, "is_internal": "1", "by_osk": "1", "kind": "note"}
    )

    message = case.messages.get()
    assert (message.is_internal, message.by_osk) == (False, False)


def test_reused_message_id_of_another_case_is_no_error(world: World, signed_in: Browser) -> None:
    first, second = world.case(S.IN_PROGRESS), world.case(S.IN_PROGRESS)
    form = {**TEXT, "message_id": str(uuid.uuid4())}
    browser = signed_in(world.requester)

    browser.post(url(first, "nachricht/"), form)
    response = browser.post(url(second, "nachricht/"), form)

    assert response.status_code < 500
    assert second.messages.count() == 1


@pytest.mark.parametrize("message_id", ["nonsense", "\x00", "1"])
def test_hostile_message_id_is_no_error(world: World, signed_in: Browser, message_id: str) -> None:
    case = world.case(S.IN_PROGRESS)

    page = signed_in(world.requester).post(
        url(case, "nachricht/"), {**TEXT, "message_id": message_id}
    )

    assert page.status_code < 500


def test_pages_that_ask_first(world: World, signed_in: Browser) -> None:
    browser = signed_in(world.requester)

    assert browser.get(url(world.case(S.CLOSED), "oeffnen/")).status_code == 200
    assert browser.get(url(world.case(S.ASSIGNED), "zurueckziehen/")).status_code == 200
    closed = world.case(S.CLOSED)
    assert browser.get(url(closed, "zurueckziehen/")).url == url(closed)
    withdrawn = world.case(S.WITHDRAWN)
    assert browser.get(url(withdrawn, "oeffnen/")).url == url(withdrawn)


def test_late_reopening_is_told(world: World, signed_in: Browser) -> None:
    case = world.case(S.CLOSED)
    ConsultingRequest.objects.update(closed_at=portal_clock.now() - timedelta(days=100))

    page = signed_in(world.requester).post(url(case, "oeffnen/"), TEXT)

    assert page.status_code == 409
    assert "Zeit zum Wiederöffnen ist vorbei" in page.content.decode()
