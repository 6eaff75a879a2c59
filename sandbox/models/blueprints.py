"""Testprodukte: what can be tried, and how it is set up."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.logs import request_id
from osk_portal.toolkit.transitions import Event
from sandbox import spec
from sandbox.enums import AccessibilityStatus, BlockCause, BlueprintEventKind, ScanResult
from sandbox.models.capacity import Pool
from sandbox.querysets import BlueprintQuerySet, VersionQuerySet

RESERVED_SLUGS: Final = frozenset(
    {"buchung", "teilnahme", "gast", "wuensche", "prototyp", "betrieb"}
)
"""First parts of other addresses below /testumgebung/ (``sandbox.urls``)."""


class Blueprint(models.Model):
    """A product that can be booked (Testprodukt).

    With an ``organisation`` it is a prototype: only its members see and book it, until ``expires_on``, and it
    belongs to no entry of the catalog.
    """

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
    demo_data = models.TextField(
        _("demo data"),
        max_length=2000,
        blank=True,
        help_text=_("What is in it at the hand-over, for example invented people and pages."),
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
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="blueprints",
        null=True,
        blank=True,
        editable=False,
        verbose_name=_("only for"),
    )
    expires_on = models.DateField(_("last day"), null=True, blank=True, editable=False)
    accessibility_status = models.CharField(
        _("accessibility of the product"),
        max_length=10,
        choices=AccessibilityStatus,
        default=AccessibilityStatus.UNKNOWN,
        help_text=_("Measured by BITV 2.0 or WCAG, as the statement of the product says."),
    )
    accessibility_text = models.TextField(_("what is known of it"), max_length=2000, blank=True)
    accessibility_url = models.URLField(_("address of its statement"), max_length=300, blank=True)
    accessibility_on = models.DateField(_("date of that statement"), null=True, blank=True)
    scanned_on = models.DateField(_("scanned on"), null=True, blank=True, editable=False)
    scan_result = models.CharField(
        _("result of the scan"), max_length=10, choices=ScanResult, blank=True, editable=False
    )
    scan_note = models.TextField(_("note on the scan"), max_length=2000, blank=True, editable=False)
    blocked_at = models.DateTimeField(_("blocked since"), null=True, blank=True, editable=False)
    blocked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
    )
    block_cause = models.CharField(max_length=10, choices=BlockCause, blank=True, editable=False)
    block_reason = models.TextField(
        _("reason of the block"), max_length=2000, blank=True, editable=False
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
            ),
            models.CheckConstraint(
                name="blueprint_prototype_stays_inside",
                condition=models.Q(organisation=None, expires_on=None)
                | models.Q(organisation__isnull=False, expires_on__isnull=False, solution=None),
                violation_error_message=_("A prototype belongs to no entry of the catalog."),
            ),
            models.CheckConstraint(
                name="blueprint_scan_whole",
                condition=models.Q(scanned_on=None, scan_result="")
                | (models.Q(scanned_on__isnull=False) & ~models.Q(scan_result="")),
            ),
            models.CheckConstraint(
                name="blueprint_block_whole",
                condition=models.Q(blocked_at=None, block_cause="")
                | (models.Q(blocked_at__isnull=False) & ~models.Q(block_cause="")),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("sandbox:blueprint_detail", args=[self.slug])

    @property
    def first_step_list(self) -> list[str]:
        return [line.strip() for line in self.first_steps.splitlines() if line.strip()]

    @property
    def is_prototype(self) -> bool:
        return self.organisation_id is not None

    @property
    def is_blocked(self) -> bool:
        return self.blocked_at is not None

    @property
    def is_open(self) -> bool:
        """People may book it today."""
        has_time = self.expires_on is None or clock.today() <= self.expires_on
        return self.is_bookable and not self.is_blocked and has_time

    @property
    def scan_is_old(self) -> bool:
        """Older than the operator wants to see without a warning."""
        oldest: date = clock.today() - timedelta(days=settings.OSK_SANDBOX_SCAN_DAYS)
        return self.scanned_on is not None and self.scanned_on < oldest

    def clean(self) -> None:
        """A judgement on accessibility has its day, places are large enough, our own addresses are no product."""
        if self.accessibility_status != AccessibilityStatus.UNKNOWN and not self.accessibility_on:
            raise ValidationError(
                {"accessibility_on": _("Enter the date of the statement on accessibility.")},
                code="required",
            )
        version = self.published_version() if self.pk and self.pool_id else None
        if version is not None and (problems := self.pool.problems_of(version.parsed)):
            raise ValidationError({"pool": problems})
        if self.slug in RESERVED_SLUGS:
            raise ValidationError({"slug": _("This address is taken by a page of the portal.")})

    def published_version(self) -> BlueprintVersion | None:
        """The newest version that people may book; one query."""
        return self.versions.live().order_by("-number").first()

    def record(self, kind: str, *, actor: User | None, **ids: str | int) -> BlueprintEvent:
        return BlueprintEvent.objects.create(
            blueprint=self, kind=kind, actor=actor, data=ids, request_id=request_id.get()
        )


class BlueprintEvent(Event):
    blueprint = models.ForeignKey(Blueprint, on_delete=models.PROTECT, related_name="events")

    @property
    def words(self) -> str:
        """The line as a person reads it, in the present language."""
        return str(BlueprintEventKind(self.kind).label)


class BlueprintVersion(models.Model):
    """How a product is set up. Never changed once published: a booking keeps what it was made with."""

    blueprint = models.ForeignKey(Blueprint, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField(_("version"))
    spec: Any = models.JSONField(_("specification"))
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
    )
    publish_reason = models.TextField(
        _("why without a trial run"), max_length=2000, blank=True, editable=False
    )
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = VersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        ordering = ["blueprint", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["blueprint", "number"],
                name="blueprint_version_unique",
                violation_error_message=_("There is a version of this number already."),
            ),
            models.CheckConstraint(
                name="blueprint_version_withdrawn_was_published",
                condition=models.Q(withdrawn_at=None) | models.Q(published_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.blueprint} v{self.number}"

    def clean(self) -> None:
        """Refuses a specification that no engine could follow."""
        try:
            spec.check(self.spec)
        except spec.SpecError as error:
            raise ValidationError({"spec": error.problems}) from error

    @property
    def is_published(self) -> bool:
        return self.published_at is not None

    @property
    def is_live(self) -> bool:
        return self.is_published and self.withdrawn_at is None

    @property
    def is_by_hand(self) -> bool:
        """A person sets it up; read without looking at the rest."""
        return bool(self.spec.get("runbook"))

    @property
    def parsed(self) -> spec.EnvSpec:
        """Raises SpecError for a row that was written past ``clean``."""
        return spec.parse(self.spec)
