"""Somebody leaves the authority: what else than the own requests ends, or gets a successor (product.md, Leaving)."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from consulting import permissions
from consulting.enums import CaseEventKind, NeedAction, NeedState
from consulting.models import CaseEvent, ConsultingRequest, Need, NeedEvent, Participant
from consulting.notifications import tell
from consulting.querysets import NEEDS_SOMEBODY
from consulting.services.common import locked, record, touch
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit.transitions import TransitionNotAllowed


@transaction.atomic
def hand_over_deputy(
    *, case_id: int, person: User, successor: User, actor: User
) -> CaseEvent | None:
    """``successor`` is the deputy from now on; the author is told, who can change it again.

    None when ``person`` is no longer the deputy, or ``successor`` is the author. Raises PermissionDenied, and
    TransitionNotAllowed for a successor who does not belong to the authority.
    """
    case = locked(case_id)
    if case.deputy_id != person.pk or case.state not in NEEDS_SOMEBODY:
        return None
    if not permissions.can_name_deputy(actor, case):
        raise PermissionDenied("name a deputy")
    if successor.pk == case.author_id:
        return None
    _check_successor(case, person, successor)
    case.deputy = successor
    case.participants.filter(user=successor).delete()
    touch(case, "deputy")
    event = record(
        case, CaseEventKind.DEPUTY_NAMED, actor, person=person.pk, successor=successor.pk
    )
    tell(event)
    return event


@transaction.atomic
def hand_over_need(*, need_id: int, person: User, successor: User, actor: User) -> NeedEvent | None:
    """``successor`` looks after the need, also where its request has ended. Nobody reads the request by that.

    None and raises as ``hand_over_deputy``.
    """
    case = locked(Need.objects.values_list("case_id", flat=True).get(pk=need_id))
    need = Need.objects.select_for_update(of=("self",)).get(pk=need_id)
    need.case = case
    if need.author_id != person.pk or need.state == NeedState.ENDED:
        return None
    if not (permissions.can_speak_for_need(actor, need) or permissions.can_hand_over(actor, case)):
        raise PermissionDenied("hand over a need")
    _check_successor(case, person, successor)
    need.author = successor
    return need.act(
        NeedAction.HAND_OVER,
        NeedState(need.state),
        actor=actor,
        person=person.pk,
        successor=successor.pk,
    )


@transaction.atomic
def end_shares(*, person: User, organisation: Organisation, actor: User | None) -> int:
    """``person`` is neither deputy nor takes part in requests of ``organisation`` any more. In how many.

    The rights have ended with the membership; now the rows go too, so that coming back gives nothing back
    unasked. Of an open request the author is told that the deputy is gone.
    """
    mine = Q(deputy=person) | Q(pk__in=Participant.objects.filter(user=person).values("case"))
    cases = ConsultingRequest.objects.filter(mine, organisation=organisation, anonymised_at=None)
    found = list(cases.order_by("pk").values_list("pk", flat=True))
    return sum(end_share(case_id, person, actor) for case_id in found)


def end_share(case_id: int, person: User, actor: User | None) -> bool:
    case = locked(case_id, also_anonymised=True)
    gone, _rows = case.participants.filter(user=person).delete()
    was_deputy = case.deputy_id == person.pk
    if was_deputy:
        case.deputy = None
    if case.is_draft or case.anonymised_at is not None:
        # Of a draft only its author knows, who sees it in the step of the sharing.
        case.save(update_fields=["deputy"])
        return bool(gone) or was_deputy
    if gone or was_deputy:
        touch(case, "deputy")
    if gone:
        record(case, CaseEventKind.COLLEAGUE_LEFT, actor, person=person.pk)
    if was_deputy:
        event = record(case, CaseEventKind.DEPUTY_LEFT, actor, person=person.pk)
        if case.state in NEEDS_SOMEBODY:
            tell(event)
    return bool(gone) or was_deputy


def _check_successor(case: ConsultingRequest, person: User, successor: User) -> None:
    if successor.pk == person.pk or not permissions.can_succeed(successor, case):
        raise TransitionNotAllowed(
            "hand_over", case.state, _("The successor is not a member of this authority.")
        )
