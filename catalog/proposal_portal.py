"""What proposals and begun descriptions offer to the page on which a membership ends; catalog.portal registers it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models import EntryDraft, Proposal, Statement
from catalog.services.handing_over import hand_over_draft, hand_over_proposal, hand_over_statement
from osk_portal import portal
from osk_portal.accounts.models import User
from osk_portal.templatetags.osk import berlin_date


def proposal_rows(person: User, organisation: Model, viewer: User) -> Iterable[portal.HandoverRow]:
    """By the entry's name: every member reads the organisation's proposals."""
    found = Proposal.objects.to_hand_over(person, organisation).select_related("solution")
    for proposal in found.order_by("promised_on", "pk"):
        yield portal.HandoverRow(proposal.public_id, proposal.solution.name)


def give_proposal(*, public_id: UUID, person: User, successor: User, actor: User) -> bool:
    proposal_id = Proposal.objects.values_list("pk", flat=True).get(public_id=public_id)
    return hand_over_proposal(proposal_id, person=person, successor=successor, actor=actor)


def draft_rows(person: User, organisation: Model, viewer: User) -> Iterable[portal.HandoverRow]:
    """What somebody has begun is read by nobody else before it is handed over: others see its date."""
    for draft in EntryDraft.objects.to_hand_over(person, organisation).order_by("pk"):
        begun = _("Begun on %(day)s") % {"day": berlin_date(draft.created_at)}
        yield portal.HandoverRow(draft.public_id, str(draft) if viewer.pk == person.pk else begun)


def give_draft(*, public_id: UUID, person: User, successor: User, actor: User) -> bool:
    draft_id = EntryDraft.objects.values_list("pk", flat=True).get(public_id=public_id)
    return hand_over_draft(draft_id, person=person, successor=successor)


def statement_rows(person: User, organisation: Model, viewer: User) -> Iterable[portal.HandoverRow]:
    """By entry and topic: every member reads what the organisation has proposed."""
    found = Statement.objects.to_hand_over(person, organisation).select_related("solution")
    for statement in found.order_by("promised_on", "pk"):
        title = f"{statement.solution.name}: {statement.get_topic_display()}"
        yield portal.HandoverRow(statement.public_id, title)


def give_statement(*, public_id: UUID, person: User, successor: User, actor: User) -> bool:
    statement_id = Statement.objects.values_list("pk", flat=True).get(public_id=public_id)
    return hand_over_statement(statement_id, person=person, successor=successor, actor=actor)


STATEMENTS: Final = portal.Handover(
    "catalog_statements",
    43,
    gettext_lazy("Proposed statement"),
    Statement.objects.to_hand_over,
    statement_rows,
    give_statement,
)
PROPOSALS: Final = portal.Handover(
    "catalog_proposals",
    41,
    gettext_lazy("Proposal for an entry"),
    Proposal.objects.to_hand_over,
    proposal_rows,
    give_proposal,
)
DRAFTS: Final = portal.Handover(
    "catalog_drafts",
    42,
    gettext_lazy("Begun description of a solution"),
    EntryDraft.objects.to_hand_over,
    draft_rows,
    give_draft,
)
