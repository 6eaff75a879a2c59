"""Files of test reports: kept, scanned, given out, swept up. The rules of product.md 1.1 (4)."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from osk_portal.notifications.doorbell import ring
from osk_portal.toolkit import clock, uploads
from osk_portal.toolkit.clock import DbNow
from osk_portal.toolkit.scan_queue import GIVEN_BACK, ScanQueue, mine
from osk_portal.toolkit.stored_files import remove_strays
from sandbox import notifications, operator_mails, participant_mails
from sandbox.enums import BookingEventKind, FileState
from sandbox.models import Booking, ReportFile, TestReport
from sandbox.models.report_files import FOLDER, private_storage, random_name
from sandbox.phases import current_environment

logger = logging.getLogger(__name__)

SCAN: Final = "sandbox.tasks.scan_file"
_MB: Final = 1024 * 1024


@dataclass(frozen=True)
class Upload:
    name: str
    data: bytes


@contextmanager
def added(files: Sequence[Upload]) -> Iterator[_Kept]:
    """Around a transaction: what it has written goes again when it fails, also when the process is told to stop."""
    kept = _Kept(files)
    try:
        yield kept
    except BaseException:
        for path in kept.paths:
            private_storage().delete(path)
        raise


class _Kept:
    def __init__(self, files: Sequence[Upload]) -> None:
        self.paths: list[str] = []
        most = settings.OSK_FILE_MOST_MB * _MB
        self._files = [(uploads.check(f.name, f.data, most_bytes=most), f.data) for f in files]

    def put(self, report: TestReport) -> None:
        """Under the lock of the booking: the room is that of all its reports. The same file twice is one.

        Raises uploads.Refused.
        """
        new = [
            (checked, data)
            for checked, data in self._files
            if not report.files.filter(name=checked.name, sha256=checked.sha256).exists()
        ]
        _check_room(report, [checked.size for checked, _data in new])
        for checked, data in new:
            path = self._write(data)
            file = ReportFile.objects.create(
                report=report,
                name=checked.name,
                content=path,
                kind=checked.kind,
                size=checked.size,
                sha256=checked.sha256,
                state=FileState.QUARANTINED if settings.OSK_CLAMAV else FileState.CLEAN,
                created_at=clock.now(),
            )
            QUEUE.ring_for(file)

    def _write(self, data: bytes) -> str:
        path = random_name(None, "")
        self.paths.append(path)
        try:
            return private_storage().save(path, ContentFile(data))
        except OSError as error:
            logger.error("sandbox: a file cannot be kept", exc_info=error)
            raise uploads.Refused(
                _("We cannot keep files at the moment. Please try again later.")
            ) from error


def remove(report: TestReport, public_ids: Collection[UUID]) -> None:
    """The author's own; within the transaction that writes the report."""
    for file in report.files.filter(public_id__in=public_ids):
        path = file.content.name
        file.delete()
        if path:
            transaction.on_commit(partial(private_storage().delete, path))


def sweep_contents() -> None:
    """Remove contents without a row."""
    rows = ReportFile.objects
    remove_strays(
        private_storage(),
        FOLDER,
        lambda paths: rows.filter(content__in=paths).values_list("content", flat=True),
    )


def _check_room(report: TestReport, sizes: Sequence[int]) -> None:
    files = ReportFile.objects.filter(report__booking=report.booking_id).exclude(content="")
    if files.count() + len(sizes) > settings.OSK_FILES_MOST:
        raise uploads.Refused(
            _("The reports of a test hold %(limit)s files at most. Remove one first.")
            % {"limit": settings.OSK_FILES_MOST}
        )
    total = files.aggregate(total=Sum("size"))["total"] or 0
    if total + sum(sizes) > settings.OSK_FILES_MOST_MB * _MB:
        raise uploads.Refused(
            _("All files of a test together are %(limit)s MB at most. Remove one first.")
            % {"limit": settings.OSK_FILES_MOST_MB}
        )


@transaction.atomic
def _found(file: ReportFile, finding: str) -> bool:
    """Malware: the content goes; who brought it is told, who booked too, and the operators: it may come from the
    environment.
    """
    booking = (
        Booking.objects.select_for_update(of=("self",))
        .select_related(
            "blueprint_version__blueprint", "organisation", "booked_by", "deputy", "taken_over_by"
        )
        .get(reports__files=file)
    )
    path = file.content.name or ""
    removed = ReportFile.objects.filter(mine(file)).update(
        state=FileState.INFECTED, content="", scanned_at=DbNow(), **GIVEN_BACK
    )
    if not removed:
        return False
    booking.record(BookingEventKind.FILE_REMOVED, actor=None, file=str(file.public_id))
    participant_mails.file_infected(file)
    key = str(file.public_id)
    others = [person for person in booking.side if person.pk != file.report.author_id]
    notifications.malware_found(booking, key=key, in_copy=False, people=others)
    environment = current_environment(booking)
    if environment is not None:
        environment.booking = booking
        operator_mails.malware_found(environment, finding, key=key, in_copy=False)
    transaction.on_commit(lambda: private_storage().delete(path))
    logger.warning(
        "malware found in a file of a test report", extra={"file": file.pk, "finding": finding}
    )
    return True


def _ring(file_id: int) -> None:
    ring(SCAN, file_id=file_id)


QUEUE: Final = ScanQueue(lambda: ReportFile, _ring, _found)
