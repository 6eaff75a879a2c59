"""What one organisation may book where it differs from the portal's settings."""

from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from network.models import Organisation


class OrganisationQuota(models.Model):
    """Set by an operator; an empty number means the portal's setting."""

    organisation = models.OneToOneField(
        Organisation,
        on_delete=models.CASCADE,
        related_name="sandbox_quota",
        verbose_name=_("organisation"),
    )
    concurrent = models.PositiveSmallIntegerField(
        _("at the same time"),
        null=True,
        blank=True,
        help_text=_("Empty: as set for all organisations."),
    )
    days_per_quarter = models.PositiveSmallIntegerField(
        _("days a quarter"),
        null=True,
        blank=True,
        help_text=_("Empty: as set for all organisations."),
    )
    horizon_days = models.PositiveSmallIntegerField(
        _("days ahead"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(730)],
        help_text=_("Empty: as set for all organisations."),
    )
    reason = models.CharField(_("Reason"), max_length=200)

    class Meta:
        verbose_name = _("quota")
        verbose_name_plural = _("quotas")
        ordering = ["organisation__name"]

    def __str__(self) -> str:
        return str(self.organisation)
