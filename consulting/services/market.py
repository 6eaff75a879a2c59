"""Companies and the procedure: when they may be asked at all, and what happens when it begins to run."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from consulting import confidential, permissions
from consulting.enums import (
    CaseAction,
    CaseEventKind,
    PartnerQuestionState,
    ProcedureState,
)
from consulting.models import CaseEvent, ConsultingRequest, MarketInquiry
from consulting.notifications import tell
from consulting.services.common import (
    check_version,
    locked,
    record,
    touch,
    withdraw_partner_questions,
)
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed


@transaction.atomic
def decide_market_inquiry(
    *,
    case_id: int,
    actor: User,
    reason: str,
    scope: str,
    decided_on: date,
    knows_prejudice: bool,
    expected_version: int | None = None,
) -> CaseEvent:
    """The contact person records why and how far companies are asked before the procedure begins.

    ``knows_prejudice``: has read the note on Vorbefassung (§ 7 VgV). Decided once a case.
    """
    action = "decide_market_inquiry"
    case = locked(case_id)
    if not permissions.is_assignee(actor, case):
        raise PermissionDenied(action)
    check_version(case, action, expected_version)
    if not may_decide_inquiry(case):
        raise TransitionNotAllowed(
            action, case.state, _("There is nothing to decide about a Markterkundung now.")
        )
    if decided_on > clock.today():
        raise TransitionNotAllowed(action, case.state, _("This date lies in the future."))
    if not knows_prejudice:
        raise TransitionNotAllowed(
            action, case.state, _("Confirm that you have read the note on Vorbefassung.")
        )
    MarketInquiry.objects.create(
        case=case,
        reason=reason,
        scope=scope,
        decided_on=decided_on,
        decided_by=actor,
        created_at=clock.now(),
    )
    touch(case)
    event = record(case, CaseEventKind.INQUIRY_DECIDED, actor, decided_on=decided_on.isoformat())
    tell(event)
    return event


def may_decide_inquiry(case: ConsultingRequest) -> bool:
    """While a procedure is planned, once."""
    return case.is_open and confidential.needs_inquiry(case) and not confidential.has_inquiry(case)


@transaction.atomic
def tell_procedure_state(
    *,
    case_id: int,
    actor: User,
    procedure_state: ProcedureState,
    expected_version: int | None = None,
) -> CaseEvent | None:
    """Say where the procedure stands now: the requester's side, or the OSK for it. None: it stands there.

    Only the requester's side says that there is no procedure: that ends the confidence of the case. Open
    questions to companies stay until ``withdraw_company_questions``; new ones follow the new state at once.
    """
    action = "tell_procedure_state"
    case = locked(case_id)
    if not permissions.can_tell_procedure(actor, case, procedure_state):
        raise PermissionDenied(action)
    if case.procedure_state == procedure_state:
        return None
    check_version(case, action, expected_version)
    if not case.is_about_procurement or not case.takes_messages:
        raise TransitionNotAllowed(
            action, case.state, _("The state of the procedure cannot be changed any more.")
        )
    before = case.procedure_state
    case.procedure_state = procedure_state
    case.is_confidential = case.needs_confidence
    touch(case, "procedure_state", "is_confidential")
    event = record(
        case, CaseEventKind.PROCEDURE_CHANGED, actor, before=before, now=str(procedure_state)
    )
    tell(event)
    return event


@transaction.atomic
def withdraw_company_questions(
    *, case_id: int, actor: User, expected_version: int | None = None
) -> CaseEvent:
    """Take back every open question to a company; with no other open one the case is in work again."""
    action = "withdraw_company_questions"
    case = locked(case_id)
    if not permissions.can_withdraw_companies(actor, case):
        raise PermissionDenied(action)
    check_version(case, action, expected_version)
    count = withdraw_partner_questions(case, actor, companies_only=True)
    if not count:
        raise TransitionNotAllowed(
            action, case.state, _("No question to a company is open any more.")
        )
    left = case.partner_questions.filter(state=PartnerQuestionState.OPEN)
    goes_on = case.can(CaseAction.PARTNER_DONE) and not left.exists()
    if goes_on:
        tell(case.partner_done(actor=None))
    else:
        touch(case)
    event = record(case, CaseEventKind.COMPANIES_WITHDRAWN, actor, questions=count)
    if not goes_on:  # else the authority has just been told
        tell(event)
    return event
