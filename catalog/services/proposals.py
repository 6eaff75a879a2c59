"""Proposals: made by members of organisations, decided by an advisor. Nothing published is overwritten unseen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog import grants
from catalog.all_fields import EVERY
from catalog.cleaning import cleaned
from catalog.enums import ProposalAction, ProposalKind
from catalog.models import Intake, Proposal, ProposalEvent, Solution, SolutionRevision
from catalog.notifications import tell_advisors, tell_maintainer_of_proposal
from catalog.permissions import (
    can_comment_proposal,
    can_edit_proposal,
    edited_organisations,
    is_editor_for,
    is_member_of,
)
from catalog.promises import promised_date
from catalog.services.grants import grant_texts
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit.transitions import TransitionNotAllowed

MOST_OPEN: Final = 10
"""Of one person, for entries that other organisations maintain: enough for who means it."""


class ProposalConflict(Exception):
    """The decision does not fit what is published now; ``str(error)`` is a message for people."""


@transaction.atomic
def submit_proposal(
    *,
    solution_id: int,
    author: User,
    organisation: Organisation,
    changes: dict[str, Any],
    base_revision: int,
    reason: str = "",
    wording: str = "",
) -> Proposal:
    """Propose changes to a published entry, as a member of any organisation.

    ``wording``: the version of the words by which the author has put the texts under CC0. One open proposal
    an organisation and entry, and no more than MOST_OPEN a person for entries that others maintain; raises
    TransitionNotAllowed beyond that, for who is no member, and without the grant that the texts need.
    """
    solution = _begin(solution_id, author)
    if not solution.is_published or not is_member_of(author, organisation.pk):
        raise TransitionNotAllowed("submit", solution.state)
    _only_one(solution, organisation)
    if solution.maintainer_id != organisation.pk:
        _not_too_many(author)
    proposal = Proposal.objects.create(
        solution=solution,
        organisation=organisation,
        author=author,
        changes=cleaned(changes),
        base_revision=base_revision,
        reason=reason,
        promised_on=promised_date(),
    )
    _grant(proposal, author, wording)
    event = proposal.submitted()
    tell_advisors(event)
    tell_maintainer_of_proposal(event)
    return proposal


@transaction.atomic
def submit_withdrawal(
    *,
    solution_id: int,
    author: User,
    organisation: Organisation,
    reason: str,
    base_revision: int,
) -> Proposal:
    """The Redaktion of who maintains the entry wants it out of the catalog.

    Raises TransitionNotAllowed as ``submit_proposal``.
    """
    solution = _begin(solution_id, author)
    is_maintainer = solution.maintainer_id == organisation.pk
    if not (solution.is_published and is_maintainer and is_editor_for(author, organisation.pk)):
        raise TransitionNotAllowed("submit", solution.state)
    _only_one(solution, organisation)
    proposal = Proposal.objects.create(
        kind=ProposalKind.WITHDRAWAL,
        solution=solution,
        organisation=organisation,
        author=author,
        reason=reason,
        base_revision=base_revision,
        promised_on=promised_date(),
    )
    tell_advisors(proposal.submitted())
    return proposal


def propose_new(intake: Intake, *, solution: Solution, document: Mapping[str, Any]) -> None:
    """What somebody has suggested becomes a proposal: the draft waits for a decision, with the promise.

    ``document`` is what the person's own file says; the draft may be somebody else's, and stays so. The
    caller has locked the entry. Nothing new where the organisation has proposed it already.
    """
    edited = edited_organisations(intake.requester)
    organisation = intake.organisation or next(iter(edited), None)
    if organisation is not None and organisation not in edited:
        organisation = None  # the role has ended while the file was fetched
    present = Proposal.objects.undecided().filter(solution=solution, organisation=organisation)
    if organisation is None or present.exists():
        return
    proposal = Proposal.objects.create(
        kind=ProposalKind.NEW,
        solution=solution,
        organisation=organisation,
        author=intake.requester,
        changes={f.name: f.of(document) for f in EVERY.values() if f.of(document) is not None},
        base_revision=solution.revision,
        promised_on=promised_date(),
    )
    intake.grants.update(proposal=proposal)
    tell_advisors(proposal.submitted())


def propose_from_file(
    *, solution: Solution, document: Mapping[str, Any], before: Mapping[str, Any]
) -> Proposal | None:
    """What a changed file says of an entry that the caller has locked; ``before`` is what it said last.

    Takes the place of what an older version proposed and nobody has decided. None where the entry says so
    already.
    """
    wanted = {field.name for field in EVERY.values() if field.of(document) != field.of(before)}
    older = Proposal.objects.undecided().filter(solution=solution, organisation=None)
    for proposal in older.select_for_update(of=("self",)):
        wanted |= set(proposal.changes)
        proposal.withdraw(actor=None)
    changes = {
        field.name: field.of(document)
        for field in EVERY.values()
        if field.name in wanted
        and field.name not in solution.locks
        and field.of(document) != field.of(solution.document)
    }
    if not changes:
        return None
    proposal = Proposal.objects.create(
        solution=solution,
        changes=changes,
        base_revision=solution.revision,
        promised_on=promised_date(),
    )
    tell_advisors(proposal.submitted())
    return proposal


@transaction.atomic
def revise_proposal(
    proposal_id: int,
    *,
    actor: User,
    changes: dict[str, Any],
    base_revision: int,
    reason: str = "",
    wording: str = "",
) -> ProposalEvent:
    """Submit a returned proposal again; the promise starts anew. Raises TransitionNotAllowed."""
    proposal = _edited(proposal_id, actor, ProposalAction.REVISE)
    event = proposal.revise(
        actor=actor,
        changes=cleaned(changes),
        reason=reason,
        base_revision=base_revision,
        promised_on=promised_date(),
    )
    _grant(proposal, actor, wording)
    tell_advisors(event)
    tell_maintainer_of_proposal(event)
    return event


@transaction.atomic
def withdraw_proposal(proposal_id: int, *, actor: User) -> ProposalEvent:
    """Take back what waits. Raises TransitionNotAllowed."""
    return _edited(proposal_id, actor, ProposalAction.WITHDRAW).withdraw(actor=actor)


@transaction.atomic
def withdraw_of_leaver(proposal_id: int, *, person: User) -> ProposalEvent:
    """Take back what waits of a person who ends the account: nobody could be asked about it any more."""
    return locked(proposal_id).withdraw(actor=person)


@transaction.atomic
def comment_proposal(proposal_id: int, *, actor: User, text: str) -> ProposalEvent:
    """The Redaktion of who maintains the entry says what it thinks of somebody else's proposal.

    Raises TransitionNotAllowed for others, and when it is decided.
    """
    proposal = locked(proposal_id)
    solution = Solution.objects.select_for_update(of=("self",)).get(pk=proposal.solution_id)
    if not proposal.is_open or not can_comment_proposal(actor, proposal, solution):
        raise TransitionNotAllowed("comment", proposal.state)
    return proposal.remark(actor=actor, text=text)


def base_document(proposal: Proposal) -> Mapping[str, Any]:
    """The document as the author saw it; empty when that revision is gone, and for a new entry."""
    if proposal.is_new:
        return {}
    revision = SolutionRevision.objects.filter(
        solution_id=proposal.solution_id, number=proposal.base_revision
    ).first()
    return revision.document if revision else {}


def locked(proposal_id: int) -> Proposal:
    return Proposal.objects.select_for_update(of=("self",)).get(pk=proposal_id)


def _edited(proposal_id: int, actor: User, action: ProposalAction) -> Proposal:
    """The locked proposal, which ``actor`` may change."""
    proposal = locked(proposal_id)
    if not can_edit_proposal(actor, proposal):
        raise TransitionNotAllowed(action, proposal.state)
    return proposal


def _begin(solution_id: int, author: User) -> Solution:
    """The person first, so that two forms at once are counted one after the other; then the entry."""
    User.objects.select_for_update(of=("self",)).get(pk=author.pk)
    return Solution.objects.select_for_update(of=("self",)).get(pk=solution_id)


def _only_one(solution: Solution, organisation: Organisation) -> None:
    present = Proposal.objects.undecided().filter(solution=solution, organisation=organisation)
    if present.exists():
        raise TransitionNotAllowed(
            "submit", solution.state, _("There is an open proposal for this entry already.")
        )


def _not_too_many(author: User) -> None:
    undecided = Proposal.objects.undecided().filter(author=author, kind=ProposalKind.CHANGE)
    if undecided.of_others().count() >= MOST_OPEN:
        text = ngettext(
            "You have %(n)s open proposal. Please wait until the OSK has decided it.",
            "You have %(n)s open proposals. Please wait until the OSK has decided one of them.",
            MOST_OPEN,
        )
        raise TransitionNotAllowed("submit", "", text % {"n": MOST_OPEN})


def _grant(proposal: Proposal, author: User, wording: str) -> None:
    """Texts need the grant; where there are none, nothing is written down."""
    if not grants.needs_grant(proposal.changes):
        return
    if wording not in grants.WORDINGS:
        raise TransitionNotAllowed(
            "submit", proposal.state, _("Release your texts under CC0 1.0, or leave them out.")
        )
    grant_texts(person=author, wording=wording, proposal=proposal)
