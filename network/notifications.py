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


def membership_ended(event: MembershipEvent, *, left: int) -> None:
    """To the person; and to the managers, or where there is none to the advisors, what was left behind."""
    membership = event.membership
    _tell(event, "membership_ended", [membership.user], reverse("pages:my_area"))
    managers = list(User.objects.filter(memberships__in=_managers(membership), is_active=True))
    if left and not managers:
        managers = list(User.objects.advisors())
    others = [person for person in managers if person.pk != membership.user_id]
    url = reverse("network:membership_end", args=[membership.public_id])
    _tell(event, "membership_left", others, url, suffix="-left", left=left)


def presence_asked(event: MembershipEvent, *, is_mail_dead: bool) -> None:
    """To the other managers, or where there is none to the advisors; and to the person, unless mails come back."""
    membership = event.membership
    managers = Membership.objects.of_other_managers(membership)
    people = list(User.objects.filter(memberships__in=managers)) or User.objects.advisors()
    others = [person for person in people if person.pk != membership.user_id]
    url = reverse("network:presence", args=[membership.public_id])
    _tell(event, "presence_asked", others, url, is_mail_dead=is_mail_dead)
    if not is_mail_dead:
        _tell(
            event, "presence_person", [membership.user], reverse("pages:my_area"), suffix="-person"
        )


def _managers(membership: Membership) -> Iterable[Membership]:
    return Membership.objects.active().filter(
        organisation=membership.organisation_id, is_manager=True
    )


def _page(event: MembershipEvent) -> str:
    return reverse("network:membership_decide", args=[event.membership.public_id])


def _tell(
    event: MembershipEvent,
    template: str,
    people: Iterable[User],
    url: str,
    *,
    suffix: str = "",
    **context: object,
) -> None:
    membership = event.membership
    notify(
        Message(
            kind=f"network.{template}",
            template=f"network/email/{template}",
            url=url,
            dedupe=f"membership-event-{event.pk}{suffix}",
            subject_key=str(membership.public_id),
            context={
                "person": membership.user,
                "organisation": membership.organisation,
                **context,
            },
            reason=_("It is about who belongs to your organisation."),
        ),
        [person for person in people if person.pk != event.actor_id],
    )
