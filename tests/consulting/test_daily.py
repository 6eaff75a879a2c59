"""The system's daily work, with a moved clock: announced before, done once, safe to repeat."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consulting import services
from consulting.enums import AppointmentKind, CaseState, PartnerQuestionState
from consulting.models import AppointmentSlot, ConsultingRequest, PartnerQuestion
from consulting.services import daily
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from tests.consulting.conftest import World
from tests.consulting.factories import DraftFactory, case_in
from tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db

S = CaseState
START = datetime(2026, 11, 2, 9, tzinfo=UTC)  # a Monday


def days_later(clock: Any, days: int) -> None:
    clock.move_to(START + timedelta(days=days))


def mails(kind: str) -> int:
    return OutgoingMail.objects.filter(kind=f"consulting.{kind}").count()


def run_twice() -> None:
    daily.run()
    daily.run()


def test_answered_case_is_closed_after_ten_working_days(clock: Any) -> None:
    clock.move_to(START)
    case = case_in(S.ANSWERED)

    days_later(clock, 14)
    run_twice()
    case.refresh_from_db()
    assert case.state == S.ANSWERED  # Monday, 16 November is the last day for questions

    days_later(clock, 15)
    run_twice()
    case.refresh_from_db()
    assert (case.state, case.outcome) == (S.CLOSED, "automatic")
    assert case.events.count() == 1
    assert mails("case_closed") == 1


def test_follow_up_question_keeps_the_case_open(world: World, clock: Any) -> None:
    clock.move_to(START)
    case = world.case(S.ANSWERED)
    services.add_message(case_id=case.pk, actor=world.requester, text="Und?")

    days_later(clock, 60)
    run_twice()

    case.refresh_from_db()
    assert case.state == S.ANSWERED


def test_silent_case_is_reminded_after_ten_and_closed_after_twenty_working_days(
    world: World, clock: Any
) -> None:
    clock.move_to(START)
    case = world.case(S.IN_PROGRESS)
    services.ask_back(
        case_id=case.pk,
        actor=world.advisor,
        question="?",
        reply_by=portal_clock.today() + timedelta(days=7),
    )

    days_later(clock, 13)
    run_twice()
    assert mails("case_reminder") == 0

    days_later(clock, 14)
    run_twice()
    assert mails("case_reminder") == 3  # author, colleague who works along, deputy
    reminder = OutgoingMail.objects.filter(kind="consulting.case_reminder").first()
    assert reminder is not None
    assert "Montag, 30. November 2026" in reminder.body.replace("\xa0", " ")

    days_later(clock, 28)
    run_twice()
    case.refresh_from_db()
    assert case.state == S.WAITING_REQUESTER

    days_later(clock, 29)
    run_twice()
    case.refresh_from_db()
    assert (case.state, case.outcome) == (S.CLOSED, "no_reply")
    assert mails("case_reminder") == 3


def test_after_an_outage_a_silent_case_is_reminded_before_it_is_closed(clock: Any) -> None:
    clock.move_to(START)
    case = case_in(S.WAITING_REQUESTER)

    days_later(clock, 90)
    daily.run()
    case.refresh_from_db()
    assert case.state == S.WAITING_REQUESTER
    assert mails("case_reminder") == 1

    days_later(clock, 91)
    daily.run()
    case.refresh_from_db()
    assert case.state == S.CLOSED


def test_draft_is_announced_and_then_deleted(clock: Any) -> None:
    clock.move_to(START)
    case = DraftFactory()

    days_later(clock, 45)
    run_twice()
    assert mails("draft_expires") == 0

    days_later(clock, 47)
    run_twice()
    assert mails("draft_expires") == 1

    days_later(clock, 60)
    run_twice()
    assert ConsultingRequest.objects.filter(pk=case.pk).exists()

    days_later(clock, 62)
    run_twice()
    assert not ConsultingRequest.objects.filter(pk=case.pk).exists()


def test_draft_is_never_deleted_without_the_notice_14_days_before(clock: Any) -> None:
    clock.move_to(START)
    case = DraftFactory()

    days_later(clock, 200)
    run_twice()
    case.refresh_from_db()
    assert case.expires_on == portal_clock.today() + timedelta(days=14)

    days_later(clock, 214)
    run_twice()
    assert ConsultingRequest.objects.filter(pk=case.pk).exists()
    days_later(clock, 216)
    run_twice()
    assert not ConsultingRequest.objects.filter(pk=case.pk).exists()


def test_draft_that_is_written_on_lives_on(clock: Any) -> None:
    clock.move_to(START)
    case = DraftFactory()
    days_later(clock, 50)
    daily.run()
    services.save_draft(case_id=case.pk, actor=case.author, values={"title": "Weiter"})

    days_later(clock, 70)
    run_twice()

    case.refresh_from_db()
    assert case.expiry_announced_at is None
    assert case.title == "Weiter"


def test_work_goes_on_when_the_last_partner_missed_the_date(clock: Any) -> None:
    clock.move_to(START)
    case = case_in(S.WAITING_THIRD)
    for days in (3, 8):
        PartnerQuestion.objects.create(
            case=case,
            organisation=OrganisationFactory(),
            question="?",
            due_on=portal_clock.today() + timedelta(days=days),
            consented_on=portal_clock.today(),
            consent_source="Mail der Behörde",
            asked_by=case.assignee,
        )

    days_later(clock, 5)
    run_twice()
    case.refresh_from_db()
    assert case.state == S.WAITING_THIRD

    days_later(clock, 9)
    run_twice()
    case.refresh_from_db()
    assert case.state == S.IN_PROGRESS
    assert set(case.partner_questions.values_list("state", flat=True)) == {
        PartnerQuestionState.MISSED
    }


@pytest.mark.parametrize("state", [S.IN_PROGRESS, S.WAITING_REQUESTER])
def test_a_missed_date_moves_no_case_that_waits_for_somebody_else(
    world: World, clock: Any, state: CaseState
) -> None:
    clock.move_to(START)
    case = world.case(state)
    late, asks_back = (
        PartnerQuestion.objects.create(
            case=case,
            organisation=OrganisationFactory(),
            question="?",
            due_on=portal_clock.today(),
            consented_on=portal_clock.today(),
            consent_source="Mail der Behörde",
            asked_by=world.advisor,
            waits_since=waits_since,
        )
        for waits_since in (None, START)
    )

    days_later(clock, 1)
    assert daily.go_on_without_partners() == 1
    assert daily.go_on_without_partners() == 0

    for row in (case, late, asks_back):
        row.refresh_from_db()
    assert (case.state, case.version, case.events.count()) == (state, 1, 0)
    assert (late.state, asks_back.state) == (PartnerQuestionState.MISSED, PartnerQuestionState.OPEN)


def test_each_looks_again_under_the_lock(clock: Any) -> None:
    """Somebody wrote between the list and the lock: nothing happens to the case."""
    clock.move_to(START)
    answered, draft, waiting = case_in(S.ANSWERED), DraftFactory(), case_in(S.IN_PROGRESS)

    assert not daily._close(answered.pk)
    assert not daily._expire(draft.pk)
    assert not daily._remind(waiting.pk)
    assert not daily._partners_missed(waiting.pk)
    assert not daily._announce(waiting.pk)
    assert daily._each(ConsultingRequest.objects.drafts(), _gone) == 0


def _gone(case_id: int) -> bool:
    raise ConsultingRequest.DoesNotExist


@pytest.mark.parametrize("state", [S.ANSWERED, S.WAITING_REQUESTER])
def test_a_case_with_an_appointment_to_come_is_not_closed(
    world: World, clock: Any, state: CaseState
) -> None:
    clock.move_to(START)
    fixed, offered = (world.case(state) for _each in range(2))
    for case in (fixed, offered):
        services.offer_appointment(
            case_id=case.pk,
            actor=world.advisor,
            slots=[(each, each + timedelta(hours=1)) for each in (_in(3), _in(4))],
            kind=AppointmentKind.PHONE,
            place="030 0000",
        )
    slot = AppointmentSlot.objects.filter(appointment__case=fixed).latest("starts_at")
    services.pick_slot(case_id=fixed.pk, actor=world.requester, slot_id=slot.public_id)
    ConsultingRequest.objects.update(closes_on=START.date(), reminded_at=START)

    days_later(clock, 3)
    run_twice()
    for case in (fixed, offered):
        case.refresh_from_db()
        assert case.state == state
    assert mails("appointment_cancelled") == 0

    days_later(clock, 6)
    run_twice()
    for case in (fixed, offered):
        case.refresh_from_db()
        assert case.state == S.CLOSED
    assert fixed.appointments.get().state == "fixed"  # it took place


def _in(days: int) -> datetime:
    return START + timedelta(days=days, hours=1)
