"""Capacity: how many environments may exist at the same time. The database holds it, not Python."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from osk_portal.toolkit import clock
from sandbox.enums import ResourceClass
from sandbox.querysets import AllocationQuerySet, SlotQuerySet
from sandbox.spec import EnvSpec

LONGEST_MINUTES = 7 * 24 * 60
"""What a person sets up or removes takes days, with a weekend between."""
_OPEN = _("Empty: the portal does not look at it.")


class Pool(models.Model):
    """Slots of one resource class. N slots are N environments at the same time."""

    slug = models.SlugField(_("key"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=100)
    lead_minutes = models.PositiveSmallIntegerField(
        _("minutes before the start"),
        default=10,
        validators=[MaxValueValidator(LONGEST_MINUTES)],
        help_text=_("The set-up begins this much earlier, so that all is ready at the start."),
    )
    buffer_minutes = models.PositiveSmallIntegerField(
        _("minutes after the end"),
        default=30,
        validators=[MaxValueValidator(LONGEST_MINUTES)],
        help_text=_("The place stays reserved for the removal."),
    )
    resource_class = models.CharField(
        _("class of its places"),
        max_length=10,
        choices=ResourceClass,
        default=ResourceClass.SMALL,
        help_text=_("A product that names a larger class is not published here."),
    )
    memory_mb = models.PositiveIntegerField(
        _("memory of a place in MB"), null=True, blank=True, help_text=_OPEN
    )
    cpu_millis = models.PositiveIntegerField(
        _("processor of a place in thousandths"), null=True, blank=True, help_text=_OPEN
    )
    disk_mb = models.PositiveIntegerField(
        _("disk of a place in MB"), null=True, blank=True, help_text=_OPEN
    )

    class Meta:
        verbose_name = _("capacity")
        verbose_name_plural = _("capacities")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuses places that are too small for what people book on them."""
        products = self.blueprints.all() if self.pk else ()
        problems = [
            f"{product}: {problem}"
            for product in products
            if (version := product.published_version()) is not None
            for problem in self.problems_of(version.parsed)
        ]
        if problems:
            raise ValidationError(problems)

    def problems_of(self, spec: EnvSpec) -> list[str]:
        """What this product wants more than one of its places offers; asked before it is published."""
        found = []
        if _rank(spec.resources) > _rank(self.resource_class):
            found.append(
                _("resources: it needs a place of the class “%(wanted)s”, these are “%(offered)s”")
                % {
                    "wanted": _class_name(spec.resources),
                    "offered": _class_name(self.resource_class),
                }
            )
        wanted = {
            "memory_mb": sum(c.limits.memory_mb for c in spec.components),
            "cpu_millis": sum(c.limits.cpu_millis for c in spec.components if c.image),
            "disk_mb": sum(v.size_mb for c in spec.components for v in c.volumes),
        }
        labels = {field.name: field.verbose_name for field in self._meta.fields}
        for name, amount in wanted.items():
            offered = getattr(self, name)
            if offered is not None and amount > offered:
                found.append(
                    _("components: they want %(wanted)d for “%(what)s”, a place offers %(offered)d")
                    % {
                        "wanted": amount,
                        "what": labels[name],
                        "offered": offered,
                    }
                )
        return [str(problem) for problem in found]


def _rank(name: str) -> int:
    """A class that we do not know is larger than all: somebody has to look at it."""
    return ResourceClass.values.index(name) if name in ResourceClass.values else len(ResourceClass)


def _class_name(name: str) -> str:
    return str(ResourceClass(name).label) if name in ResourceClass.values else name


class Slot(models.Model):
    """One place at one engine."""

    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="slots")
    name = models.CharField(_("name"), max_length=60)
    backend = models.CharField(_("engine"), max_length=30, default="process")
    is_for_trials = models.BooleanField(
        _("only for trial runs"),
        default=False,
        help_text=_("Nobody can book it: operators try new versions here."),
    )
    is_enabled = models.BooleanField(_("in use"), default=True)

    objects = SlotQuerySet.as_manager()

    class Meta:
        verbose_name = _("slot")
        verbose_name_plural = _("places")
        ordering = ["pool", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["pool", "name"],
                name="slot_name_unique_in_pool",
                violation_error_message=_("There is a place of this name already."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Allocation(models.Model):
    """A slot is taken: for a booking, lead and removal included, or by a maintenance (``blackout``).

    Two rows of one slot never overlap before they are released: the exclusion constraint refuses the
    second, on INSERT and on UPDATE, however many do it at once. Released only when the engine has
    said that nothing is left (foundations.md, Models).
    """

    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="allocations")
    booking = models.ForeignKey(
        "sandbox.Booking",
        on_delete=models.PROTECT,
        related_name="allocations",
        null=True,
        blank=True,
    )
    blackout = models.ForeignKey(
        "sandbox.Blackout",
        on_delete=models.PROTECT,
        related_name="allocations",
        null=True,
        blank=True,
    )
    occupies = DateTimeRangeField(_("occupies"))
    released_at = models.DateTimeField(_("released at"), null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = AllocationQuerySet.as_manager()

    class Meta:
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")
        ordering = ["pk"]
        constraints = [
            ExclusionConstraint(
                name="allocation_no_overlap",
                expressions=[
                    ("slot", RangeOperators.EQUAL),
                    ("occupies", RangeOperators.OVERLAPS),
                ],
                condition=Q(released_at__isnull=True),
                violation_error_message=_("This place is taken in that time."),
            ),
            models.CheckConstraint(
                name="allocation_range_half_open",
                condition=Q(
                    occupies__isempty=False,
                    occupies__lower_inc=True,
                    occupies__upper_inc=False,
                    occupies__lower_inf=False,
                    occupies__upper_inf=False,
                ),
                violation_error_message=_("Begin and end are both needed."),
            ),
            models.CheckConstraint(
                name="allocation_one_reason",
                condition=Q(booking__isnull=True, blackout__isnull=False)
                | Q(booking__isnull=False, blackout__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["booking"],
                condition=Q(released_at__isnull=True),
                name="allocation_one_held_per_booking",
                violation_error_message=_("This booking has a place already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slot_id} {self.booking_id or self.blackout_id}"
