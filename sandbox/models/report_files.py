"""Files of test reports: screenshots, lists, protocols."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Final

from django.core.files.storage import Storage, storages
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.scan_queue import Scanned
from sandbox.enums import FileState
from sandbox.models.testing import TestReport

FOLDER: Final = "sandbox-reports"
_USUAL_WAIT: Final = timedelta(minutes=10)


def private_storage() -> Storage:
    """Outside every public folder; named by a function so that migrations hold no path."""
    return storages["private"]


def random_name(instance: ReportFile | None, filename: str) -> str:
    """Nothing of the name that somebody chose reaches the file system."""
    return f"{FOLDER}/{uuid.uuid4().hex}"


class ReportFile(Scanned, Addressed):
    """Only a clean one is ever given out; of malware the row stays, its content does not."""

    report = models.ForeignKey(TestReport, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(_("file name"), max_length=150)
    content = models.FileField(
        _("content"), storage=private_storage, upload_to=random_name, max_length=100, blank=True
    )
    kind = models.CharField(_("kind of content"), max_length=10)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    state = models.CharField(max_length=20, choices=FileState, default=FileState.QUARANTINED)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("file of a test report")
        verbose_name_plural = _("files of test reports")
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["report", "name", "sha256"], name="report_file_once"),
            models.CheckConstraint(condition=Q(size__gt=0), name="report_file_has_content"),
            models.CheckConstraint(
                condition=Q(state="infected", content="")
                | (Q(state__in=("quarantined", "clean")) & ~Q(content="")),
                name="report_file_bad_is_removed",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_held_up(self) -> bool:
        """It waits longer than a check takes."""
        waits = self.state == FileState.QUARANTINED
        return waits and self.created_at < clock.now() - _USUAL_WAIT
