"""Who wants to hear of changes to an entry."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.solutions import Solution
from osk_portal.toolkit import clock


class Follow(models.Model):
    """A person follows an entry ("Folgen"). It is the person's own and nobody else's business: it leaves no event,
    and goes with the account."""

    solution = models.ForeignKey(Solution, on_delete=models.CASCADE, related_name="follows")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="follows"
    )
    created_at = models.DateTimeField(_("since"), default=clock.now)

    class Meta:
        verbose_name = _("followed entry")
        verbose_name_plural = _("followed entries")
        ordering = ["-created_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["solution", "user"], name="follow_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} follows {self.solution_id}"
