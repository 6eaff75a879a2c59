"""Who looks after an entry: begins, is offered and handed over, given back, taken away.

``Solution.maintainer`` and the rows of ``Maintainership`` are written here and nowhere else. Locks, in this order:
the organisation's undecided proposals, the entry, the maintainership, its claims.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from catalog import claim_mails, permissions
from catalog.enums import MaintainershipAction, MaintainershipEnd
from catalog.models import (
    Claim,
    Maintainership,
    MaintainershipEvent,
    Proposal,
    Solution,
    SolutionEvent,
    Source,
)
from catalog.services.following import tell_followers
from catalog.services.indexing import index_solution
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from osk_portal.toolkit.working_days import add_working_days


def running(solution: Solution) -> Maintainership | None:
    """The maintainership of an entry that the caller has locked, locked too."""
    rows = Maintainership.objects.running().select_for_update(of=("self",))
    found = rows.filter(solution=solution).select_related("organisation").first()
    if found is not None:
        found.solution = solution
    return found


def begin(
    solution: Solution, organisation: Organisation, *, actor: User | None, **data: int
) -> Maintainership:
    """``organisation`` looks after the entry, which the caller has locked and which has no maintainer now.

    A claim of its own is settled by that. Ready claims of others are directed against it from now on.
    """
    new = Maintainership.objects.create(solution=solution, organisation=organisation)
    new.started(actor=actor, **data)
    claims = Claim.objects.open().select_for_update(of=("self",)).filter(solution=solution)
    for claim in claims.select_related("organisation").order_by("pk"):
        claim.solution = solution
        if claim.organisation_id == organisation.pk:
            claim.withdraw(actor=None, kind="settled")
        elif claim.is_ready:
            direct(claim, new)
    _repeat(solution, organisation, actor)
    return new


def direct(claim: Claim, maintainership: Maintainership) -> None:
    """``claim`` contests ``maintainership``: its organisation is told, and may answer in a set time."""
    claim.against = maintainership
    claim.answer_by = add_working_days(clock.today(), settings.OSK_CLAIM_ANSWER_DAYS)
    claim.promised_on = add_working_days(claim.answer_by, settings.OSK_PROPOSAL_DAYS)
    claim.answer, claim.answered_at, claim.answered_by = "", None, None
    claim.save(
        update_fields=[
            "against", "answer_by", "promised_on", "answer", "answered_at", "answered_by",
        ]
    )  # fmt: skip
    maintainership.contest(actor=None, claim=claim.pk)
    claim_mails.tell_contested(claim.note("contested", actor=None))


def settle(maintainership: Maintainership, *, actor: User | None) -> None:
    """After a claim against it has ended: where there is no other, it is contested no more."""
    if maintainership.is_contested and not maintainership.contests.open().exists():
        maintainership.settle(actor=actor)


def lose(
    maintainership: Maintainership,
    why: MaintainershipEnd,
    *,
    actor: User | None,
    proposals: list[Proposal],
    reason: str = "",
) -> MaintainershipEvent:
    """The organisation's rights end; everything of the entry is locked. Nobody maintains it then.

    ``proposals``: its undecided ones, locked. What was claimed against it is claimed from the OSK now.
    """
    _end_offer(maintainership, MaintainershipAction.WITHDRAW_OFFER, actor)
    event = maintainership.lose(why, actor=actor, reason=reason)
    _close_proposals(maintainership, proposals)
    _end_trust(maintainership.solution, actor)
    maintainership.contests.open().update(against=None)
    _repeat(maintainership.solution, None, actor)
    claim_mails.tell_lost(event, proposals=len(proposals))
    return event


def lock_proposals(solution_id: int, organisation_id: int) -> list[Proposal]:
    """What an organisation has proposed for an entry and nobody has decided; before anything else is locked."""
    rows = Proposal.objects.undecided().filter(solution=solution_id, organisation=organisation_id)
    return list(rows.select_for_update(of=("self",)).order_by("pk"))


def lock_proposals_of_maintainer(solution_id: int) -> list[Proposal]:
    """As ``lock_proposals``, of whoever maintains the entry at this moment."""
    present = Maintainership.objects.running().filter(solution=solution_id).first()
    return lock_proposals(solution_id, present.organisation_id) if present else []


def set_maintainer(
    solution: Solution,
    organisation: Organisation,
    *,
    actor: User | None,
    proposals: list[Proposal],
) -> Maintainership:
    """What the OSK knows beyond the file (``set_additions``): without a claim.

    The caller has locked the ``proposals`` of who maintains the entry, and then the entry. Raises
    TransitionNotAllowed where one was made, or the maintainer has changed, between the two.
    """
    present = running(solution)
    if present is not None:
        lose(present, MaintainershipEnd.OTHER, actor=actor, proposals=proposals)
    return begin(solution, organisation, actor=actor)


@transaction.atomic
def offer_maintainership(
    maintainership_id: int, *, to: Organisation, actor: User
) -> MaintainershipEvent | None:
    """Offer the hand-over to another organisation, which accepts or declines. None: it is offered to it already.

    Raises PermissionDenied, and TransitionNotAllowed while it is contested, offered to somebody else or over.
    """
    maintainership, actor = _locked(maintainership_id, actor)
    if not permissions.can_give_away(actor, maintainership):
        raise PermissionDenied("offer a hand-over")
    if maintainership.offered_to_id == to.pk and maintainership.is_running:
        return None
    if maintainership.offered_to_id is not None or to.pk == maintainership.organisation_id:
        raise TransitionNotAllowed(MaintainershipAction.OFFER, maintainership.state)
    if not claim_mails.speakers(to.pk):
        raise TransitionNotAllowed(
            MaintainershipAction.OFFER,
            maintainership.state,
            _("Nobody of this organisation can accept: it has neither Redaktion nor Organisationsverwaltung."),
        )  # fmt: skip
    event = maintainership.offer(to, actor=actor)
    claim_mails.tell_offered(event)
    return event


@transaction.atomic
def withdraw_offer(maintainership_id: int, *, actor: User) -> MaintainershipEvent | None:
    """Take the offer back. None when there is none any more."""
    maintainership, actor = _locked(maintainership_id, actor)
    if not permissions.can_give_away(actor, maintainership):
        raise PermissionDenied("take an offer back")
    return _end_offer(maintainership, MaintainershipAction.WITHDRAW_OFFER, actor)


@transaction.atomic
def decline_offer(maintainership_id: int, *, actor: User) -> MaintainershipEvent:
    """Not for us: the entry stays where it is."""
    maintainership, actor = _locked(maintainership_id, actor)
    _offered_only(maintainership, actor)
    event = _end_offer(maintainership, MaintainershipAction.DECLINE, actor)
    if event is None:
        raise TransitionNotAllowed(MaintainershipAction.DECLINE, maintainership.state)
    return event


@transaction.atomic
def accept_offer(maintainership_id: int, *, actor: User) -> Maintainership:
    """The entry is handed over: the new organisation maintains it from this moment.

    Raises PermissionDenied for whom it is not (any more) offered to, TransitionNotAllowed while it is contested.
    """
    found = Maintainership.objects.only("solution_id", "organisation_id").get(pk=maintainership_id)
    proposals = lock_proposals(found.solution_id, found.organisation_id)
    maintainership, actor = _locked(maintainership_id, actor)
    _offered_only(maintainership, actor)
    if maintainership.is_contested:
        raise TransitionNotAllowed(
            MaintainershipAction.HAND_OVER,
            maintainership.state,
            _("Another organisation has claimed the entry. It can be handed over when the OSK has decided."),
        )  # fmt: skip
    organisation = maintainership.offered_to
    assert organisation is not None  # noqa: S101 # _offered_only; says it to the type checker
    event = maintainership.hand_over(actor=actor)
    _close_proposals(maintainership, proposals)
    _end_trust(maintainership.solution, actor)
    successor = begin(
        maintainership.solution, organisation, actor=actor, handed_over=maintainership.pk
    )
    claim_mails.tell_handed_over(event, successor)
    return successor


@transaction.atomic
def give_back(maintainership_id: int, *, actor: User) -> MaintainershipEvent | None:
    """The organisation looks after the entry no more; the OSK does. None when that was so already."""
    return _lose(maintainership_id, MaintainershipEnd.GIVEN_BACK, actor=actor, reason="")


@transaction.atomic
def take_away(
    maintainership_id: int, *, why: MaintainershipEnd, reason: str, actor: User
) -> MaintainershipEvent | None:
    """By an advisor, with a reason that the organisation reads. None when it has ended already.

    ``why`` CLOSED ends everything that the organisation maintains, claims and was offered.
    """
    if not permissions.can_decide(actor):
        raise PermissionDenied("take a maintained entry away")
    event = _lose(maintainership_id, why, actor=actor, reason=reason)
    if why is MaintainershipEnd.CLOSED:
        found = Maintainership.objects.only("organisation_id").get(pk=maintainership_id)
        release_organisation(found.organisation_id, actor=actor, reason=reason)
    return event


@transaction.atomic
def release_organisation(organisation_id: int, *, actor: User | None, reason: str = "") -> int:
    """An organisation exists no more: the OSK looks after its entries again. How many.

    Its open claims and what was offered to it end too. Idempotent.
    """
    keys = Maintainership.objects.running().filter(organisation=organisation_id)
    ended = 0
    for pk in keys.order_by("solution", "pk").values_list("pk", flat=True):
        why = MaintainershipEnd.CLOSED
        ended += _lose(pk, why, actor=actor, reason=reason) is not None
    offered = Maintainership.objects.running().filter(offered_to=organisation_id)
    for pk in list(offered.order_by("solution", "pk").values_list("pk", flat=True)):
        maintainership, _actor = _locked(pk, actor)
        if maintainership.offered_to_id == organisation_id:
            _end_offer(maintainership, MaintainershipAction.DECLINE, actor)
    for pk in (
        Claim.objects.open().filter(organisation=organisation_id).values_list("pk", flat=True)
    ):
        claim = lock_claim(pk)
        if claim.is_open:
            end_claim(claim, actor=actor, kind="closed")
    return ended


def lock_claim(claim_id: int) -> Claim:
    """The claim with its entry and what it contests, locked in the order of this module."""
    found = Claim.objects.only("solution_id").get(pk=claim_id)
    solution = Solution.objects.select_for_update(of=("self",)).get(pk=found.solution_id)
    present = running(solution)
    rows = Claim.objects.select_for_update(of=("self",)).select_related(
        "organisation", "author", "against__organisation"
    )
    claim = rows.get(pk=claim_id)
    claim.solution = solution
    if present is not None and claim.against_id == present.pk:
        claim.against = present
    return claim


def end_claim(claim: Claim, *, actor: User | None, kind: str = "withdrawn") -> Any:
    """The claim ends without a decision, and what it contested is contested no more."""
    event = claim.withdraw(actor=actor, kind=kind)
    if claim.against is not None and claim.against.is_running:
        settle(claim.against, actor=actor)
        claim_mails.tell_kept(event, claim.against)
    return event


def _lose(
    maintainership_id: int, why: MaintainershipEnd, *, actor: User | None, reason: str
) -> MaintainershipEvent | None:
    found = Maintainership.objects.only("solution_id", "organisation_id").get(pk=maintainership_id)
    proposals = lock_proposals(found.solution_id, found.organisation_id)
    maintainership, fresh = _locked(maintainership_id, actor)
    if why is MaintainershipEnd.GIVEN_BACK and not (
        fresh and permissions.can_give_away(fresh, maintainership)
    ):
        raise PermissionDenied("give an entry back")
    if not maintainership.is_running:
        return None
    return lose(maintainership, why, actor=actor, proposals=proposals, reason=reason)


def _locked(maintainership_id: int, actor: Any) -> tuple[Maintainership, Any]:
    """The maintainership with its entry, and ``actor`` with the rights of this moment."""
    found = Maintainership.objects.only("solution_id").get(pk=maintainership_id)
    solution = Solution.objects.select_for_update(of=("self",)).get(pk=found.solution_id)
    rows = Maintainership.objects.select_for_update(of=("self",)).select_related(
        "organisation", "offered_to"
    )
    maintainership = rows.get(pk=maintainership_id)
    maintainership.solution = solution
    return maintainership, actor and User.objects.get(pk=actor.pk)


def _offered_only(maintainership: Maintainership, actor: User) -> None:
    if maintainership.offered_to_id is None:
        raise TransitionNotAllowed(MaintainershipAction.HAND_OVER, maintainership.state)
    if not permissions.can_take_offer(actor, maintainership):
        raise PermissionDenied("answer an offer")


def _end_offer(
    maintainership: Maintainership, action: MaintainershipAction, actor: User | None
) -> MaintainershipEvent | None:
    if maintainership.offered_to_id is None:
        return None
    event = maintainership.end_offer(action, actor=actor)
    claim_mails.tell_offer_over(event)
    return event


def _close_proposals(maintainership: Maintainership, locked: list[Proposal]) -> None:
    """The organisation's rights have ended, so its open proposals are withdrawn; who maintains next decides anew."""
    undecided = Proposal.objects.undecided().filter(
        solution=maintainership.solution_id, organisation=maintainership.organisation_id
    )
    if undecided.exclude(pk__in=[proposal.pk for proposal in locked]).exists():
        # Submitted between the two locks: taking it now could wait for somebody who waits for us.
        raise TransitionNotAllowed(MaintainershipAction.LOSE, maintainership.state)
    for proposal in locked:
        proposal.withdraw(actor=None)


def _end_trust(solution: Solution, actor: User | None) -> None:
    """The file was taken over unseen because its maintainer was trusted: from now on it is a proposal again."""
    trusted = Source.objects.filter(solution=solution, is_trusted=True)
    if trusted.update(is_trusted=False):
        SolutionEvent.objects.create(solution=solution, kind="source_untrusted", actor=actor)


def _repeat(solution: Solution, organisation: Organisation | None, actor: User | None) -> None:
    """The column that lists and exports read, the search text, and who follows the entry."""
    solution.maintainer = organisation
    solution.updated_at = clock.now()
    solution.save(update_fields=["maintainer", "updated_at"])
    SolutionEvent.objects.create(
        solution=solution, kind="changed", actor=actor, data={"fields": ["maintainer"]}
    )
    index_solution(solution)
    if solution.is_published:
        tell_followers(solution, "entry_changed", actor=actor)
