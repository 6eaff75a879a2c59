"""Copies of a configuration: asked for, given out, deleted. How one is taken: ``taking_along.py``."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import IO, Final

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from osk_portal.accounts.models import User
from osk_portal.notifications.doorbell import ring
from osk_portal.toolkit import clock, sealed_files
from osk_portal.toolkit.clock import DbNow
from osk_portal.toolkit.encryption import CannotDecrypt
from osk_portal.toolkit.scan_queue import GIVEN_BACK, ScanQueue, mine
from osk_portal.toolkit.stored_files import remove_strays
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import notifications, operator_mails, permissions
from sandbox.enums import (
    BookingState,
    Desired,
    EnvironmentEventKind,
    EnvironmentState,
    SnapshotState,
)
from sandbox.models import Booking, Environment, Snapshot
from sandbox.models.report_files import private_storage
from sandbox.models.snapshots import FOLDER
from sandbox.querysets import HOLDING, BookingQuerySet
from sandbox.spec import SpecError

logger = logging.getLogger(__name__)

TAKE: Final = "sandbox.tasks.take_snapshot"
SCAN: Final = "sandbox.tasks.scan_snapshot"
TAKEN_FROM: Final = (EnvironmentState.READY, EnvironmentState.DEGRADED)
HOLDS_UP: Final = timedelta(minutes=15)
"""So long a copy that is asked for holds up people's end and reset: all its attempts fit into it."""
REMOVAL_WAITS: Final = timedelta(minutes=3)
"""So long the removal waits for it after the booked end."""
_MOST_AT_ONCE: Final = 50


class TooManySnapshots(Exception):
    """As many as a booking may have are kept already."""


class BeingSaved(TransitionNotAllowed):
    """What would be lost is just being saved."""

    def __init__(self, action: str) -> None:
        super().__init__(
            action,
            SnapshotState.ASKED,
            str(_("The configuration is still being saved. Wait a moment and try again then.")),
        )


def can_take(booking: Booking, environment: Environment | None) -> bool:
    """It runs, its product names what is worth it, and its engine can read it. Halted by the OSK it never can."""
    if environment is None or not environment.can_be_read or environment.desired != Desired.PRESENT:
        return False
    is_running = environment.state in TAKEN_FROM and environment.ready_at is not None
    return (
        is_running and booking.is_holding and booking.ends_at > clock.now() and _is_offered(booking)
    )


def _is_offered(booking: Booking) -> bool:
    try:
        return bool(booking.blueprint_version.parsed.export)
    except SpecError:
        return False


def ask_snapshot(*, booking_id: int, actor: User) -> Snapshot:
    """A job for a worker; one at a time.

    Raises PermissionDenied, TransitionNotAllowed (not running, or asked for already), TooManySnapshots.
    """
    with transaction.atomic():
        booking = Booking.objects.select_for_update(of=("self",)).get(pk=booking_id)
        if not permissions.can_take_along(permissions.as_of_now(actor), booking):
            raise PermissionDenied("take a snapshot")
        environment = booking.environments.existing().select_for_update(of=("self",)).first()
        if environment is None or not can_take(booking, environment):
            raise TransitionNotAllowed(
                "snapshot", environment.state if environment else booking.state
            )
        there = Snapshot.objects.of(booking)
        if there.filter(environment=environment, state=SnapshotState.ASKED).exists():
            raise TransitionNotAllowed("snapshot", SnapshotState.ASKED)
        if there.kept().count() >= settings.OSK_SANDBOX_SNAPSHOTS_MOST:
            raise TooManySnapshots
        snapshot = Snapshot.objects.create(environment=environment, asked_by=actor)
        environment.record(EnvironmentEventKind.SNAPSHOT_ASKED, actor=actor)
        ring(TAKE, snapshot_id=snapshot.pk)
        return snapshot


def is_being_saved(booking: Booking) -> bool:
    """What people want to end or reset now."""
    asked = Snapshot.objects.of(booking).filter(state=SnapshotState.ASKED)
    fresh = asked.filter(asked_at__gt=DbNow() - HOLDS_UP)
    return fresh.filter(environment__desired=Desired.PRESENT).exists()


def is_waited_for(environment: Environment) -> bool:
    """Its time has just run out: what was asked for before is saved still. ``environment`` with its booking."""
    booking = environment.booking
    return (
        booking.state == BookingState.ENDED
        and booking.ended_at is not None
        and clock.of_database() < booking.ended_at + REMOVAL_WAITS
        and environment.quarantined_until is None
    )


def fetch_snapshot(*, snapshot_id: int, actor: User) -> IO[bytes]:
    """The ZIP in the clear, and a line that says who has it.

    Raises PermissionDenied, TransitionNotAllowed (deleted, not checked yet, or halted by the OSK), CannotDecrypt.
    """
    with transaction.atomic():
        snapshot = _locked(snapshot_id, actor)
        environment = snapshot.environment
        if snapshot.state != SnapshotState.CLEAN or environment.quarantined_until is not None:
            raise TransitionNotAllowed("fetch", snapshot.state)
        try:
            content = opened(snapshot)
        except FileNotFoundError as error:
            logger.error("a saved configuration is lost", extra={"snapshot": snapshot.pk})
            raise CannotDecrypt from error
        environment.record(
            EnvironmentEventKind.SNAPSHOT_FETCHED, actor=actor, snapshot=str(snapshot.public_id)
        )
        return content


def opened(snapshot: Snapshot) -> IO[bytes]:
    """Raises CannotDecrypt, FileNotFoundError."""
    return sealed_files.opened(private_storage().open(snapshot.content.name or ""), snapshot.key)


def delete_snapshot(*, snapshot_id: int, actor: User) -> Snapshot:
    """At any time. Raises PermissionDenied, TransitionNotAllowed where there is no content."""
    with transaction.atomic():
        snapshot = _locked(snapshot_id, actor)
        if not snapshot.is_kept:
            raise TransitionNotAllowed("delete", snapshot.state)
        _delete(snapshot)
        snapshot.environment.record(EnvironmentEventKind.SNAPSHOT_DELETED, actor=actor)
        return snapshot


def _locked(snapshot_id: int, actor: User) -> Snapshot:
    """Its booking is locked first, as everywhere."""
    booking = Booking.objects.select_for_update(of=("self",)).get(
        environments__snapshots=snapshot_id
    )
    if not permissions.can_take_along(permissions.as_of_now(actor), booking):
        raise PermissionDenied("a snapshot")
    snapshot = (
        Snapshot.objects.select_for_update(of=("self",))
        .select_related("environment")
        .get(pk=snapshot_id)
    )
    snapshot.environment.booking = booking
    return snapshot


def _delete(snapshot: Snapshot) -> None:
    """Without its key the content is lost at once, whatever becomes of the file."""
    path = snapshot.content.name
    snapshot.state, snapshot.content, snapshot.key = SnapshotState.DELETED, "", ""
    snapshot.deleted_at, snapshot.lease_token, snapshot.leased_until = clock.now(), None, None
    snapshot.save()
    if path:
        transaction.on_commit(partial(private_storage().delete, path))


def delete_kept(bookings: Iterable[int], *, actor: User | None = None) -> None:
    """All that is kept of them; within the transaction that ends what they were kept for."""
    kept = Snapshot.objects.filter(environment__booking__in=bookings).kept()
    # Bookings and environments first, as everywhere.
    for rows in (
        Booking.objects.filter(pk__in=kept.values("environment__booking")),
        Environment.objects.filter(pk__in=kept.values("environment")),
    ):
        list(rows.select_for_update(of=("self",)).order_by("pk").values_list("pk"))
    locked = kept.select_for_update(of=("self",)).select_related("environment")
    for snapshot in locked.order_by("pk"):
        _delete(snapshot)
        snapshot.environment.record(EnvironmentEventKind.SNAPSHOT_DELETED, actor=actor)


def delete_alone(bookings: BookingQuerySet, *, actor: User) -> None:
    """Of an account that ends: what nobody else looks after, and is over."""
    alone = bookings.filter(deputy=None, taken_over_by=None).exclude(state__in=HOLDING)
    with transaction.atomic():
        delete_kept(list(alone.values_list("pk", flat=True)), actor=actor)


def delete_due() -> None:
    """Daily: what is kept no longer. Twice is once."""
    limit = clock.now() - timedelta(days=settings.OSK_SANDBOX_SNAPSHOT_DAYS)
    for snapshot_id in list(Snapshot.objects.kept().over_since(limit).values_list("pk", flat=True)):
        with transaction.atomic():
            _lock_what_it_is_of(snapshot_id)
            due = Snapshot.objects.kept().over_since(limit).filter(pk=snapshot_id)
            snapshot = due.select_for_update(of=("self",)).select_related("environment").first()
            if snapshot is not None:
                _delete(snapshot)
                snapshot.environment.record(EnvironmentEventKind.SNAPSHOT_EXPIRED)
    _sweep()


def _lock_what_it_is_of(snapshot_id: int) -> Booking:
    """Booking and environment, before the copy itself, as everywhere."""
    booking = (
        Booking.objects.select_for_update(of=("self",))
        .select_related(
            "blueprint_version__blueprint", "organisation", "booked_by", "deputy", "taken_over_by"
        )
        .get(environments__snapshots=snapshot_id)
    )
    list(
        booking.environments.select_for_update(of=("self",))
        .filter(snapshots=snapshot_id)
        .values_list("pk")
    )
    return booking


def _sweep() -> None:
    """Contents without a row."""
    rows = Snapshot.objects
    remove_strays(
        private_storage(),
        FOLDER,
        lambda paths: rows.filter(content__in=paths).values_list("content", flat=True),
    )


def ring_due() -> None:
    """For what waits: its time has come, or its worker went away."""
    due = Snapshot.objects.to_take().order_by("next_attempt_at", "pk")
    with transaction.atomic():
        for snapshot_id in due.values_list("pk", flat=True)[:_MOST_AT_ONCE]:
            ring(TAKE, snapshot_id=snapshot_id)


# Malware


@transaction.atomic
def _found(snapshot: Snapshot, finding: str) -> bool:
    """The content goes; its people and the operators are told, since the environment itself may be affected."""
    booking = _lock_what_it_is_of(snapshot.pk)
    path = snapshot.content.name or ""
    removed = Snapshot.objects.filter(mine(snapshot)).update(
        state=SnapshotState.INFECTED, content="", key="", scanned_at=DbNow(), **GIVEN_BACK
    )
    if not removed:
        return False
    snapshot.environment.record(EnvironmentEventKind.SNAPSHOT_INFECTED)
    snapshot.environment.booking = booking
    key = str(snapshot.public_id)
    notifications.malware_found(booking, key=key, in_copy=True, people=booking.side)
    operator_mails.malware_found(snapshot.environment, finding, key=key, in_copy=True)
    transaction.on_commit(partial(private_storage().delete, path))
    logger.warning(
        "malware found in a saved configuration",
        extra={"snapshot": snapshot.pk, "finding": finding},
    )
    return True


def _ring(snapshot_id: int) -> None:
    ring(SCAN, snapshot_id=snapshot_id)


def _clear(snapshot: Snapshot) -> Iterable[bytes]:
    """Raises OSError as a disk does, also where the key is lost: it is tried again."""
    try:
        with opened(snapshot) as content:
            while chunk := content.read(sealed_files.CHUNK):
                yield chunk
    except CannotDecrypt as error:
        raise OSError("the key of a saved configuration was lost") from error


QUEUE: Final = ScanQueue(lambda: Snapshot, _ring, _found, _clear)
