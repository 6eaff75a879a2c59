"""How a case ends, and how it begins again."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from consulting.enums import CaseAction, MessageKind
from consulting.models import CaseEvent, ConsultingRequest
from consulting.notifications import tell
from consulting.permissions import is_requester_side
from consulting.services.appointments import end_appointments
from consulting.services.common import (
    begin,
    check_seen,
    check_version,
    is_said,
    withdraw_partner_questions,
    write_message,
)
from osk_portal.accounts.models import User


@transaction.atomic
def close(*, case_id: int, actor: User | None, expected_version: int | None = None) -> CaseEvent:
    """By the requester's side, or by the system (None) when the time for questions is over."""
    case = _begin_to_end(case_id, CaseAction.CLOSE, actor, expected_version)
    end_appointments(case, actor)
    event = case.close(actor=actor)
    tell(event)
    return event


@transaction.atomic
def close_silent(*, case_id: int) -> CaseEvent:
    """By the system, when our question was not answered."""
    case = begin(case_id, CaseAction.CLOSE_SILENT, None)
    end_appointments(case, None)
    event = case.close_silent()
    withdraw_partner_questions(case, None)
    tell(event)
    return event


@transaction.atomic
def reopen(
    *,
    case_id: int,
    actor: User,
    reason: str,
    message_id: UUID | None = None,
    expected_version: int | None = None,
    was_seen: str | None = None,
) -> CaseEvent | None:
    """Go on with an answered or closed case; the reason becomes a public message.

    None when it was said already (a form sent twice).
    """
    case = begin(case_id, CaseAction.REOPEN, actor, expected_version)
    if is_said(case, actor, message_id):
        return None
    if case.can(CaseAction.REOPEN):
        check_seen(case, CaseAction.REOPEN, was_seen)
    event = case.reopen(actor=actor)
    write_message(
        case,
        actor=actor,
        body=reason,
        kind=MessageKind.REASON,
        by_osk=not is_requester_side(actor, case),
        message_id=message_id,
    )
    tell(event)
    return event


@transaction.atomic
def withdraw(*, case_id: int, actor: User, expected_version: int | None = None) -> CaseEvent:
    case = _begin_to_end(case_id, CaseAction.WITHDRAW, actor, expected_version)
    end_appointments(case, actor)
    event = case.withdraw(actor=actor)
    withdraw_partner_questions(case, actor)
    tell(event)
    return event


def _begin_to_end(
    case_id: int, action: CaseAction, actor: User | None, expected_version: int | None
) -> ConsultingRequest:
    """A button pressed twice finds its own state, not a change of somebody else's."""
    case = begin(case_id, action, actor)
    if case.can(action):
        check_version(case, action, expected_version)
    return case
