"""Files wait in quarantine until ClamAV has looked at them; the rows are the queue (style.md, Jobs).

Nobody gets a file that was not found clean, however long the daemon is away. Empty ``OSK_CLAMAV``: there is
no scanner, files are usable at once, and what waited before stays where it is (``manage.py scan_files``).
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Least

from consulting.enums import CaseEventKind
from consulting.models import CaseFile, FileState
from consulting.notifications import tell_infected
from consulting.services.common import locked, record
from osk_portal.notifications.doorbell import ring
from osk_portal.toolkit import clamav
from osk_portal.toolkit.clamav import Outcome, Verdict
from osk_portal.toolkit.clock import DbNow

logger = logging.getLogger(__name__)

SCAN: Final = "consulting.tasks.scan_file"
# Longer than the conversation with the daemon and the limits of the task.
LEASE: Final = timedelta(seconds=120)
FIRST_PAUSE: Final = timedelta(seconds=30)
LONGEST_PAUSE: Final = timedelta(minutes=10)
MOST_AT_ONCE: Final = 50
_MOST_COUNTED: Final = 1000


def first_state() -> FileState:
    """Of a new file."""
    return FileState.QUARANTINED if settings.OSK_CLAMAV else FileState.CLEAN


def ring_for(file: CaseFile) -> None:
    """After the commit; a ring that is lost is made up for by ``sweep``."""
    if file.state == FileState.QUARANTINED:
        ring(SCAN, file_id=file.pk)


def due_file_ids(limit: int = MOST_AT_ONCE) -> list[int]:
    """Files whose scan is due, the longest waiting first. None while no scanner is configured."""
    if not settings.OSK_CLAMAV:
        return []
    due = CaseFile.objects.filter(_due()).order_by("next_attempt_at", "pk")
    return list(due.values_list("pk", flat=True)[:limit])


def sweep() -> int:
    """Ring again for what is due. How many rings."""
    due = due_file_ids()
    with transaction.atomic():
        for file_id in due:
            ring(SCAN, file_id=file_id)
    return len(due)


def scan(file_id: int) -> bool:
    """Have a file scanned if it is due and nobody else is at it. Whether there is an outcome."""
    file = _claim(file_id) if settings.OSK_CLAMAV else None
    if file is None:
        logger.info("file not due, gone or in other hands", extra={"file": file_id})
        return False
    try:
        verdict = clamav.scan(settings.OSK_CLAMAV, _chunks(file))
    except OSError as error:  # of our own disk
        verdict = Verdict(Outcome.ERROR, f"{type(error).__name__} while reading")
        logger.error("a file that waits for its scan cannot be read", extra={"file": file.pk})
    if verdict.outcome is Outcome.CLEAN:
        return _release(file)
    if verdict.outcome is Outcome.FOUND:
        return _remove(file, verdict.detail)
    _try_later(file, verdict)
    return False


def release_all() -> int:
    """For the operator who has switched the scanner off: what waits is usable unscanned. How many."""
    if settings.OSK_CLAMAV:
        raise ValueError("A scanner is configured.")
    waiting = CaseFile.objects.filter(state=FileState.QUARANTINED)
    return waiting.update(state=FileState.CLEAN, lease_token=None, leased_until=None, last_error="")


def _due() -> Q:
    free = Q(leased_until=None) | Q(leased_until__lt=DbNow())
    return free & Q(state=FileState.QUARANTINED, next_attempt_at__lte=DbNow())


def _claim(file_id: int) -> CaseFile | None:
    """Take the lease by one conditional update: of several workers exactly one changes the row."""
    token = uuid.uuid4()
    CaseFile.objects.filter(_due(), pk=file_id).update(
        attempts=Least(F("attempts") + 1, _MOST_COUNTED),
        lease_token=token,
        leased_until=DbNow() + LEASE,
    )
    return CaseFile.objects.filter(pk=file_id, lease_token=token).first()


def _chunks(file: CaseFile) -> Iterator[bytes]:
    with file.content.storage.open(file.content.name or "") as source:
        while chunk := source.read(clamav.CHUNK):
            yield chunk


def _release(file: CaseFile) -> bool:
    released = CaseFile.objects.filter(_mine(file)).update(
        state=FileState.CLEAN,
        scanned_at=DbNow(),
        lease_token=None,
        leased_until=None,
        last_error="",
    )
    logger.info("file is clean", extra={"file": file.pk})
    return bool(released)


@transaction.atomic
def _remove(file: CaseFile, finding: str) -> bool:
    """The content goes, the row stays; who brought it is told, and the OSK sees the finding."""
    case = locked(file.case_id)  # first the case, as everybody who changes its files
    storage, path = file.content.storage, file.content.name or ""
    removed = CaseFile.objects.filter(_mine(file)).update(
        state=FileState.INFECTED,
        content="",
        finding=finding,
        scanned_at=DbNow(),
        lease_token=None,
        leased_until=None,
        last_error="",
    )
    if not removed:
        return False
    if not case.is_draft:
        record(
            case,
            CaseEventKind.FILE_INFECTED,
            None,
            file=str(file.public_id),
            internal=file.is_internal,
        )
    tell_infected(case, file)
    transaction.on_commit(lambda: storage.delete(path))
    logger.warning("malware found in a file", extra={"file": file.pk, "case": case.pk})
    return True


def _try_later(file: CaseFile, verdict: Verdict) -> None:
    pause = min(FIRST_PAUSE * 2 ** min(file.attempts - 1, 10), LONGEST_PAUSE)
    CaseFile.objects.filter(_mine(file)).update(
        next_attempt_at=DbNow() + pause,
        lease_token=None,
        leased_until=None,
        last_error=f"{verdict.outcome.value}: {verdict.detail}"[:300],
    )
    said = {"file": file.pk, "outcome": verdict.outcome.value, "attempt": file.attempts}
    if verdict.outcome is Outcome.TOO_LARGE:
        # It will not pass until somebody changes clamd.conf.
        logger.error("StreamMaxLength of ClamAV is smaller than OSK_FILE_MOST_MB", extra=said)
    else:
        logger.warning("file could not be scanned, will be tried again", extra=said)


def _mine(file: CaseFile) -> Q:
    """The row while the lease is still ours; a second worker's outcome is never overwritten."""
    return Q(pk=file.pk, lease_token=file.lease_token, state=FileState.QUARANTINED)
