"""Who is told of claims and maintained entries; written in the transaction in which it happened."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db.models import Q
from django.urls import reverse

from catalog.enums import MaintainershipEnd
from catalog.models import Claim, ClaimEvent, Maintainership, MaintainershipEvent
from catalog.notifications import editors_of
from network.enums import MembershipState
from osk_portal.accounts.models import User
from osk_portal.notifications.services import Message, notify

CLAIM: Final = "catalog.claim_"
MAINTAINERSHIP: Final = "catalog.maintainership_"


def speakers(organisation_id: int | None) -> list[User]:
    """Redaktion and Organisationsverwaltung of an organisation."""
    people = User.objects.filter(
        Q(memberships__is_editor=True) | Q(memberships__is_manager=True),
        memberships__organisation=organisation_id,
        memberships__state=MembershipState.ACTIVE,
        is_active=True,
    )
    return list(people.distinct().order_by("pk"))


def tell_ready(event: ClaimEvent) -> None:
    """To the advisors: a claim with its proof waits for a decision."""
    url = reverse("admin:catalog_claim_review", args=[event.claim.public_id])
    _tell_claim("submitted", event, User.objects.advisors(), url)


def tell_claimant(event: ClaimEvent, name: str = "") -> None:
    """To the Redaktion that has claimed: accepted, refused, lapsed, found."""
    _tell_claim(
        name or event.kind,
        event,
        editors_of(event.claim.organisation_id),
        event.claim.get_absolute_url(),
    )


def tell_contested(event: ClaimEvent) -> None:
    """To who speaks for the maintainer; where there is nobody, the advisors see it with the claim."""
    claim = event.claim
    if claim.against is not None:
        people = speakers(claim.against.organisation_id)
        _tell_claim("contested", event, people, claim.get_absolute_url())


def tell_answered(event: ClaimEvent) -> None:
    url = reverse("admin:catalog_claim_review", args=[event.claim.public_id])
    _tell_claim("answered", event, User.objects.advisors(), url)


def tell_kept(event: ClaimEvent, maintainership: Maintainership) -> None:
    """To who speaks for the maintainer: the claim against it has come to nothing."""
    people = speakers(maintainership.organisation_id)
    _tell_claim("kept", event, people, maintainership.get_absolute_url())


def tell_offered(event: MaintainershipEvent) -> None:
    maintainership = event.maintainership
    _tell("offered", event, speakers(maintainership.offered_to_id))


def tell_offer_over(event: MaintainershipEvent) -> None:
    """Declined: to who has offered. Taken back: to whom it was offered."""
    if event.kind == "declined":
        _tell("declined", event, speakers(event.maintainership.organisation_id))
    else:
        url = reverse("catalog:claim_list")
        _tell("offer_withdrawn", event, speakers(event.data["organisation"]), url)


def tell_handed_over(event: MaintainershipEvent, successor: Maintainership) -> None:
    """To who has offered it, and to the advisors."""
    name = successor.organisation.name
    _tell("handed_over", event, speakers(event.maintainership.organisation_id), successor=name)
    url = successor.solution.get_absolute_url()
    _tell("handed_over", event, User.objects.advisors(), url, successor=name)


def tell_lost(event: MaintainershipEvent, *, proposals: int) -> None:
    """To who spoke for the organisation; and to the advisors, when it was its own wish.

    ``proposals``: how many open ones of the organisation were withdrawn with it.
    """
    maintainership = event.maintainership
    _tell("lost", event, speakers(maintainership.organisation_id), proposals=proposals)
    if maintainership.end == MaintainershipEnd.GIVEN_BACK:
        url = maintainership.solution.get_absolute_url()
        _tell("given_back", event, User.objects.advisors(), url)


def _tell_claim(name: str, event: ClaimEvent, people: Iterable[User], url: str) -> None:
    claim: Claim = event.claim
    message = Message(
        kind=f"{CLAIM}{name}",
        template=f"catalog/email/claim_{name}",
        url=url,
        dedupe=f"{CLAIM}{name}:{event.pk}",
        subject_key=str(claim.public_id),
        context={
            "solution": claim.solution.name,
            "organisation": claim.organisation.name,
            "maintainer": claim.against.organisation.name if claim.against else "",
            "promised_on": claim.promised_on,
            "answer_by": claim.answer_by,
            "reason": claim.reason,
        },
    )
    notify(message, people)


def _tell(
    name: str,
    event: MaintainershipEvent,
    people: Iterable[User],
    url: str = "",
    **words: object,
) -> None:
    maintainership = event.maintainership
    offered_to = maintainership.offered_to
    message = Message(
        kind=f"{MAINTAINERSHIP}{name}",
        template=f"catalog/email/maintainership_{name}",
        url=url or maintainership.get_absolute_url(),
        dedupe=f"{MAINTAINERSHIP}{name}:{event.pk}",
        subject_key=str(maintainership.public_id),
        context={
            "solution": maintainership.solution.name,
            "organisation": maintainership.organisation.name,
            "offered_to": offered_to.name if offered_to else "",
            "end": maintainership.end,
            "reason": maintainership.reason,
            **words,
        },
    )
    notify(message, people)
