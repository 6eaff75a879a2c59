"""Copies of what testers have set up, taken at their wish before the end."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.scan_queue import Scanned
from sandbox.enums import SnapshotError, SnapshotState
from sandbox.models.environments import Environment
from sandbox.models.report_files import private_storage
from sandbox.querysets import SnapshotQuerySet

FOLDER: Final = "sandbox-snapshots"


def random_name(instance: Snapshot | None, filename: str) -> str:
    return f"{FOLDER}/{uuid.uuid4().hex}"


class Snapshot(Scanned, Addressed):
    """A ZIP of what the specification names in ``export``, encrypted under ``key``, which is encrypted itself.

    The row is a job first (asked), a file that waits for its scan then, by the same lease; and stays when the content
    has gone: the proof of deletion speaks of it.
    """

    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="snapshots")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("asked for by"),
    )
    asked_at = models.DateTimeField(_("asked for at"), default=clock.now)
    state = models.CharField(
        _("state"), max_length=20, choices=SnapshotState, default=SnapshotState.ASKED
    )
    error = models.CharField(_("why not"), max_length=20, choices=SnapshotError, blank=True)
    content = models.FileField(
        _("content"), storage=private_storage, upload_to=random_name, max_length=100, blank=True
    )
    key = models.TextField(editable=False, blank=True)
    size = models.PositiveBigIntegerField(_("size in bytes"), default=0)
    files = models.PositiveIntegerField(_("files"), default=0)
    left_out = models.PositiveIntegerField(_("files left out"), default=0)
    taken_at = models.DateTimeField(_("taken at"), null=True, blank=True)
    deleted_at = models.DateTimeField(_("deleted at"), null=True, blank=True)

    objects = SnapshotQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved configuration")
        verbose_name_plural = _("saved configurations")
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["environment"],
                condition=Q(state="asked"),
                name="snapshot_one_at_a_time",
            ),
            models.CheckConstraint(
                name="snapshot_kept_has_content",
                condition=(
                    Q(state__in=["quarantined", "clean"], taken_at__isnull=False)
                    & ~Q(content="")
                    & ~Q(key="")
                )
                | (~Q(state__in=["quarantined", "clean"]) & Q(content="", key="")),
            ),
            models.CheckConstraint(
                name="snapshot_deleted_has_time",
                condition=Q(deleted_at__isnull=False) | ~Q(state="deleted"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.environment_id} {self.asked_at:%Y-%m-%d %H:%M}"

    @property
    def is_kept(self) -> bool:
        return self.state in (SnapshotState.QUARANTINED, SnapshotState.CLEAN)

    @property
    def is_under_way(self) -> bool:
        return self.state in (SnapshotState.ASKED, SnapshotState.QUARANTINED)

    @property
    def kept_until(self) -> datetime:
        """``environment`` with its booking."""
        booking = self.environment.booking
        days = timedelta(days=settings.OSK_SANDBOX_SNAPSHOT_DAYS)
        return (booking.ended_at or booking.ends_at) + days
