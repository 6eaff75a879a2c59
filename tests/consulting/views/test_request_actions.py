"""Reply, message, close, reopen, withdraw: the ladder, and old forms on a moved state."""

from __future__ import annotations

import re
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
from tests.consulting.conftest import World, shown
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

    response = signed_in(world.writer).post(address, {**data, **shown(case)})
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
    form = {**data, "message_id": str(uuid.uuid4()), **shown(case)}

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

    form = {"text": text, **shown(case)}
    assert signed_in(world.requester).post(url(case, "nachricht/"), form).status_code == 302
    assert signed_in(world.requester).get(url(case)).status_code == 200


def test_requester_cannot_make_a_message_internal(world: World, signed_in: Browser) -> None:
    case = world.case(S.IN_PROGRESS)

    signed_in(world.requester).post(
        url(case, "nachricht/"),
        {**TEXT, **shown(case), "is_internal": "1", "by_osk": "1", "kind": "note"},
    )

    message = case.messages.get()
    assert (message.is_internal, message.by_osk) == (False, False)


def test_reused_message_id_of_another_case_is_no_error(world: World, signed_in: Browser) -> None:
    first, second = world.case(S.IN_PROGRESS), world.case(S.IN_PROGRESS)
    form = {**TEXT, "message_id": str(uuid.uuid4()), **shown(first)}
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


def ask_back(case: ConsultingRequest, world: World, question: str) -> None:
    services.ask_back(
        case_id=case.pk,
        actor=world.lead,
        question=question,
        reply_by=portal_clock.today() + timedelta(days=5),
    )


def hidden(page: str, name: str) -> str:
    """What a form of the page sends along."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


def test_an_old_reply_is_no_answer_to_the_next_question(world: World, signed_in: Browser) -> None:
    case = world.case(S.IN_PROGRESS)
    ask_back(case, world, "Erste Frage?")
    browser = signed_in(world.requester)
    old = hidden(browser.get(url(case)).text, "seen")
    services.reply(case_id=case.pk, actor=world.writer, text="Schneller")
    ask_back(case, world, "Zweite Frage?")

    for seen in (old, "", "\x00"):
        page = browser.post(url(case, "antworten/"), {**TEXT, "seen": seen})

        assert page.status_code == 409
        assert page.text.count("Das ist mein Text.") == 1
        assert "Zweite Frage?" in page.text
        case.refresh_from_db()
        assert case.state == S.WAITING_REQUESTER
    # The text that was kept can be sent from this page, which shows the second question.
    again = {**TEXT, "seen": hidden(page.text, "seen")}
    assert browser.post(url(case, "antworten/"), again).status_code == 302
    case.refresh_from_db()
    assert case.state == S.IN_PROGRESS


def test_a_question_that_was_changed_is_another_one(world: World, signed_in: Browser) -> None:
    case = world.case(S.IN_PROGRESS)
    ask_back(case, world, "Wie viele Plätze?")
    old = shown(case)
    services.edit_message(
        case_id=case.pk,
        actor=world.lead,
        message_id=case.messages.get().pk,
        text="Wie viele Konten?",
    )

    assert signed_in(world.requester).post(url(case, "antworten/"), TEXT | old).status_code == 409
    page = signed_in(world.requester).get(url(case)).text
    assert hidden(page, "seen") == shown(case)["seen"]  # the page reads it another way
    form = TEXT | {"seen": hidden(page, "seen")}
    assert signed_in(world.requester).post(url(case, "antworten/"), form).status_code == 302


@pytest.mark.parametrize("action", ["abschliessen/", "zurueckziehen/", "oeffnen/", "nachricht/"])
def test_nothing_old_acts_on_a_new_answer(action: str, world: World, signed_in: Browser) -> None:
    case = world.case(S.ANSWERED)
    browser = signed_in(world.requester)
    page = browser.get(url(case, action if action == "oeffnen/" else "")).text
    old = {"seen": hidden(page, "seen")}
    if action != "oeffnen/":
        old["version"] = hidden(page, "version")
    services.reopen(case_id=case.pk, actor=world.writer, reason="Noch etwas")
    services.answer(case_id=case.pk, actor=world.lead, text="Neue Antwort")
    events = case.events.count()

    for form in (old, {}):
        answer = browser.post(url(case, action), {**TEXT, **form}, follow=True)

        assert "inzwischen geändert" in answer.text
        assert "Neue Antwort" in answer.text
        if action in ("oeffnen/", "nachricht/"):
            assert answer.status_code == 409
            assert "Das ist mein Text." in answer.text
        case.refresh_from_db()
        assert (case.state, case.events.count()) == (S.ANSWERED, events)


def test_a_message_does_not_mind_what_colleagues_and_the_osk_do(
    world: World, signed_in: Browser
) -> None:
    case = world.case(S.SUBMITTED)
    old = shown(case)
    services.add_message(case_id=case.pk, actor=world.writer, text="Von nebenan")
    services.assign(case_id=case.pk, actor=world.lead, assignee=world.advisor)
    services.start(case_id=case.pk, actor=world.advisor)
    services.add_message(case_id=case.pk, actor=world.advisor, text="Guten Tag")

    assert signed_in(world.requester).post(url(case, "nachricht/"), TEXT | old).status_code == 302
    # An answer is something else: an old message would become a question about it.
    services.answer(case_id=case.pk, actor=world.advisor, text="Die Antwort")
    assert signed_in(world.requester).post(url(case, "nachricht/"), TEXT | old).status_code == 409
    assert case.messages.filter(body=TEXT["text"]).count() == 1
