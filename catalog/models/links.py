"""Whether the links that an entry names still lead anywhere."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.fetching import FetchJob
from catalog.models.solutions import Solution
from catalog.querysets import LinkQuerySet


class Link(FetchJob):
    """An address in an entry's document, and how it went. ``failures`` counts those in a row."""

    solution = models.ForeignKey(Solution, on_delete=models.CASCADE, related_name="links")
    url = models.CharField(_("address"), max_length=2000)
    failures = models.PositiveSmallIntegerField(default=0)
    failing_since = models.DateTimeField(_("fails since"), null=True, blank=True)
    dead_since = models.DateTimeField(_("dead since"), null=True, blank=True)
    alive_at = models.DateTimeField(_("last reached"), null=True, blank=True)

    objects = LinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("link")
        verbose_name_plural = _("links")
        ordering = ["pk"]
        indexes = [models.Index(fields=["next_attempt_at"], name="link_due")]
        constraints = [
            models.UniqueConstraint(fields=["solution", "url"], name="link_once_per_solution")
        ]

    def __str__(self) -> str:
        return self.url
