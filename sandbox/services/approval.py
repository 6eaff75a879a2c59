"""Applications: the OSK approves or rejects them, or their time to be held runs out."""

from __future__ import annotations

import logging

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import notifications, permissions
from sandbox.enums import BookingAction, BookingState
from sandbox.models import Booking
from sandbox.opening import require_open
from sandbox.services.bookings import promise
from sandbox.services.environments import release_slot

logger = logging.getLogger(__name__)
BATCH = 50


def approve_booking(*, booking_id: int, actor: User, note: str = "") -> Booking:
    """The held place becomes a promise. ``note`` is shown to the person.

    Raises TransitionNotAllowed (decided, withdrawn, or no longer held; or the person has left the
    organisation, or it is no longer entitled), PermissionDenied (no advisor, or of one's own side).
    """
    with transaction.atomic():
        booking = _to_decide(booking_id, actor, BookingAction.APPROVE)
        if not permissions.may_book_for(booking.booked_by, booking.organisation):
            raise TransitionNotAllowed(
                BookingAction.APPROVE,
                booking.state,
                _("The person may no longer book for this organisation. Reject the application."),
            )
        # A block may have come while it waited.
        require_open(booking.blueprint_version.blueprint, booking.organisation)
        booking.approve(actor=actor, note=note)
        promise(booking, actor=actor)
        return booking


def reject_booking(*, booking_id: int, actor: User, reason: str) -> Booking:
    """The place is free again, and the person reads the reason.

    Raises TransitionNotAllowed, PermissionDenied, and ValueError without a reason.
    """
    if not reason.strip():
        raise ValueError("a rejection needs a reason")
    with transaction.atomic():
        booking = _to_decide(booking_id, actor, BookingAction.REJECT)
        booking.reject(actor=actor, reason=reason)
        release_slot(booking)
        notifications.booking_rejected(booking)
        return booking


def _to_decide(booking_id: int, actor: User, action: BookingAction) -> Booking:
    if not permissions.can_decide(actor):
        raise PermissionDenied("decide on a booking")
    booking = (
        Booking.objects.select_for_update(of=("self",))
        .select_related("booked_by", "deputy", "taken_over_by", "organisation")
        .get(pk=booking_id)
    )
    if actor in booking.side:
        raise PermissionDenied("decide on one's own booking")
    if booking.can(action) and is_lapsed(booking):
        # Nobody may rely on a place that the next minute gives to somebody else.
        raise TransitionNotAllowed(
            action, booking.state, _("The place is no longer held: the application has lapsed.")
        )
    return booking


def is_lapsed(booking: Booking) -> bool:
    return booking.hold_expires_at is not None and booking.hold_expires_at <= clock.now()


def expire_holds() -> None:
    """Applications and offers on which nobody decided in time: told, and their place is free again."""
    for booking_id in list(Booking.objects.hold_is_over().values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            booking = (
                Booking.objects.hold_is_over()
                .select_for_update(skip_locked=True, of=("self",))
                .filter(pk=booking_id)
                .first()
            )
            if booking is None:
                continue
            was_offer = booking.state == BookingState.DRAFT
            booking.expire()
            release_slot(booking)
            if was_offer:
                booking.waitlist_entry.lapse()
                notifications.offer_lapsed(booking)
            else:
                notifications.booking_expired(booking)
            logger.info("sandbox: hold ran out", extra={"booking": str(booking.public_id)})
