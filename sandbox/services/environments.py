"""What is to exist of a booking; what the engines are asked is in provisioning.py."""

from __future__ import annotations

import logging
import uuid

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q

from osk_portal.accounts.models import User
from osk_portal.notifications.doorbell import ring
from osk_portal.toolkit import clock
from osk_portal.toolkit.deadlocks import without_deadlock
from osk_portal.toolkit.transitions import TransitionNotAllowed, check
from sandbox import capacity, notifications, participant_mails, permissions, quotas
from sandbox.enums import BookingAction, Desired, EnvironmentState, MeasureKind
from sandbox.models import (
    Allocation,
    Booking,
    Environment,
    Measure,
    Slot,
)
from sandbox.querysets import FINAL
from sandbox.services.credentials import wipe_credentials
from sandbox.services.mails import wipe_mails
from sandbox.timetable import occupied

logger = logging.getLogger(__name__)


WORK = "sandbox.tasks.work"
OFFER = "sandbox.tasks.offer_places"


def add_generation(booking: Booking, slot: Slot) -> Environment:
    """The next environment of a booking, due when the slot's time for it begins."""
    last = booking.environments.order_by("-generation").values_list("generation", flat=True).first()
    generation = (last or 0) + 1
    public_id = uuid.uuid4()
    lead = occupied(slot.pool, booking.starts_at, booking.ends_at).lower
    environment = Environment.objects.create(
        public_id=public_id,
        booking=booking,
        slot=slot,
        generation=generation,
        backend=slot.backend,
        backend_key=Environment.key_for(public_id, generation),
        expires_at=booking.ends_at,
        next_action_at=max(lead, clock.of_database()),
    )
    ring(WORK, environment_id=environment.pk)
    return environment


def remove_environment(booking: Booking) -> None:
    """Ask for the removal of what exists; whoever works on it sees it at the next write.

    ``booking`` is locked by the caller.
    """
    for environment in booking.environments.existing().select_for_update(of=("self",)):
        environment.desired = Desired.ABSENT
        environment.next_action_at = clock.of_database()
        environment.save(update_fields=["desired", "next_action_at"])
        ring(WORK, environment_id=environment.pk)


def had_begun(booking: Booking) -> bool:
    """Something of it was set up: then its end is told once everything is removed, else it is cancelled.

    A later generation that waits for its place, after a reset, follows one that was there.
    """
    return booking.environments.filter(
        Q(generation__gt=1) | ~Q(state__in=(*FINAL, EnvironmentState.PENDING))
    ).exists()


def retry_booking(*, booking_id: int, actor: User) -> Environment:
    """An operator tries a failed booking again inside its window.

    Raises PermissionDenied, NoFreeSlot, TransitionNotAllowed (state has moved on, the window is over, or the
    organisation may not have it any more).
    """
    if not permissions.operates(actor):
        raise PermissionDenied("retry a booking")

    def work() -> Environment:
        with transaction.atomic():
            return _retry(booking_id, actor)

    return without_deadlock(work)


def _retry(booking_id: int, actor: User) -> Environment:
    # Its quota is counted: before the booking, as everywhere.
    quotas.lock(Booking.objects.values_list("organisation", flat=True).get(pk=booking_id))
    booking = (
        Booking.objects.select_for_update(of=("self",))
        .select_related("blueprint_version__blueprint__pool", "organisation")
        .get(pk=booking_id)
    )
    if booking.ends_at <= clock.of_database() or booking.environments.existing().exists():
        raise TransitionNotAllowed("retry", booking.state)
    check(Booking.ALLOWED, BookingAction.RETRY, booking.state)
    if why_not := quotas.why_not_again(booking):
        raise TransitionNotAllowed("retry", booking.state, why_not)
    booking.retry(actor=actor)
    held = booking.allocations.held().select_related("slot__pool").first()
    environment = add_generation(booking, (held or capacity.allocate(booking)).slot)
    Measure.objects.create(kind=MeasureKind.RETRY, environment=environment, actor=actor)
    return environment


def forget_environment(*, environment_id: int, actor: User, reason: str) -> Environment:
    """An operator gives up a removal that never ends, for example of an engine that is gone.

    The place is free again, the proof of deletion stays empty. A booking that waited for the next
    generation has failed. Raises PermissionDenied, TransitionNotAllowed.
    """
    if not permissions.operates(actor):
        raise PermissionDenied("forget an environment")
    with transaction.atomic():
        booking = Booking.objects.select_for_update(of=("self",)).get(
            environments__pk=environment_id
        )
        environment = Environment.objects.select_for_update(of=("self",)).get(pk=environment_id)
        environment.abandon(actor=actor, reason=reason)
        Measure.objects.create(
            kind=MeasureKind.FORGET, environment=environment, actor=actor, reason=reason
        )
        release_lease(environment)
        wipe_credentials(environment)
        wipe_mails(environment)
        release_slot(booking)
        if booking.is_holding:
            # Its replacement would have come after the removal: now only an operator can retry.
            booking.fail()
            environment.booking = booking
            notifications.booking_failed(environment)
            participant_mails.access_ended(booking)
        logger.warning("sandbox: forgotten", extra={"environment": environment.backend_key})
        return environment


def release_lease(environment: Environment) -> None:
    environment.lease_owner, environment.lease_until, environment.lease_token = "", None, None
    environment.save(update_fields=["lease_owner", "lease_until", "lease_token"])


def release_slot(booking: Booking) -> None:
    """Who waits is offered it next."""
    ring(OFFER)
    Allocation.objects.held().filter(booking=booking).update(released_at=clock.of_database())
