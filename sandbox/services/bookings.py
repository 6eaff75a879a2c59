"""Booking and ending: what people start."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _

from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.deadlocks import without_deadlock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import capacity, circle_mails, deadlines, notifications, opening, permissions, quotas
from sandbox.enums import BookingEventKind, BookingState, EnvironmentEventKind, TestChange
from sandbox.models import Blueprint, Booking, TestTask
from sandbox.querysets import HOLDING
from sandbox.services.environments import (
    add_generation,
    had_begun,
    release_slot,
    remove_environment,
)
from sandbox.services.snapshots import BeingSaved, is_being_saved
from sandbox.services.waiting import offer_places

logger = logging.getLogger(__name__)


class TooEarly(capacity.CannotBook):
    """The OSK has to approve it, or a person to set it up first; ``first`` is the earliest begin."""

    field = "when"

    def __init__(self, first: datetime, *, needs_approval: bool) -> None:
        self.first = first
        super().__init__(
            _("The OSK approves bookings of this test product first. Choose a later begin.")
            if needs_approval
            else _("A person sets up this test product. Choose a later begin.")
        )


def book(
    *,
    user: User,
    organisation: Organisation,
    blueprint: Blueprint,
    start: datetime,
    end: datetime,
    purpose: str,
    goals: Sequence[str] = (),
    by_osk: bool = False,
    occasion: str = "",
    form_id: UUID | None = None,
    also: Callable[[Booking], None] | None = None,
) -> Booking:
    """Promise an environment of the newest published version for the window, and start on it.

    Where the product needs the OSK's approval it is only asked for, and the place is held meanwhile.
    ``goals``: what is to be tested, the beginning of the test plan.
    ``by_osk``: the OSK books for a case or an event (``occasion``), outside the quota, without an approval.
    ``also``: written with it in the same transaction; what it raises undoes the booking.
    ``form_id``: of the form, so that the same one sent twice (double click, reload) is one booking.
    The user has promised to use test data only. Raises NoFreeSlot, QuotaExceeded, TooEarly,
    TransitionNotAllowed (not bookable any more), PermissionDenied (``by_osk`` for somebody else; may not book
    for the organisation, or no longer).
    """
    if by_osk and not user.is_advisor:
        raise PermissionDenied("book for the OSK")
    # Who has waited comes before who books now.
    offer_places(pool_id=blueprint.pool_id)

    def work() -> Booking:
        with transaction.atomic():
            booking = _book(
                user, organisation, blueprint, (start, end), purpose,
                goals=goals, by_osk=by_osk, occasion=occasion, form_id=form_id,
            )  # fmt: skip
            if also is not None:
                also(booking)
            return booking

    return without_deadlock(work)


def _book(
    user: User,
    organisation: Organisation,
    blueprint: Blueprint,
    window: tuple[datetime, datetime],
    purpose: str,
    *,
    goals: Sequence[str],
    by_osk: bool,
    occasion: str,
    form_id: UUID | None,
) -> Booking:
    # Two of the same form at once: the second one waits here, and finds the first one's booking.
    quotas.lock(organisation.pk)
    if not by_osk and not permissions.may_book_for(permissions.as_of_now(user), organisation):
        raise PermissionDenied("book for this organisation")
    known = Booking.objects.filter(public_id=form_id).first() if form_id else None
    if known is not None and known.booked_by_id == user.pk and known.state in HOLDING:
        return known
    start, end = window
    blueprint = opening.require_open(blueprint, organisation)
    version = blueprint.published_version()
    if version is None:
        raise TransitionNotAllowed("book", "not bookable")
    opening.require_time(blueprint, end)
    now = clock.now()
    to_approve = blueprint.needs_approval and not by_osk
    first = deadlines.first_start(blueprint, version, now, needs_approval=to_approve)
    if start < first and first > now:
        raise TooEarly(first, needs_approval=to_approve)
    if not by_osk:
        quotas.check(organisation, start, end)
    booking = Booking.objects.create(
        public_id=form_id if form_id and known is None else uuid.uuid4(),
        blueprint_version=version,
        organisation=organisation,
        booked_by=user,
        purpose=purpose,
        occasion=occasion,
        test_data_acknowledged_at=now,
        window=DateTimeTZRange(start, end),
        state=BookingState.REQUESTED if to_approve else BookingState.APPROVED,
        hold_expires_at=deadlines.approval_deadline(start, now) if to_approve else None,
        is_outside_quota=by_osk,
    )
    booking.record(BookingEventKind.ASK if to_approve else BookingEventKind.BOOK, actor=user)
    TestTask.objects.bulk_create(
        TestTask(booking=booking, position=position, task=goal)
        for position, goal in enumerate(goals, start=1)
    )
    capacity.allocate(booking)
    if to_approve:
        notifications.booking_requested(booking)
    else:
        promise(booking, actor=user)
    logger.info("sandbox: booked", extra={"booking": str(booking.public_id)})
    return booking


def promise(booking: Booking, *, actor: User) -> None:
    """From here on it is set up. ``booking`` is locked or new, approved, and holds its place."""
    allocation = booking.allocations.held().select_related("slot__pool").get()
    environment = add_generation(booking, allocation.slot)
    environment.record(EnvironmentEventKind.BOOKED, actor=actor)
    if booking.starts_at > clock.now():  # what begins now is told once it is ready
        notifications.booking_confirmed(booking)


def end_booking(*, booking_id: int, actor: User, waits_for_copy: bool = True) -> Booking:
    """Cancel it, decline the offer, or end it now: process and data go at once.

    ``waits_for_copy``: not while its configuration is being saved; the end of an account waits for nothing.
    Raises BeingSaved, TransitionNotAllowed, and PermissionDenied for who may not.
    """
    with transaction.atomic():
        booking = Booking.objects.select_for_update(of=("self",)).get(pk=booking_id)
        if not permissions.can_end(actor, booking):
            raise PermissionDenied("end a booking")
        if waits_for_copy and is_being_saved(booking):
            raise BeingSaved("end")
        was_offer = booking.state == BookingState.DRAFT
        booking.cancel(actor=actor)
        has_begun = had_begun(booking)
        if booking.environments.existing().exists():
            remove_environment(booking)
        else:
            release_slot(booking)
        if was_offer:
            booking.waitlist_entry.decline(actor=actor)
        elif has_begun:  # who booked is told once everything is removed
            circle_mails.tell(booking, TestChange.ENDED)
        else:
            notifications.booking_cancelled(booking)
        return booking
