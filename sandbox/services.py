"""Every write that a person starts. What the engines are asked is in provisioning.py."""

from __future__ import annotations

import logging
import secrets
import uuid
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.notifications.doorbell import ring
from osk_portal.toolkit import clock, encryption
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import backends, capacity, notifications
from sandbox.backends.base import BackendUnavailable
from sandbox.enums import (
    BookingState,
    Desired,
    EnvironmentEventKind,
    ProofKind,
)
from sandbox.models import (
    Allocation,
    Blueprint,
    BlueprintVersion,
    Booking,
    Credential,
    Environment,
    RemovalProof,
    Slot,
)
from sandbox.spec import EnvSpec

logger = logging.getLogger(__name__)

WORK = "sandbox.tasks.work"
PASSWORD_LENGTH = 16
# Without what looks alike when somebody types it over: 0 O, 1 l I.
_ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def book(
    *,
    user: User,
    organisation: Organisation,
    blueprint: Blueprint,
    start: datetime,
    end: datetime,
    purpose: str,
) -> Booking:
    """Promise an environment of the newest published version for the window, and start on it.

    The caller has checked that the user may book for the organisation and has promised to use test
    data only. Raises NoFreeSlot, QuotaExceeded, TransitionNotAllowed (not bookable any more).
    """

    def work() -> Booking:
        with transaction.atomic():
            return _book(user, organisation, blueprint, start, end, purpose)

    return capacity.without_deadlock(work)


def _book(
    user: User,
    organisation: Organisation,
    blueprint: Blueprint,
    start: datetime,
    end: datetime,
    purpose: str,
) -> Booking:
    version = blueprint.published_version()
    if version is None or not blueprint.is_bookable:
        raise TransitionNotAllowed("book", "not bookable")
    capacity.check_quota(organisation, start, end)
    booking = Booking.objects.create(
        blueprint_version=version,
        organisation=organisation,
        booked_by=user,
        purpose=purpose,
        test_data_acknowledged_at=clock.now(),
        window=DateTimeTZRange(start, end),
        state=BookingState.APPROVED,
    )
    booking.record("book", actor=user)
    allocation = capacity.allocate(booking)
    environment = add_generation(booking, allocation.slot)
    environment.record(EnvironmentEventKind.BOOKED, actor=user)
    logger.info("sandbox: booked", extra={"booking": str(booking.public_id)})
    return booking


def add_generation(booking: Booking, slot: Slot) -> Environment:
    """The next environment of a booking, due when the slot's time for it begins."""
    last = booking.environments.order_by("-generation").values_list("generation", flat=True).first()
    generation = (last or 0) + 1
    public_id = uuid.uuid4()
    lead = capacity.occupied(slot.pool, booking.starts_at, booking.ends_at).lower
    environment = Environment.objects.create(
        public_id=public_id,
        booking=booking,
        slot=slot,
        generation=generation,
        backend=slot.backend,
        backend_key=Environment.key_for(public_id, generation),
        expires_at=booking.ends_at,
        next_action_at=max(lead, clock.now()),
    )
    ring(WORK, environment_id=environment.pk)
    return environment


def end_booking(*, booking_id: int, actor: User) -> Booking:
    """End it now: process and data go at once. Raises TransitionNotAllowed."""
    with transaction.atomic():
        booking = Booking.objects.select_for_update(of=("self",)).get(pk=booking_id)
        booking.cancel(actor=actor)
        remove_environment(booking)
    return booking


def remove_environment(booking: Booking) -> None:
    """Ask for the removal of what exists; whoever works on it sees it at the next write.

    ``booking`` is locked by the caller.
    """
    for environment in booking.environments.existing().select_for_update(of=("self",)):
        environment.desired = Desired.ABSENT
        environment.next_action_at = clock.now()
        environment.save(update_fields=["desired", "next_action_at"])
        ring(WORK, environment_id=environment.pk)


def reveal_credential(*, credential_id: int, actor: User) -> str:
    """The password in the clear, and a line that says who has seen it.

    Raises TransitionNotAllowed once it was wiped, CannotDecrypt where the key was lost.
    """
    with transaction.atomic():
        credential = Credential.objects.select_for_update(of=("self",)).get(pk=credential_id)
        if credential.wiped_at is not None:
            raise TransitionNotAllowed("reveal", "wiped")
        credential.environment.record(
            EnvironmentEventKind.CREDENTIAL_SHOWN, actor=actor, credential=str(credential.public_id)
        )
        return encryption.decrypt(credential.secret)


def ensure_credentials(environment: Environment, spec: EnvSpec) -> None:
    """Make the passwords once; a repeated set-up uses the same ones."""
    for account in spec.accounts:
        Credential.objects.get_or_create(
            environment=environment,
            role=account.role,
            defaults={
                "label": account.label,
                "username": account.username,
                "secret": encryption.encrypt(
                    "".join(secrets.choice(_ALPHABET) for _ in range(PASSWORD_LENGTH))
                ),
            },
        )


def plain_credentials(environment: Environment) -> dict[str, str]:
    """Password by role, for the engine. Raises CannotDecrypt."""
    return {
        credential.role: encryption.decrypt(credential.secret)
        for credential in environment.credentials.filter(wiped_at__isnull=True)
    }


def wipe_credentials(environment: Environment) -> None:
    for credential in environment.credentials.filter(wiped_at__isnull=True):
        credential.secret, credential.wiped_at = "", clock.now()
        credential.save(update_fields=["secret", "wiped_at"])
        RemovalProof.objects.update_or_create(
            environment=environment,
            kind=ProofKind.CREDENTIAL,
            name=credential.label,
            defaults={"verified_at": credential.wiped_at},
        )


def release_slot(booking: Booking) -> None:
    Allocation.objects.held().filter(booking=booking).update(released_at=clock.now())


def retry_booking(*, booking_id: int, actor: User) -> Environment:
    """An operator tries a failed booking again inside its window.

    Raises TransitionNotAllowed (state has moved on, or the window is over) and NoFreeSlot.
    """
    with transaction.atomic():
        booking = Booking.objects.select_for_update(of=("self",)).get(pk=booking_id)
        if booking.ends_at <= clock.now() or booking.environments.existing().exists():
            raise TransitionNotAllowed("retry", booking.state)
        booking.retry(actor=actor)
        held = booking.allocations.held().select_related("slot__pool").first()
        return add_generation(booking, (held or capacity.allocate(booking)).slot)


def forget_environment(*, environment_id: int, actor: User, reason: str) -> Environment:
    """An operator gives up a removal that never ends, for example of an engine that is gone.

    The place is free again, the proof of deletion stays empty. A booking that waited for the next
    generation has failed. Raises TransitionNotAllowed.
    """
    with transaction.atomic():
        booking = Booking.objects.select_for_update(of=("self",)).get(
            environments__pk=environment_id
        )
        environment = Environment.objects.select_for_update(of=("self",)).get(pk=environment_id)
        environment.abandon(actor=actor, reason=reason)
        release_lease(environment)
        wipe_credentials(environment)
        release_slot(booking)
        if booking.is_holding:
            # Its replacement would have come after the removal: now only an operator can retry.
            booking.fail()
            notifications.booking_failed(
                booking,
                generation=environment.generation,
                was_ready=environment.ready_at is not None,
            )
        logger.warning("sandbox: forgotten", extra={"environment": environment.backend_key})
        return environment


def release_lease(environment: Environment) -> None:
    environment.lease_owner, environment.lease_until, environment.lease_token = "", None, None
    environment.save(update_fields=["lease_owner", "lease_until", "lease_token"])


def publish_version(*, version_id: int) -> BlueprintVersion:
    """From here on it is booked, and never changed.

    Raises TransitionNotAllowed, and ValidationError where an engine of its places could not follow it.
    """
    with transaction.atomic():
        version = BlueprintVersion.objects.select_for_update(of=("self",)).get(pk=version_id)
        if version.is_published:
            raise TransitionNotAllowed("publish", "published")
        version.full_clean()
        for key in sorted(set(version.blueprint.pool.slots.values_list("backend", flat=True))):
            try:
                problems = backends.get(key).validate(version.parsed)
            except BackendUnavailable as error:
                problems = [error.detail]
            if problems:
                raise ValidationError({"spec": problems})
        version.published_at = clock.now()
        version.save(update_fields=["published_at"])
        return version
