"""Telefonnotiz: public or internal, never by mistake."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client

from consulting import queues, services
from consulting.enums import CaseEventKind, CaseState, MessageKind
from consulting.models import CaseMessage, ConsultingRequest
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit.clock import BERLIN
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.conftest import ROLES, World

Browsers = Callable[[str], Client]


@pytest.fixture(autouse=True)
def _that_day(clock: Any) -> None:
    clock.move_to(datetime(2026, 1, 5, 11, 0, tzinfo=BERLIN))


def typed(case: ConsultingRequest, **changes: Any) -> dict[str, Any]:
    return {
        "version": case.version,
        "message_id": str(uuid4()),
        "readers": "internal",
        "spoken_with": "Robin Ruf",
        "spoken_at": "2026-01-05T10:15",
        "text": "Am Telefon geklärt.",
        **changes,
    }


def add(world: World, case: ConsultingRequest, **changes: Any) -> Any:
    arguments: dict[str, Any] = {
        "case_id": case.pk,
        "actor": world.advisor,
        "text": "Am Telefon geklärt.",
        "spoken_with": "Robin Ruf",
        "spoken_at": portal_clock.now() - timedelta(minutes=5),
        "is_internal": False,
    }
    return services.add_call(**{**arguments, **changes})


def test_ladder(world: World, sign_in: Browsers) -> None:
    url = queues.step_url(world.case(), "call")
    for role, statuses in {
        "visitor": (302,),
        "requester": (302, 403, 404),
        "operator": (403,),
        "advisor": (200,),
    }.items():
        assert sign_in(role).get(url).status_code in statuses
        assert sign_in(role).post(url).status_code in statuses
    assert sign_in("advisor").put(url).status_code == 405
    draft = queues.step_url(world.case(CaseState.DRAFT), "call")
    assert sign_in("advisor").get(draft).status_code == 404
    assert not CaseMessage.objects.exists()


def test_a_public_note_is_read_and_told(world: World, sign_in: Browsers) -> None:
    case = world.case()
    url = queues.step_url(case, "call")
    data = typed(case, readers="public")
    browser = sign_in("advisor")

    for _again in range(2):
        assert browser.post(url, data)["Location"] == queues.case_url(case)

    note = case.messages.get()
    assert (note.kind, note.is_internal, note.spoken_with) == (MessageKind.CALL, False, "Robin Ruf")
    assert note.spoken_at == datetime(2026, 1, 5, 10, 15, tzinfo=BERLIN)
    case.refresh_from_db()
    assert case.first_responded_at is not None
    assert case.events.get(kind=CaseEventKind.CALLED).actor == world.advisor
    mail = OutgoingMail.objects.filter(kind="consulting.case_message", user=world.requester).get()
    assert note.body not in mail.text
    page = sign_in("requester").get(case.get_absolute_url())
    assert "Telefonnotiz: Gespräch mit Robin Ruf, " in page.text
    assert "10:15" in page.text
    assert note.body in page.text


def test_an_internal_note_stays_with_the_osk(world: World, sign_in: Browsers) -> None:
    case = world.case()
    browser = sign_in("advisor")
    browser.post(queues.step_url(case, "call"), typed(case, text="NUR INTERN"))

    note = case.messages.get()
    assert note.is_internal
    assert not OutgoingMail.objects.exists()
    before = case.version
    case.refresh_from_db()
    assert case.version == before
    page = browser.get(queues.case_url(case)).text
    assert "NUR INTERN" in page
    assert "Gespräch mit Robin Ruf" in page
    assert "osk-msg--intern" in page
    theirs = sign_in("requester").get(case.get_absolute_url()).text
    assert "NUR INTERN" not in theirs
    assert "Telefonnotiz" not in theirs


def test_who_reads_it_must_be_chosen(world: World, sign_in: Browsers) -> None:
    case = world.case()
    url = queues.step_url(case, "call")
    browser = sign_in("advisor")
    assert " checked" not in browser.get(url).text

    page = browser.post(url, typed(case, readers="", spoken_at="2026-01-05T11:01"))

    assert page.text.count("Wählen Sie, wer die Notiz liest.") == 2
    assert page.text.count("nicht in der Zukunft") == 2
    assert "Am Telefon geklärt." in page.text
    assert not case.messages.exists()


def test_an_old_form_writes_nothing_public_and_loses_nothing(
    world: World, sign_in: Browsers
) -> None:
    case = world.case()
    data = typed(case, readers="public")
    services.take_up(case_id=case.pk, actor=world.other_advisor)

    page = sign_in("advisor").post(queues.step_url(case, "call"), data)

    assert page.status_code == 409
    assert "Am Telefon geklärt." in page.text
    assert not case.messages.exists()


def test_a_closed_case_takes_internal_notes_only(world: World, sign_in: Browsers) -> None:
    case = world.case(CaseState.CLOSED)
    url = queues.step_url(case, "call")
    browser = sign_in("advisor")

    assert browser.post(url, typed(case, readers="public")).status_code == 200
    assert not case.messages.exists()
    with pytest.raises(TransitionNotAllowed):
        add(world, case)
    assert browser.post(url, typed(case)).status_code == 302
    assert case.messages.get().is_internal


@pytest.mark.parametrize("role", ROLES)
def test_only_advisors_note_calls(world: World, role: str) -> None:
    case = world.case()
    if role in ("advisor", "other_advisor", "lead"):
        assert add(world, case, actor=world.person(role)) is not None
        return
    for is_internal in (True, False):
        with pytest.raises(PermissionDenied):
            add(world, case, actor=world.person(role), is_internal=is_internal)


def test_a_call_of_the_future_is_a_mistake_of_the_caller(world: World) -> None:
    with pytest.raises(ValueError, match="future"):
        add(world, world.case(), spoken_at=portal_clock.now() + timedelta(minutes=1))


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": MessageKind.CALL, "by_osk": True},
        {"kind": MessageKind.MESSAGE, "by_osk": True, "spoken_with": "Robin"},
        {"kind": MessageKind.CALL, "by_osk": False, "is_internal": True},
    ],
)
def test_the_database_backs_it(world: World, fields: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        CaseMessage.objects.create(case=world.case(), author=world.advisor, body="x", **fields)
