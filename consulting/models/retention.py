"""How long cases are kept, what stops it, and what was anonymised (product.md 1.6)."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from consulting.enums import RecordType
from osk_portal.toolkit import clock

LONGEST_YEARS: Final = 30


class RetentionRule(models.Model):
    """How many years a type of record is kept after its end, and why. One counts at a time.

    0 is for procurement alone: it is kept until the end of the contract.
    """

    record_type = models.CharField(_("record type"), max_length=20, choices=RecordType)
    years = models.PositiveSmallIntegerField(_("years"))
    legal_reason = models.TextField(
        _("legal reason"),
        max_length=1000,
        help_text=_("Provision or decision from which the period follows."),
    )

    valid_from = models.DateField(_("counts from"))
    valid_until = models.DateField(_("counts until"), null=True, blank=True)

    class Meta:
        verbose_name = _("period of retention")
        verbose_name_plural = _("periods of retention")
        ordering = ["record_type", "-valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=Q(years__range=(1, LONGEST_YEARS))
                | Q(years=0, record_type=RecordType.PROCUREMENT),
                name="retention_years",
                violation_error_message=_(
                    "Enter 1 to 30 years; for procurement also 0: until the end of the contract."
                ),
            ),
            models.CheckConstraint(
                condition=~Q(legal_reason=""),
                name="retention_has_reason",
                violation_error_message=_("Enter the legal reason."),
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="retention_dates",
                violation_error_message=_("It ends after it begins."),
            ),
            ExclusionConstraint(
                name="retention_one_at_a_time",
                expressions=[
                    ("record_type", RangeOperators.EQUAL),
                    (
                        Func(
                            "valid_from",
                            "valid_until",
                            Value("[]"),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message=_(
                    "Another period counts for this record type at that time. End it first."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_record_type_display()}: {self.years}"


class CaseRetention(models.Model):
    """What the authority was told about the end of a case's data, and what it said."""

    case = models.OneToOneField(
        "consulting.ConsultingRequest", on_delete=models.CASCADE, related_name="retention"
    )
    due_on = models.DateField(_("anonymised on"), null=True)
    """The day that was announced; nothing goes before it."""
    first_told_at = models.DateTimeField(_("announced 60 days ahead"), null=True)
    second_told_at = models.DateTimeField(_("announced 14 days ahead"), null=True)
    filed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    filed_at = models.DateTimeField(_("taken into the e-file"), null=True)
    contract_ends_on = models.DateField(_("end of the contract"), null=True)
    """Entered by the OSK, where the authority has not told it in ``ProcurementOutcome``."""

    class Meta:
        verbose_name = _("retention of a request")
        verbose_name_plural = _("retention of requests")
        constraints = [
            models.CheckConstraint(
                condition=Q(first_told_at=None, due_on=None)
                | Q(first_told_at__isnull=False, due_on__isnull=False),
                name="retention_told_has_day",
            ),
            models.CheckConstraint(
                condition=Q(second_told_at=None) | Q(first_told_at__isnull=False),
                name="retention_told_in_order",
            ),
            models.CheckConstraint(
                condition=Q(filed_at=None, filed_by=None)
                | Q(filed_at__isnull=False, filed_by__isnull=False),
                name="retention_filed_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.due_on}"


class HoldQuerySet(models.QuerySet["RetentionHold"]):
    def pending(self) -> HoldQuerySet:
        """Asked for, and not decided yet."""
        return self.filter(set_at=None, ended_at=None)

    def in_force(self) -> HoldQuerySet:
        return self.filter(set_at__isnull=False, ended_at=None).filter(
            Q(until=None) | Q(until__gte=clock.today())
        )


class RetentionHold(models.Model):
    """*Sperrvermerk*: keeps a case out of anonymising. Asked for by anybody, set by the Leitung."""

    case = models.ForeignKey(
        "consulting.ConsultingRequest", on_delete=models.PROTECT, related_name="holds"
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(default=clock.now)
    reason = models.TextField(_("reason"))
    until = models.DateField(_("until"), null=True, blank=True)
    """None: open, until the Leitung lifts it."""
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    set_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True)
    """Lifted; or not granted, where it was never set."""

    objects = HoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        ordering = ["asked_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(ended_at=None),
                name="hold_one_of_a_case",
                violation_error_message=_("There is a hold for this request already."),
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="hold_has_reason",
                violation_error_message=_("Write a reason."),
            ),
            models.CheckConstraint(
                condition=Q(set_at=None, set_by=None)
                | Q(set_at__isnull=False, set_by__isnull=False),
                name="hold_set_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.asked_at:%Y-%m-%d}"

    @property
    def is_in_force(self) -> bool:
        is_over = self.until is not None and self.until < clock.today()
        return self.set_at is not None and self.ended_at is None and not is_over

    @property
    def is_pending(self) -> bool:
        return self.set_at is None and self.ended_at is None


class Anonymisation(models.Model):
    """That a case was anonymised: when, by which rule, and how many rows of which kind."""

    case = models.OneToOneField(
        "consulting.ConsultingRequest", on_delete=models.PROTECT, related_name="anonymisation"
    )
    reference = models.CharField(_("reference"), max_length=20)
    at = models.DateTimeField(_("anonymised at"), default=clock.now)
    rule = models.ForeignKey(RetentionRule, on_delete=models.PROTECT, related_name="+")
    record_type = models.CharField(_("record type"), max_length=20, choices=RecordType)
    ended_on = models.DateField(_("period began on"))
    years = models.PositiveSmallIntegerField(_("years"))
    legal_reason = models.TextField(_("legal reason"))
    counts: Any = models.JSONField(_("rows"), default=dict)

    class Meta:
        verbose_name = _("anonymising")
        verbose_name_plural = _("anonymisings")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.reference} {self.at:%Y-%m-%d}"
