"""Somebody else goes on with a booking: a deputy, a colleague, the Organisationsverwaltung (product.md, Leaving)."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import notifications, permissions
from sandbox.enums import BookingEventKind
from sandbox.models import Booking, TestParticipant
from sandbox.querysets import HOLDING, PROMISED, BookingQuerySet

K = BookingEventKind


@transaction.atomic
def name_deputy(*, booking_id: int, actor: User, deputy: User | None) -> Booking:
    """``deputy`` has the rights of who booked until somebody else or nobody (None) is named. Both are told.

    The same one again is nothing new. Raises PermissionDenied, and TransitionNotAllowed where the booking is
    over or the deputy no colleague.
    """
    booking = _locked(booking_id)
    if not permissions.can_name_deputy(actor, booking):
        raise PermissionDenied("name a deputy")
    before = booking.deputy
    if before == deputy:
        return booking
    if deputy is None:
        booking.deputy = None
        booking.save(update_fields=["deputy"])
        booking.record(K.DEPUTY_ENDED, actor=actor, person=before and before.pk)
        return booking
    _refuse_over(booking)
    _check_colleague(booking, deputy)
    if deputy.pk == booking.booked_by_id:
        raise TransitionNotAllowed("deputy", booking.state, _("This person has booked it."))
    booking.deputy = deputy
    booking.save(update_fields=["deputy"])
    _end_participation(booking, deputy, actor)
    booking.record(K.DEPUTY_NAMED, actor=actor, person=deputy.pk)
    notifications.deputy_named(booking, actor=actor)
    return booking


@transaction.atomic
def hand_over_booking(
    *, booking_id: int, person: User, successor: User, actor: User
) -> Booking | None:
    """``successor`` has booked it from now on: is told of it, and sees the passwords; ``person`` no longer.

    None when it is no longer ``person``'s or is over: nothing is written then. Raises PermissionDenied, and
    TransitionNotAllowed for a successor who is no colleague.
    """
    booking = _locked(booking_id)
    if booking.booked_by_id != person.pk or booking.state not in HOLDING:
        return None
    if not permissions.can_hand_over(actor, booking):
        raise PermissionDenied("hand over a booking")
    if successor.pk == person.pk:
        return None
    _check_colleague(booking, successor)
    _give(booking, successor, actor)
    return booking


@transaction.atomic
def take_over_booking(*, booking_id: int, actor: User, reason: str) -> Booking:
    """A manager has the rights of who booked from now on; that person is told, and the reason is shown.

    Whoever has them already: nothing new. Raises PermissionDenied, and ValueError without a reason.
    """
    if not reason.strip():
        raise ValueError("a take-over needs a reason")
    booking = _locked(booking_id)
    if not permissions.is_on_the_side(actor, booking):
        if not permissions.can_take_over(actor, booking):
            raise PermissionDenied("take over a booking")
        booking.taken_over_by, booking.takeover_reason = actor, reason
        booking.save(update_fields=["taken_over_by", "takeover_reason"])
        _end_participation(booking, actor, actor)
        booking.record(K.TAKEN_OVER, actor=actor)
        notifications.booking_taken_over(booking)
    return booking


@transaction.atomic
def end_takeover(*, booking_id: int, actor: User) -> Booking:
    """The manager sees again only that the booking exists. Raises PermissionDenied."""
    booking = _locked(booking_id)
    if not permissions.is_on_the_side(actor, booking):
        raise PermissionDenied("end a take-over")
    if booking.taken_over_by is not None:
        _end_takeover(booking, actor)
    return booking


@transaction.atomic
def end_rights(*, person: User, organisation: Organisation, actor: User | None) -> None:
    """``person`` belongs to ``organisation`` no more: is no deputy, has taken nothing over, tests along in nothing.

    The rights have ended with the membership; now the rows go too, so that coming back gives nothing back
    unasked.
    """
    rows = Q(deputy=person) | Q(taken_over_by=person)
    mine = Booking.objects.filter(rows, organisation=organisation)
    along = TestParticipant.objects.open().filter(user=person, organisation=organisation)
    numbers = {*mine.values_list("pk", flat=True), *along.values_list("booking", flat=True)}
    for booking_id in sorted(numbers):
        booking = _locked(booking_id)
        if booking.organisation_id == organisation.pk:
            if booking.deputy_id == person.pk:
                booking.deputy = None
                booking.save(update_fields=["deputy"])
                booking.record(K.DEPUTY_ENDED, actor=actor, person=person.pk)
                if booking.state in HOLDING:
                    notifications.deputy_left(booking, person)
            if booking.taken_over_by_id == person.pk:
                _end_takeover(booking, actor)
        for participant in along.filter(booking=booking):
            participant.remove(actor=actor)


@transaction.atomic
def settle_account(person: User) -> None:
    """The account goes: what has a deputy, or a manager who has taken it over, is theirs."""
    for booking_id in _keys(Booking.objects.filter(booked_by=person, state__in=HOLDING)):
        booking = _locked(booking_id)
        if booking.booked_by_id != person.pk or booking.state not in HOLDING:
            continue  # handed over, or over, meanwhile
        others = [other for other in booking.side if other.pk != person.pk]
        heir = next((other for other in others if permissions.can_succeed(other, booking)), None)
        if heir is not None:
            _give(booking, heir, person)


@transaction.atomic
def release_staff(person: User, actor: User | None) -> None:
    """``person`` advises no more: what the OSK has booked goes on with who took the role away."""
    if actor is None or not actor.is_advisor or actor.pk == person.pk:
        return  # every advisor still finds it
    mine = Booking.objects.filter(booked_by=person, is_outside_quota=True, state__in=PROMISED)
    for booking_id in _keys(mine):
        booking = _locked(booking_id)
        if booking.booked_by_id == person.pk and booking.state in PROMISED:
            _give(booking, actor, actor)


def _keys(bookings: BookingQuerySet) -> list[int]:
    return list(bookings.order_by("pk").values_list("pk", flat=True))


def _give(booking: Booking, successor: User, actor: User) -> None:
    person = booking.booked_by
    booking.booked_by = successor
    if booking.deputy_id == successor.pk:
        booking.deputy = None
    if booking.taken_over_by_id == successor.pk:
        booking.taken_over_by, booking.takeover_reason = None, ""
    booking.sequence += 1  # another person's calendar
    booking.save(
        update_fields=["booked_by", "deputy", "taken_over_by", "takeover_reason", "sequence"]
    )
    _end_participation(booking, successor, actor)
    booking.record(K.HANDED_OVER, actor=actor, person=person.pk, successor=successor.pk)
    notifications.booking_handed_over(booking, person=person)


def _end_takeover(booking: Booking, actor: User | None) -> None:
    person = booking.taken_over_by_id
    booking.taken_over_by, booking.takeover_reason = None, ""
    booking.save(update_fields=["taken_over_by", "takeover_reason"])
    booking.record(K.TAKEOVER_ENDED, actor=actor, person=person)


def _end_participation(booking: Booking, person: User, actor: User) -> None:
    """Whoever has all the rights is no participant beside."""
    for participant in booking.participants.open().filter(user=person):
        participant.remove(actor=actor)


def _refuse_over(booking: Booking) -> None:
    if booking.state not in HOLDING:
        raise TransitionNotAllowed("deputy", booking.state)


def _check_colleague(booking: Booking, person: User) -> None:
    if not permissions.can_succeed(person, booking):
        raise TransitionNotAllowed(
            "hand_over",
            booking.state,
            _("Choose an advisor.")
            if booking.is_by_osk
            else _("Choose a member of the organisation."),
        )


def _locked(booking_id: int) -> Booking:
    return (
        Booking.objects.select_for_update(of=("self",))
        .select_related(
            "blueprint_version__blueprint", "organisation", "booked_by", "deputy", "taken_over_by"
        )
        .get(pk=booking_id)
    )
