"""What operators watch and decide: engines, strays, restores, and their measures by hand."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from osk_portal.toolkit import clock
from sandbox.enums import MeasureKind, RestoreEvidence, StrayVerdict
from sandbox.models.environments import Environment
from sandbox.querysets import RestoreQuerySet, StrayQuerySet


class Measure(models.Model):
    """Something that an operator did by hand, and why. Never changed."""

    kind = models.CharField(_("kind"), max_length=20, choices=MeasureKind)
    environment = models.ForeignKey(
        Environment, on_delete=models.PROTECT, related_name="measures", null=True, blank=True
    )
    reason = models.TextField(_("reason"), max_length=1000, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = _("measure")
        verbose_name_plural = _("measures")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


class EngineHealth(models.Model):
    """What an engine last said of itself; measured by a task, so that no page waits for an engine."""

    backend = models.CharField(_("engine"), max_length=30, unique=True)
    is_ok = models.BooleanField(_("works"))
    detail = models.CharField(_("in detail"), max_length=500, blank=True)
    checked_at = models.DateTimeField(_("measured at"))
    since = models.DateTimeField(_("since"))
    """When ``is_ok`` last changed."""
    shortage = models.CharField(_("lacks"), max_length=200, blank=True)
    """Of the least that settings ask for; while it lasts nothing is set up there."""
    short_since = models.DateTimeField(_("lacks it since"), null=True, blank=True)

    class Meta:
        verbose_name = _("engine")
        verbose_name_plural = _("engines")
        ordering = ["backend"]

    def __str__(self) -> str:
        return self.backend


class Stray(models.Model):
    """An object of ours at an engine without a living row, as the last reconciliation saw it."""

    backend = models.CharField(_("engine"), max_length=30)
    name = models.CharField(_("name at the engine"), max_length=60)
    env = models.CharField(max_length=60, blank=True)
    verdict = models.CharField(max_length=20, choices=StrayVerdict)
    detail = models.CharField(max_length=500, blank=True)
    made_at = models.DateTimeField(null=True, blank=True)
    first_seen_at = models.DateTimeField(default=clock.now)
    last_seen_at = models.DateTimeField(default=clock.now)

    objects = StrayQuerySet.as_manager()

    class Meta:
        verbose_name = _("stray object")
        verbose_name_plural = _("stray objects")
        ordering = ["-last_seen_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["backend", "name"], name="stray_one_per_object")
        ]

    def __str__(self) -> str:
        return f"{self.backend} {self.name}"


class RestoreMarker(models.Model):
    """How far this database has come. The same is kept in a file: one of them may be restored alone."""

    at = models.DateTimeField()

    class Meta:
        verbose_name = _("marker")
        verbose_name_plural = _("markers")
        constraints = [models.CheckConstraint(name="restore_marker_single", condition=Q(pk=1))]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"


class Restore(models.Model):
    """The database is older than what the engines have: nothing is removed until an operator confirms."""

    evidence = models.CharField(max_length=20, choices=RestoreEvidence)
    detail = models.CharField(max_length=200, blank=True)
    found_at = models.DateTimeField(default=clock.now)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )

    objects = RestoreQuerySet.as_manager()

    class Meta:
        verbose_name = _("restored database")
        verbose_name_plural = _("restored databases")
        ordering = ["-found_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=Q(confirmed_at__isnull=True), name="restore_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.evidence} {self.found_at:%Y-%m-%d %H:%M}"
