"""Leaving an organisation: rights end at once, and each object gets a successor (product.md, Leaving).

What nobody is chosen for stays with the organisation: its managers find it as a task, the OSK where there is
no manager. Nobody reads more by that than before: only who is chosen looks after an object from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from network import notifications, permissions, presence
from network.enums import MembershipState, PresenceOutcome
from network.models import Membership, MembershipEvent, Organisation
from osk_portal import portal
from osk_portal.accounts.models import User
from osk_portal.toolkit.deadlocks import without_deadlock
from osk_portal.toolkit.transitions import TransitionNotAllowed


@dataclass(frozen=True)
class Choice:
    """Who gets what. Successors are memberships of the same organisation, named by their public id.

    ``single``: by the offer's key and the object's public id. ``everything``: for all others.
    """

    single: Mapping[tuple[str, UUID], UUID] = field(default_factory=dict)
    everything: UUID | None = None

    def of(self, key: str, public_id: UUID) -> UUID | None:
        return self.single.get((key, public_id), self.everything)

    @property
    def named(self) -> set[UUID]:
        return {*self.single.values(), *({self.everything} if self.everything else ())}


@dataclass(frozen=True)
class Settled:
    """How many objects were handed over, how many wait for the managers or the OSK."""

    handed_over: int
    left: int


class LastManager(TransitionNotAllowed):
    """Nobody else manages the organisation: a successor comes first."""

    def __init__(self, membership: Membership) -> None:
        super().__init__(
            "end",
            membership.state,
            _(
                "%(person)s is the only person in the Organisationsverwaltung of %(organisation)s. A"
                " successor comes first: please name one to the OSK."
            )
            % {"person": membership.user, "organisation": membership.organisation},
        )


def rows_of(
    membership: Membership, viewer: User
) -> list[tuple[portal.Handover, portal.HandoverRow]]:
    """Everything that the person looks after for the organisation, as ``viewer`` may read it.

    Nothing of somebody who has left and come back: then it is that person's again.
    """
    has_ended = membership.state == MembershipState.ENDED
    if has_ended and not Membership.objects.unsettled().filter(pk=membership.pk).exists():
        return []
    return [
        (offer, row)
        for offer in _offers_with_something(membership)
        for row in offer.rows(membership.user, membership.organisation, viewer)
    ]


def _offers_with_something(membership: Membership) -> list[portal.Handover]:
    """One query for all, so that the page does not ask for every kind of thing that nobody has."""
    offers: list[portal.Handover] = list(portal.handovers)
    has = {
        f"has_{number}": Exists(offer.objects(OuterRef("user"), OuterRef("organisation")))
        for number, offer in enumerate(offers)
    }
    [found] = Membership.objects.filter(pk=membership.pk).annotate(**has).values_list(*has)
    return [offer for offer, is_there in zip(offers, found, strict=True) if is_there]


def successors_for(membership: Membership, viewer: User) -> list[Membership]:
    """Active members who may be chosen. None for somebody whose own membership rests."""
    is_own = membership.user_id == viewer.pk
    if is_own and membership.state != MembershipState.ACTIVE:
        return []
    members = Membership.objects.active().filter(
        organisation=membership.organisation_id, user__is_active=True
    )
    others = members.exclude(user=membership.user_id).select_related("user")
    return list(others.order_by("user__name", "user__email"))


def is_last_manager(membership: Membership) -> bool:
    if not membership.is_manager or membership.state != MembershipState.ACTIVE:
        return False
    others = Membership.objects.managing().filter(
        organisation=membership.organisation_id, user__is_active=True
    )
    return not others.exclude(pk=membership.pk).exists()


def end_membership(*, membership_id: int, actor: User, choice: Choice) -> Settled:
    """End it now, after handing over what ``choice`` names.

    Raises PermissionDenied, LastManager, and TransitionNotAllowed when it has ended already or a chosen
    successor is no longer a member: then nothing was written.
    """
    return _at_once(_end, membership_id, actor, choice)


def _at_once(
    act: Callable[[int, User, Choice], Settled], membership_id: int, actor: User, choice: Choice
) -> Settled:
    def work() -> Settled:
        with transaction.atomic():
            return act(membership_id, actor, choice)

    return without_deadlock(work)


def _end(membership_id: int, actor: User, choice: Choice) -> Settled:
    membership, successors, actor = _locked(membership_id, actor, choice)
    if membership.state not in Membership.OPEN or is_last_manager(membership):
        if membership.state in Membership.OPEN:
            raise LastManager(membership)
        raise TransitionNotAllowed("end", membership.state)
    handed_over = _hand_over(membership, actor, choice, successors)
    event = membership.end(actor=actor)
    presence.end_question(membership_id=membership.pk, outcome=PresenceOutcome.OVER, actor=actor)
    end_shares(membership, actor)
    return _settle(event, handed_over)


def take_back_request(*, membership_id: int, actor: User) -> MembershipEvent | None:
    """The person no longer wants a membership that was never confirmed. None when it was decided meanwhile.

    Raises PermissionDenied for everybody else.
    """
    with transaction.atomic():
        rows = Membership.objects.select_for_update(of=("self",))
        membership = rows.get(pk=membership_id)
        if membership.user_id != actor.pk:
            raise PermissionDenied
        if membership.state != MembershipState.PENDING:
            return None
        return membership.refuse(actor=actor)


def hand_over_left(*, membership_id: int, actor: User, choice: Choice) -> Settled:
    """Give what somebody has left behind to successors. Raises as ``end_membership``."""
    return _at_once(_hand_over_left, membership_id, actor, choice)


def _hand_over_left(membership_id: int, actor: User, choice: Choice) -> Settled:
    membership, successors, actor = _locked(membership_id, actor, choice)
    if membership.state != MembershipState.ENDED:
        raise TransitionNotAllowed("hand_over", membership.state)
    handed_over = _hand_over(membership, actor, choice, successors)
    left = _count_left(membership)
    if handed_over:
        data: dict[str, object] = {"handed_over": handed_over, "left": left}
        membership.record("hand_over", actor=actor, before=membership.state, data=data)
    return Settled(handed_over, left)


def end_shares(membership: Membership, actor: User | None) -> None:
    """What the person had a part in, and does not look after, ends with the membership. The caller holds its lock."""
    for departure in portal.departures:
        departure.end(membership.user, membership.organisation, actor)


def _locked(
    membership_id: int, actor: User, choice: Choice
) -> tuple[Membership, dict[UUID, Membership], User]:
    """The membership, the successors by public id, and ``actor`` with the rights of this moment.

    The organisation's row comes first: of two managers who leave at once, the second is the last one.
    """
    organisation = lock_organisation(membership_id)
    rows = (
        Membership.objects.filter(Q(pk=membership_id) | Q(public_id__in=choice.named))
        .filter(organisation=organisation)
        .select_related("organisation", "user")
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    locked = list(rows)
    membership = next(row for row in locked if row.pk == membership_id)
    actor = User.objects.get(pk=actor.pk)  # memberships are read once a request
    if not permissions.can_end_membership(actor, membership):
        raise PermissionDenied
    successors = {row.public_id: row for row in locked if _may_follow(row, membership)}
    if choice.named - successors.keys():
        raise TransitionNotAllowed(
            "hand_over", membership.state, _("A person whom you chose is no longer a member.")
        )
    return membership, successors, actor


def lock_organisation(membership_id: int) -> Organisation:
    """Before the membership and all that belongs to the organisation, which others lock in this order too."""
    found = Membership.objects.only("organisation_id").get(pk=membership_id)
    return Organisation.objects.select_for_update(no_key=True).get(pk=found.organisation_id)


def _may_follow(successor: Membership, membership: Membership) -> bool:
    return (
        successor.state == MembershipState.ACTIVE
        and successor.user_id != membership.user_id
        and successor.user.is_active
    )


def _hand_over(
    membership: Membership, actor: User, choice: Choice, successors: Mapping[UUID, Membership]
) -> int:
    """How many objects were given to somebody; what has moved on meanwhile is not among them."""
    handed_over = 0
    for offer, row in rows_of(membership, actor):
        chosen = choice.of(offer.key, row.public_id)
        if chosen is not None:
            handed_over += offer.hand_over(
                public_id=row.public_id,
                person=membership.user,
                successor=successors[chosen].user,
                actor=actor,
            )
    return handed_over


def _settle(event: MembershipEvent, handed_over: int) -> Settled:
    left = _count_left(event.membership)
    event.data = {"handed_over": handed_over, "left": left}
    event.save(update_fields=["data"])
    notifications.membership_ended(event, left=left)
    return Settled(handed_over, left)


def _count_left(membership: Membership) -> int:
    offers: Iterable[portal.Handover] = portal.handovers
    return sum(
        offer.objects(membership.user_id, membership.organisation_id).count() for offer in offers
    )
