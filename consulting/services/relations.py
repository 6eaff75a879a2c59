"""Two cases about the same: linked for the OSK, and both sides asked whether they may be merged.

Source: product.md 1.3, mark duplicate. Across authorities nobody is asked: to bring two authorities together
is what an introduction is for (``introductions.py``). All raise ``PermissionDenied`` when the actor may not, and
``TransitionNotAllowed`` when things have moved on: its text is for people.
"""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from consulting import permissions
from consulting.enums import CaseAction, CaseEventKind, MergeConsent, RelationState
from consulting.models import CaseRelation, ConsultingRequest, RelationSide
from consulting.notifications import requester_side
from consulting.relation_mails import tell_asked, tell_over, tell_relation
from consulting.services.common import locked, record
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed


def may_merge(case: ConsultingRequest, target: ConsultingRequest) -> bool:
    """Same authority, and merging reveals nothing: the author reads ``target`` already, or both have agreed."""
    if target.organisation_id != case.organisation_id:
        return False
    return permissions.may_read(case.author, target) or _have_agreed(case, target)


def may_be_asked(case: ConsultingRequest, target: ConsultingRequest) -> bool:
    """Both of the same authority, of confirmed members, and of each somebody can decide.

    Whoever is no active member of the authority could not read ``target`` after merging either.
    """
    return (
        case.organisation_id == target.organisation_id
        and permissions.can_succeed(case.author, target)
        and not any(permissions.is_membership_open(one) for one in (case, target))
        and all(requester_side(one) for one in (case, target))
        and not RelationSide.objects.filter(
            _of_both(case, target), state=MergeConsent.REFUSED
        ).exists()
    )


@transaction.atomic
def relate_cases(*, case_id: int, other_id: int, actor: User) -> CaseRelation:
    """Link two cases that may not be merged, and ask both sides where that can lead to it.

    A second time: the link that is there; both are asked then, where only now they can be. Whoever has
    refused is not asked again.
    """
    if not actor.is_advisor:
        raise PermissionDenied("requests are linked by advisors")
    case, other = _locked_cases(case_id, other_id)
    there = CaseRelation.objects.filter(case=case, other=other, ended_at=None).first()
    if there is not None and there.state != RelationState.LINKED:
        return there
    if case.pk == other.pk or not (case.can(CaseAction.MARK_DUPLICATE) and other.takes_messages):
        raise TransitionNotAllowed(
            "relate_cases", case.state, _("Choose another request that is still open.")
        )
    if may_merge(case, other):
        raise TransitionNotAllowed(
            "relate_cases", case.state, _("These requests can be merged without asking.")
        )
    relation = there or CaseRelation.objects.create(
        case=case, other=other, by=actor, at=clock.now()
    )
    if there is None:
        for one in (case, other):
            RelationSide.objects.create(relation=relation, case=one)
            record(one, CaseEventKind.RELATED, actor)
    if may_be_asked(case, other):
        _move(relation, RelationState.ASKED)
        relation.sides.update(state=MergeConsent.ASKED)
        for side in relation.sides.select_related("case"):
            record(side.case, CaseEventKind.MERGE_ASKED, actor)
            tell_asked(side)
    return relation


@transaction.atomic
def agree_to_merging(*, side_id: int, actor: User) -> RelationSide:
    """With the second consent the OSK may merge. The same a second time changes nothing."""
    relation, mine, other = _begin(side_id, actor)
    if mine.state == MergeConsent.AGREED:
        return mine
    _check(relation, mine, MergeConsent.ASKED, "agree_to_merging")
    _decide(mine, MergeConsent.AGREED, actor, CaseEventKind.MERGE_AGREED)
    have_both = other.state == MergeConsent.AGREED
    _move(relation, RelationState.AGREED if have_both else RelationState.HALF)
    if have_both:
        tell_relation(relation)
    return mine


@transaction.atomic
def take_back_merging(*, side_id: int, actor: User) -> RelationSide:
    """As long as nothing was merged, a consent is undone without a trace on the other side."""
    relation, mine, other = _begin(side_id, actor)
    if mine.state == MergeConsent.ASKED:
        return mine
    _check(relation, mine, MergeConsent.AGREED, "take_back_merging")
    mine.state, mine.decided_by, mine.decided_at = MergeConsent.ASKED, None, None
    mine.save(update_fields=["state", "decided_by", "decided_at"])
    record(mine.case, CaseEventKind.MERGE_TAKEN_BACK, actor)
    is_half = other.state == MergeConsent.AGREED
    _move(relation, RelationState.HALF if is_half else RelationState.ASKED)
    return mine


@transaction.atomic
def refuse_merging(*, side_id: int, actor: User) -> RelationSide:
    """This side does not want it. The other hears only that nothing comes of it; the link stays."""
    relation, mine, other = _begin(side_id, actor)
    if mine.state == MergeConsent.REFUSED:
        return mine
    _check(relation, mine, MergeConsent.ASKED, "refuse_merging")
    _decide(mine, MergeConsent.REFUSED, actor, CaseEventKind.MERGE_REFUSED)
    _move(relation, RelationState.REFUSED)
    tell_over(other)
    tell_relation(relation)
    return mine


@transaction.atomic
def end_relation(*, relation_id: int, actor: User) -> CaseRelation:
    """The OSK takes the link back. A second time changes nothing."""
    if not actor.is_advisor:
        raise PermissionDenied("links are taken back by advisors")
    relation, sides = _locked(relation_id)
    if relation.ended_at is None:
        _end(relation, sides, actor)
    return relation


def end_relations_of(
    case: ConsultingRequest, actor: User | None = None, *, merged: ConsultingRequest | None = None
) -> None:
    """``case`` is continued as ``merged``, or about to be anonymised. The caller holds its lock.

    A consent was for this one time: who takes the merging back has to ask again.
    """
    about = Q(case=case) | Q(other=case)
    for relation in CaseRelation.objects.filter(about, ended_at=None).order_by("pk"):
        is_done = merged is not None and relation.other_id == merged.pk
        _end(relation, list(relation.sides.select_related("case")), actor, is_done=is_done)


def _end(
    relation: CaseRelation,
    sides: list[RelationSide],
    actor: User | None,
    *,
    is_done: bool = False,
) -> None:
    was_asking = relation.state in RelationState.asking() and not is_done
    relation.ended_at = clock.now()
    relation.save(update_fields=["ended_at"])
    for side in sides:
        record(side.case, CaseEventKind.UNRELATED, actor)
        if was_asking and side.case.takes_messages:
            tell_over(side)


def _have_agreed(case: ConsultingRequest, target: ConsultingRequest) -> bool:
    return CaseRelation.objects.filter(
        case=case, other=target, ended_at=None, state=RelationState.AGREED
    ).exists()


def _of_both(case: ConsultingRequest, other: ConsultingRequest) -> Q:
    return Q(relation__case=case, relation__other=other) | Q(
        relation__case=other, relation__other=case
    )


def _locked_cases(case_id: int, other_id: int) -> tuple[ConsultingRequest, ConsultingRequest]:
    """In the order of their keys, as everywhere: two at once cannot deadlock."""
    found = {key: locked(key) for key in sorted({case_id, other_id})}
    return found[case_id], found[other_id]


def _locked(relation_id: int) -> tuple[CaseRelation, list[RelationSide]]:
    """The cases first, as everywhere, then the link."""
    keys = CaseRelation.objects.values_list("case_id", "other_id").get(pk=relation_id)
    case, other = _locked_cases(*keys)
    relation = CaseRelation.objects.select_for_update(of=("self",)).get(pk=relation_id)
    relation.case, relation.other = case, other
    sides = list(relation.sides.all())
    for side in sides:
        side.relation = relation
        side.case = case if side.case_id == case.pk else other
    return relation, sides


def _begin(side_id: int, actor: User) -> tuple[CaseRelation, RelationSide, RelationSide]:
    """The link, the side of ``actor`` and the other one."""
    key = RelationSide.objects.values_list("relation_id", flat=True).get(pk=side_id)
    relation, sides = _locked(key)
    mine = next(side for side in sides if side.pk == side_id)
    if not permissions.is_requester_side(actor, mine.case):
        raise PermissionDenied(f"decide on merging {mine.pk}")
    return relation, mine, next(side for side in sides if side.pk != side_id)


def _check(relation: CaseRelation, side: RelationSide, state: MergeConsent, action: str) -> None:
    if side.state != state or not relation.takes_answers:
        raise TransitionNotAllowed(
            action, side.state, _("This question is settled. You do not have to do anything.")
        )


def _decide(side: RelationSide, state: MergeConsent, actor: User, kind: CaseEventKind) -> None:
    side.state, side.decided_by, side.decided_at = state, actor, clock.now()
    side.save(update_fields=["state", "decided_by", "decided_at"])
    record(side.case, kind, actor)


def _move(relation: CaseRelation, state: RelationState) -> None:
    relation.state = state
    relation.save(update_fields=["state"])
