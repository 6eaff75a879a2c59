"""What is tested and what came out: tasks of a booking, and one report of each participant."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed
from sandbox.enums import Outcome
from sandbox.models.bookings import Booking
from sandbox.models.participants import TestParticipant


class TestTask(Addressed):
    """A goal, or a task with what is expected of it."""

    __test__ = False  # no class of tests

    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="tasks")
    position = models.PositiveSmallIntegerField(_("position"))
    task = models.CharField(_("task"), max_length=200)
    expected = models.CharField(_("expected result"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("task of the test plan")
        verbose_name_plural = _("test plan")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.task


class TestReport(Addressed):
    """What one person found. A draft is read by nobody else; ``submitted_at`` makes it count."""

    __test__ = False  # no class of tests

    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="reports")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="sandbox_reports",
        null=True,
        blank=True,
    )
    guest = models.OneToOneField(
        TestParticipant, on_delete=models.PROTECT, related_name="report", null=True, blank=True
    )
    findings = models.TextField(_("findings"), max_length=5000, blank=True)
    overall = models.TextField(_("overall"), max_length=2000, blank=True)
    submitted_at = models.DateTimeField(_("handed in at"), null=True, blank=True)
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("test report")
        verbose_name_plural = _("test reports")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["booking", "author"], name="report_one_per_author"),
            models.CheckConstraint(
                name="report_of_person_or_guest",
                condition=Q(author__isnull=False, guest__isnull=True)
                | Q(author__isnull=True, guest__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"Report {self.public_id}"

    @property
    def shown_name(self) -> str:
        return str(self.author) if self.author is not None else str(self.guest and self.guest.name)


class TaskResult(models.Model):
    report = models.ForeignKey(TestReport, on_delete=models.CASCADE, related_name="results")
    task = models.ForeignKey(TestTask, on_delete=models.CASCADE, related_name="results")
    outcome = models.CharField(_("result"), max_length=20, choices=Outcome)
    note = models.CharField(_("note"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("result of a task")
        verbose_name_plural = _("results of tasks")
        constraints = [
            models.UniqueConstraint(fields=["report", "task"], name="result_one_per_task"),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.task_id} {self.outcome}"
