"""The network's part of "Meine Daten": where a person belongs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from network import leaving
from network.enums import MembershipState
from network.models import Membership
from osk_portal import portal
from osk_portal.accounts.models import User


def obstacles(user: User) -> Iterable[portal.Obstacle]:
    """The last manager of an organisation cannot go before a successor (product.md, Leaving)."""
    for membership in Membership.objects.of(user).active().filter(is_manager=True):
        if leaving.is_last_manager(membership):
            text = gettext(
                "You are the only person in the Organisationsverwaltung of %(organisation)s. A successor"
                " comes first: please name one to the OSK."
            )
            yield portal.Obstacle(
                text % {"organisation": membership.organisation}, reverse("pages:contact")
            )


def erase(user: User) -> None:
    """End every membership as the person could: what nobody was chosen for waits for the managers or the OSK.

    A membership that was never confirmed is refused: an end says that somebody did belong there.
    """
    for membership in Membership.objects.of(user).filter(state__in=Membership.OPEN).order_by("pk"):
        if membership.state == MembershipState.PENDING:
            leaving.take_back_request(membership_id=membership.pk, actor=user)
        else:
            leaving.end_membership(membership_id=membership.pk, actor=user, choice=leaving.Choice())


OFFER: Final = portal.PersonalData(
    key="network",
    order=20,
    label=_("Memberships"),
    stored=_("To which organisations you belong or have belonged, with which roles, and since when."),
    kept=_("What you may do follows from it; afterwards as proof of who could decide what."),
    afterwards=_(
        "Your memberships end. What belongs to your organisation stays with it: whoever you choose goes on, else"
        " the Organisationsverwaltung or the OSK chooses somebody."
    ),
    rows=(
        portal.Rows(
            "network.Membership.user",
            _("Memberships"),
            {
                "organisation__name": _("Organisation"),
                "state": _("State"),
                "is_editor": _("Redaktion"),
                "is_manager": _("Organisationsverwaltung"),
                "created_at": _("Asked for at"),
                "confirmed_at": _("Confirmed at"),
            },
        ),
        portal.Rows(
            "network.MembershipEvent.membership__user",
            _("What happened to your memberships"),
            {
                "membership__organisation__name": _("Organisation"),
                "at": _("When"),
                "to_state": _("State"),
            },
            words={"to_state": dict(MembershipState.choices)},
        ),
    ),
    left_out={
        "network.PresenceQuestion.answered_by": "an act for the organisation, about somebody else",
        "network.OrganisationEvent.actor": "a change of the organisation's profile, made for the organisation",
        "network.MembershipEvent.actor": "a decision on somebody else's membership, made for the organisation",
    },
    obstacles=obstacles,
    erase=erase,
)  # fmt: skip
