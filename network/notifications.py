"""Who hears of a membership, and in which words."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from network.models import Membership, MembershipEvent
from osk_portal.accounts.models import User
from osk_portal.notifications.services import Message, notify


def membership_requested(event: MembershipEvent) -> None:
    """To the managers of the organisation; where there is none, to the advisors."""
    membership = event.membership
    managers = User.objects.filter(memberships__in=_managers(membership))
    _tell(event, "membership_requested", list(managers) or User.objects.advisors(), _page(event))


def membership_decided(event: MembershipEvent) -> None:
    """To the person: confirmed, refused or suspended."""
    templates = {
        "confirm": "membership_confirmed",
        "refuse": "membership_refused",
        "suspend": "membership_suspended",
    }
    _tell(event, templates[event.kind], [event.membership.user], reverse("pages:my_area"))


def _managers(membership: Membership) -> Iterable[Membership]:
    return Membership.objects.active().filter(
        organisation=membership.organisation_id, is_manager=True
    )


def _page(event: MembershipEvent) -> str:
    return reverse("network:membership_decide", args=[event.membership.public_id])


def _tell(event: MembershipEvent, template: str, people: Iterable[User], url: str) -> None:
    membership = event.membership
    notify(
        Message(
            kind=f"network.{template}",
            template=f"network/email/{template}",
            url=url,
            dedupe=f"membership-event-{event.pk}",
            subject_key=str(membership.public_id),
            context={"person": membership.user, "organisation": membership.organisation},
            reason=_("It is about who belongs to your organisation."),
        ),
        [person for person in people if person.pk != event.actor_id],
    )
