from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from consulting.enums import DeadlineKind
from osk_portal.toolkit import clock


class DeadlineNotice(models.Model):
    """The OSK was told that a promise is near or broken: once for each day that was promised."""

    case = models.ForeignKey(
        "consulting.ConsultingRequest", on_delete=models.CASCADE, related_name="deadline_notices"
    )
    kind = models.CharField(max_length=20, choices=DeadlineKind)
    is_first_response = models.BooleanField()
    promised_on = models.DateField()
    at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("notice of a deadline")
        verbose_name_plural = _("notices of deadlines")
        constraints = [
            models.UniqueConstraint(
                fields=["case", "kind", "is_first_response", "promised_on"],
                name="deadline_notice_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.promised_on}"
