"""The procurement block of a running request, entered by the OSK; and what recording takes."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from consulting import queues, services
from consulting.enums import CaseEventKind, CaseState, Channel, ProcedureState, Topic
from consulting.models import ConsultingRequest, ProcurementBlock, ValueBand
from consulting.services.procurement import ensure_procurement_lists
from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.conftest import World

pytestmark = pytest.mark.django_db

STEP = "complete-procurement"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(
        User.objects.get(pk=user.pk), backend="django.contrib.auth.backends.ModelBackend"
    )
    return client


def procurement(world: World, state: CaseState = CaseState.IN_PROGRESS) -> ConsultingRequest:
    return world.case(
        state,
        channel=Channel.PHONE,
        topics=[Topic.PROCUREMENT],
        procedure_state=ProcedureState.PLANNED,
        title="Fachverfahren Kita",
    )


def test_the_contact_person_completes_the_block_and_the_authority_hears(world: World) -> None:
    ensure_procurement_lists()
    case, band = procurement(world), ValueBand.objects.order_by("lower")[1]
    browser, address = signed_in(world.advisor), queues.step_url(case, STEP)
    assert f'href="{address}"' in browser.get(queues.case_url(case)).content.decode()
    assert "Frauenvertretung" in browser.get(address).content.decode()
    typed: dict[str, Any] = {
        "version": case.version, "value_band": band.pk, "contract_type": "unknown",
        "deadline": "2027-01-15", "staff_council": "involved",
    }  # fmt: skip

    wrong = browser.post(address, {**typed, "deadline": "bald"})
    assert wrong.status_code == 200
    assert 'value="bald"' in wrong.content.decode()
    for _ in range(2):
        assert browser.post(address, typed).status_code == 302

    block = ProcurementBlock.objects.get(case=case)
    assert (block.value_band, block.contract_type_unknown, block.deadline) == (
        band, True, date(2027, 1, 15),
    )  # fmt: skip
    event = case.events.get(kind=CaseEventKind.PROCUREMENT_COMPLETED)
    assert event.data["fields"] == [
        "contract_type_unknown", "deadline", "staff_council", "value_band",
    ]  # fmt: skip
    mails = OutgoingMail.objects.filter(kind="consulting.case_procurement")
    assert set(mails.values_list("user", flat=True)) == {
        world.requester.pk, world.deputy.pk, world.writer.pk,
    }  # fmt: skip
    mail = mails.get(user=world.requester)
    assert mail.subject == f"{case.reference}: Angaben zur Vergabe ergänzt"
    assert "Kita" not in mail.body
    assert "2027" not in mail.body
    shown = signed_in(world.requester).get(case.get_absolute_url()).content.decode()
    assert "15. Januar 2027" in shown.replace("\xa0", " ")
    assert "Angaben zur Vergabe ergänzt" in shown
    assert 'value="2027-01-15"' in browser.get(address).content.decode()


@pytest.mark.parametrize(
    ("role", "status"), [("other_advisor", 403), ("operator", 403), ("lead", 200)]
)
def test_who_completes(world: World, role: str, status: int) -> None:
    case = procurement(world)
    browser = signed_in(getattr(world, role))
    assert browser.get(queues.step_url(case, STEP)).status_code == status
    if status == 403:
        typed = {"version": case.version, "deadline": "2027-01-15"}
        assert browser.post(queues.step_url(case, STEP), typed).status_code == 403
        assert not ProcurementBlock.objects.exists()


def test_what_cannot_be_completed(world: World) -> None:
    values = {"deadline": date(2027, 1, 15)}
    ended, other = procurement(world, CaseState.CLOSED), world.case(CaseState.IN_PROGRESS)
    for case in (ended, other):
        with pytest.raises(TransitionNotAllowed):
            services.complete_procurement(case_id=case.pk, actor=world.advisor, values=values)
        assert STEP not in signed_in(world.advisor).get(queues.case_url(case)).content.decode()
    case = procurement(world)
    with pytest.raises(PermissionDenied):
        services.complete_procurement(case_id=case.pk, actor=world.requester, values=values)
    with pytest.raises(services.CaseChanged):
        services.complete_procurement(
            case_id=case.pk, actor=world.advisor, values=values, expected_version=case.version + 1
        )
    with pytest.raises(ValueError, match="title"):
        services.complete_procurement(
            case_id=case.pk, actor=world.advisor, values={"title": "fremd"}
        )
    assert (
        services.complete_procurement(
            case_id=case.pk, actor=world.advisor, values={"deadline": None}
        )
        is None
    )


def test_recording_takes_date_users_and_software(world: World) -> None:
    browser = signed_in(world.advisor)
    address = reverse("admin:consulting_consultingrequest_record")
    typed = {
        "channel": "phone", "said_at_0": "", "said_at": portal_clock.now().strftime("%Y-%m-%dT%H:%M"),
        "person_name": "Rosa Ruf", "person_email": "rosa@bezirk.example",
        "organisation": world.authority.slug, "kind": "question", "title": "Formularserver",
        "description": "Welcher passt?", "topics": ["procurement"], "phase": "planning",
        "request_id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
        "wished_on": "2099-01-15", "users_count": "250", "software_in_use": "Altverfahren",
    }  # fmt: skip

    wrong = browser.post(address, {**typed, "users_count": "viele", "wished_on": "2020-01-15"})
    assert wrong.status_code == 200
    assert 'value="viele"' in wrong.content.decode()
    assert not ConsultingRequest.objects.exists()
    assert browser.post(address, typed).status_code == 302

    case = ConsultingRequest.objects.get()
    assert (case.wished_on, case.users_count, case.software_in_use) == (
        date(2099, 1, 15), 250, "Altverfahren",
    )  # fmt: skip
    assert STEP in browser.get(queues.case_url(case)).content.decode()  # no contact person yet
