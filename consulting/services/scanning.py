"""Files of cases wait in quarantine until ClamAV has looked at them: ``toolkit.scan_queue``."""

from __future__ import annotations

import logging
from typing import Final

from django.conf import settings
from django.db import transaction

from consulting.enums import CaseEventKind
from consulting.models import CaseFile, FileState
from consulting.notifications import tell_infected
from consulting.services.common import locked, record
from osk_portal.notifications.doorbell import ring
from osk_portal.toolkit.clock import DbNow
from osk_portal.toolkit.scan_queue import GIVEN_BACK, ScanQueue, mine

logger = logging.getLogger(__name__)

SCAN: Final = "consulting.tasks.scan_file"


def first_state() -> FileState:
    """Of a new file."""
    return FileState.QUARANTINED if settings.OSK_CLAMAV else FileState.CLEAN


@transaction.atomic
def _remove(file: CaseFile, finding: str) -> bool:
    """The content goes, the row stays; who brought it is told, and the OSK sees the finding."""
    case = locked(file.case_id)  # first the case, as everybody who changes its files
    storage, path = file.content.storage, file.content.name or ""
    removed = CaseFile.objects.filter(mine(file)).update(
        state=FileState.INFECTED,
        content="",
        finding=finding,
        scanned_at=DbNow(),
        **GIVEN_BACK,
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


def _ring(file_id: int) -> None:
    ring(SCAN, file_id=file_id)


QUEUE: Final = ScanQueue(lambda: CaseFile, _ring, _remove)
ring_for = QUEUE.ring_for
due_file_ids = QUEUE.due_file_ids
sweep = QUEUE.sweep
scan = QUEUE.scan
release_all = QUEUE.release_all
