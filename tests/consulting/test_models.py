"""Every transition from every state, as the table of product.md 1.3 says; constraints behind it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from consulting.enums import CaseAction, CaseState, Outcome
from consulting.models import CaseMessage, CaseResult, ConsultingRequest, Recommendation
from consulting.querysets import OPEN_STATES
from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.factories import CaseFactory, DraftFactory, case_in
from tests.factories import UserFactory, staff

pytestmark = pytest.mark.django_db

A, S = CaseAction, CaseState
# From product.md 1.3, written down a second time on purpose: action → {from: to}.
TABLE: dict[CaseAction, dict[CaseState, CaseState | None]] = {
    A.SUBMIT: {S.DRAFT: S.SUBMITTED},
    A.TAKE_UP: {S.SUBMITTED: S.TRIAGE},
    A.ASSIGN: {
        S.SUBMITTED: S.ASSIGNED,
        S.TRIAGE: S.ASSIGNED,
        S.ASSIGNED: S.ASSIGNED,
        S.IN_PROGRESS: S.IN_PROGRESS,
        S.WAITING_REQUESTER: S.WAITING_REQUESTER,
        S.WAITING_THIRD: S.WAITING_THIRD,
    },
    A.RETURN_TO_QUEUE: {
        S.ASSIGNED: S.TRIAGE,
        S.IN_PROGRESS: S.TRIAGE,
        S.WAITING_REQUESTER: S.TRIAGE,
        S.WAITING_THIRD: S.TRIAGE,
    },
    A.START: {S.ASSIGNED: S.IN_PROGRESS},
    A.ANSWER_AT_ONCE: {S.SUBMITTED: S.ANSWERED, S.TRIAGE: S.ANSWERED, S.ASSIGNED: S.ANSWERED},
    A.ASK_BACK: {
        S.TRIAGE: S.WAITING_REQUESTER,
        S.ASSIGNED: S.WAITING_REQUESTER,
        S.IN_PROGRESS: S.WAITING_REQUESTER,
        S.WAITING_THIRD: S.WAITING_REQUESTER,
    },
    A.REPLY: {S.WAITING_REQUESTER: S.IN_PROGRESS},
    A.INVOLVE_PARTNER: {S.IN_PROGRESS: S.WAITING_THIRD},
    A.PARTNER_DONE: {S.WAITING_THIRD: S.IN_PROGRESS},
    A.ANSWER: {
        S.IN_PROGRESS: S.ANSWERED,
        S.WAITING_REQUESTER: S.ANSWERED,
        S.WAITING_THIRD: S.ANSWERED,
    },
    A.CLOSE: {S.ANSWERED: S.CLOSED},
    A.CLOSE_SILENT: {S.WAITING_REQUESTER: S.CLOSED},
    A.REOPEN: {S.ANSWERED: S.IN_PROGRESS, S.CLOSED: S.IN_PROGRESS},
    A.DECLINE: {
        S.SUBMITTED: S.DECLINED,
        S.TRIAGE: S.DECLINED,
        S.ASSIGNED: S.DECLINED,
        S.IN_PROGRESS: S.DECLINED,
        S.WAITING_REQUESTER: S.DECLINED,
        S.WAITING_THIRD: S.DECLINED,
    },
    A.MARK_DUPLICATE: {S.SUBMITTED: S.DUPLICATE, S.TRIAGE: S.DUPLICATE},
    A.UNDO: {S.DECLINED: S.TRIAGE, S.DUPLICATE: S.TRIAGE},
    A.WITHDRAW: {
        S.SUBMITTED: S.WITHDRAWN,
        S.TRIAGE: S.WITHDRAWN,
        S.ASSIGNED: S.WITHDRAWN,
        S.IN_PROGRESS: S.WITHDRAWN,
        S.WAITING_REQUESTER: S.WITHDRAWN,
        S.WAITING_THIRD: S.WITHDRAWN,
        S.ANSWERED: S.WITHDRAWN,
    },
    A.DELETE_DRAFT: {S.DRAFT: None},
    # product.md 1.4: out of "mine" for a while, whatever the state
    A.SNOOZE: {s: s for s in (*OPEN_STATES, S.ANSWERED)},
    A.WAKE: {s: s for s in (*OPEN_STATES, S.ANSWERED)},
}


def perform(action: CaseAction, case: ConsultingRequest) -> None:
    """Call the transition of ``action`` with plausible arguments."""
    advisor = staff("advisor")
    today = portal_clock.today()
    if action in (A.ANSWER, A.ANSWER_AT_ONCE):
        result = CaseResult.objects.create(case=case, author=advisor, text="So geht es.")
        getattr(case, action)(actor=advisor, result=result)
    elif action == A.ASSIGN:
        case.assign(actor=advisor, assignee=advisor)
    elif action == A.ASK_BACK:
        case.ask_back(actor=advisor, reply_by=today + timedelta(days=7))
    elif action == A.DECLINE:
        case.decline(actor=advisor, reason="Nicht unsere Aufgabe.", referral="Rechtsamt")
    elif action == A.MARK_DUPLICATE:
        case.mark_duplicate(actor=advisor, target=CaseFactory())
    elif action == A.SNOOZE:
        case.snooze(actor=advisor, until=today + timedelta(days=7), note="")
    elif action in (A.CLOSE_SILENT, A.DELETE_DRAFT):
        getattr(case, action)()
    else:
        getattr(case, action)(actor=advisor)


@pytest.mark.parametrize("state", CaseState)
@pytest.mark.parametrize("action", CaseAction)
def test_transition_from_every_state(action: CaseAction, state: CaseState) -> None:
    snoozed = {"snoozed_until": portal_clock.today()} if action == A.WAKE else {}
    case = case_in(state, **snoozed)

    if state not in TABLE[action]:
        assert not case.can(action)
        with pytest.raises(TransitionNotAllowed):
            perform(action, case)
        case.refresh_from_db()
        assert case.state == state
        assert not case.events.exists()
        return

    assert case.can(action)
    perform(action, case)
    to = TABLE[action][state]
    if to is None:
        assert not ConsultingRequest.objects.filter(title=case.title).exists()
        return
    case.refresh_from_db()
    assert case.state == to
    last = case.events.last()
    assert last is not None
    assert last.to_state == to


def test_every_action_is_in_the_table() -> None:
    assert set(TABLE) == set(CaseAction) == set(ConsultingRequest.ALLOWED)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (S.TRIAGE, S.TRIAGE),
        (S.ASSIGNED, S.ASSIGNED),
        (S.IN_PROGRESS, S.IN_PROGRESS),
        (S.WAITING_THIRD, S.IN_PROGRESS),
    ],
)
def test_reply_leads_back_to_the_state_before(before: CaseState, after: CaseState) -> None:
    case = case_in(before)

    case.ask_back(actor=staff("advisor"), reply_by=portal_clock.today())
    case.reply(actor=case.author)

    assert case.state == after
    assert case.paused_at is None


def test_case_assigned_while_it_waits_can_be_started_after_the_reply() -> None:
    case, advisor = case_in(S.TRIAGE), staff("advisor")
    case.ask_back(actor=advisor, reply_by=portal_clock.today())

    case.assign(actor=advisor, assignee=advisor)
    case.reply(actor=case.author)

    assert case.state == S.ASSIGNED
    assert case.can(A.START)


def test_assigning_the_same_person_again_is_told() -> None:
    case = case_in(S.IN_PROGRESS)
    assert case.assignee is not None

    with pytest.raises(TransitionNotAllowed):
        case.assign(actor=case.assignee, assignee=case.assignee)


def test_answer_at_once_writes_the_events_in_between() -> None:
    case = case_in(S.SUBMITTED)

    perform(A.ANSWER_AT_ONCE, case)

    assert list(case.events.values_list("kind", flat=True)) == [
        "taken_up",
        "assigned",
        "started",
        "answered",
    ]


def test_reopening_is_possible_for_90_days(clock) -> None:
    closed = clock.move_to(datetime(2026, 3, 2, 9, tzinfo=UTC))
    case = case_in(S.CLOSED)

    clock.move_to(closed + timedelta(days=90))
    assert case.can(A.REOPEN)
    clock.move_to(closed + timedelta(days=91))
    assert not case.can(A.REOPEN)
    with pytest.raises(TransitionNotAllowed, match="Wiederöffnen"):
        case.reopen(actor=case.author)


def test_reopened_case_has_a_new_promise(clock) -> None:
    clock.move_to(datetime(2026, 3, 2, 9, tzinfo=UTC))
    case = case_in(S.CLOSED)
    clock.move_to(datetime(2026, 3, 16, 9, tzinfo=UTC))

    case.reopen(actor=case.author)

    assert case.answer_due_on is not None
    assert case.answer_due_on.isoformat() == "2026-03-30"
    assert case.closed_at is None
    assert case.outcome == ""


def test_follow_up_question_stops_the_closing_and_our_reply_starts_it_again() -> None:
    case = case_in(S.ANSWERED)

    case.note_message(from_requester=True)
    assert case.closes_on is None
    assert case.follow_up_at is not None

    case.note_message(from_requester=False)
    assert case.closes_on is not None
    assert case.follow_up_at is None


def test_references_rise_within_a_year(clock) -> None:
    clock.move_to(datetime(2026, 12, 30, 9, tzinfo=UTC))
    first, second, third = DraftFactory(), DraftFactory(), DraftFactory()
    first.submit(actor=first.author)
    second.submit(actor=second.author)
    clock.move_to(datetime(2027, 1, 4, 9, tzinfo=UTC))
    third.submit(actor=third.author)

    assert [c.reference for c in (first, second, third)] == [
        "OSK-2026-00001",
        "OSK-2026-00002",
        "OSK-2027-00001",
    ]


@pytest.mark.parametrize(
    ("state", "fields"),
    [
        (S.DRAFT, {"reference": "OSK-2026-00007"}),
        (S.SUBMITTED, {"reference": None}),
        (S.SUBMITTED, {"organisation": None}),
        (S.SUBMITTED, {"title": ""}),
        (S.SUBMITTED, {"answer_due_on": None}),
        (S.SUBMITTED, {"state": S.ASSIGNED}),
        (S.IN_PROGRESS, {"paused_at": datetime(2026, 1, 1, tzinfo=UTC)}),
        (S.WAITING_REQUESTER, {"paused_at": None}),
        (S.WAITING_REQUESTER, {"state_before_waiting": ""}),
        (S.ANSWERED, {"result": None}),
        (S.ANSWERED, {"answered_at": None}),
        (S.CLOSED, {"outcome": ""}),
        (S.CLOSED, {"result": None}),
        (S.DECLINED, {"decline_reason": ""}),
        (S.SUBMITTED, {"decline_reason": "Grund"}),
        (S.DUPLICATE, {"duplicate_of": None}),
        (S.WITHDRAWN, {"withdrawn_at": None}),
    ],
)
def test_database_refuses_nonsense(state: CaseState, fields: dict[str, object]) -> None:
    case = case_in(state)

    with pytest.raises(IntegrityError), transaction.atomic():
        ConsultingRequest.objects.filter(pk=case.pk).update(**fields)


def test_case_closed_without_a_reply_needs_no_result() -> None:
    case = case_in(S.WAITING_REQUESTER)

    case.close_silent()

    assert case.outcome == Outcome.NO_REPLY


def test_recommendation_has_exactly_one_target() -> None:
    case = case_in(S.ANSWERED)

    with pytest.raises(IntegrityError), transaction.atomic():
        Recommendation.objects.create(result=case.result, reason="nichts")


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "note", "is_internal": False, "by_osk": True},
        {"kind": "message", "is_internal": True, "by_osk": True},
        {"kind": "note", "is_internal": True, "by_osk": False},
        {"kind": "message", "body": ""},
    ],
)
def test_internal_and_public_cannot_be_confused(fields: dict[str, object]) -> None:
    case = case_in(S.IN_PROGRESS)

    with pytest.raises(IntegrityError), transaction.atomic():
        CaseMessage.objects.create(case=case, author=UserFactory(), **{"body": "Text", **fields})
