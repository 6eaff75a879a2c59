"""The page "Anfrage für jemanden erfassen"."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from consulting import queues
from consulting.models import CaseLink, ConsultingRequest
from network.enums import MembershipState
from osk_portal.accounts.services import create_person
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from tests.consulting.conftest import World
from tests.consulting.test_recording import record
from tests.consulting.views.conftest import REFUSED
from tests.factories import MembershipFactory

URL = str(queues.RECORD_URL)


def typed(world: World, **changes: Any) -> dict[str, Any]:
    return {
        "request_id": str(uuid4()),
        "channel": "phone",
        "said_at": "2026-01-05T10:00",
        "person_name": "Robin Ruf",
        "person_email": "robin@bezirk.example",
        "organisation": world.authority.slug,
        "kind": "question",
        "title": "Welche Terminvergabe?",
        "description": "Wir suchen eine.",
        "topics": ["reuse"],
        "phase": "planning",
        "own_reference": "IT 3/26",
        **changes,
    }


@pytest.fixture(autouse=True)
def _that_day(clock: Any) -> None:
    from datetime import datetime

    from osk_portal.toolkit.clock import BERLIN

    clock.move_to(datetime(2026, 1, 5, 11, 0, tzinfo=BERLIN))


def test_ladder(world: World, sign_in: Callable[[str], Client]) -> None:
    for send in ("get", "post"):
        assert getattr(sign_in("visitor"), send)(URL).status_code == 302
        assert getattr(sign_in("requester"), send)(URL).status_code in (302, 403, 404)
        assert getattr(sign_in("operator"), send)(URL).status_code == 403
        assert getattr(sign_in("advisor"), send)(URL).status_code == 200
    assert sign_in("advisor").put(URL).status_code == 405
    assert not ConsultingRequest.objects.exists()


def test_recorded_once_though_sent_twice(world: World, sign_in: Callable[[str], Client]) -> None:
    browser = sign_in("advisor")
    data = typed(world)

    first, second = browser.post(URL, data), browser.post(URL, data)

    case = ConsultingRequest.objects.get()
    assert first["Location"] == second["Location"] == queues.case_url(case)
    assert (case.channel, case.own_reference) == ("phone", "IT 3/26")
    page = browser.get(first["Location"])
    assert case.reference in page.text
    assert "Vom OSK erfasst: Telefon" in page.text


def test_errors_stand_at_the_field_and_nothing_is_lost(
    world: World, sign_in: Callable[[str], Client]
) -> None:
    page = sign_in("advisor").post(
        URL, typed(world, person_email="robin@", title="", said_at="2026-01-05T11:01")
    )

    assert page.status_code == 200
    for text in (
        "vollständige E-Mail-Adresse",
        "Geben Sie einen Titel ein",
        "nicht in der Zukunft",
    ):
        assert page.text.count(text) == 2, text  # summary and field
    assert "Wir suchen eine." in page.text
    assert "<title>Fehler: " in page.text


def test_urgent_needs_a_reason_and_a_date_before_the_promise(
    world: World, sign_in: Callable[[str], Client]
) -> None:
    browser = sign_in("advisor")
    early, late = "2026-01-09", "2026-06-01"

    page = browser.post(URL, typed(world, wished_on=early, urgent="on"))
    assert page.text.count("Schreiben Sie, warum") == 2
    page = browser.post(URL, typed(world, wished_on=late, urgent="on", urgency_reason="Frist"))
    assert page.text.count("Dringend ist eine Anfrage nur") == 2
    assert "Frist</textarea>" in page.text
    browser.post(URL, typed(world, wished_on=early, urgent="on", urgency_reason="Frist"))

    assert ConsultingRequest.objects.get().urgency == "wished"


def test_a_refusal_of_the_service_stands_at_its_field(
    world: World, sign_in: Callable[[str], Client]
) -> None:
    person = create_person(email="robin@bezirk.example", name="Robin")
    MembershipFactory(user=person, organisation=world.authority, state=MembershipState.SUSPENDED)

    page = sign_in("advisor").post(URL, typed(world))

    assert page.text.count("ist ausgesetzt") == 2
    assert not ConsultingRequest.objects.exists()


@pytest.mark.parametrize("text", REFUSED)
def test_control_characters_are_refused(
    world: World, sign_in: Callable[[str], Client], text: str
) -> None:
    page = sign_in("advisor").post(URL, typed(world, title=text, description=text))

    assert page.status_code == 200
    assert not ConsultingRequest.objects.exists()


def test_other_hostile_input(world: World, sign_in: Callable[[str], Client]) -> None:
    browser = sign_in("advisor")
    for changes in (
        {"organisation": "nichts"},
        {"request_id": "nichts", "title": ""},
        {"topics": ["nichts"]},
        {"channel": "web"},
        {"said_at": "gestern"},
        {"person_email": "a" * 300 + "@b.example"},
        {"description": "x" * 20_001},
        {"person_name": "\u200f" * 201},
    ):
        assert browser.post(URL, typed(world, **changes)).status_code == 200
    assert not ConsultingRequest.objects.exists()


def test_the_queue_and_the_side_list_lead_there(
    world: World, sign_in: Callable[[str], Client]
) -> None:
    page = sign_in("advisor").get(reverse("admin:consulting_consultingrequest_queue", args=["new"]))

    assert page.text.count(f'href="{URL}"') == 2


def test_the_page_of_the_case_sends_a_new_link(world: World, sign_in: Any) -> None:
    case = record(world)
    CaseLink.objects.update(made_at=portal_clock.now() - timedelta(days=1))
    url = queues.step_url(case, "link")
    assert sign_in("visitor").post(url).status_code == 302
    assert sign_in("operator").post(url).status_code == 403
    browser = sign_in("advisor")
    assert browser.get(url).status_code == 405
    assert url in browser.get(queues.case_url(case)).text
    assert (
        url.replace(str(case.public_id), str(world.case().public_id))
        not in browser.get(queues.case_url(world.case())).text
    )

    assert browser.post(url)["Location"] == queues.case_url(case)

    assert OutgoingMail.objects.filter(kind="consulting.case_link").count() == 1
