"""What the OSK does with a case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from catalog.models import Solution
from consulting import confidential, permissions
from consulting.enums import CaseAction, CaseState, MessageKind
from consulting.models import (
    CaseEvent,
    CaseResult,
    ConsultingRequest,
    Participant,
    Recommendation,
)
from consulting.notifications import tell
from consulting.offers import list_offers
from consulting.services.appointments import end_appointments, hand_over, hosts_of
from consulting.services.attachments import attach_staged
from consulting.services.common import begin, locked, withdraw_partner_questions, write_message
from consulting.services.relations import end_relations_of, may_merge
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox.models import Blueprint


@dataclass(frozen=True)
class Advice:
    """One recommendation: exactly one of the three, with the reason."""

    reason: str
    solution: Solution | None = None
    blueprint: Blueprint | None = None
    organisation: Organisation | None = None


@transaction.atomic
def take_up(*, case_id: int, actor: User, expected_version: int | None = None) -> CaseEvent:
    case = begin(case_id, CaseAction.TAKE_UP, actor, expected_version)
    event = case.take_up(actor=actor)
    tell(event)
    return event


@transaction.atomic
def assign(
    *, case_id: int, actor: User, assignee: User, expected_version: int | None = None
) -> CaseEvent:
    """Name the contact person: a lead anybody of the OSK, an advisor himself or herself."""
    case = begin(case_id, CaseAction.ASSIGN, actor, expected_version)
    if not permissions.can_assign_to(actor, assignee):
        raise PermissionDenied("assign to this person")
    hosts = hosts_of(case)
    event = case.assign(actor=actor, assignee=assignee)
    tell(event)
    hand_over(hosts, event)
    return event


@transaction.atomic
def return_to_queue(
    *, case_id: int, actor: User, reason: str, expected_version: int | None = None
) -> CaseEvent:
    """Back to triage with an internal reason."""
    case = begin(case_id, CaseAction.RETURN_TO_QUEUE, actor, expected_version)
    hosts = hosts_of(case)
    event = case.return_to_queue(actor=actor)
    withdraw_partner_questions(case, actor)
    _note_reason(case, actor, reason)
    tell(event)
    hand_over(hosts, event)
    return event


@transaction.atomic
def start(*, case_id: int, actor: User, expected_version: int | None = None) -> CaseEvent:
    case = begin(case_id, CaseAction.START, actor, expected_version)
    event = case.start(actor=actor)
    tell(event)
    return event


@transaction.atomic
def ask_back(
    *,
    case_id: int,
    actor: User,
    question: str,
    reply_by: date,
    message_id: UUID | None = None,
    expected_version: int | None = None,
) -> CaseEvent:
    """Ask the requester in public, with a date; our time to answer rests until the reply."""
    case = begin(case_id, CaseAction.ASK_BACK, actor, expected_version)
    event = case.ask_back(actor=actor, reply_by=reply_by)
    asked = write_message(
        case,
        actor=actor,
        body=question,
        kind=MessageKind.QUESTION,
        by_osk=True,
        message_id=message_id,
    )
    attach_staged(case, actor, message_id, message=asked)
    tell(event)
    return event


@transaction.atomic
def answer(
    *,
    case_id: int,
    actor: User,
    text: str,
    recommendations: Sequence[Advice] = (),
    message_id: UUID | None = None,
    expected_version: int | None = None,
) -> CaseEvent:
    """Give the result. Open questions to partners are withdrawn."""
    case = begin(case_id, CaseAction.ANSWER, actor, expected_version)
    result = _write_result(case, actor, text, recommendations)
    event = case.answer(actor=actor, result=result)
    attach_staged(case, actor, message_id, result=result)
    withdraw_partner_questions(case, actor)
    tell(event)
    return event


@transaction.atomic
def answer_at_once(
    *,
    case_id: int,
    actor: User,
    text: str,
    recommendations: Sequence[Advice] = (),
    message_id: UUID | None = None,
    expected_version: int | None = None,
) -> CaseEvent:
    """Take up, assign to oneself, start and answer in one transaction; one mail, the answer."""
    case = begin(case_id, CaseAction.ANSWER_AT_ONCE, actor, expected_version)
    result = _write_result(case, actor, text, recommendations)
    event = case.answer_at_once(actor=actor, result=result)
    attach_staged(case, actor, message_id, result=result)
    tell(event)
    return event


@transaction.atomic
def partner_done(
    *, case_id: int, actor: User | None, expected_version: int | None = None
) -> CaseEvent:
    """Go on: by the assignee at any time, by the system when no partner's answer is open any more."""
    case = begin(case_id, CaseAction.PARTNER_DONE, actor, expected_version)
    event = case.partner_done(actor=actor)
    withdraw_partner_questions(case, actor)
    tell(event)
    return event


@transaction.atomic
def decline(
    *,
    case_id: int,
    actor: User,
    reason: str,
    referral: str,
    expected_version: int | None = None,
) -> CaseEvent:
    """Reason and referral are shown to the requester."""
    case = begin(case_id, CaseAction.DECLINE, actor, expected_version)
    end_appointments(case, actor)
    event = case.decline(actor=actor, reason=reason, referral=referral)
    withdraw_partner_questions(case, actor)
    tell(event)
    return event


@transaction.atomic
def mark_duplicate(
    *,
    case_id: int,
    actor: User,
    target: ConsultingRequest,
    expected_version: int | None = None,
) -> CaseEvent:
    """Merge into ``target`` of the same organisation; the author takes part there from now on.

    Refused unless the author may read the target already, or both sides have agreed (``relations.py``):
    merging must not reveal it.
    """
    first, second = sorted(
        (case_id, target.pk)
    )  # always in this order: two at once cannot deadlock
    locked(first)
    locked(second)
    case = begin(case_id, CaseAction.MARK_DUPLICATE, actor, expected_version)
    target = locked(target.pk)
    if target.pk == case.pk or not target.takes_messages:
        raise TransitionNotAllowed(
            CaseAction.MARK_DUPLICATE, case.state, _("Choose another request that is still open.")
        )
    if target.organisation_id != case.organisation_id:
        raise TransitionNotAllowed(
            CaseAction.MARK_DUPLICATE,
            case.state,
            _("The two requests are of different authorities. They cannot be merged."),
        )
    if not may_merge(case, target):
        raise TransitionNotAllowed(
            CaseAction.MARK_DUPLICATE,
            case.state,
            _("The author of this request may not read the other one. Ask both first."),
        )
    end_appointments(case, actor)
    end_relations_of(case, actor, merged=target)
    event = case.mark_duplicate(actor=actor, target=target)
    if target.author_id != case.author_id:
        _take_part(case, target)
    tell(event)
    return event


@transaction.atomic
def undo(
    *, case_id: int, actor: User, reason: str, expected_version: int | None = None
) -> CaseEvent:
    """Take back a decline or a merge; the reason and what was said before stay as a note."""
    case = begin(case_id, CaseAction.UNDO, actor, expected_version)
    said = "\n\n".join(filter(None, (reason, case.decline_reason, case.decline_referral)))
    event = case.undo(actor=actor)  # before: it counts as merged no more
    _take_part_no_more(case)
    _note_reason(case, actor, said)
    tell(event)
    return event


def _take_part(case: ConsultingRequest, target: ConsultingRequest) -> None:
    """The author of ``case`` works along in ``target``, also who only read along there."""
    row, is_new = Participant.objects.get_or_create(
        case=target, user=case.author, defaults={"may_write": True, "via_duplicate": case}
    )
    if not is_new and not row.may_write:
        row.may_write, row.was_reader, row.via_duplicate = True, True, case
        row.save(update_fields=["may_write", "was_reader", "via_duplicate"])


def _take_part_no_more(case: ConsultingRequest) -> None:
    """As it was before ``case`` was merged, unless another merged request of the person still counts."""
    for row in Participant.objects.filter(via_duplicate=case):
        row.via_duplicate = ConsultingRequest.objects.filter(
            state=CaseState.DUPLICATE, duplicate_of=row.case_id, author=row.user_id
        ).first()
        if row.via_duplicate is None and not row.was_reader:
            row.delete()
            continue
        if row.via_duplicate is None:
            row.may_write = row.was_reader = False
        row.save(update_fields=["may_write", "was_reader", "via_duplicate"])


def _write_result(
    case: ConsultingRequest, actor: User, text: str, recommendations: Sequence[Advice]
) -> CaseResult:
    companies = [a.organisation for a in recommendations if a.organisation is not None]
    if not all(confidential.may_recommend(case, company) for company in companies):
        raise TransitionNotAllowed(
            CaseAction.ANSWER,
            case.state,
            _("This request is about procurement. You cannot recommend a single company."),
        )
    solutions = [advice.solution.pk for advice in recommendations if advice.solution is not None]
    solutions += [
        advice.blueprint.solution_id
        for advice in recommendations
        if advice.blueprint is not None and advice.blueprint.solution_id is not None
    ]
    result = CaseResult.objects.create(
        case=case,
        author=actor,
        text=text,
        created_at=clock.now(),
        offers=list_offers(case, solutions),
    )
    Recommendation.objects.bulk_create(
        Recommendation(
            result=result,
            position=position,
            solution=advice.solution,
            blueprint=advice.blueprint,
            organisation=advice.organisation,
            reason=advice.reason,
        )
        for position, advice in enumerate(recommendations)
    )
    return result


def _note_reason(case: ConsultingRequest, actor: User, reason: str) -> None:
    write_message(
        case, actor=actor, body=reason, kind=MessageKind.REASON, by_osk=True, is_internal=True
    )
