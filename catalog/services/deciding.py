"""Deciding proposals: field by field, on the revision that was seen; and the objection against a refusal."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from catalog import all_fields, locks
from catalog.differences import conflicts
from catalog.enums import ObjectionAction, ProposalAction, RevisionOrigin, SolutionAction
from catalog.models import Objection, Proposal, ProposalEvent, Solution
from catalog.notifications import (
    tell_author,
    tell_author_of_objection,
    tell_maintainer_of_outcome,
    tell_of_proposal_objection,
)
from catalog.permissions import can_decide, can_decide_objection, can_edit_proposal
from catalog.promises import promised_date
from catalog.services.changing import change_fields
from catalog.services.entries import publish_locked, withdraw_locked
from catalog.services.proposals import ProposalConflict, base_document, locked
from osk_portal.accounts.models import User
from osk_portal.toolkit.transitions import TransitionNotAllowed


def accept_proposal(
    proposal_id: int, *, actor: User, seen_revision: int, comment: str = ""
) -> ProposalEvent:
    """Accept everything; refused where somebody else has changed a field since."""
    return decide_proposal(
        proposal_id, actor=actor, accepted=None, seen_revision=seen_revision, comment=comment
    )


@transaction.atomic
def decide_proposal(
    proposal_id: int,
    *,
    actor: User,
    accepted: list[str] | None,
    seen_revision: int,
    comment: str = "",
) -> ProposalEvent:
    """Accept the fields ``accepted`` (None: all) and return the rest with ``comment``.

    Of what a changed file proposes the rest is left as it is: it has no author to return it to. A new entry
    is published with this, and fields that are not chosen stay as the draft has them. ``seen_revision`` is
    the revision that the advisor compared with. Raises ProposalConflict when the entry has moved on since,
    when all are accepted unseen though some are in conflict, when something is returned without a comment,
    or when the entry would break the standard; TransitionNotAllowed when it is decided, and for who may not
    decide it.
    """
    return _decide(proposal_id, actor, accepted, seen_revision, comment)


@transaction.atomic
def return_proposal(
    proposal_id: int, *, actor: User, seen_revision: int, comment: str
) -> ProposalEvent:
    """Give everything back with a comment. Raises as ``decide_proposal``."""
    return _decide(proposal_id, actor, [], seen_revision, comment, is_return=True)


def _decide(
    proposal_id: int,
    actor: User,
    accepted: list[str] | None,
    seen_revision: int,
    comment: str,
    *,
    is_return: bool = False,
) -> ProposalEvent:
    proposal = _begin(proposal_id, actor, ProposalAction.ACCEPT)
    solution = _seen(proposal, seen_revision)
    names = _chosen(proposal, solution, accepted)
    if proposal.is_of_file and not names:  # nobody is there who could revise it
        raise ProposalConflict(_("Accept at least one field, or refuse the proposal."))
    is_partly = len(names) < len(proposal.changes) and not proposal.is_of_file
    if is_return or (proposal.is_change and is_partly):
        if not comment.strip():
            raise ProposalConflict(_("Say what is missing when you return something."))
        if names:
            _take_over(proposal, solution, names, actor)
        event = proposal.return_(actor=actor, fields=names, comment=comment)
        if names:
            tell_maintainer_of_outcome(event)
    else:
        _take_over(proposal, solution, names, actor)
        event = proposal.accept(actor=actor, fields=names, comment=comment)
        tell_maintainer_of_outcome(event)
    tell_author(event)
    return event


@transaction.atomic
def refuse_proposal(proposal_id: int, *, actor: User, comment: str) -> ProposalEvent:
    """Refuse with a reason, which the author reads."""
    proposal = _begin(proposal_id, actor, ProposalAction.REFUSE)
    if not comment.strip():
        raise ProposalConflict(_("Give the reason for the refusal."))
    event = proposal.refuse(actor=actor, comment=comment)
    tell_author(event)
    return event


@transaction.atomic
def object_to_refusal(proposal_id: int, *, actor: User, reason: str) -> Objection:
    """The one objection, to the Leitung (``permissions.objection_deciders``).

    Raises TransitionNotAllowed for a second one, and for strangers.
    """
    proposal = locked(proposal_id)
    if (
        not proposal.can(ProposalAction.OVERTURN)
        or not can_edit_proposal(actor, proposal)
        or Objection.objects.filter(proposal=proposal).exists()
    ):
        raise TransitionNotAllowed("object", proposal.state)
    objection = Objection.objects.create(
        proposal=proposal, author=actor, reason=reason, promised_on=promised_date()
    )
    tell_of_proposal_objection(proposal.note("objected", actor=actor), objection)
    return objection


@transaction.atomic
def withdraw_objection(proposal_id: int, *, actor: User) -> ProposalEvent:
    """Take the objection back; there is no second one. Raises TransitionNotAllowed."""
    proposal = locked(proposal_id)
    if not can_edit_proposal(actor, proposal):
        raise TransitionNotAllowed(ObjectionAction.WITHDRAW, proposal.state)
    _objection(proposal, ObjectionAction.WITHDRAW).withdraw()
    return proposal.note("objection_withdrawn", actor=actor)


@transaction.atomic
def reject_objection(proposal_id: int, *, actor: User, answer: str) -> ProposalEvent:
    """The refusal stays, for a reason that the author reads. Raises as ``grant_objection``."""
    proposal = locked(proposal_id)
    objection = _decidable(proposal, actor, ObjectionAction.REJECT)
    if not answer.strip():
        raise ProposalConflict(_("Give the reason for your decision."))
    objection.reject(actor=actor, answer=answer)
    event = proposal.note("objection_rejected", actor=actor)
    tell_author_of_objection(event, objection)
    return event


@transaction.atomic
def grant_objection(
    proposal_id: int, *, actor: User, answer: str, seen_revision: int, accepted: list[str] | None
) -> ProposalEvent:
    """Overturn the refusal: what was proposed is taken over as by an acceptance.

    ``accepted`` as of ``decide_proposal``; fields that are not chosen stay as they are published. Raises
    TransitionNotAllowed for who may not decide it and when it is decided, ProposalConflict as an acceptance.
    """
    proposal = locked(proposal_id)
    objection = _decidable(proposal, actor, ObjectionAction.GRANT)
    if not answer.strip():
        raise ProposalConflict(_("Give the reason for your decision."))
    solution = _seen(proposal, seen_revision)
    names = _chosen(proposal, solution, accepted)
    if proposal.is_change and not names:
        raise ProposalConflict(_("Accept at least one field, or reject the objection."))
    _take_over(proposal, solution, names, actor)
    objection.grant(actor=actor, answer=answer)
    event = proposal.overturn(actor=actor, fields=names)
    tell_author_of_objection(event, objection)
    tell_maintainer_of_outcome(event)
    return event


def _begin(proposal_id: int, actor: User, action: ProposalAction) -> Proposal:
    proposal = locked(proposal_id)
    if not proposal.can(action) or not can_decide(actor):
        raise TransitionNotAllowed(action, proposal.state)
    if proposal.author_id == actor.pk:
        raise TransitionNotAllowed(
            action, proposal.state, _("Nobody decides about their own proposal.")
        )
    return proposal


def _objection(proposal: Proposal, action: ObjectionAction) -> Objection:
    found = Objection.objects.select_for_update(of=("self",)).filter(proposal=proposal).first()
    if found is None or not found.can(action):
        raise TransitionNotAllowed(action, proposal.state)
    return found


def _decidable(proposal: Proposal, actor: User, action: ObjectionAction) -> Objection:
    objection = _objection(proposal, action)
    if not can_decide_objection(actor, proposal):
        raise TransitionNotAllowed(
            action,
            proposal.state,
            _("The Leitung decides about an objection, but nobody who has refused the proposal."),
        )
    return objection


def _seen(proposal: Proposal, seen_revision: int) -> Solution:
    """The locked entry, if it is still the one that was compared with."""
    solution = Solution.objects.select_for_update(of=("self",)).get(pk=proposal.solution_id)
    if solution.revision != seen_revision:
        raise ProposalConflict(
            _("The entry has changed while you were looking at it. Please compare again.")
        )
    return solution


def _chosen(proposal: Proposal, solution: Solution, accepted: list[str] | None) -> list[str]:
    if accepted is None:
        base = base_document(proposal)
        if conflicts(proposal.changes, base=base, published=solution.document):
            raise ProposalConflict(
                _("Some fields have changed since. Please decide field by field.")
            )
        accepted = list(proposal.changes)
    names = [name for name in proposal.changes if name in accepted]
    if fixed := [field for field in locks.locked(solution) if field.name in names]:
        raise ProposalConflict(
            _("Set by the OSK: %(fields)s. Free the fields first, or leave them as they are.")
            % {"fields": locks.labels(fixed)}
        )
    return names


def _take_over(proposal: Proposal, solution: Solution, names: list[str], actor: User) -> None:
    if not proposal.is_new and not solution.is_published:
        raise ProposalConflict(_("The entry is not in the catalog any more."))
    if proposal.is_withdrawal:
        # Between the refusal and the objection somebody else may have taken on the entry.
        if solution.maintainer_id != proposal.organisation_id:
            raise ProposalConflict(_("The organisation does not maintain the entry any more."))
        withdraw_locked(solution, actor=actor, besides=proposal.author)
        return
    if names:
        _apply(proposal, solution, names)
    if proposal.is_new and not solution.is_published:
        if solution.state not in Solution.ALLOWED[SolutionAction.PUBLISH]:
            raise ProposalConflict(_("The entry cannot be published."))
        publish_locked(solution, actor=actor, besides=proposal.author)


def _apply(proposal: Proposal, solution: Solution, names: list[str]) -> None:
    document = all_fields.apply(solution.document, proposal.changes, names)
    if document == solution.document:  # a draft that says so already needs no further revision
        return
    change_fields(
        solution,
        proposal.changes,
        names,
        origin=RevisionOrigin.PROPOSAL,
        author=proposal.author,
        organisation=proposal.organisation,
    )
