"""Test environments of a case (product.md 1.4): linked by whoever works on it, read by both sides."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction

from consulting import permissions
from consulting.enums import CaseEventKind
from consulting.models import CaseEvent
from consulting.services.common import locked, record
from osk_portal.accounts.models import User
from sandbox.models import Booking


@transaction.atomic
def link_booking(*, case_id: int, actor: User, booking: Booking) -> CaseEvent | None:
    """Show ``booking`` with the case. None when it is linked already.

    Raises PermissionDenied for who does not advise, and for a booking of another authority: its people
    would read of it.
    """
    case = locked(case_id)
    if not permissions.can_tag(actor, case) or booking.organisation_id != case.organisation_id:
        raise PermissionDenied("link a test environment")
    if case.bookings.filter(pk=booking.pk).exists():
        return None
    case.bookings.add(booking)
    return record(case, CaseEventKind.BOOKING_LINKED, actor, booking=str(booking.public_id))


@transaction.atomic
def unlink_booking(*, case_id: int, actor: User, booking: Booking) -> CaseEvent | None:
    """Take the link away; the booking stays. None when there is none. Raises PermissionDenied."""
    case = locked(case_id)
    if not permissions.can_tag(actor, case):
        raise PermissionDenied("unlink a test environment")
    if not case.bookings.filter(pk=booking.pk).exists():
        return None
    case.bookings.remove(booking)
    return record(case, CaseEventKind.BOOKING_UNLINKED, actor, booking=str(booking.public_id))
