"""Two authorities with similar requests meet: each is asked apart, and learns of the other when both agree.

Source: product.md 1.6, Synergy. All raise ``PermissionDenied`` when the actor may not, and
``TransitionNotAllowed`` when the introduction has moved on: its text is for people.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from consulting import permissions
from consulting.anonymity import Finding, findings
from consulting.enums import CaseEventKind, CaseState, IntroductionState, SideState
from consulting.models import ConsultingRequest, Introduction, IntroductionSide
from consulting.models.introduction import OPEN
from consulting.notifications import requester_side
from consulting.services.common import record
from consulting.synergy_mails import tell_introduction, tell_proposer
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from osk_portal.toolkit.working_days import add_working_days

ANSWER_DAYS: Final = 20
"""Working days after which an introduction that waits for an answer ends."""
_NEVER: Final = (CaseState.DRAFT, CaseState.DECLINED, CaseState.DUPLICATE, CaseState.WITHDRAWN)


class TextNamesSomebody(TransitionNotAllowed):
    """The text would tell one authority of the other; ``places`` says where."""

    def __init__(self, action: str, places: list[Finding]) -> None:
        self.places = places
        super().__init__(
            action,
            "",
            _("The text still names people or the authority. Please look at the places below."),
        )


def may_be_introduced(case: ConsultingRequest) -> bool:
    """Sent and not turned away, never confidential, of a confirmed member of the authority."""
    return (
        case.state not in _NEVER
        and not case.is_confidential
        and case.anonymised_at is None
        and not permissions.is_membership_open(case)
    )


@transaction.atomic
def propose_introduction(
    *, case_id: int, other_id: int, actor: User, text: str, is_checked: bool = False
) -> Introduction:
    """Ask both. ``text`` is what each reads about the other; it must name neither.

    ``is_checked``: the uncertain places were looked at by a person. The same form a second time: the
    one that is there. Raises TextNamesSomebody, and TransitionNotAllowed while another one is open.
    """
    if not actor.is_advisor:
        raise PermissionDenied("introductions are proposed by advisors")
    case, other = _locked_cases((case_id, other_id))
    there = _between(case, other).filter(state__in=OPEN).first()
    if there is not None and (there.proposed_by_id, there.text) == (actor.pk, text):
        return there
    if there is not None:
        raise TransitionNotAllowed(
            "propose_introduction",
            there.state,
            _("Both are asked already. Your text was not sent."),
        )
    for one in (case, other):
        if not may_be_introduced(one) or not requester_side(one):
            raise TransitionNotAllowed(
                "propose_introduction",
                one.state,
                _(
                    "These two cannot be introduced: one request is confidential, has ended, or nobody"
                    " can be asked."
                ),
            )
    if case.organisation_id == other.organisation_id:
        raise TransitionNotAllowed(
            "propose_introduction", case.state, _("Both requests are of the same authority.")
        )
    places = [*findings(text, case), *findings(text, other)]
    if any(place.is_certain for place in places) or (places and not is_checked):
        raise TextNamesSomebody("propose_introduction", list(dict.fromkeys(places)))
    introduction = Introduction.objects.create(
        text=text,
        proposed_by=actor,
        created_at=clock.now(),
        expires_on=add_working_days(clock.today(), ANSWER_DAYS),
    )
    for one in (case, other):
        side = IntroductionSide.objects.create(introduction=introduction, case=one)
        _note(side, CaseEventKind.INTRODUCTION_ASKED, actor)
        tell_introduction(side, "asked")
    return introduction


@transaction.atomic
def agree_to_introduction(*, side_id: int, actor: User, released: str) -> IntroductionSide:
    """This side agrees, with ``actor`` as its contact person. With the second consent both are told.

    The same person a second time changes nothing.
    """
    introduction, sides = _begin(side_id)
    mine = _mine(sides, side_id, actor)
    if mine.state == SideState.AGREED and mine.contact_id == actor.pk:
        return mine
    _check_open(introduction, mine, SideState.ASKED, "agree_to_introduction")
    if not all(may_be_introduced(side.case) for side in sides):
        # One request has become confidential or was withdrawn since; the daily work ends it for both.
        raise TransitionNotAllowed(
            "agree_to_introduction",
            introduction.state,
            _("This introduction does not come about any more."),
        )
    mine.state, mine.contact, mine.released = SideState.AGREED, actor, released
    _save_side(mine)
    _note(mine, CaseEventKind.INTRODUCTION_AGREED, actor)
    if all(side.state == SideState.AGREED for side in sides):
        _end(introduction, IntroductionState.INTRODUCED)
        for side in sides:
            _note(side, CaseEventKind.INTRODUCED, None)
            tell_introduction(side, "made")
        tell_proposer(introduction)
    else:
        introduction.state = IntroductionState.HALF
        introduction.save(update_fields=["state"])
    return mine


@transaction.atomic
def take_back_consent(*, side_id: int, actor: User) -> IntroductionSide:
    """As long as the other has not agreed, a consent is undone without a trace on the other side."""
    introduction, sides = _begin(side_id)
    mine = _mine(sides, side_id, actor)
    if introduction.is_open and mine.state == SideState.ASKED:
        return mine
    _check_open(introduction, mine, SideState.AGREED, "take_back_consent")
    _forget(mine, SideState.ASKED)
    introduction.state = IntroductionState.ASKED
    introduction.save(update_fields=["state"])
    _note(mine, CaseEventKind.INTRODUCTION_TAKEN_BACK, actor)
    return mine


@transaction.atomic
def refuse_introduction(*, side_id: int, actor: User) -> IntroductionSide:
    """This side does not want it. The other hears only that nothing comes of it."""
    introduction, sides = _begin(side_id)
    mine = _mine(sides, side_id, actor)
    if mine.state == SideState.REFUSED:
        return mine
    _check_open(introduction, mine, SideState.ASKED, "refuse_introduction")
    _forget(mine, SideState.REFUSED)
    _note(mine, CaseEventKind.INTRODUCTION_REFUSED, actor)
    _end_for(
        introduction, [side for side in sides if side.pk != mine.pk], IntroductionState.REFUSED
    )
    return mine


@transaction.atomic
def call_off_introduction(*, introduction_id: int, actor: User) -> Introduction:
    """The OSK takes its proposal back. A second time changes nothing."""
    if not actor.is_advisor:
        raise PermissionDenied("introductions are called off by advisors")
    introduction, sides = _locked(introduction_id)
    if introduction.state == IntroductionState.CALLED_OFF:
        return introduction
    if not introduction.is_open:
        raise TransitionNotAllowed("call_off_introduction", introduction.state)
    _end_for(introduction, sides, IntroductionState.CALLED_OFF, actor)
    return introduction


def end_introductions_of(case: ConsultingRequest) -> None:
    """Nothing comes of what ``case`` is asked in: it is about to be anonymised."""
    for key in list(case.introductions.values_list("introduction", flat=True)):
        introduction, sides = _locked(key)
        if introduction.is_open:
            _end_for(introduction, sides, IntroductionState.CALLED_OFF)


def end_introductions() -> int:
    """End what nobody has answered in time, and what may not be made any more. How many."""
    still_open = Introduction.objects.filter(state__in=OPEN).order_by("pk")
    return sum(map(_end_if_over, list(still_open.values_list("pk", flat=True))))


@transaction.atomic
def _end_if_over(introduction_id: int) -> bool:
    introduction, sides = _locked(introduction_id)
    if not introduction.is_open:
        return False
    is_late = introduction.expires_on < clock.today()
    if not is_late and all(may_be_introduced(side.case) for side in sides):
        return False
    _end_for(introduction, sides, IntroductionState.EXPIRED)
    return True


def _locked_cases(case_ids: Iterable[int]) -> list[ConsultingRequest]:
    """The cases in the order that was asked for, locked in the order of their keys."""
    wanted = list(case_ids)
    rows = ConsultingRequest.objects.select_for_update(of=("self",)).order_by("pk")
    found = {case.pk: case for case in rows.filter(pk__in=wanted)}
    return [found[pk] for pk in wanted]


def _locked(introduction_id: int) -> tuple[Introduction, list[IntroductionSide]]:
    """The cases first, as everywhere, then the introduction."""
    sides = list(IntroductionSide.objects.filter(introduction=introduction_id))
    cases = {case.pk: case for case in _locked_cases(side.case_id for side in sides)}
    introduction = Introduction.objects.select_for_update(of=("self",)).get(pk=introduction_id)
    sides = list(IntroductionSide.objects.filter(introduction=introduction_id))
    for side in sides:
        side.introduction, side.case = introduction, cases[side.case_id]
    return introduction, sides


def _begin(side_id: int) -> tuple[Introduction, list[IntroductionSide]]:
    return _locked(
        IntroductionSide.objects.values_list("introduction_id", flat=True).get(pk=side_id)
    )


def _mine(sides: list[IntroductionSide], side_id: int, actor: User) -> IntroductionSide:
    mine = next(side for side in sides if side.pk == side_id)
    if not permissions.is_requester_side(actor, mine.case):
        raise PermissionDenied(f"decide on introduction {mine.pk}")
    return mine


def _check_open(
    introduction: Introduction, side: IntroductionSide, state: SideState, action: str
) -> None:
    if not introduction.is_open or side.state != state or introduction.expires_on < clock.today():
        raise TransitionNotAllowed(action, side.state)


def _save_side(side: IntroductionSide) -> None:
    side.decided_at = clock.now()
    side.save(update_fields=["state", "contact", "released", "decided_at"])


def _forget(side: IntroductionSide, state: SideState) -> None:
    """Nothing of a consent that no longer stands is kept."""
    side.state, side.contact, side.released = state, None, ""
    _save_side(side)


def _end(introduction: Introduction, state: IntroductionState) -> None:
    introduction.state, introduction.ended_at = state, clock.now()
    introduction.save(update_fields=["state", "ended_at"])


def _end_for(
    introduction: Introduction,
    sides: list[IntroductionSide],
    state: IntroductionState,
    actor: User | None = None,
) -> None:
    """Nothing comes of it: ``sides`` are told so, in the same words whatever the reason was."""
    _end(introduction, state)
    for side in sides:
        if side.state == SideState.AGREED:
            _forget(side, SideState.ASKED)
        _note(side, CaseEventKind.INTRODUCTION_ENDED, actor)
        tell_introduction(side, "over")
    tell_proposer(introduction)


def _note(side: IntroductionSide, kind: CaseEventKind, actor: User | None) -> None:
    record(side.case, kind, actor, side=str(side.public_id))


def _between(case: ConsultingRequest, other: ConsultingRequest) -> QuerySet[Introduction]:
    return Introduction.objects.filter(sides__case=case).filter(sides__case=other)
