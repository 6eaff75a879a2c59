"""What operators do by hand, each with its reason and a row that stays."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from osk_portal.accounts.models import User
from osk_portal.notifications.doorbell import ring
from osk_portal.toolkit import clock
from osk_portal.toolkit.deadlocks import without_deadlock
from osk_portal.toolkit.transitions import TransitionNotAllowed, check
from sandbox import (
    capacity,
    circle_mails,
    notifications,
    participant_mails,
    permissions,
    quotas,
    restoring,
)
from sandbox.backends.base import Item
from sandbox.enums import (
    BookingAction,
    Desired,
    EnvironmentAction,
    EnvironmentEventKind,
    EnvironmentState,
    MeasureKind,
    ProofKind,
    StrayVerdict,
    TestChange,
)
from sandbox.models import Booking, Environment, Measure, RemovalProof, Restore, Stray
from sandbox.querysets import FINAL
from sandbox.services.environments import WORK, had_begun, release_lease, remove_environment

logger = logging.getLogger(__name__)


def quarantine_environment(
    *, environment_id: int, actor: User, reason: str, until: datetime
) -> Environment:
    """Stop it, cut its network and keep it until ``until``, for a look at what happened in it.

    Its booking has failed, and its person reads a calm line; the place is free once it is stopped.
    Raises PermissionDenied, TransitionNotAllowed (nothing of it is there), ValueError for a past date.
    """
    _check_operator(actor, "quarantine")
    if until <= clock.now():
        raise ValueError("until lies in the past")
    with transaction.atomic():
        booking, environment = _locked(environment_id)
        if environment.is_by_hand:
            message = _("What was set up by hand is stopped by hand. The portal cannot do that.")
            raise TransitionNotAllowed("quarantine", environment.state, message)
        environment.quarantine(actor=actor, until=until)
        # Who works on it just now writes nothing any more.
        release_lease(environment)
        _record(MeasureKind.QUARANTINE, environment, actor, reason)
        if booking.is_holding:
            booking.fail()
            notifications.booking_halted(booking, environment)
            participant_mails.access_ended(booking, is_halted=True)
        ring(WORK, environment_id=environment.pk)
        return environment


def release_quarantine(*, environment_id: int, actor: User, reason: str) -> Environment:
    """Give it back to its booking: with its network, its data and its passwords, until the booking ends.

    Its people read that it starts again, and are told once it runs. Raises PermissionDenied, and
    TransitionNotAllowed that says why not: not kept apart (any more), being stopped just now, the booking is
    over, the organisation may not have it any more, or its place went to somebody else.
    """
    _check_operator(actor, "lift a quarantine")

    def work() -> Environment:
        with transaction.atomic():
            return _release(environment_id, actor, reason)

    released = without_deadlock(work)
    logger.info("sandbox: quarantine lifted", extra={"environment": released.backend_key})
    return released


def _release(environment_id: int, actor: User, reason: str) -> Environment:
    # Its quota is counted: before the booking, as everywhere.
    quotas.lock(
        Booking.objects.values_list("organisation", flat=True).get(environments__pk=environment_id)
    )
    booking, environment = _locked(environment_id)
    check(Environment.ALLOWED, EnvironmentAction.RELEASE, environment.state)
    if environment.is_being_stopped:
        # What its worker does last at the engine would break what the next one has started.
        message = _("It is being stopped just now. Please try again in a moment.")
        raise TransitionNotAllowed(EnvironmentAction.RELEASE, environment.state, message)
    # An engine is told an earlier end, and may know better while the database is older.
    why_not = (
        _("The portal only reports: confirm the state of the database first.")
        if restoring.is_held()
        else why_not_released(environment) or quotas.why_not_again(booking)
    )
    if why_not:
        raise TransitionNotAllowed(EnvironmentAction.RELEASE, environment.state, why_not)
    held = booking.allocations.held().select_related("slot").first()
    try:
        # Where it was not stopped yet its place was never given back.
        environment.slot = held.slot if held else capacity.take_back(booking, environment)
    except capacity.NoFreeSlot:
        message = _("No place is free at the engine “%(engine)s” until the end of the booking.") % {
            "engine": environment.backend
        }
        raise TransitionNotAllowed(EnvironmentAction.RELEASE, environment.state, message) from None
    # What was to be kept for less than its booking has lost its own end in older rows.
    environment.expires_at = max(environment.expires_at, booking.ends_at)
    environment.save(update_fields=["slot", "expires_at"])
    environment.release(actor=actor)
    # Who works on it just now writes nothing any more.
    release_lease(environment)
    _record(MeasureKind.RELEASE, environment, actor, reason)
    booking.resume(actor=actor)
    ring(WORK, environment_id=environment.pk)
    return environment


def why_not_released(environment: Environment) -> str:
    """In words why what is kept apart cannot be given back; empty where only place and quota are open.

    ``environment`` comes with its booking.
    """
    booking = environment.booking
    if booking.ends_at <= clock.now():
        return _("The time of the booking is over.")
    if environment.desired == Desired.ABSENT:
        return _("It was to be removed before, and may not be whole any more.")
    if not booking.can(BookingAction.RESUME):
        return _("The booking has ended.")
    return ""


def end_environment(*, environment_id: int, actor: User, reason: str) -> Environment:
    """An operator ends it before its time; a quarantine ends with it.

    Who knows of a booking that had not begun is told that it is cancelled, else once everything is removed.
    Raises PermissionDenied, TransitionNotAllowed (it is being removed, or gone).
    """
    _check_operator(actor, "end an environment")
    with transaction.atomic():
        booking, environment = _locked(environment_id)
        is_kept = environment.state == EnvironmentState.QUARANTINED
        if environment.is_final or (environment.desired == Desired.ABSENT and not is_kept):
            raise TransitionNotAllowed("end", environment.state)
        if booking.can(BookingAction.CANCEL):
            booking.cancel(actor=actor)
            if had_begun(booking):
                circle_mails.tell(booking, TestChange.ENDED)
            else:
                notifications.booking_cancelled(booking)
        environment.record(EnvironmentEventKind.ENDED_BY_OPERATOR, actor=actor)
        _record(MeasureKind.END, environment, actor, reason)
        remove_environment(booking)
        if is_kept:
            now = clock.now()
            Environment.objects.filter(pk=environment.pk).update(quarantined_until=now)
        environment.refresh_from_db()
        return environment


def confirm_restore(*, actor: User) -> Restore:
    """An operator has compared database and engines: from here on the portal acts again.

    What was found until now is treated as the database says. Raises PermissionDenied,
    TransitionNotAllowed (nothing is open).
    """
    _check_operator(actor, "confirm a restore")

    def work() -> Restore:
        with transaction.atomic():
            return _confirm_restore(actor)

    restore = without_deadlock(work)
    restoring.advance()
    logger.warning("sandbox: state after a restore confirmed")
    return restore


def _confirm_restore(actor: User) -> Restore:
    restore = Restore.objects.open().select_for_update(of=("self",)).first()
    if restore is None:
        raise TransitionNotAllowed("confirm", "confirmed")
    restore.confirmed_at, restore.confirmed_by = clock.now(), actor
    restore.save(update_fields=["confirmed_at", "confirmed_by"])
    Measure.objects.create(kind=MeasureKind.CONFIRM, actor=actor)
    # The engines learn the ends of the database anew.
    running = Environment.objects.filter(
        state=EnvironmentState.READY, desired=Desired.PRESENT, lease_token__isnull=True
    )
    running.update(next_action_at=clock.now())
    return restore


def settle_remains(*, stray_id: int, actor: User, reason: str) -> Stray:
    """An operator has deleted the data that an engine kept, and says so; the proof bears the time of that word.

    Raises PermissionDenied, TransitionNotAllowed (it is gone, or was confirmed already).
    """
    _check_operator(actor, "settle remains")
    with transaction.atomic():
        stray = Stray.objects.select_for_update(of=("self",)).get(pk=stray_id)
        if stray.verdict != StrayVerdict.KEPT:
            raise TransitionNotAllowed("settle", stray.verdict, _("This is not open any more."))
        stray.verdict = StrayVerdict.SETTLED
        stray.save(update_fields=["verdict"])
        environment = Environment.objects.filter(
            backend=stray.backend, backend_key=stray.name
        ).first()
        Measure.objects.create(
            kind=MeasureKind.SETTLE, environment=environment, actor=actor, reason=reason
        )
        prove_remains_gone(stray.backend, stray.name)
    logger.warning("sandbox: kept data confirmed as deleted", extra={"object": stray.name})
    return stray


def add_remains(environment: Environment, items: Iterable[Item], *, listed_at: datetime) -> None:
    """What an engine turned out to keep stands in the proof, open until it is gone: also what counted as gone
    before the engine was asked, and is listed again.
    """
    for item in items:
        proof, _is_new = RemovalProof.objects.get_or_create(
            environment=environment, kind=item.kind, name=item.name[:200]
        )
        RemovalProof.objects.filter(pk=proof.pk, verified_at__lt=listed_at).update(verified_at=None)


def prove_remains_gone(backend: str, name: str) -> None:
    """The volumes that an engine kept of an environment are not there any more."""
    RemovalProof.objects.filter(
        environment__backend=backend,
        environment__backend_key=name,
        environment__state__in=FINAL,
        kind=ProofKind.VOLUME,
        verified_at__isnull=True,
    ).update(verified_at=clock.of_database())


def _check_operator(actor: User, what: str) -> None:
    if not permissions.operates(actor):
        raise PermissionDenied(what)


def _locked(environment_id: int) -> tuple[Booking, Environment]:
    """The booking first, as everywhere."""
    booking = (
        Booking.objects.select_for_update(of=("self",))
        .select_related(
            "blueprint_version__blueprint", "organisation", "booked_by", "deputy", "taken_over_by"
        )
        .get(environments__pk=environment_id)
    )
    environment = (
        Environment.objects.select_for_update(of=("self",))
        .select_related("slot__pool")
        .get(pk=environment_id)
    )
    environment.booking = booking
    return booking, environment


def _record(kind: MeasureKind, environment: Environment, actor: User, reason: str) -> None:
    Measure.objects.create(kind=kind, environment=environment, actor=actor, reason=reason)
