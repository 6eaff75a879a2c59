"""The step "Vergabe", the task list of a draft, and where the block is shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from consulting import queues, services
from consulting.enums import CaseState, Topic
from consulting.models import ConsultingRequest, ContractType, ProcurementBlock, ValueBand
from consulting.services.procurement import ensure_procurement_lists
from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock
from tests.consulting.conftest import World

pytestmark = pytest.mark.django_db

Browser = Callable[[User], Client]
PROCURING = [Topic.PROCUREMENT]


def url(name: str, case: ConsultingRequest) -> str:
    return reverse(f"consulting:{name}", args=[case.public_id])


def block(**changes: object) -> dict[str, object]:
    return {
        "procedure_state": "planned",
        "contract_type": "unknown",
        "value_band": ValueBand.objects.get(lower=50_000).pk,
        "deadline": "2027-01-22",
        "awarding": "framework_lots",
        "architecture": "exempt",
        "staff_council": "to_be_involved",
        **changes,
    }


@pytest.mark.parametrize("name", ["request_procurement", "request_draft"])
def test_is_the_authors_alone(name: str, world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.DRAFT, topics=PROCURING)

    assert "/konto/" in Client().get(url(name, case)).url
    for role in ("writer", "colleague", "manager", "stranger", "advisor"):
        assert signed_in(world.person(role)).get(url(name, case)).status_code == 404, role
        if name == "request_procurement":
            assert signed_in(world.person(role)).post(url(name, case)).status_code == 404, role
    assert signed_in(world.requester).get(url(name, case)).status_code == 200


@pytest.mark.parametrize("name", ["request_procurement", "request_draft"])
def test_sent_request_has_it_no_more(name: str, world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.SUBMITTED, topics=PROCURING)

    assert signed_in(world.requester).get(url(name, case)).url == url("request_detail", case)


def test_step_is_asked_only_with_the_topic(world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.DRAFT)
    browser = signed_in(world.requester)

    assert browser.get(url("request_procurement", case)).url == url("request_draft", case)
    assert browser.post(url("request_context", case)).url == url("request_files", case)
    ConsultingRequest.objects.filter(pk=case.pk).update(topics=PROCURING)
    assert browser.post(url("request_context", case)).url == url("request_procurement", case)
    page = browser.get(url("request_procurement", case)).content.decode()
    assert "Schritt 4 von 6: Vergabe" in page


def test_block_is_saved_shown_and_confidential(world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.DRAFT, topics=PROCURING)
    browser = signed_in(world.requester)

    response = browser.post(url("request_procurement", case), block(version=case.version))
    assert response.url == url("request_files", case)
    browser.post(url("request_sharing", case), {"visibility": "only_me"})
    check = browser.get(url("request_check", case)).content.decode().replace("\xa0", " ")
    for words in ("Weiß ich nicht", "50.000", "22. Januar 2027", "Rahmenvertrag mit Losen"):
        assert words in check
    OutgoingMail.objects.all().delete()
    case.refresh_from_db()
    browser.post(url("request_check", case), {"version": case.version})

    case.refresh_from_db()
    assert case.state == CaseState.SUBMITTED
    assert case.is_confidential
    assert case.procurement.contract_type_unknown
    mine = browser.get(url("request_detail", case)).content.decode().replace("\xa0", " ")
    staff = signed_in(world.advisor).get(queues.case_url(case)).content.decode()
    for page in (mine, staff.replace("\xa0", " ")):
        assert "22. Januar 2027" in page
        assert "50.000" in page
    mails = OutgoingMail.objects.all()
    assert mails
    for mail in mails:
        for secret in ("50.000", "Januar", "2027-01-22", "Rahmenvertrag", case.title):
            assert secret not in f"{mail.subject} {mail.body}"


def test_no_procedure_is_not_confidential(world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.DRAFT, topics=PROCURING)

    signed_in(world.requester).post(url("request_procurement", case), block(procedure_state="none"))

    case.refresh_from_db()
    assert not case.is_confidential


def test_state_of_the_procedure_is_needed_to_send(world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.DRAFT, topics=PROCURING)
    browser = signed_in(world.requester)

    page = browser.post(url("request_procurement", case), {}).content.decode()
    assert page.count("Wählen Sie, wo das Verfahren steht.") == 2
    with pytest.raises(services.Incomplete):
        services.submit(case_id=case.pk, actor=world.requester)
    assert browser.post(url("request_check", case)).url == url("request_procurement", case)
    draft = browser.post(url("request_procurement", case), {"save_draft": "1"})
    assert draft.url == reverse("consulting:request_list")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("contract_type", "999999"),
        ("contract_type", "\x00"),
        ("value_band", "0"),
        ("value_band", "x" * 5000),
        ("procedure_state", "finished"),
        ("staff_council", "' OR 1=1"),
        ("deadline", "morgen"),
    ],
)
def test_hostile_input_is_told(world: World, signed_in: Browser, field: str, value: str) -> None:
    case = world.case(CaseState.DRAFT, topics=PROCURING)

    page = signed_in(world.requester).post(
        url("request_procurement", case), block(**{field: value})
    )

    assert page.status_code == 200
    assert "Fehler" in page.content.decode()
    assert not ProcurementBlock.objects.exists()


def test_changed_elsewhere_is_shown_and_not_overwritten(world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.DRAFT, topics=PROCURING)
    browser = signed_in(world.requester)
    browser.post(url("request_procurement", case), block(version=1, awarding="lots"))

    page = browser.post(url("request_procurement", case), block(version=1, awarding="single"))

    assert "inzwischen anderswo geändert" in page.content.decode()
    assert ProcurementBlock.objects.get().awarding == "lots"


def test_change_from_the_check_page_asks_for_the_step_that_was_added(
    world: World, signed_in: Browser
) -> None:
    case = world.case(CaseState.DRAFT)

    response = signed_in(world.requester).post(
        f"{url('request_subject', case)}?check",
        {"title": "T", "description": "D", "topics": ["procurement"], "phase": "planning"},
    )

    assert response.url == url("request_procurement", case)


def test_block_goes_when_the_topic_was_taken_back(world: World) -> None:
    case = world.case(CaseState.DRAFT, topics=PROCURING)
    values = {"procedure_state": "running", "deadline": date(2027, 1, 22)}
    services.save_procurement(case_id=case.pk, actor=world.requester, values=values)
    services.save_draft(case_id=case.pk, actor=world.requester, values={"topics": [Topic.REUSE]})

    services.submit(case_id=case.pk, actor=world.requester)

    case.refresh_from_db()
    assert (case.procedure_state, case.is_confidential) == ("", False)
    assert not ProcurementBlock.objects.exists()


def test_ended_choice_stays_for_the_draft_that_has_it(world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.DRAFT, topics=PROCURING)
    cloud = ContractType.objects.get(name="Cloud")
    browser = signed_in(world.requester)
    browser.post(url("request_procurement", case), block(contract_type=cloud.pk))
    cloud.valid_until = clock.today() - timedelta(days=1)
    cloud.save()

    assert "Cloud" in browser.get(url("request_procurement", case)).content.decode()
    other = world.case(CaseState.DRAFT, topics=PROCURING)
    assert "Cloud" not in browser.get(url("request_procurement", other)).content.decode()


def test_lists_are_written_once_and_kept(db: None) -> None:
    ContractType.objects.filter(name="Cloud").update(name="Cloud 2")
    count = ContractType.objects.count(), ValueBand.objects.count()

    ensure_procurement_lists()

    assert (ContractType.objects.count(), ValueBand.objects.count()) == count
    assert ContractType.objects.filter(name="Cloud 2").exists()


@pytest.mark.parametrize("model", ["contracttype", "valueband"])
@pytest.mark.parametrize(
    ("role", "listed", "added"),
    [("lead", 200, 200), ("advisor", 200, 403), ("requester", 302, 302)],
)
def test_lists_in_the_admin(
    world: World, signed_in: Browser, model: str, role: str, listed: int, added: int
) -> None:
    browser = signed_in(world.person(role))

    assert browser.get(reverse(f"admin:consulting_{model}_changelist")).status_code == listed
    assert browser.get(reverse(f"admin:consulting_{model}_add")).status_code == added


def test_task_list_says_what_is_open(world: World, signed_in: Browser) -> None:
    case = world.case(CaseState.DRAFT, topics=PROCURING)
    browser = signed_in(world.requester)

    page = browser.get(url("request_draft", case)).content.decode()
    assert "1 Schritt ist noch offen." in page
    assert page.count("Noch offen") == 1
    for name in ("kind", "subject", "context", "procurement", "sharing"):
        assert url(f"request_{name}", case) in page
    browser.post(url("request_procurement", case), block())
    for name, data in (("files", {}), ("sharing", {"visibility": "only_me"})):
        browser.post(url(f"request_{name}", case), data)
    page = browser.get(url("request_draft", case)).content.decode()
    assert "Noch offen" not in page
    assert f'href="{url("request_check", case)}"' in page
