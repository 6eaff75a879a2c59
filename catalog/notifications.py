"""Who is told about a proposal; written in the transaction that decided it."""

from __future__ import annotations

from django.urls import reverse

from catalog.models import Proposal, ProposalEvent
from osk_portal.accounts.enums import StaffRole
from osk_portal.accounts.models import User
from osk_portal.notifications.services import Message, notify


def tell_advisors(event: ProposalEvent) -> None:
    """A proposal waits for a decision."""
    proposal = event.proposal
    advisors = User.objects.filter(
        is_staff=True, is_active=True, groups__name__in=(StaffRole.ADVISOR, StaffRole.LEAD)
    ).distinct()
    url = reverse("admin:catalog_proposal_review", args=[proposal.public_id])
    notify(_message("proposal_submitted", event, url), advisors)


def tell_author(event: ProposalEvent) -> None:
    """A proposal was accepted, returned or refused: ``event.kind`` says which."""
    proposal = event.proposal
    message = _message(f"proposal_{event.kind}", event, proposal.get_absolute_url())
    notify(message, [proposal.author])


def _message(name: str, event: ProposalEvent, url: str) -> Message:
    proposal: Proposal = event.proposal
    return Message(
        kind=f"catalog.{name}",
        template=f"catalog/email/{name}",
        url=url,
        dedupe=f"catalog.{name}:{event.pk}",
        subject_key=str(proposal.public_id),
        context={
            "solution": proposal.solution.name,
            "organisation": str(proposal.organisation),
            "author": str(proposal.author),
            "promised_on": proposal.promised_on,
            "comment": proposal.comment,
            "reason": proposal.reason,
        },
    )
