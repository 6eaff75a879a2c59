from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from osk_portal.toolkit import clock


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def current(self) -> AbsenceQuerySet:
        today = clock.today()
        return self.filter(starts_on__lte=today, ends_on__gte=today)

    def not_over(self) -> AbsenceQuerySet:
        """The present ones and those to come: nobody is shown any other."""
        return self.filter(ends_on__gte=clock.today())


class Absence(models.Model):
    """When an advisor is away, and who stands in: the present absence or the next one, never those of before.

    One row a person, deleted when it is over: no presence log (product.md, Staff data).
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="absence"
    )
    deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("deputy"),
        on_delete=models.CASCADE,
        related_name="stands_in_for",
    )
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("entered by"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    """The OSK-Leitung, where the person could not do it; goes with the row."""
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        ordering = ["ends_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="absence_ends_after_start",
                violation_error_message=_("The last day lies before the first one."),
            ),
            models.CheckConstraint(
                condition=~Q(deputy=F("user")),
                name="absence_deputy_is_another",
                violation_error_message=_("Choose somebody else as the deputy."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.starts_on} {self.ends_on}"

    @property
    def is_current(self) -> bool:
        return self.starts_on <= clock.today() <= self.ends_on
