"""What the requester's side makes of our recommendations."""

from __future__ import annotations

from typing import Final

from django.core.exceptions import PermissionDenied
from django.db import transaction

from consulting import permissions
from consulting.enums import CaseEventKind, CaseState, Uptake
from consulting.models import CaseEvent, Recommendation
from consulting.services.common import locked, record
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed

_OVER: Final = (CaseState.WITHDRAWN, CaseState.DECLINED, CaseState.DUPLICATE)


@transaction.atomic
def mark_recommendation(
    *, case_id: int, actor: User, recommendation_id: int, uptake: Uptake, reason: str = ""
) -> CaseEvent | None:
    """Take up, refuse (with a reason, if one likes), or take either back with ``Uptake.OPEN``.

    None when it was said already. Tells nobody: the OSK reads it on the page of the case, and one
    click too many shall not become a mail. Raises Recommendation.DoesNotExist for one of
    another case, TransitionNotAllowed for one whose answer a newer one has replaced.
    """
    case = locked(case_id)
    if not permissions.can_mark_recommendation(actor, case):
        raise PermissionDenied("recommendation")
    found = Recommendation.objects.get(pk=recommendation_id, result__case=case)
    if case.state in _OVER or case.result_id != found.result_id:
        raise TransitionNotAllowed("mark_recommendation", case.state)
    kept_reason = reason if uptake == Uptake.NOT_FOR_US else ""
    if (found.uptake, found.uptake_reason) == (uptake, kept_reason):
        return None
    found.uptake = uptake
    found.uptake_reason = kept_reason
    found.uptake_at = None if uptake == Uptake.OPEN else clock.now()
    found.save(update_fields=["uptake", "uptake_reason", "uptake_at"])
    return record(
        case,
        CaseEventKind.RECOMMENDATION_MARKED,
        actor,
        recommendation=found.pk,
        uptake=uptake,
    )
