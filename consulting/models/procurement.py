"""What is asked of a request about procurement (product.md 1.1), and the lists that the OSK keeps for it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consulting.enums import (
    ArchitectureCheck,
    Awarding,
    Involvement,
    ReuseContract,
    TaskStatus,
)
from osk_portal.toolkit import clock


def oldest_checked(today: date) -> date:
    """Twelve months before ``today``: what was checked before that has to be checked again (1.5)."""
    day = 28 if (today.month, today.day) == (2, 29) else today.day
    return today.replace(year=today.year - 1, day=day)


def is_too_old(day: date, today: date) -> bool:
    return day < oldest_checked(today)


class DatedQuerySet(models.QuerySet["DatedModel"]):
    def on(self, day: date, *, also: int | None = None) -> Self:
        """What counts on ``day``; and the row ``also``, which a request has chosen already."""
        counts = Q(valid_from__lte=day) & (Q(valid_until=None) | Q(valid_until__gte=day))
        return self.filter(counts | Q(pk=also) if also else counts)


class DatedModel(models.Model):
    """A row of a list that changes with the law: ended, never deleted or rewritten."""

    valid_from = models.DateField(_("counts from"))
    valid_until = models.DateField(_("counts until"), null=True, blank=True)
    checked_on = models.DateField(
        _("checked on"),
        null=True,
        blank=True,
        help_text=_("When somebody last compared it with its source."),
    )

    objects = DatedQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def stands_on(self) -> date:
        """The day for which it was last known to be right ("Stand")."""
        return max(self.valid_from, self.checked_on or self.valid_from)

    @property
    def needs_check(self) -> bool:
        """It still counts, and nobody has compared it with its source for twelve months."""
        today = clock.today()
        counts = self.valid_until is None or self.valid_until >= today
        return counts and is_too_old(self.stands_on, today)


class ContractType(DatedModel):
    """A type of the EVB-IT, the federal model contracts for IT."""

    name = models.CharField(_("name"), max_length=100)
    version_on = models.DateField(
        _("version of"),
        null=True,
        blank=True,
        help_text=_("Date of the version of the model contract, as its publisher names it."),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("EVB-IT type")
        verbose_name_plural = _("EVB-IT types")
        ordering = ["position", "name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["name", "version_on"],
                name="contract_type_once",
                nulls_distinct=False,
                violation_error_message=_("There is this type in this version already."),
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="contract_type_dates",
                violation_error_message=_("It ends after it begins."),
            ),
        ]

    def __str__(self) -> str:
        if self.version_on is None:
            return self.name
        return f"{self.name} ({gettext('version of')} {self.version_on:%d.%m.%Y})"


class ValueBand(DatedModel):
    """Estimated value of an order without VAT: from ``lower`` up to, not including, ``upper``."""

    lower = models.DecimalField(_("from (euros)"), max_digits=12, decimal_places=2, default=0)
    upper = models.DecimalField(
        _("below (euros)"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    note = models.CharField(
        _("note"),
        max_length=200,
        blank=True,
        help_text=_("For example which threshold begins here, and where that is written."),
    )

    class Meta:
        verbose_name = _("value band")
        verbose_name_plural = _("value bands")
        ordering = ["valid_from", "lower", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["lower", "valid_from"],
                name="value_band_once",
                violation_error_message=_("There is a band that begins here already."),
            ),
            models.CheckConstraint(
                condition=Q(lower__gte=0) & (Q(upper=None) | Q(upper__gt=F("lower"))),
                name="value_band_limits",
                violation_error_message=_("The upper limit is above the lower one."),
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="value_band_dates",
                violation_error_message=_("It ends after it begins."),
            ),
        ]

    def __str__(self) -> str:
        if self.upper is None:
            return gettext("%(lower)s euros and more") % {"lower": _euros(self.lower)}
        if not self.lower:
            return gettext("less than %(upper)s euros") % {"upper": _euros(self.upper)}
        return gettext("%(lower)s to less than %(upper)s euros") % {
            "lower": _euros(self.lower),
            "upper": _euros(self.upper),
        }


class ProcurementBlock(models.Model):
    """The procurement block of a request. The state of the procedure stands in the request itself.

    Confidential with the request: never in a mail, a feed or an export of others (product.md 1.5).
    """

    case = models.OneToOneField(
        "consulting.ConsultingRequest", on_delete=models.CASCADE, related_name="procurement"
    )
    contract_type = models.ForeignKey(
        ContractType,
        verbose_name=_("EVB-IT type"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    contract_type_unknown = models.BooleanField(_("EVB-IT type not known"), default=False)
    value_band = models.ForeignKey(
        ValueBand,
        verbose_name=_("estimated value"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    deadline = models.DateField(_("deadline of the procedure"), null=True, blank=True)
    awarding = models.CharField(
        _("lots or framework contract"), max_length=20, choices=Awarding, blank=True
    )
    reuse_contract = models.CharField(
        _("reuse contract"), max_length=20, choices=ReuseContract, blank=True
    )
    architecture = models.CharField(
        _("ITDZ/IKT architecture checked"), max_length=20, choices=ArchitectureCheck, blank=True
    )
    staff_council = models.CharField(
        _("Personalrat"), max_length=20, choices=Involvement, blank=True
    )
    womens_representative = models.CharField(
        _("Frauenvertretung"), max_length=20, choices=Involvement, blank=True
    )
    disability_representative = models.CharField(
        _("Schwerbehindertenvertretung"), max_length=20, choices=Involvement, blank=True
    )
    data_protection = models.CharField(
        _("data protection"), max_length=20, choices=TaskStatus, blank=True
    )
    accessibility = models.CharField(
        _("accessibility"), max_length=20, choices=TaskStatus, blank=True
    )

    class Meta:
        verbose_name = _("procurement block")
        verbose_name_plural = _("procurement blocks")
        constraints = [
            models.CheckConstraint(
                condition=Q(contract_type=None) | Q(contract_type_unknown=False),
                name="procurement_type_known_or_not",
                violation_error_message=_("The EVB-IT type is either known or not."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id}"


def _euros(amount: Decimal) -> str:
    return number_format(amount, decimal_pos=0, use_l10n=True, force_grouping=True)
