"""Testprodukte: what can be tried, and how it is set up."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from osk_portal.toolkit import clock
from sandbox import spec
from sandbox.models.capacity import Pool
from sandbox.querysets import BlueprintQuerySet


class Blueprint(models.Model):
    """A product that can be booked (Testprodukt)."""

    slug = models.SlugField(_("address"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=100)
    solution = models.ForeignKey(
        "catalog.Solution",
        on_delete=models.SET_NULL,
        related_name="blueprints",
        null=True,
        blank=True,
        verbose_name=_("solution"),
    )
    pool = models.ForeignKey(
        Pool, on_delete=models.PROTECT, related_name="blueprints", verbose_name=_("capacity")
    )
    summary = models.CharField(_("in one sentence"), max_length=200)
    description = models.TextField(_("description"), blank=True, help_text=_("Markdown"))
    first_steps = models.TextField(
        _("first steps"), blank=True, help_text=_("One step a line, shown at the hand-over.")
    )
    longest_days = models.PositiveSmallIntegerField(
        _("longest duration in days"),
        default=14,
        validators=[MinValueValidator(1), MaxValueValidator(90)],
    )
    is_bookable = models.BooleanField(_("can be booked"), default=False)
    needs_approval = models.BooleanField(
        _("with approval"),
        default=False,
        help_text=_("The OSK approves each booking. Until then its place is held."),
    )

    objects = BlueprintQuerySet.as_manager()

    class Meta:
        verbose_name = _("test product")
        verbose_name_plural = _("test products")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="blueprint_duration_in_bounds",
                condition=models.Q(longest_days__gte=1, longest_days__lte=90),
                violation_error_message=_("Choose 1 to 90 days."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("sandbox:blueprint_detail", args=[self.slug])

    @property
    def first_step_list(self) -> list[str]:
        return [line.strip() for line in self.first_steps.splitlines() if line.strip()]

    def published_version(self) -> BlueprintVersion | None:
        """The newest version that people may book; one query."""
        return self.versions.filter(published_at__isnull=False).order_by("-number").first()


class BlueprintVersion(models.Model):
    """How a product is set up. Never changed once published: a booking keeps what it was made with."""

    blueprint = models.ForeignKey(Blueprint, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField(_("version"))
    spec: Any = models.JSONField(_("specification"))
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        ordering = ["blueprint", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["blueprint", "number"],
                name="blueprint_version_unique",
                violation_error_message=_("There is a version of this number already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.blueprint} v{self.number}"

    def clean(self) -> None:
        """Refuses a specification that no engine could follow."""
        try:
            spec.parse(self.spec)
        except spec.SpecError as error:
            raise ValidationError({"spec": error.problems}) from error

    @property
    def is_published(self) -> bool:
        return self.published_at is not None

    @property
    def parsed(self) -> spec.EnvSpec:
        """Raises SpecError for a row that was written past ``clean``."""
        return spec.parse(self.spec)
