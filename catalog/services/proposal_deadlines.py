"""Telling the OSK in time that the promise to decide is due soon, or was broken. In office hours, once."""

from __future__ import annotations

import logging
from typing import Final

from django.db import transaction

from catalog.enums import ObjectionState
from catalog.models import Objection, Proposal, ProposalReminder
from catalog.notifications import tell_objection_deadline, tell_proposal_deadline
from catalog.promises import deadline_of, soon_until
from catalog.services.proposals import locked
from osk_portal.toolkit.working_days import is_office_hour

logger = logging.getLogger(__name__)

MOST_AT_ONCE: Final = 200


def remind() -> int:
    """Tell what is to be told now; how many. Twice, or by two workers at once, tells nothing twice."""
    if not is_office_hour():
        return 0
    near = soon_until()
    proposals = Proposal.objects.open().filter(promised_on__lte=near).order_by("promised_on", "pk")
    objections = Objection.objects.filter(state=ObjectionState.OPEN, promised_on__lte=near)
    waiting = [(p.pk, False, p.promised_on) for p in proposals] + [
        (o.proposal_id, True, o.promised_on) for o in objections
    ]
    told = set(
        ProposalReminder.objects.filter(proposal__in=[pk for pk, _is, _day in waiting]).values_list(
            "proposal", "kind", "of_objection", "promised_on"
        )
    )
    fresh = [
        (pk, of_objection)
        for pk, of_objection, day in waiting
        if (pk, deadline_of(day), of_objection, day) not in told
    ]
    count = sum(_tell(pk, of_objection=of_objection) for pk, of_objection in fresh[:MOST_AT_ONCE])
    logger.info("catalog: promises told", extra={"told": count})
    return count


@transaction.atomic
def _tell(proposal_id: int, *, of_objection: bool) -> bool:
    """Look again under the lock: somebody may have decided, or told, meanwhile."""
    proposal = locked(proposal_id)
    promised: Proposal | Objection | None = proposal
    if of_objection:
        promised = Objection.objects.filter(proposal=proposal).first()
    if promised is None or not promised.is_open or promised.promised_on > soon_until():
        return False
    kind = deadline_of(promised.promised_on)
    _reminder, is_new = ProposalReminder.objects.get_or_create(
        proposal=proposal,
        kind=kind,
        of_objection=of_objection,
        promised_on=promised.promised_on,
    )
    if is_new and isinstance(promised, Objection):
        tell_objection_deadline(promised, kind)
    elif is_new:
        tell_proposal_deadline(proposal, kind)
    return is_new
