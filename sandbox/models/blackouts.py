"""Maintenance: when places are out of use. Its rows lie among the allocations, under the same constraint."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed
from sandbox.models.capacity import Pool


class Blackout(Addressed):
    """All places of a capacity, or some of them, are out of use for a while (Wartung)."""

    pool = models.ForeignKey(
        Pool, on_delete=models.PROTECT, related_name="blackouts", verbose_name=_("capacity")
    )
    during = DateTimeRangeField(_("period"))
    reason = models.CharField(_("Reason"), max_length=200)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("planned by"),
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)
    lifted_at = models.DateTimeField(_("lifted at"), null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("lifted by"),
    )

    class Meta:
        verbose_name = _("planned maintenance")
        verbose_name_plural = _("planned maintenance")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="blackout_half_open",
                condition=Q(
                    during__isempty=False,
                    during__lower_inc=True,
                    during__upper_inc=False,
                    during__lower_inf=False,
                    during__upper_inf=False,
                ),
                violation_error_message=_("Begin and end are both needed."),
            ),
            models.CheckConstraint(
                name="blackout_has_reason",
                condition=~Q(reason=""),
                violation_error_message=_("Enter the reason."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pool}: {self.reason}"

    @property
    def starts_at(self) -> datetime:
        start: datetime = self.during.lower
        return start

    @property
    def ends_at(self) -> datetime:
        end: datetime = self.during.upper
        return end

    @property
    def is_open(self) -> bool:
        """Not lifted and not over."""
        return self.lifted_at is None and self.ends_at > clock.now()
