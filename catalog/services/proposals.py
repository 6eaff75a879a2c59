"""Proposals: submitted by a Redaktion, decided by an advisor. Nothing published is overwritten unseen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from catalog import documents, fields, locks
from catalog.differences import conflicts
from catalog.enums import ProposalAction, RevisionOrigin
from catalog.fields import FIELDS
from catalog.models import Proposal, ProposalEvent, Solution, SolutionRevision
from catalog.notifications import tell_advisors, tell_author
from catalog.services.entries import write_document
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from osk_portal.toolkit.working_days import add_working_days


class ProposalConflict(Exception):
    """The decision does not fit what is published now; ``str(error)`` is a message for people."""


def promised_date() -> date:
    return add_working_days(clock.today(), settings.OSK_PROPOSAL_DAYS)


@transaction.atomic
def submit_proposal(
    *,
    solution_id: int,
    author: User,
    organisation: Organisation,
    changes: dict[str, Any],
    base_revision: int,
    reason: str = "",
) -> Proposal:
    """One open proposal an organisation and entry; raises TransitionNotAllowed for a second one."""
    solution = Solution.objects.select_for_update(of=("self",)).get(pk=solution_id)
    if solution.maintainer_id != organisation.pk:
        raise TransitionNotAllowed("submit", solution.state)
    undecided = Proposal.objects.undecided()
    if undecided.filter(solution=solution, organisation=organisation).exists():
        raise TransitionNotAllowed(
            "submit", solution.state, _("There is an open proposal for this entry already.")
        )
    proposal = Proposal.objects.create(
        solution=solution,
        organisation=organisation,
        author=author,
        changes=changes,
        base_revision=base_revision,
        reason=reason,
        promised_on=promised_date(),
    )
    tell_advisors(proposal.submitted())
    return proposal


def propose_from_file(
    *, solution: Solution, document: Mapping[str, Any], before: Mapping[str, Any]
) -> Proposal | None:
    """What a changed file says of an entry that the caller has locked; ``before`` is what it said last.

    Takes the place of what an older version proposed and nobody has decided. None where the entry says so
    already.
    """
    wanted = {field.name for field in FIELDS if field.of(document) != field.of(before)}
    older = Proposal.objects.undecided().filter(solution=solution, organisation=None)
    for proposal in older.select_for_update(of=("self",)):
        wanted |= set(proposal.changes)
        proposal.withdraw(actor=None)
    changes = {
        field.name: field.of(document)
        for field in FIELDS
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
    proposal_id: int, *, actor: User, changes: dict[str, Any], base_revision: int, reason: str = ""
) -> ProposalEvent:
    """Submit a returned proposal again."""
    event = _locked(proposal_id).revise(
        actor=actor,
        changes=changes,
        reason=reason,
        base_revision=base_revision,
        promised_on=promised_date(),
    )
    tell_advisors(event)
    return event


@transaction.atomic
def withdraw_proposal(proposal_id: int, *, actor: User) -> ProposalEvent:
    return _locked(proposal_id).withdraw(actor=actor)


def accept_proposal(
    proposal_id: int, *, actor: User, seen_revision: int, comment: str = ""
) -> ProposalEvent:
    """Accept every change; refused where somebody else has changed a field since."""
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

    Of what a changed file proposes the rest is left as it is: it has no author to return it to.
    ``seen_revision`` is the revision that the advisor compared with. Raises ProposalConflict when the entry
    has moved on since, when all are accepted unseen though some are in conflict, when something is returned
    without a comment, or when the entry would break the standard; TransitionNotAllowed when it is decided.
    """
    proposal = _locked(proposal_id)
    if not proposal.can(ProposalAction.ACCEPT):
        raise TransitionNotAllowed(ProposalAction.ACCEPT, proposal.state)
    solution = Solution.objects.select_for_update(of=("self",)).get(pk=proposal.solution_id)
    if solution.revision != seen_revision:
        raise ProposalConflict(
            _("The entry has changed while you were looking at it. Please compare again.")
        )
    base = base_document(proposal)
    if accepted is None:
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
    if proposal.is_of_file and not names:  # nobody is there who could revise it
        raise ProposalConflict(_("Accept at least one field, or refuse the proposal."))
    is_partly = len(names) < len(proposal.changes) and not proposal.is_of_file
    if is_partly and not comment.strip():
        raise ProposalConflict(_("Say what is missing when you return something."))
    if names:
        _apply(proposal, solution, names)
    if not is_partly:
        event = proposal.accept(actor=actor, fields=names, comment=comment)
    else:
        event = proposal.return_(actor=actor, fields=names, comment=comment)
    tell_author(event)
    return event


def return_proposal(
    proposal_id: int, *, actor: User, seen_revision: int, comment: str
) -> ProposalEvent:
    """Give everything back with a comment."""
    return decide_proposal(
        proposal_id, actor=actor, accepted=[], seen_revision=seen_revision, comment=comment
    )


@transaction.atomic
def refuse_proposal(proposal_id: int, *, actor: User, comment: str) -> ProposalEvent:
    """Refuse with a reason, which the author reads."""
    if not comment.strip():
        raise ProposalConflict(_("Give the reason for the refusal."))
    event = _locked(proposal_id).refuse(actor=actor, comment=comment)
    tell_author(event)
    return event


def base_document(proposal: Proposal) -> Mapping[str, Any]:
    """The document as the author saw it; empty when that revision is gone."""
    revision = SolutionRevision.objects.filter(
        solution_id=proposal.solution_id, number=proposal.base_revision
    ).first()
    return revision.document if revision else {}


def _apply(proposal: Proposal, solution: Solution, names: list[str]) -> None:
    document = fields.apply(solution.document, proposal.changes, names)
    result = documents.check(document)
    before = {(f["code"], f["key"]) for f in solution.findings}
    broken = [f for f in result.errors if (f.code, f.key) not in before]
    if broken:
        raise ProposalConflict(
            _("These fields alone would break the entry: %(keys)s.")
            % {"keys": ", ".join(sorted({f.key for f in broken}))}
        )
    write_document(
        solution,
        document,
        origin=RevisionOrigin.PROPOSAL,
        findings=[documents.as_kept(finding, has_file=False) for finding in result.findings],
        author=proposal.author,
        organisation=proposal.organisation,
    )


def _locked(proposal_id: int) -> Proposal:
    return Proposal.objects.select_for_update(of=("self",)).get(pk=proposal_id)
