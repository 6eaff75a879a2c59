"""Badge, text and who must act: the table of product.md 1.3, written down a second time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.utils import translation

from consulting import conversation, services
from consulting.enums import CaseState
from consulting.models import ConsultingRequest, PartnerQuestion
from consulting.presentation import Standing
from osk_portal.toolkit import clock as portal_clock
from tests.consulting.conftest import World
from tests.consulting.factories import case_in
from tests.factories import OrganisationFactory, staff

pytestmark = pytest.mark.django_db

S = CaseState
FACES = {
    S.DRAFT: ("none", "Entwurf", "Sie", "Entwurf"),
    S.SUBMITTED: ("info", "Eingegangen", "OSK", "Eingegangen"),
    S.TRIAGE: ("info", "In Prüfung", "OSK", "In Prüfung"),
    S.ASSIGNED: ("info", "In Prüfung", "OSK", "In Prüfung"),
    S.IN_PROGRESS: ("info", "In Bearbeitung", "OSK", "In Bearbeitung"),
    S.WAITING_REQUESTER: ("warning", "Ihre Antwort fehlt", "Sie", "Wartet auf Behörde"),
    S.WAITING_THIRD: ("info", "Auskunft angefragt", "OSK", "Auskunft angefragt"),
    S.ANSWERED: ("success", "Beantwortet", "Sie", "Beantwortet"),
    S.CLOSED: ("none", "Abgeschlossen", "–", "Abgeschlossen"),
    S.DECLINED: ("danger", "Nicht übernommen", "–", "Nicht übernommen"),
    S.DUPLICATE: ("none", "Zusammengeführt", "–", "Zusammengeführt"),
    S.WITHDRAWN: ("none", "Zurückgezogen", "–", "Zurückgezogen"),
}
# All states stand on Monday, 2 November 2026.
TEXTS = {
    S.DRAFT: "Das ist ein Entwurf. Wir löschen ihn nach dem Freitag, 1. Januar 2027.",
    S.SUBMITTED: (
        "Wir haben Ihre Anfrage erhalten. Sie hören spätestens am Mittwoch, 4. November 2026 von uns."
    ),
    S.TRIAGE: "Wir prüfen Ihre Anfrage.",
    S.ASSIGNED: "Wir prüfen Ihre Anfrage. Ihre Ansprechperson ist Kim Beispiel.",
    S.IN_PROGRESS: "Wir arbeiten an Ihrer Anfrage. Antwort bis Montag, 16. November 2026.",
    S.WAITING_REQUESTER: (
        "Wir haben eine Frage an Sie. Bitte antworten Sie bis Montag, 9. November 2026."
        " Die Frist ruht so lange."
    ),
    S.WAITING_THIRD: "Wir holen Wissen ein.",
    S.ANSWERED: (
        "Unsere Antwort liegt vor. Ist alles geklärt?"
        " Sonst fragen Sie bis Montag, 16. November 2026 nach."
    ),
    S.CLOSED: (
        "Die Beratung ist abgeschlossen. Bis Sonntag, 31. Januar 2027 können Sie sie wieder öffnen."
    ),
    S.DECLINED: "Wir können diese Anfrage nicht übernehmen. Grund: Das Verfahren läuft schon.",
    S.WITHDRAWN: "Sie haben die Anfrage am Montag, 2. November 2026 zurückgezogen.",
}


def said(case: ConsultingRequest) -> str:
    return Standing(case).text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("state", CaseState)
def test_badge_and_who_must_act(state: CaseState) -> None:
    standing = Standing(case_in(state))

    assert (
        standing.tone,
        standing.badge,
        standing.must_act,
        standing.staff_badge,
    ) == FACES[state]


@pytest.mark.parametrize("state", TEXTS)
def test_text_of_the_state(clock: Any, state: CaseState) -> None:
    clock.move_to(datetime(2026, 11, 2, 9, tzinfo=UTC))
    case = case_in(state, assignee=staff("advisor", name="Kim Beispiel"))

    assert said(case) == TEXTS[state]


def test_merged_request_names_its_target() -> None:
    case = case_in(S.DUPLICATE)
    assert case.duplicate_of is not None

    assert Standing(case).text == (
        f"Diese Anfrage wird unter {case.duplicate_of.reference} weitergeführt."
    )


def test_asked_partners_are_named_with_the_day_of_the_consent(clock: Any) -> None:
    clock.move_to(datetime(2026, 11, 2, 9, tzinfo=UTC))
    case = case_in(S.WAITING_THIRD)
    PartnerQuestion.objects.create(
        case=case,
        organisation=OrganisationFactory(name="Amt Beispiel"),
        question="Wie?",
        due_on=date(2026, 11, 9),
        consented_on=date(2026, 11, 2),
        asked_by=case.assignee,
    )

    assert said(case) == (
        "Wir holen Wissen bei Amt Beispiel ein. Das haben Sie am Montag, 2. November 2026 erlaubt."
    )


def test_declined_request_says_where_to_get_help() -> None:
    case = case_in(S.DECLINED, decline_referral="Rechtsamt")

    assert "Hier bekommen Sie Hilfe: Rechtsamt" in Standing(case).text


def test_old_and_silently_closed_requests_say_so(clock: Any) -> None:
    clock.move_to(datetime(2026, 3, 2, 9, tzinfo=UTC))
    case = case_in(S.WAITING_REQUESTER)
    case.close_silent()
    clock.move_to(datetime(2026, 9, 2, 9, tzinfo=UTC))

    assert Standing(case).text == (
        "Wir haben keine Antwort von Ihnen bekommen. Die Beratung ist abgeschlossen."
    )


def test_follow_up_question_is_the_osks_turn(world: World) -> None:
    case = world.case(S.ANSWERED)
    services.add_message(case_id=case.pk, actor=world.requester, text="Und?")
    case.refresh_from_db()

    standing = Standing(case)

    assert (standing.must_act, standing.staff_must_act, standing.is_yours) == ("OSK", "OSK", False)
    assert standing.text == "Wir haben Ihre Nachfrage erhalten. Sie hören von uns."


def test_staff_reads_authority_where_the_requester_must_act() -> None:
    standing = Standing(case_in(S.WAITING_REQUESTER))

    assert standing.staff_must_act == "Behörde"
    assert standing.is_yours


def test_words_follow_the_language_of_the_reader() -> None:
    standing = Standing(case_in(S.WAITING_REQUESTER))

    with translation.override("en"):
        assert standing.badge == "Your reply is missing"
        assert standing.must_act == "You"


def test_act_by_is_the_day_of_whoever_must_act(clock: Any) -> None:
    clock.move_to(datetime(2026, 11, 2, 9, tzinfo=UTC))

    days = {state: Standing(case_in(state)).act_by for state in CaseState}

    assert days[S.DRAFT] == date(2027, 1, 1)
    assert days[S.SUBMITTED] == date(2026, 11, 4)  # as in "Sie hören spätestens am …"
    assert days[S.IN_PROGRESS] == days[S.ANSWERED] == date(2026, 11, 16)
    assert days[S.WAITING_REQUESTER] == date(2026, 11, 9)
    assert days[S.CLOSED] is None


def test_timeline_tells_the_story_in_order(world: World) -> None:
    case = world.case(S.TRIAGE)
    services.add_note(case_id=case.pk, actor=world.advisor, text="Intern")
    services.assign(case_id=case.pk, actor=world.advisor, assignee=world.advisor)
    services.ask_back(
        case_id=case.pk, actor=world.advisor, question="?", reply_by=portal_clock.today()
    )
    services.reply(case_id=case.pk, actor=world.requester, text="!")
    services.start(case_id=case.pk, actor=world.advisor)
    services.answer(case_id=case.pk, actor=world.advisor, text="So.")

    case.refresh_from_db()
    public = conversation.timeline(case, internal=False)
    staff_side = conversation.timeline(case, internal=True)

    assert "Ansprechperson ist Kim Beispiel" in [entry.label for entry in staff_side]
    said = [entry.body for entry in public if entry.what != "event"]
    assert said == [case.description, "?", "!", "So."]
    assert [entry.body for entry in staff_side if entry.is_internal and entry.body] == ["Intern"]
    assert [event.kind for event in conversation.history(case, internal=False)] == [
        "answered",
        "started",
        "replied",
        "asked_back",
        "assigned",
    ]
    assert "note_added" in [e.kind for e in conversation.history(case, internal=True)]
