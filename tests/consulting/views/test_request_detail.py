"""The page of a request, in every state and for every role."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from consulting import services
from consulting.enums import CaseState
from consulting.models import ConsultingRequest
from osk_portal.accounts.models import User
from tests.catalog.factories import SolutionFactory
from tests.consulting.conftest import World
from tests.consulting.views.conftest import queries
from tests.sandbox.factories import BlueprintVersionFactory

pytestmark = pytest.mark.django_db

Browser = Callable[[User], Client]
S = CaseState


def url(case: ConsultingRequest, action: str = "") -> str:
    return f"/beratung/anfrage/{case.public_id}/{action}"


def text(response: object) -> str:
    return response.content.decode().replace("\xa0", " ")  # type: ignore[attr-defined]


def test_who_sees_the_page(world: World, signed_in: Browser) -> None:
    case = world.case(S.IN_PROGRESS)

    assert "/konto/" in Client().get(url(case)).url
    for role in ("colleague", "manager", "stranger", "operator"):
        assert signed_in(world.person(role)).get(url(case)).status_code == 404, role
    for role in ("requester", "writer", "reader", "deputy", "advisor", "lead"):
        assert signed_in(world.person(role)).get(url(case)).status_code == 200, role


def test_draft_leads_to_its_task_list(world: World, signed_in: Browser) -> None:
    case = world.case(S.DRAFT)

    assert signed_in(world.requester).get(url(case)).url == url(case, "entwurf/")


SAID = {
    S.SUBMITTED: ("Wir haben Ihre Anfrage erhalten.", "Sie hören spätestens am", "Eingegangen"),
    S.TRIAGE: ("Wir prüfen Ihre Anfrage.", "", "In Prüfung"),
    S.ASSIGNED: ("Wir prüfen Ihre Anfrage.", "Ihre Ansprechperson ist Kim Beispiel.", "In Prüfung"),
    S.IN_PROGRESS: ("Wir arbeiten an Ihrer Anfrage.", "Antwort bis", "In Bearbeitung"),
    S.WAITING_REQUESTER: ("Wir haben eine Frage an Sie.", "Bitte antworten Sie bis", "Ihre Antwort fehlt"),
    S.WAITING_THIRD: ("Wir holen Wissen", "", "Auskunft angefragt"),
    S.ANSWERED: ("Unsere Antwort liegt vor. Ist alles geklärt?", "Sonst fragen Sie bis", "Beantwortet"),
    S.CLOSED: ("Die Beratung ist abgeschlossen.", "Bis ", "Abgeschlossen"),
    S.DECLINED: ("Wir können diese Anfrage nicht übernehmen.", "Grund: Das Verfahren", "Nicht übernommen"),
    S.DUPLICATE: ("Diese Anfrage wird unter OSK-", "", "Zusammengeführt"),
    S.WITHDRAWN: ("Sie haben die Anfrage am", "", "Zurückgezogen"),
}  # fmt: skip


@pytest.mark.parametrize("state", SAID)
def test_state_in_words_and_only_allowed_actions(
    world: World, signed_in: Browser, state: CaseState
) -> None:
    case = world.case(state)

    page = text(signed_in(world.requester).get(url(case)))

    headline, detail, badge = SAID[state]
    assert headline in page
    assert detail in page
    assert f">{badge}<" in page
    offered = {
        "antworten/": state == S.WAITING_REQUESTER,
        "abschliessen/": state == S.ANSWERED,
        "oeffnen/": state in (S.ANSWERED, S.CLOSED),
        "zurueckziehen/": state in (S.SUBMITTED, S.TRIAGE, S.ASSIGNED, S.IN_PROGRESS,
                                    S.WAITING_REQUESTER, S.WAITING_THIRD, S.ANSWERED),
        "nachricht/": state in (S.SUBMITTED, S.TRIAGE, S.ASSIGNED, S.IN_PROGRESS, S.WAITING_THIRD,
                                S.ANSWERED),
    }  # fmt: skip
    for action, expected in offered.items():
        assert (url(case, action) in page) is expected, action


@pytest.mark.parametrize("role", ["reader", "advisor"])
def test_readers_and_the_osk_get_no_form_of_the_requester(
    world: World, signed_in: Browser, role: str
) -> None:
    case = world.case(S.IN_PROGRESS)

    page = text(signed_in(world.person(role)).get(url(case)))

    assert url(case, "nachricht/") not in page
    assert url(case, "zurueckziehen/") not in page


def test_internal_notes_never_reach_the_page(world: World, signed_in: Browser) -> None:
    case = world.case(S.IN_PROGRESS)
    services.add_note(case_id=case.pk, actor=world.advisor, text="STRENG-INTERN")
    services.return_to_queue(case_id=case.pk, actor=world.advisor, reason="AUCH-INTERN")

    for role in ("requester", "writer", "reader", "advisor"):
        page = text(signed_in(world.person(role)).get(url(case)))
        assert "INTERN" not in page
        assert "Warteschlange" not in page


def test_conversation_shows_texts_of_both_sides_safely(world: World, signed_in: Browser) -> None:
    case = world.case(S.IN_PROGRESS)
    services.add_message(
        case_id=case.pk, actor=world.writer, text="<script>alert(1)</script> **auch fett**"
    )
    services.add_message(
        case_id=case.pk, actor=world.advisor, text="**Fett** <img src=x onerror=alert(1)>"
    )

    page = text(signed_in(world.requester).get(url(case)))

    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "<strong>auch fett</strong>" in page
    assert "<strong>Fett</strong>" in page


def test_result_leads_to_solution_and_test_environment(
    world: World, signed_in: Browser, db: None
) -> None:
    case = world.case(S.IN_PROGRESS)
    solution = SolutionFactory(slug="radicale", name="Radicale")
    partner = world.stranger.memberships.get().organisation
    services.answer(
        case_id=case.pk,
        actor=world.advisor,
        text="Nehmen Sie Radicale.",
        recommendations=[
            services.Advice("passt gut", solution=solution),
            services.Advice("nutzt es schon", organisation=partner),
        ],
    )

    page = text(signed_in(world.requester).get(url(case)))

    assert "Nehmen Sie Radicale." in page
    assert "/loesungen/radicale/" in page
    assert "passt gut" in page
    assert partner.name in page


def test_test_environment_of_a_recommended_solution_can_be_requested(
    world: World, signed_in: Browser
) -> None:
    solution = SolutionFactory(slug="radicale")
    blueprint = BlueprintVersionFactory(blueprint__solution=solution).blueprint
    closed = BlueprintVersionFactory(
        blueprint__solution=solution, blueprint__is_bookable=False
    ).blueprint
    case = world.case(S.IN_PROGRESS)
    services.answer(
        case_id=case.pk,
        actor=world.advisor,
        text="Testen Sie es.",
        recommendations=[
            services.Advice("passt", solution=solution),
            services.Advice("sofort", blueprint=blueprint),
        ],
    )

    page = text(signed_in(world.requester).get(url(case)))

    assert page.count(f'href="{blueprint.get_absolute_url()}"') == 3
    assert closed.get_absolute_url() not in page


def test_same_number_of_queries_with_more_rows(world: World, signed_in: Browser) -> None:
    case = world.case(S.IN_PROGRESS)
    browser = signed_in(world.requester)

    def advise(count: int) -> None:
        services.answer(
            case_id=case.pk,
            actor=world.advisor,
            text="So.",
            recommendations=[
                services.Advice("passt", solution=SolutionFactory()) for _ in range(count)
            ],
        )

    advise(1)
    browser.get(url(case))
    one = queries(lambda: browser.get(url(case)))
    services.reopen(case_id=case.pk, actor=world.writer, reason="weiter")
    for number in range(3):
        services.add_message(case_id=case.pk, actor=world.advisor, text=f"Hinweis {number}")
        services.add_message(case_id=case.pk, actor=world.deputy, text=f"Frage {number}")
    advise(3)
    three = queries(lambda: browser.get(url(case)))

    assert one == three
    assert three <= 12


@pytest.mark.parametrize("state", [s for s in S if s != S.DRAFT])
@pytest.mark.parametrize("role", ["requester", "reader", "deputy"])
def test_at_most_twelve_queries(world: World, signed_in: Browser, state: S, role: str) -> None:
    case = world.case(state)
    browser = signed_in(world.person(role))
    browser.get(url(case))
    assert queries(lambda: browser.get(url(case))) <= 12
