"""A request marked as urgent: the Leitung confirms it with a day, or answers it (product.md 1.1)."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from consulting import deadlines, permissions
from consulting.enums import CaseEventKind, MessageKind, Urgency
from consulting.models import CaseEvent, ConsultingRequest
from consulting.notifications import tell, tell_urgent
from consulting.services.common import check_version, locked, record, write_message
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from osk_portal.toolkit.working_days import is_office_hour


@transaction.atomic
def confirm_urgency(
    *, case_id: int, actor: User, answer_by: date, expected_version: int | None = None
) -> CaseEvent:
    """The Leitung names the day to answer by. Raises PermissionDenied, TransitionNotAllowed.

    It is a first response: the authority hears from us when it gets its answer.
    Working days that rested stay counted; in a request that rests now, only what comes moves the day.
    """
    case = _begin(case_id, actor, "confirm_urgency", expected_version)
    if answer_by < clock.today():
        raise TransitionNotAllowed(
            "confirm_urgency", case.state, _("Choose a date that is not in the past.")
        )
    before = case.answer_due_on
    if case.paused_at is not None:
        now = clock.now()
        case.paused_working_days += deadlines.paused_days(case.paused_at, now)
        case.paused_at = now
    case.answer_due_on = answer_by
    case.urgency = Urgency.CONFIRMED
    _save(case)
    event = record(
        case,
        CaseEventKind.URGENCY_CONFIRMED,
        actor,
        answer_by=answer_by.isoformat(),
        before=before.isoformat() if before else None,
    )
    tell(event)
    return event


@transaction.atomic
def answer_urgency(
    *, case_id: int, actor: User, text: str, expected_version: int | None = None
) -> CaseEvent:
    """The Leitung says in public why the promise stays as it is."""
    case = _begin(case_id, actor, "answer_urgency", expected_version)
    case.urgency = Urgency.ANSWERED
    case.urgency_answer = text
    _save(case)
    write_message(case, actor=actor, body=text, kind=MessageKind.MESSAGE, by_osk=True)
    event = record(case, CaseEventKind.URGENCY_ANSWERED, actor)
    tell(event)
    return event


def remind_of_urgency() -> int:
    """Remind the Leitung once, on the day by which it decides. In office hours: nobody reads it before."""
    if not is_office_hour():
        return 0
    marked = ConsultingRequest.objects.open().filter(
        urgency=Urgency.WISHED, urgency_reminded_at=None
    )
    return sum(_remind(case_id) for case_id in marked.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _remind(case_id: int) -> bool:
    """Look again under the lock: somebody may have decided, or reminded, meanwhile."""
    case = locked(case_id)
    day = deadlines.urgency_due(case)
    if day is None or clock.today() < day or case.urgency_reminded_at:
        return False
    case.urgency_reminded_at = clock.now()
    case.save(update_fields=["urgency_reminded_at"])
    tell_urgent(case, is_reminder=True)
    return True


def is_undecided(case: ConsultingRequest) -> bool:
    return case.is_open and case.urgency == Urgency.WISHED


def _begin(
    case_id: int, actor: User, action: str, expected_version: int | None
) -> ConsultingRequest:
    case = locked(case_id)
    if not permissions.can_decide_urgency(actor, case):
        raise PermissionDenied(action)
    check_version(case, action, expected_version)
    if not is_undecided(case):
        raise TransitionNotAllowed(
            action, case.state, _("There is nothing to decide about the urgency any more.")
        )
    return case


def _save(case: ConsultingRequest) -> None:
    """What the Leitung decided. Each of the two is said in public, so it is the first response too."""
    case.save(update_fields=["urgency", "urgency_answer"])
    case.note_message(from_requester=False)
