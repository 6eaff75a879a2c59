"""Badges of openCode as they were fetched, and the row that fetches them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.fetching import FetchJob
from catalog.models.solutions import Solution
from osk_portal.toolkit import clock


class BadgeJob(FetchJob):
    """One a published entry whose repository lies at openCode; the row is the queue."""

    solution = models.OneToOneField(Solution, on_delete=models.CASCADE, related_name="badge_job")
    repository = models.CharField(_("repository"), max_length=500)
    fetched_at = models.DateTimeField(_("last fetched"), null=True, blank=True)

    class Meta:
        verbose_name = "fetching of badges"
        verbose_name_plural = "fetching of badges"
        ordering = ["next_attempt_at", "pk"]

    def __str__(self) -> str:
        return self.repository


class Badge(models.Model):
    """What openCode said on ``fetched_at``; shown with that date and a link, never computed anew."""

    solution = models.ForeignKey(Solution, on_delete=models.CASCADE, related_name="badges")
    badge = models.CharField(max_length=30)
    level = models.CharField(max_length=60)
    url = models.CharField(max_length=700)
    fetched_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = "badge of openCode"
        verbose_name_plural = "badges of openCode"
        ordering = ["badge"]
        constraints = [
            models.UniqueConstraint(fields=["solution", "badge"], name="badge_of_opencode_unique")
        ]

    def __str__(self) -> str:
        return f"{self.badge} {self.level}"
