"""Which reminder of the end was sent for which end."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from osk_portal.toolkit import clock
from sandbox.enums import ReminderKind
from sandbox.models.bookings import Booking


class Reminder(models.Model):
    """Sent once for a booking, a kind and an end: another end arms it again (sandbox.md section 1)."""

    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="reminders")
    kind = models.CharField(_("kind"), max_length=20, choices=ReminderKind)
    ends_at = models.DateTimeField(_("end"))
    sent_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        constraints = [
            models.UniqueConstraint(fields=["booking", "kind", "ends_at"], name="reminder_once"),
        ]

    def __str__(self) -> str:
        return f"{self.booking_id} {self.kind}"
