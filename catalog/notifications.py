"""Who is told about a proposal; written in the transaction that decided it."""

from __future__ import annotations

from typing import Final

from django.db.models import QuerySet
from django.urls import reverse

from catalog.models import Intake, Proposal, ProposalEvent, Source
from network.enums import MembershipState
from osk_portal.accounts.enums import StaffRole
from osk_portal.accounts.models import User
from osk_portal.notifications.services import Message, notify

INTAKE_TAKEN: Final = "catalog.intake_taken"
SOURCE_FAILING: Final = "catalog.source_failing"


def tell_advisors(event: ProposalEvent) -> None:
    """A proposal waits for a decision."""
    proposal = event.proposal
    url = reverse("admin:catalog_proposal_review", args=[proposal.public_id])
    name = "proposal_of_file" if proposal.is_of_file else "proposal_submitted"
    notify(_message(name, event, url), _advisors())


def tell_author(event: ProposalEvent) -> None:
    """A proposal was accepted, returned or refused: ``event.kind`` says which."""
    proposal = event.proposal
    if proposal.author is None:  # a changed file has nobody to tell
        return
    message = _message(f"proposal_{event.kind}", event, proposal.get_absolute_url())
    notify(message, [proposal.author])


def tell_of_intake(intake: Intake) -> None:
    """A Redaktion has suggested a solution: its draft waits for a check by an advisor."""
    message = Message(
        kind=INTAKE_TAKEN,
        template="catalog/email/intake_taken",
        url=intake.get_absolute_url(),
        dedupe=f"{INTAKE_TAKEN}:{intake.pk}",
        subject_key=str(intake.public_id),
        context={
            "solution": intake.name,
            "author": str(intake.requester),
            "errors": sum(finding["type"] == "error" for finding in intake.findings),
        },
    )
    notify(message, _advisors())


def tell_of_failure(source: Source) -> None:
    """The Redaktion of the maintaining organisation; where there is none, the OSK's advisors."""
    solution = source.solution
    since = source.failing_since
    editors = User.objects.filter(
        memberships__organisation=solution.maintainer_id,
        memberships__state=MembershipState.ACTIVE,
        memberships__is_editor=True,
    ).distinct()
    message = Message(
        kind=SOURCE_FAILING,
        template="catalog/email/source_failing",
        url=solution.get_absolute_url(),
        dedupe=f"{SOURCE_FAILING}:{source.pk}:{since:%Y%m%d%H%M%S}",
        subject_key=str(solution.public_id),
        context={
            "solution": solution.name,
            "repository": source.repository,
            "since": since,
            "problem": source.last_error,
        },
    )
    notify(message, editors if solution.maintainer_id and editors.exists() else _advisors())


def _advisors() -> QuerySet[User]:
    return User.objects.filter(
        is_staff=True, is_active=True, groups__name__in=(StaffRole.ADVISOR, StaffRole.LEAD)
    ).distinct()


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
            "organisation": str(proposal.organisation or ""),
            "author": str(proposal.author or ""),
            "promised_on": proposal.promised_on,
            "comment": proposal.comment,
            "reason": proposal.reason,
        },
    )
