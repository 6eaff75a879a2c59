"""The job behind “save the configuration”: read at the engine, packed, encrypted, kept.

The same three moves as a step of an environment: **claim** the row, **work** at the engine without a transaction,
**write** fenced by the lease's token. Who is killed leaves a lease that runs out; the next one begins anew, and a file
that nobody's row names is swept up.
"""

from __future__ import annotations

import io
import logging
import tempfile
import time
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext as _

from osk_portal.toolkit import clock, sealed_files
from osk_portal.toolkit.clock import DbNow
from sandbox import backends
from sandbox.backends.base import BackendUnavailable, Exporting, Permanent, Retryable
from sandbox.backends.collecting import Collector, Reason
from sandbox.enums import (
    Desired,
    EnvironmentEventKind,
    EnvironmentState,
    SnapshotError,
    SnapshotState,
)
from sandbox.leases import ref_of
from sandbox.models import Booking, Environment, Snapshot
from sandbox.models.report_files import private_storage
from sandbox.models.snapshots import random_name
from sandbox.services.snapshots import QUEUE, TAKEN_FROM, is_waited_for
from sandbox.spec import EnvSpec, SpecError

logger = logging.getLogger(__name__)

READ_SECONDS: Final = 120
LEASE: Final = timedelta(seconds=240)
"""Longer than the reading, its limits and the writing."""
ATTEMPTS: Final = 5
FIRST_PAUSE: Final = timedelta(seconds=15)
_MB: Final = 1024 * 1024


@dataclass(frozen=True)
class Taken:
    path: str
    key: str
    size: int
    files: int
    left_out: int


def take(snapshot_id: int) -> None:
    """Take one that is due and in nobody's hands. Twice is once."""
    snapshot = _claim(snapshot_id)
    if snapshot is None:
        logger.info("snapshot not due, gone or in other hands", extra={"snapshot": snapshot_id})
        return
    refusal = _refusal(snapshot.environment)
    if refusal:
        _fail(snapshot, refusal)
        return
    if snapshot.attempts > ATTEMPTS:
        # Workers that were killed at it wrote nothing.
        _fail(snapshot, SnapshotError.UNREADABLE)
        return
    try:
        with _taken(snapshot) as taken:
            if taken.files:
                _keep(snapshot, taken)
            else:
                _fail(snapshot, SnapshotError.EMPTY)
    except BackendUnavailable as error:
        _try_later(snapshot, SnapshotError.ENGINE, str(error))
    except (Retryable, OSError, SoftTimeLimitExceeded) as error:
        _try_later(snapshot, SnapshotError.UNREADABLE, str(error))
    except (Permanent, SpecError) as error:
        logger.warning(
            "a snapshot cannot be taken", extra={"snapshot": snapshot.pk, "detail": str(error)}
        )
        _fail(snapshot, SnapshotError.UNREADABLE)


def _claim(snapshot_id: int) -> Snapshot | None:
    token = uuid.uuid4()
    Snapshot.objects.to_take().filter(pk=snapshot_id).update(
        attempts=F("attempts") + 1, lease_token=token, leased_until=DbNow() + LEASE
    )
    mine = Snapshot.objects.filter(pk=snapshot_id, lease_token=token)
    return mine.select_related(
        "asked_by", "environment__booking__blueprint_version__blueprint"
    ).first()


def _refusal(environment: Environment) -> SnapshotError | None:
    """What has become of it since it was asked for."""
    if environment.quarantined_until is not None:
        return SnapshotError.HALTED
    is_restarting = environment.state == EnvironmentState.STARTING
    is_ending = environment.desired == Desired.ABSENT and not is_waited_for(environment)
    if is_ending or not (environment.state in TAKEN_FROM or is_restarting):
        return SnapshotError.ENDED
    return None


@contextmanager
def _taken(snapshot: Snapshot) -> Iterator[Taken]:
    """The file, encrypted and in its place; gone again where its row is not written."""
    environment = snapshot.environment
    spec: EnvSpec = environment.booking.blueprint_version.parsed
    backend = backends.get(environment.backend)
    if not isinstance(backend, Exporting):
        raise Permanent("", f"{environment.backend} cannot read files")
    key = sealed_files.new_key()
    with tempfile.TemporaryFile() as target:
        sealing = sealed_files.Sealing(target, key)
        with io.BufferedWriter(sealing) as packed, zipfile.ZipFile(packed, "w") as archive:
            collector = Collector(
                archive,
                settings.OSK_SANDBOX_SNAPSHOT_MOST_MB * _MB,
                settings.OSK_SANDBOX_SNAPSHOT_MOST_FILES,
                time.monotonic() + READ_SECONDS,
            )
            backend.export(ref_of(environment), spec, collector)
            _write_contents(archive, snapshot, spec, collector)
        target.seek(0)
        path = private_storage().save(random_name(None, ""), File(target))
    try:
        yield Taken(path, key, sealing.size, collector.files, collector.left_out_count)
    finally:
        if not Snapshot.objects.filter(content=path).exists():
            private_storage().delete(path)


def _write_contents(
    archive: zipfile.ZipFile, snapshot: Snapshot, spec: EnvSpec, found: Collector
) -> None:
    """A text that says what this is, what is in it and what is not."""
    environment = snapshot.environment
    with translation.override(snapshot.asked_by.language):
        moment = clock.now().astimezone(clock.BERLIN)
        lines = [
            _("Saved configuration of a test environment"),
            "",
            environment.booking.blueprint_version.blueprint.name,
            _("Taken on %(moment)s (Berlin time), while the environment was running.")
            % {"moment": f"{moment:%d.%m.%Y %H:%M}"},
            _("What was just being written, a database for example, may be incomplete."),
            _("It may hold passwords and test data. Keep it as you would keep these."),
            "",
            _("What is in it:"),
            *(f"- {one.label}: {one.component}/{one.path.lstrip('/')}" for one in spec.export),
        ]
        if found.left_out_count:
            lines += ["", _("What was left out:")]
            lines += [f"- {name}: {_words(reason)}" for name, reason in found.left_out]
            more = found.left_out_count - len(found.left_out)
            if more:
                lines.append(_("- and %(number)d more") % {"number": more})
        name = _("contents.txt")
    archive.writestr(name, "\r\n".join([*lines, ""]).encode("utf-8", "replace"))


def _words(reason: Reason) -> str:
    return {
        Reason.MISSING: _("is not there"),
        Reason.LINK: _("is a link"),
        Reason.SPECIAL: _("is no file"),
        Reason.NAME: _("has a name that other systems do not take"),
        Reason.TOO_LARGE: _("is too large"),
        Reason.TOO_MANY: _("there were too many files"),
        Reason.UNREADABLE: _("could not be read"),
        Reason.REST: _("there was too much of it, and the rest was not looked at"),
    }[reason]


@contextmanager
def _writing(snapshot: Snapshot) -> Iterator[Snapshot | None]:
    """The row under our lease, its booking and environment locked; None where the claim was lost."""
    with transaction.atomic():
        booking = Booking.objects.select_for_update(of=("self",)).get(
            pk=snapshot.environment.booking_id
        )
        environment = Environment.objects.select_for_update(of=("self",)).get(
            pk=snapshot.environment_id
        )
        environment.booking = booking
        locked = (
            Snapshot.objects.select_for_update(of=("self",))
            .filter(pk=snapshot.pk, lease_token=snapshot.lease_token, state=SnapshotState.ASKED)
            .first()
        )
        if locked is None:
            logger.warning("snapshot: lease lost, dropped", extra={"snapshot": snapshot.pk})
        else:
            locked.environment = environment
            locked.lease_token, locked.leased_until, locked.last_error = None, None, ""
        yield locked


def _keep(snapshot: Snapshot, taken: Taken) -> None:
    with _writing(snapshot) as locked:
        if locked is None:
            return
        if locked.environment.quarantined_until is not None:
            _end(locked, SnapshotError.HALTED)
            return
        locked.state = SnapshotState.QUARANTINED if settings.OSK_CLAMAV else SnapshotState.CLEAN
        locked.content, locked.key = taken.path, taken.key
        locked.size, locked.files, locked.left_out = taken.size, taken.files, taken.left_out
        locked.taken_at = locked.next_attempt_at = clock.of_database()
        locked.attempts = 0
        locked.save()
        locked.environment.record(
            EnvironmentEventKind.SNAPSHOT_TAKEN, snapshot=str(locked.public_id)
        )
        QUEUE.ring_for(locked)
        logger.info("sandbox: snapshot taken", extra={"snapshot": locked.pk, "size": taken.size})


def _fail(snapshot: Snapshot, error: SnapshotError) -> None:
    with _writing(snapshot) as locked:
        if locked is not None:
            _end(locked, error)


def _end(locked: Snapshot, error: SnapshotError) -> None:
    locked.state, locked.error = SnapshotState.FAILED, error
    locked.save()
    locked.environment.record(EnvironmentEventKind.SNAPSHOT_FAILED)


def _try_later(snapshot: Snapshot, error: SnapshotError, detail: str) -> None:
    logger.warning(
        "a snapshot did not work", extra={"snapshot": snapshot.pk, "detail": detail[:300]}
    )
    with _writing(snapshot) as locked:
        if locked is None:
            return
        if locked.attempts >= ATTEMPTS:
            _end(locked, error)
            return
        locked.error, locked.last_error = error, detail[:300]
        locked.next_attempt_at = clock.of_database() + FIRST_PAUSE * 2 ** (locked.attempts - 1)
        locked.save()
