"""Test environments of a case (product.md 1.4): linked by whoever works on it, read by both sides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from consulting import permissions
from consulting.enums import CaseEventKind
from consulting.models import CaseEvent, ConsultingRequest
from consulting.services.common import locked, record
from osk_portal.accounts.models import User
from osk_portal.toolkit.deadlocks import without_deadlock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox.models import Blueprint, Booking
from sandbox.services import book
from sandbox.services.participants import CannotInvite, invite_person


def book_for_case(
    *,
    case_id: int,
    actor: User,
    blueprint: Blueprint,
    window: tuple[datetime, datetime],
    purpose: str,
    goals: Sequence[str],
    invites: bool,
    form_id: UUID | None,
) -> bool:
    """The OSK books for a case, outside the authority's quota; both sides find it there.

    ``invites``: the author tests along. Whether that came about: not where the belonging is open. The same
    ``form_id`` again is the same booking. Raises PermissionDenied, TransitionNotAllowed, and what
    ``sandbox.services.book`` raises.
    """
    case = ConsultingRequest.objects.select_related("organisation", "author").get(pk=case_id)
    if not permissions.can_tag(actor, case) or case.organisation is None:
        raise PermissionDenied("book for a case")
    if case.anonymised_at is not None:
        raise TransitionNotAllowed(
            "write", case.state, _("This request is anonymised. Nothing can be changed any more.")
        )

    def link(booking: Booking) -> None:
        # Whoever may not work on the case any more has booked nothing either.
        link_booking(case_id=case.pk, actor=actor, booking=booking)

    booking = book(
        user=actor,
        organisation=case.organisation,
        blueprint=blueprint,
        start=window[0],
        end=window[1],
        purpose=purpose,
        goals=goals,
        by_osk=True,
        form_id=form_id,
        also=link,
    )
    if not invites:
        return False
    try:
        invite_person(booking_id=booking.pk, actor=actor, email=case.author.email)
    except CannotInvite:
        return False
    return True


def link_booking(*, case_id: int, actor: User, booking: Booking) -> CaseEvent | None:
    """Show ``booking`` with the case. None when it is linked already.

    Raises PermissionDenied for who does not advise, and for a booking of another authority: its people
    would read of it.
    """

    def work() -> CaseEvent | None:
        with transaction.atomic():
            return _link(case_id, actor, booking)

    return without_deadlock(work)


def _link(case_id: int, actor: User, booking: Booking) -> CaseEvent | None:
    case = locked(case_id)
    if not permissions.can_tag(actor, case) or booking.organisation_id != case.organisation_id:
        raise PermissionDenied("link a test environment")
    if case.bookings.filter(pk=booking.pk).exists():
        return None
    # Names the booking, and so waits for whoever changes it: after the case, where a booking for a case
    # comes to the case last.
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
