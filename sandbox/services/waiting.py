"""The waitlist: join, offer, accept, decline, leave.

An offer is a booking in the state *draft* that holds a place until its deadline. Who came first is asked
first; who needs longer than a gap is passed over until a longer one comes.
"""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _
from psycopg.errors import UniqueViolation

from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.deadlocks import without_deadlock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import capacity, deadlines, notifications, opening, permissions, quotas
from sandbox.enums import (
    BookingAction,
    BookingEventKind,
    BookingState,
    EnvironmentEventKind,
    WaitAction,
)
from sandbox.models import Blueprint, Booking, Pool, WaitlistEntry
from sandbox.services.environments import add_generation
from sandbox.timetable import Timetable
from sandbox.windows import end_after

logger = logging.getLogger(__name__)


def join_waitlist(
    *, user: User, organisation: Organisation, blueprint: Blueprint, days: int, purpose: str
) -> WaitlistEntry:
    """Wait for the next place that is free for so many days. Who waits already keeps the turn.

    The user has promised to use test data only. Raises TransitionNotAllowed (not bookable any more),
    PermissionDenied (may not book for the organisation).
    """
    with transaction.atomic():
        if not permissions.may_book_for(permissions.as_of_now(user), organisation):
            raise PermissionDenied("wait for this organisation")
        blueprint = opening.require_open(blueprint, organisation)
        if blueprint.published_version() is None:
            raise TransitionNotAllowed("wait", "not bookable")
        mine = WaitlistEntry.objects.open().filter(
            blueprint=blueprint, organisation=organisation, person=user
        )
        known = mine.first()
        if known is not None:
            return known
        try:
            with transaction.atomic():
                entry = WaitlistEntry.objects.create(
                    blueprint=blueprint,
                    organisation=organisation,
                    person=user,
                    days=min(days, blueprint.longest_days),
                    purpose=purpose,
                    test_data_acknowledged_at=clock.now(),
                )
        except IntegrityError as error:
            if not isinstance(error.__cause__, UniqueViolation):
                raise
            return mine.get()  # the same form, sent twice at once
        entry.record("join", actor=user)
        return entry


def leave_waitlist(*, entry_id: int, actor: User) -> WaitlistEntry:
    """Raises TransitionNotAllowed (has an offer meanwhile, or left already), PermissionDenied."""
    with transaction.atomic():
        entry = WaitlistEntry.objects.select_for_update(of=("self",)).get(pk=entry_id)
        if entry.person_id != actor.pk:
            raise PermissionDenied("leave the waitlist")
        entry.leave(actor=actor)
        return entry


def offer_places(*, pool_id: int | None = None) -> list[Booking]:
    """Offer what is free to those who wait, in their order. Twice is once: an offer holds its place."""
    waiting = WaitlistEntry.objects.waiting()
    if pool_id is not None:
        waiting = waiting.filter(blueprint__pool=pool_id)
    pools = waiting.order_by().values_list("blueprint__pool", flat=True).distinct()
    made: list[Booking] = []
    for pool in sorted(pools):
        # One a transaction: who holds a place already never waits for another organisation's turn.
        while (offered := without_deadlock(partial(_offer_next, pool))) is not None:
            made.append(offered)
    return made


def _offer_next(pool_id: int) -> Booking | None:
    """Offer a place to the first whom one fits; None when there is nobody."""
    with transaction.atomic():
        # One at a time for a capacity, or the second in the row could be asked before the first.
        pool = Pool.objects.select_for_update(no_key=True).get(pk=pool_id)
        now = clock.now()
        table = Timetable(pool, now)
        rows = (
            WaitlistEntry.objects.waiting()
            .filter(blueprint__pool=pool)
            .select_for_update(of=("self",), skip_locked=True)
            .select_related("blueprint__pool", "organisation", "person")
            .order_by("created_at", "pk")
        )
        for entry in rows:
            person = entry.person
            if not (person.is_active and permissions.may_book_for(person, entry.organisation)):
                entry.leave(actor=None)
                continue
            until = _latest_end(entry, deadlines.offer_deadline(now))
            if table.free_places(now, until):
                offered = _offer(entry, now, until)
                if offered is not None:
                    return offered
        return None


def _latest_end(entry: WaitlistEntry, deadline: datetime) -> datetime:
    """The end if it is accepted in the last moment: until then the place must be free."""
    return end_after(_begin(entry.blueprint, deadline), entry.days)


def _begin(blueprint: Blueprint, accepted_at: datetime) -> datetime:
    return deadlines.first_start(
        blueprint,
        blueprint.published_version(),
        accepted_at,
        needs_approval=blueprint.needs_approval,
    )


def _offer(entry: WaitlistEntry, now: datetime, until: datetime) -> Booking | None:
    """None where somebody was faster, the organisation has enough, or the product is closed: the turn stays."""
    try:
        with transaction.atomic():
            quotas.lock(entry.organisation_id)
            version = opening.require_open(entry.blueprint, entry.organisation).published_version()
            if version is None:
                return None
            opening.require_time(entry.blueprint, until)
            quotas.check(entry.organisation, now, end_after(now, entry.days))
            booking = Booking.objects.create(
                blueprint_version=version,
                organisation=entry.organisation,
                booked_by=entry.person,
                purpose=entry.purpose,
                test_data_acknowledged_at=entry.test_data_acknowledged_at,
                window=DateTimeTZRange(now, until),
                state=BookingState.DRAFT,
                hold_expires_at=deadlines.offer_deadline(now),
            )
            booking.record(BookingEventKind.OFFER, actor=None)
            capacity.allocate(booking)
    except (capacity.CannotBook, TransitionNotAllowed):
        return None
    entry.offer(booking)
    notifications.place_offered(booking, days=entry.days)
    logger.info("sandbox: place offered", extra={"booking": str(booking.public_id)})
    return booking


def accept_offer(*, booking_id: int, actor: User) -> Booking:
    """The draft becomes a booking that begins now, or an application where the product needs approval.

    Raises TransitionNotAllowed (answered, run out, or not bookable any more), QuotaExceeded,
    PermissionDenied.
    """

    def work() -> Booking:
        with transaction.atomic():
            return _accept(booking_id, actor)

    return without_deadlock(work)


def _accept(booking_id: int, actor: User) -> Booking:
    booking, entry = _offered(booking_id, actor, BookingAction.ACCEPT)
    if not permissions.may_book_for(permissions.as_of_now(actor), booking.organisation):
        raise PermissionDenied("accept an offer")
    now = clock.now()
    blueprint = opening.require_open(booking.blueprint_version.blueprint, booking.organisation)
    start = _begin(blueprint, now)
    end = end_after(start, entry.days)
    opening.require_time(blueprint, end)
    quotas.check(booking.organisation, start, end, without=booking)
    allocation = booking.allocations.held().select_related("slot__pool").get()
    allocation = capacity.move(allocation, start, end)
    hold = deadlines.approval_deadline(start, now) if blueprint.needs_approval else None
    booking.window = DateTimeTZRange(start, end)
    booking.save(update_fields=["window"])
    booking.accept(actor=actor, hold_expires_at=hold)
    entry.take(actor=actor)
    if hold is not None:
        booking.record(BookingEventKind.ASK, actor=actor)
        notifications.booking_requested(booking)
        return booking
    environment = add_generation(booking, allocation.slot)
    environment.record(EnvironmentEventKind.BOOKED, actor=actor)
    return booking


def _offered(booking_id: int, actor: User, action: BookingAction) -> tuple[Booking, WaitlistEntry]:
    """The organisation first, then the booking, then its entry, as everywhere."""
    quotas.lock(Booking.objects.values_list("organisation", flat=True).get(pk=booking_id))
    booking = (
        Booking.objects.select_for_update(of=("self",))
        .select_related("blueprint_version__blueprint__pool", "organisation", "booked_by")
        .get(pk=booking_id)
    )
    if booking.booked_by_id != actor.pk:
        raise PermissionDenied("answer an offer")
    is_over = booking.hold_expires_at is None or booking.hold_expires_at <= clock.now()
    if booking.state != BookingState.DRAFT or is_over:
        raise TransitionNotAllowed(
            action, booking.state, _("This offer has been answered, or it has run out.")
        )
    entry = WaitlistEntry.objects.select_for_update(of=("self",)).get(booking=booking)
    if not entry.can(WaitAction.TAKE):
        raise TransitionNotAllowed(action, entry.state)
    return booking, entry
