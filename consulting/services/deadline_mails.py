"""Telling the OSK in time: a promise is due soon, or was broken (product.md 1.4).

In office hours only, to the contact person, or to the leads while there is none. A follow-up date changes
nothing: the promise never moves by it. A promise that moved is a new one and is told again.
"""

from __future__ import annotations

import logging
from datetime import date
from typing import Final, TypedDict

from django.db import transaction

from consulting import queues
from consulting.enums import DeadlineKind
from consulting.models import ConsultingRequest, DeadlineNotice
from consulting.notifications import tell_deadline
from consulting.services.common import locked
from osk_portal.toolkit.working_days import is_office_hour

logger = logging.getLogger(__name__)

_CONDITION: Final = {
    DeadlineKind.OVERDUE: queues.overdue,
    DeadlineKind.DUE_SOON: queues.due_soon,
}


class Promise(TypedDict):
    is_first_response: bool
    promised_on: date


def send() -> int:
    """Tell what is to be told now; how many cases. Twice, or by two workers at once, tells nothing twice."""
    if not is_office_hour():
        return 0
    count = 0
    for kind, condition in _CONDITION.items():
        cases = ConsultingRequest.objects.filter(condition(queues.Days.today_and_soon())).order_by(
            "pk"
        )
        told = set(
            DeadlineNotice.objects.filter(kind=kind, case__in=cases.order_by()).values_list(
                "case", "is_first_response", "promised_on"
            )
        )
        for case in cases:
            if (case.pk, *_promise(case).values()) not in told:
                count += _tell(case.pk, kind)
    logger.info("consulting: deadlines told", extra={"told": count})
    return count


@transaction.atomic
def _tell(case_id: int, kind: DeadlineKind) -> bool:
    """Look again under the lock: somebody may have answered, or told, meanwhile."""
    case = locked(case_id)
    condition = _CONDITION[kind](queues.Days.today_and_soon())
    if not ConsultingRequest.objects.filter(condition, pk=case_id).exists():
        return False
    promise = _promise(case)
    _notice, is_new = DeadlineNotice.objects.get_or_create(case=case, kind=kind, **promise)
    if is_new:
        tell_deadline(case, kind, promise["promised_on"])
    return is_new


def _promise(case: ConsultingRequest) -> Promise:
    """The next promise. The conditions only find cases that have one."""
    is_first = case.first_responded_at is None
    day = case.first_response_due_on if is_first else case.answer_due_on
    if day is None:
        raise ValueError("a draft has no promise")
    return {"is_first_response": is_first, "promised_on": day}
