"""Who tests along: invited, added, by link; removed at once. The booking is locked before its people."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from network.permissions import active_memberships
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import notifications, permissions
from sandbox.enums import ParticipantState
from sandbox.models import Booking, TestParticipant

FORGOTTEN: Final = "–"
MOST: Final = 20
"""People at once; who has left or was removed does not count."""


class CannotInvite(Exception):
    """``field``: where the form shows ``text``."""

    def __init__(self, field: str, text: str | Promise) -> None:
        self.field, self.text = field, text
        super().__init__(field)


class GuestLinkDead(Exception):
    """The token opens nothing: over, replaced, or taken back."""


@transaction.atomic
def invite_person(*, booking_id: int, actor: User, email: str) -> TestParticipant:
    """Colleagues take part at once, members of other organisations are asked. The same one again is known.

    Raises CannotInvite, TransitionNotAllowed (the booking is over), PermissionDenied.
    """
    booking = _locked(booking_id, actor)
    person = User.objects.filter(email__iexact=email, is_active=True).first()
    memberships = [] if person is None else active_memberships(person)
    if person is None or not memberships:
        raise CannotInvite(
            "email",
            _(
                "No member of an organisation has this email address here."
                " Invite the person as a guest instead."
            ),
        )
    _refuse_outsiders(booking, "email", [m.organisation_id for m in memberships])
    if person in booking.side:
        raise CannotInvite("email", _("This person has booked and takes part already."))
    known = booking.participants.open().filter(user=person).first()
    if known is not None:
        return known
    _refuse_too_many(booking)
    known_as = {m.organisation_id: m.organisation for m in memberships}
    is_colleague = booking.organisation_id in known_as
    participant = TestParticipant.objects.create(
        booking=booking,
        user=person,
        organisation=known_as.get(booking.organisation_id, memberships[0].organisation),
        state=ParticipantState.ACTIVE if is_colleague else ParticipantState.INVITED,
        added_by=actor,
    )
    booking.record("participant_add", actor=actor)
    notifications.participant_invited(participant)
    return participant


@transaction.atomic
def invite_guest(*, booking_id: int, actor: User, name: str, email: str) -> TestParticipant:
    """A link by mail that opens the environment's page until the end. The same address again is known.

    Raises CannotInvite, TransitionNotAllowed (the booking is over), PermissionDenied.
    """
    booking = _locked(booking_id, actor)
    _refuse_outsiders(booking, "email", [])
    known = booking.participants.open().filter(user=None, email__iexact=email).first()
    if known is not None:
        return known
    _refuse_too_many(booking)
    guest = TestParticipant.objects.create(
        booking=booking, name=name, email=email, state=ParticipantState.ACTIVE, added_by=actor
    )
    booking.record("participant_add", actor=actor)
    notifications.guest_link(guest)
    return guest


@transaction.atomic
def renew_guest_link(*, participant_id: int, actor: User) -> TestParticipant:
    """A new link by mail; the older one is dead. Raises TransitionNotAllowed, PermissionDenied."""
    guest = _participant(participant_id)
    _locked(guest.booking_id, actor)
    if not guest.is_guest:
        raise TransitionNotAllowed("renew", guest.state)
    guest.renew(actor=actor)
    notifications.guest_link(guest)
    return guest


@transaction.atomic
def remove_participant(*, participant_id: int, actor: User) -> TestParticipant:
    """Their rights end now. Removed already: nothing new. Raises PermissionDenied."""
    participant = _participant(participant_id)
    if not permissions.can_change(actor, participant.booking):
        raise PermissionDenied("remove a participant")
    if participant.state in (ParticipantState.REMOVED, ParticipantState.DECLINED):
        return participant
    participant.remove(actor=actor)
    return participant


@transaction.atomic
def answer_invitation(*, participant_id: int, actor: User, accepts: bool) -> TestParticipant:
    """Yes or no of the person who was asked; whoever takes part may leave again with no.

    The same answer again is nothing new. Raises TransitionNotAllowed (taken back, or the booking is over),
    PermissionDenied.
    """
    participant = _participant(participant_id)
    if participant.user_id != actor.pk or not is_still_member(participant):
        raise PermissionDenied("answer an invitation")
    if accepts and participant.is_in:
        return participant
    if accepts and not runs(participant.booking):
        raise TransitionNotAllowed("accept", participant.booking.state)
    if accepts:
        participant.accept(actor=actor)
    elif participant.state != ParticipantState.DECLINED:
        participant.decline(actor=actor)
    notifications.participant_answered(participant)
    return participant


def guest_of(token: str) -> TestParticipant:
    """The guest whose link this is, while it is good. Raises GuestLinkDead."""
    key = TestParticipant.key_of(token)
    guest = (
        None
        if key is None
        else TestParticipant.objects.with_sheet().filter(link_key=UUID(key), user=None).first()
    )
    if guest is None or not guest.is_in or not runs(guest.booking):
        raise GuestLinkDead
    return guest


def forget_guests() -> None:
    """Names and addresses of guests are not needed once their reports were read (GDPR Art. 5(1)(e))."""
    until = clock.now() - timedelta(days=settings.OSK_SANDBOX_GUEST_DAYS)
    guests = TestParticipant.objects.filter(user=None, booking__window__endswith__lt=until)
    guests.exclude(email="").update(name=FORGOTTEN, email="")


def may_use(participant: TestParticipant) -> bool:
    """Whether this person may enter the environment now."""
    return participant.is_in and is_still_member(participant) and runs(participant.booking)


def is_still_member(participant: TestParticipant) -> bool:
    """Of the organisation as whose member the person was asked; a guest was asked by the link alone."""
    if participant.user is None:
        return True
    memberships = active_memberships(participant.user)
    return any(m.organisation_id == participant.organisation_id for m in memberships)


def runs(booking: Booking) -> bool:
    """It runs or is to come: people can be asked, and say yes."""
    return (booking.is_holding or booking.is_undecided) and booking.ends_at > clock.now()


def _participant(participant_id: int) -> TestParticipant:
    """Locked, after its booking."""
    booking_id = TestParticipant.objects.values_list("booking", flat=True).get(pk=participant_id)
    Booking.objects.select_for_update(of=("self",)).get(pk=booking_id)
    return (
        TestParticipant.objects.select_for_update(of=("self",)).with_sheet().get(pk=participant_id)
    )


def _locked(booking_id: int, actor: User) -> Booking:
    booking = (
        Booking.objects.select_for_update(of=("self",))
        .select_related(
            "blueprint_version__blueprint", "organisation", "booked_by", "deputy", "taken_over_by"
        )
        .get(pk=booking_id)
    )
    if not permissions.can_change(actor, booking):
        raise PermissionDenied("choose who takes part")
    if not runs(booking):
        raise TransitionNotAllowed("invite", booking.state)
    return booking


def _refuse_outsiders(booking: Booking, field: str, member_of: list[int]) -> None:
    """A prototype is seen by its organisation only (product.md 3), trial runs by nobody else."""
    if booking.is_trial:
        raise CannotInvite(field, _("Nobody tests along in a trial run."))
    only = booking.blueprint_version.blueprint.organisation_id
    if only is not None and only not in member_of:
        raise CannotInvite(
            field, _("Only members of your organisation test a prototype. Choose a colleague.")
        )


def _refuse_too_many(booking: Booking) -> None:
    if booking.participants.open().count() >= MOST:
        raise CannotInvite("", _("At most %(most)d people take part in a test.") % {"most": MOST})
