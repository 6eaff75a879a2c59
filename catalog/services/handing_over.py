"""Somebody leaves an organisation: colleagues go on with proposals and begun descriptions (product.md, Leaving).

Who may ask for it is decided where the membership ends (``network.leaving``).
"""

from __future__ import annotations

from django.db import transaction

from catalog.models import EntryDraft, Proposal, Statement
from catalog.permissions import is_editor_for
from catalog.services.proposals import locked
from osk_portal.accounts.models import User


@transaction.atomic
def hand_over_proposal(
    proposal_id: int, *, person: User, successor: User, actor: User | None
) -> bool:
    """``successor`` is the author for the organisation: hears of the decision, and goes on with what is returned.

    What ``person`` has granted stays granted. False: it is not (any more) ``person``'s, or is decided.
    """
    proposal = locked(proposal_id)
    undecided = Proposal.objects.undecided().filter(pk=proposal.pk)
    if proposal.author_id != person.pk or not undecided.exists():
        return False
    proposal.author = successor
    proposal.save(update_fields=["author"])
    proposal.note("handed_over", actor=actor, person=person.pk, successor=successor.pk)
    return True


@transaction.atomic
def hand_over_statement(
    statement_id: int, *, person: User, successor: User, actor: User | None
) -> bool:
    """As ``hand_over_proposal``, of a statement that an advisor has not decided yet."""
    rows = Statement.objects.proposed().select_for_update(of=("self",))
    statement = rows.filter(pk=statement_id, author=person).first()
    if statement is None:
        return False
    statement.hand_over(person=person, successor=successor, actor=actor)
    return True


@transaction.atomic
def hand_over_draft(draft_id: int, *, person: User, successor: User) -> bool:
    """``successor`` goes on with what ``person`` has begun to describe.

    False: it is not (any more) ``person``'s, is handed in, or ``successor`` has not the role Redaktion that
    describing needs; then it stays where it is.
    """
    rows = EntryDraft.objects.select_for_update(of=("self",))
    draft = rows.filter(pk=draft_id, author=person, intake=None).first()
    if draft is None or not is_editor_for(successor, draft.organisation_id):
        return False
    draft.author = successor
    draft.version += 1  # a window that is still open does not write over it
    draft.save(update_fields=["author", "version"])
    return True
