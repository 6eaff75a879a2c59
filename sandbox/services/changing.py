"""Another time for a booking: a later end, or another window before the start."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _

from osk_portal.accounts.models import User
from osk_portal.notifications.doorbell import ring
from osk_portal.toolkit import clock
from osk_portal.toolkit.deadlocks import without_deadlock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import capacity, circle_mails, deadlines, notifications, opening, permissions, quotas
from sandbox.enums import (
    BookingAction,
    BookingEventKind,
    BookingState,
    EnvironmentEventKind,
    EnvironmentState,
    TestChange,
)
from sandbox.models import Allocation, Booking, Environment
from sandbox.services.approval import is_lapsed
from sandbox.services.bookings import TooEarly
from sandbox.services.environments import WORK
from sandbox.windows import days_between, end_after

_A_MOMENT: Final = timedelta(minutes=1)
"""So far back lies at most what a person has chosen as “now”."""


def extend_booking(*, booking_id: int, actor: User, end: datetime) -> Booking:
    """Let it run until ``end``, on the same place, with the same data. The same end again is nothing new.

    Longer than the OSK has approved: ``ask_longer``. Raises TooLong (with the latest possible end),
    QuotaExceeded, TransitionNotAllowed, PermissionDenied.
    """

    def work() -> Booking:
        with transaction.atomic():
            return _extend(booking_id, actor, end)

    return without_deadlock(work)


def _extend(booking_id: int, actor: User, end: datetime) -> Booking:
    booking = _locked(booking_id, actor)
    _refuse_over(booking)
    if end == booking.ends_at:
        return booking
    approved = booking.approved_end
    if approved is not None and end > approved:
        raise capacity.TooLong(max(approved, booking.ends_at))
    return _extend_to(booking, actor, end)


def _refuse_over(booking: Booking) -> None:
    if not booking.can(BookingAction.EXTEND) or booking.ends_at <= clock.now():
        raise TransitionNotAllowed(BookingAction.EXTEND, booking.state)


def ask_longer(*, booking_id: int, actor: User, end: datetime) -> Booking:
    """Ask the OSK to let it run until ``end``, longer than was approved. No place is held for it.

    The same end again is nothing new, another one replaces it. Raises as ``extend_booking``.
    """

    def work() -> Booking:
        with transaction.atomic():
            return _ask_longer(booking_id, actor, end)

    return without_deadlock(work)


def _ask_longer(booking_id: int, actor: User, end: datetime) -> Booking:
    booking = _locked(booking_id, actor)
    _refuse_over(booking)
    if end == booking.asked_end:
        return booking
    longest = latest_by_product(booking)
    if not booking.ends_at < end <= longest:
        raise capacity.TooLong(max(longest, booking.ends_at))
    quotas.check(booking.organisation, booking.starts_at, end, without=booking)
    latest = capacity.latest_end(_held(booking))
    if latest is not None and end > latest:
        raise capacity.TooLong(latest)
    booking.asked_end = end
    booking.save(update_fields=["asked_end"])
    booking.record(BookingEventKind.ASK_LONGER, actor=actor)
    notifications.longer_asked(booking)
    return booking


def approve_longer(*, booking_id: int, actor: User, note: str = "") -> Booking:
    """Let it run as long as was asked for, if the place is still free.

    Raises TooLong (with the latest possible end), QuotaExceeded, TransitionNotAllowed (decided, or over),
    PermissionDenied (no advisor, or one's own).
    """

    def work() -> Booking:
        with transaction.atomic():
            booking = _asked_longer(booking_id, actor)
            end = booking.asked_end or booking.ends_at
            booking.approved_days = days_between(booking.starts_at, end)
            _settle_longer(booking, note)
            return _extend_to(booking, actor, end)

    return without_deadlock(work)


@transaction.atomic
def refuse_longer(*, booking_id: int, actor: User, reason: str) -> Booking:
    """It ends when it was to end, and the person reads the reason. Raises as ``approve_longer``; ValueError."""
    if not reason.strip():
        raise ValueError("a rejection needs a reason")
    booking = _asked_longer(booking_id, actor)
    _settle_longer(booking, reason)
    booking.record(BookingEventKind.REFUSE_LONGER, actor=actor)
    notifications.longer_refused(booking)
    return booking


def _asked_longer(booking_id: int, actor: User) -> Booking:
    booking = _with_all(booking_id)
    if not permissions.can_decide(actor) or actor in booking.side:
        raise PermissionDenied("decide on a booking")
    if not booking.is_asked_longer:
        raise TransitionNotAllowed(BookingAction.EXTEND, booking.state)
    return booking


def _settle_longer(booking: Booking, words: str) -> None:
    booking.asked_end = None
    # What was decided first, and why, stays beside it; who decided stands in the history.
    booking.longer_decided_at, booking.longer_reason = clock.now(), words
    booking.save(update_fields=["asked_end", "approved_days", "longer_decided_at", "longer_reason"])


def _extend_to(booking: Booking, actor: User, end: datetime) -> Booking:
    if not booking.is_outside_quota and not booking.organisation.is_entitled:
        raise TransitionNotAllowed(
            BookingAction.EXTEND,
            booking.state,
            _("Your organisation is no longer entitled to test environments."),
        )
    longest = latest_by_product(booking)
    if not booking.ends_at < end <= longest:
        raise capacity.TooLong(longest if longest > booking.ends_at else booking.ends_at)
    opening.require_time(booking.blueprint_version.blueprint, end)
    environment = _environment(booking)
    if not booking.is_outside_quota:
        quotas.check(booking.organisation, booking.starts_at, end, without=booking)
    capacity.extend(_held(booking), end)
    booking.extend(DateTimeTZRange(booking.starts_at, end), actor=actor)
    if environment is not None:
        # What was kept apart until a later day keeps that one until the engine knows better.
        environment.expires_at = max(environment.expires_at, end)
        # Whoever works on it tells the engine the new end.
        if environment.state == EnvironmentState.READY:
            environment.next_action_at = clock.now()
        environment.save(update_fields=["expires_at", "next_action_at"])
        environment.record(EnvironmentEventKind.EXTENDED, actor=actor)
        ring(WORK, environment_id=environment.pk)
    notifications.booking_changed(booking)
    circle_mails.tell(booking, TestChange.MOVED)
    return booking


def latest_by_product(booking: Booking) -> datetime:
    """The end of the longest booking of its product that begins when this one does."""
    return end_after(booking.starts_at, booking.blueprint_version.blueprint.longest_days)


def move_booking(*, booking_id: int, actor: User, start: datetime, end: datetime) -> Booking:
    """Another window before the start, of an approved one with as many days as were approved at most.

    The same window again is nothing new.

    Raises NoFreeSlot (with the next free begin), QuotaExceeded, TooEarly, PermissionDenied, and
    TransitionNotAllowed where it has begun or is being set up.
    """

    def work() -> Booking:
        with transaction.atomic():
            return _move(booking_id, actor, start, end)

    return without_deadlock(work)


def _move(booking_id: int, actor: User, start: datetime, end: datetime) -> Booking:
    booking = _locked(booking_id, actor)
    environment = _environment(booking)
    if not can_move(booking, environment):
        raise TransitionNotAllowed(
            BookingAction.MOVE,
            booking.state,
            _("The set-up has begun: the time can no longer be changed."),
        )
    if (start, end) == (booking.starts_at, booking.ends_at):
        return booking
    now = clock.now()
    longest = end_after(start, booking.blueprint_version.blueprint.longest_days)
    if not now - _A_MOMENT <= start < end <= longest:
        raise capacity.TooLong(longest)
    if booking.approved_days is not None and end > end_after(start, booking.approved_days):
        raise capacity.TooLong(end_after(start, booking.approved_days))
    opening.require_time(booking.blueprint_version.blueprint, end)
    is_asked = booking.state == BookingState.REQUESTED
    version = booking.blueprint_version
    first = deadlines.first_start(
        version.blueprint, version, booking.created_at if is_asked else now, needs_approval=is_asked
    )
    if start < first and first > now:
        raise TooEarly(first, needs_approval=is_asked)
    if is_asked:
        booking.hold_expires_at = deadlines.approval_deadline(start, booking.created_at)
    if not booking.is_outside_quota:
        quotas.check(booking.organisation, start, end, without=booking)
    allocation = capacity.move(_held(booking), start, end)
    booking.move(DateTimeTZRange(start, end), actor=actor)
    if environment is not None:
        environment.slot, environment.backend = allocation.slot, allocation.slot.backend
        environment.expires_at = end
        environment.next_action_at = max(allocation.occupies.lower, now)
        environment.attempts = 0
        environment.save(
            update_fields=["slot", "backend", "expires_at", "next_action_at", "attempts"]
        )
        environment.record(EnvironmentEventKind.MOVED, actor=actor)
        ring(WORK, environment_id=environment.pk)
    notifications.booking_changed(booking)
    circle_mails.tell(booking, TestChange.MOVED)
    return booking


def can_move(booking: Booking, environment: Environment | None) -> bool:
    """Before its start, and nothing of it is set up yet."""
    return (
        booking.can(BookingAction.MOVE)
        and not is_lapsed(booking)
        and booking.starts_at > clock.now()
        and (environment is None or environment.state == EnvironmentState.PENDING)
    )


def _with_all(booking_id: int) -> Booking:
    """Locked, after its organisation, whose quota is counted."""
    quotas.lock(Booking.objects.values_list("organisation", flat=True).get(pk=booking_id))
    return (
        Booking.objects.select_for_update(of=("self",))
        .select_related(
            "blueprint_version__blueprint__pool",
            "organisation",
            "booked_by",
            "deputy",
            "taken_over_by",
        )
        .get(pk=booking_id)
    )


def _locked(booking_id: int, actor: User) -> Booking:
    booking = _with_all(booking_id)
    if booking.is_trial or not permissions.can_change(permissions.as_of_now(actor), booking):
        raise PermissionDenied("change a booking")
    return booking


def _environment(booking: Booking) -> Environment | None:
    """The one that exists, locked: after the booking, as everywhere."""
    return booking.environments.existing().select_for_update(of=("self",)).first()


def _held(booking: Booking) -> Allocation:
    return booking.allocations.held().select_related("slot__pool").get()
