"""Announced twice, held, filed, anonymised: with a moved clock, each step once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from consulting import deadlines, retention, services
from consulting.enums import CaseEventKind, CaseState, ProcedureState, Procured, Topic
from consulting.feedback_forms import OutcomeDetailsForm
from consulting.keeping_forms import ContractEndForm
from consulting.models import (
    Anonymisation,
    CaseRetention,
    ConsultingRequest,
    ProcurementOutcome,
    RetentionRule,
)
from consulting.services import keeping
from consulting.services.retention import hold_token
from network.enums import MembershipState
from network.models import Membership
from osk_portal import portal
from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.conftest import World

pytestmark = pytest.mark.django_db

Browser = Callable[[User], Client]
START = datetime(2026, 11, 2, 9, tzinfo=UTC)
END = datetime(2029, 11, 2, 9, tzinfo=UTC)  # three years after closing
REASON = "Laufende Prüfung durch den Rechnungshof"


@pytest.fixture
def settled(settings: Any) -> None:
    settings.OSK_ARCHIVE_OFFER_SETTLED = True


@pytest.fixture
def case(world: World, clock: Any) -> ConsultingRequest:
    clock.move_to(START)
    return world.case(CaseState.CLOSED, title="Geheimer Titel")


def run(clock: Any, moment: datetime) -> dict[str, int]:
    clock.move_to(moment)
    return keeping.keep_or_anonymise()


def mails(kind: str = "retention_due") -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(kind=f"consulting.{kind}"))


def test_told_60_and_14_days_ahead_then_anonymised(
    case: ConsultingRequest, clock: Any, settled: None, world: World
) -> None:
    assert run(clock, END - timedelta(days=61)) == {}
    for days, count in ((60, 3), (59, 3), (14, 6), (13, 6), (1, 6)):
        run(clock, END - timedelta(days=days))
        run(clock, END - timedelta(days=days))  # twice a day
        assert len(mails()) == count, days  # author, deputy, who works along
    mail = mails()[0]
    assert "/aufbewahrung/" in mail.body
    assert "2. November 2029" in mail.body.replace("\xa0", " ")
    assert "Geheimer Titel" in mail.body
    case.refresh_from_db()
    assert case.title == "Geheimer Titel"

    assert run(clock, END) == {"anonymised": 1}
    assert run(clock, END) == {}
    case.refresh_from_db()
    assert case.anonymised_at is not None
    assert Anonymisation.objects.get().case == case
    assert case.events.filter(kind=CaseEventKind.RETENTION_ANNOUNCED).count() == 2


def test_while_the_switch_is_off_it_only_reports(
    case: ConsultingRequest, clock: Any, signed_in: Browser, world: World
) -> None:
    assert run(clock, END + timedelta(days=400)) == {"reported": 1}
    assert mails() == []
    assert not CaseRetention.objects.exists()
    url = reverse("admin:consulting_consultingrequest_retention_report")
    page = signed_in(world.lead).get(url).content.decode()
    assert str(case.reference) in page
    assert "es wird nichts anonymisiert" in page
    for role, status in (("advisor", 403), ("operator", 403), ("requester", 302)):
        assert signed_in(world.person(role)).get(url).status_code == status, role


def test_after_an_outage_the_days_count_from_the_notice(
    case: ConsultingRequest, clock: Any, settled: None
) -> None:
    late = END + timedelta(days=500)
    assert run(clock, late) == {"announced": 1}
    assert run(clock, late + timedelta(days=45)) == {"waiting": 1}
    assert run(clock, late + timedelta(days=55)) == {"announced": 1}
    assert run(clock, late + timedelta(days=68)) == {"waiting": 1}
    assert run(clock, late + timedelta(days=69)) == {"anonymised": 1}


def test_a_longer_period_takes_an_announcement_back(
    case: ConsultingRequest, clock: Any, settled: None
) -> None:
    run(clock, END - timedelta(days=60))
    RetentionRule.objects.filter(record_type="closed").update(years=5)

    assert run(clock, END) == {}
    assert run(clock, END.replace(year=2031) - timedelta(days=60)) == {"announced": 1}
    assert CaseRetention.objects.get().due_on == date(2031, 11, 2)


@pytest.mark.parametrize("state", [s for s in CaseState if s not in retention.ENDED_STATES])
def test_never_while_open(world: World, clock: Any, settled: None, state: CaseState) -> None:
    clock.move_to(START)
    case = world.case(state)
    assert run(clock, END + timedelta(days=4000)) == {}
    assert retention.plan_for(case) is None


def test_a_reopened_case_is_kept_and_counts_anew(
    case: ConsultingRequest, clock: Any, settled: None, world: World
) -> None:
    run(clock, END - timedelta(days=60))
    ConsultingRequest.objects.filter(pk=case.pk).update(closed_at=END - timedelta(days=50))
    assert run(clock, END) == {}


def test_procurement_counts_from_the_end_of_the_contract(
    world: World, clock: Any, settled: None
) -> None:
    clock.move_to(START)
    case = world.case(
        CaseState.CLOSED, topics=[Topic.PROCUREMENT], procedure_state=ProcedureState.PLANNED
    )
    far = END + timedelta(days=4000)
    assert run(clock, far) == {}  # its end is not known: nothing goes
    assert [plan.case for plan in keeping.report()[1]] == [case]

    asked = ProcurementOutcome.objects.create(case=case, occasion="at_closing")
    services.tell_outcome(
        outcome_id=asked.pk, what=Procured.MIXED, contract_ends_on=date(2028, 2, 29)
    )
    plan = retention.plan_for(case)
    assert plan is not None
    assert (plan.ended_on, plan.due_on) == (date(2028, 2, 29), date(2028, 2, 29))
    for _ in range(2):
        services.enter_contract_end(case_id=case.pk, actor=world.advisor, ends_on=date(2030, 1, 1))
    plan = retention.plan_for(case)
    assert plan is not None
    assert plan.due_on == date(2030, 1, 1)  # the later one counts
    RetentionRule.objects.filter(record_type="procurement").update(years=3)
    plan = retention.plan_for(case)
    assert plan is not None
    assert plan.due_on == date(2033, 1, 1)  # the years are the Leitung's
    RetentionRule.objects.filter(record_type="procurement").update(years=0)
    for taken in ("closed", "declined"):
        with pytest.raises(IntegrityError), transaction.atomic():
            RetentionRule.objects.filter(record_type=taken).update(years=0)
    CaseRetention.objects.update(contract_ends_on=date(9999, 12, 31))
    assert keeping.report()[0] == []  # a slip of the keyboard stops nobody's work
    assert not OutcomeDetailsForm({"contract_ends_on": "9999-12-31"}, what="mixed").is_valid()
    assert not ContractEndForm({"ends_on": "2099-01-01"}).is_valid()
    assert ContractEndForm({"ends_on": "2056-01-01"}).is_valid()
    CaseRetention.objects.update(contract_ends_on=date(2030, 1, 1))
    assert case.events.filter(kind=CaseEventKind.CONTRACT_END_ENTERED).count() == 1
    ProcurementOutcome.objects.update(what=Procured.NOTHING, contract_ends_on=None)
    CaseRetention.objects.update(contract_ends_on=None)
    plan = retention.plan_for(case)
    assert plan is not None
    # Nothing was bought: no contract, and the three years of any other closed request.
    assert (plan.record_type, plan.ended_on, plan.due_on) == ("closed", START.date(), END.date())
    ended_before = START.date() - timedelta(days=30)
    services.enter_contract_end(case_id=case.pk, actor=world.advisor, ends_on=ended_before)
    plan = retention.plan_for(case)
    assert plan is not None
    # A contract that is over does not take a request that can still be reopened.
    assert plan.due_on == deadlines.reopen_until(START)


def test_of_a_confidential_case_the_mail_has_no_title(
    world: World, clock: Any, settled: None
) -> None:
    clock.move_to(START)
    case = world.case(
        CaseState.CLOSED, title="Geheimer Titel", topics=[Topic.PROCUREMENT],
        procedure_state=ProcedureState.RUNNING,
    )  # fmt: skip
    services.enter_contract_end(case_id=case.pk, actor=world.advisor, ends_on=START.date())
    run(clock, END)
    assert mails()
    assert not any("Geheim" in f"{mail.subject}{mail.body}" for mail in mails())


def test_without_a_requester_the_organisationsverwaltung_is_told_bare_facts(
    case: ConsultingRequest, clock: Any, settled: None, world: World, signed_in: Browser
) -> None:
    Membership.objects.filter(organisation=world.authority, is_manager=False).update(
        state=MembershipState.ENDED
    )
    run(clock, END - timedelta(days=60))
    (mail,) = mails()
    assert mail.user == world.manager
    assert "Geheim" not in mail.body
    guard = portal.mail_guards.get("consulting")
    assert guard is not None
    assert guard.still_allowed(world.manager.pk, mail.kind, mail.subject_key)
    assert not guard.still_allowed(world.colleague.pk, mail.kind, mail.subject_key)
    url = reverse("consulting:request_retention", args=[case.public_id])
    page = signed_in(world.manager).get(url).content.decode()
    assert str(case.reference) in page
    assert "Geheim" not in page
    assert "/uebernehmen/" in page

    Membership.objects.update(state=MembershipState.ENDED)
    run(clock, END - timedelta(days=14))
    assert {m.user for m in mails()} == {world.manager, world.lead}


LADDER = [
    ("requester", 200), ("writer", 200), ("deputy", 200), ("reader", 200), ("manager", 200),
    ("colleague", 404), ("stranger", 404), ("operator", 404), ("advisor", 200),
]  # fmt: skip


def test_who_sees_the_page_and_who_may_speak(
    case: ConsultingRequest, world: World, signed_in: Browser
) -> None:
    page, filed, hold = (
        reverse(f"consulting:{name}", args=[case.public_id])
        for name in ("request_retention", "request_filed", "request_hold")
    )
    for role, status in LADDER:
        browser = signed_in(world.person(role))
        assert browser.get(page).status_code == status, role
        assert browser.get(filed).status_code == 405
        if role == "reader" or status == 404:
            refused = 403 if role == "reader" else 404
            assert browser.post(filed).status_code == refused, role
            assert browser.post(hold, {"reason": REASON}).status_code == refused, role
    assert signed_in(world.advisor).post(filed).status_code == 403
    assert "/konto/" in Client().get(page).url
    assert not CaseRetention.objects.exists()

    browser = signed_in(world.requester)
    for _ in range(2):
        assert browser.post(filed).status_code == 302
    kept = CaseRetention.objects.get()
    assert (kept.filed_by, case.events.filter(kind=CaseEventKind.FILED).count()) == (
        world.requester,
        1,
    )
    assert "Alex Muster hat am" in browser.get(page).content.decode()
    assert browser.post(hold, {"reason": " "}).status_code == 422
    for _ in range(2):
        assert browser.post(hold, {"reason": REASON}).status_code == 302
    assert case.holds.get().is_pending
    assert [mail.user for mail in mails("hold_asked")] == [world.lead]
    assert not any(REASON in mail.body for mail in mails("hold_asked"))
    open_case = world.case(CaseState.IN_PROGRESS)
    kept_text = browser.post(
        reverse("consulting:request_hold", args=[open_case.public_id]), {"reason": REASON}
    )
    assert kept_text.status_code == 409
    assert REASON in kept_text.content.decode()
    assert (
        browser.post(
            reverse("consulting:request_filed", args=[open_case.public_id]), follow=True
        ).status_code
        == 200
    )
    assert CaseRetention.objects.count() == 1


def test_a_hold_keeps_a_case_out_and_the_notices_begin_anew(
    case: ConsultingRequest, clock: Any, settled: None, world: World, signed_in: Browser
) -> None:
    url = reverse("admin:consulting_consultingrequest_hold_set", args=[case.public_id])
    page = reverse("admin:consulting_consultingrequest_keeping", args=[case.public_id])
    run(clock, END - timedelta(days=60))
    services.ask_for_hold(case_id=case.pk, actor=world.advisor, reason=REASON)
    for role in ("advisor", "other_advisor", "operator"):
        assert signed_in(world.person(role)).post(url, {"reason": REASON}).status_code == 403
    lead = signed_in(world.lead)
    assert REASON in lead.get(page).content.decode()
    past = lead.post(url, {"reason": REASON, "until": "2020-01-01"})
    assert (past.status_code, REASON in past.content.decode()) == (422, True)
    until = (END + timedelta(days=100)).date()
    typed = {"reason": REASON, "until": until.isoformat(), "was_seen": hold_token(case.holds.get())}
    for _ in range(2):
        assert lead.post(url, typed).status_code == 302
    hold = case.holds.get()
    assert (hold.set_by, hold.until, hold.asked_by) == (world.lead, until, world.advisor)
    assert case.events.filter(kind=CaseEventKind.HOLD_SET).count() == 1
    assert {m.user for m in mails("hold_decided")} == {
        world.requester, world.writer, world.deputy, world.advisor,
    }  # fmt: skip
    assert CaseRetention.objects.get().first_told_at is None
    own = reverse("consulting:request_retention", args=[case.public_id])
    assert REASON in signed_in(world.requester).get(own).content.decode()
    assert REASON not in signed_in(world.manager).get(own).content.decode()  # bare facts

    assert run(clock, END + timedelta(days=100)) == {"kept": 1}
    assert run(clock, END + timedelta(days=101)) == {"announced": 1}  # its day is over
    lift = reverse("admin:consulting_consultingrequest_hold_lift", args=[case.public_id])
    assert signed_in(world.advisor).post(lift).status_code == 403
    assert signed_in(world.lead).post(lift).status_code == 409
    seen = {"was_seen": hold_token(case.holds.get())}
    for _ in range(2):
        assert signed_in(world.lead).post(lift, seen).status_code == 302
    assert case.events.filter(kind=CaseEventKind.HOLD_LIFTED).count() == 1
    services.set_hold(case_id=case.pk, actor=world.lead, reason=REASON)
    assert run(clock, END + timedelta(days=9000)) == {"kept": 1}  # without an end


def test_the_service_asks_again(case: ConsultingRequest, world: World) -> None:
    for role in ("reader", "colleague", "stranger", "operator"):
        with pytest.raises(PermissionDenied):
            services.ask_for_hold(case_id=case.pk, actor=world.person(role), reason=REASON)
    with pytest.raises(PermissionDenied):
        services.enter_contract_end(
            case_id=case.pk, actor=world.requester, ends_on=date(2030, 1, 1)
        )
    with pytest.raises(TransitionNotAllowed):
        services.enter_contract_end(case_id=case.pk, actor=world.advisor, ends_on=date(2030, 1, 1))


@pytest.mark.django_db(transaction=True)
def test_two_workers_claim_each_case_once(
    case: ConsultingRequest, clock: Any, settled: None, django_db_blocker: Any
) -> None:
    """While one holds the row the other passes over it."""
    from threading import Thread

    clock.move_to(END)
    results: list[str] = []

    def second() -> None:
        try:
            results.append(keeping._step(case.pk))
        finally:
            connection.close()

    with transaction.atomic():
        ConsultingRequest.objects.select_for_update().get(pk=case.pk)
        thread = Thread(target=second)
        thread.start()
        thread.join(timeout=20)
    assert results == ["left"]


def test_rules_are_dated_and_never_two_at_once(world: World, signed_in: Browser) -> None:
    lead = signed_in(world.lead)
    add = reverse("admin:consulting_retentionrule_add")
    row = {"record_type": "closed", "years": 5, "legal_reason": "Akten", "valid_from": "2027-01-01"}
    assert "schon eine Frist" in lead.post(add, row).content.decode()  # the first one has no end
    first = RetentionRule.objects.get(record_type="closed")
    change = reverse("admin:consulting_retentionrule_change", args=[first.pk])
    assert lead.post(change, {"valid_until": "2026-12-31", "years": 9}).status_code == 302
    first.refresh_from_db()
    assert (first.years, first.valid_until) == (3, date(2026, 12, 31))
    assert lead.post(add, row).status_code == 302
    assert signed_in(world.advisor).get(add).status_code == 403
    assert lead.post(change.replace("change", "delete"), {"post": "yes"}).status_code == 403
