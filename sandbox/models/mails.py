"""Messages that a product wanted to send: caught, shown to who tests, deleted with the environment."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from osk_portal.toolkit import clock
from sandbox.models.environments import Environment


class CaughtMail(models.Model):
    """One message as the product gave it to the mail sink. Everything in it is the product's claim."""

    environment = models.ForeignKey(
        Environment, on_delete=models.PROTECT, related_name="caught_mails"
    )
    received_at = models.DateTimeField(_("caught at"), default=clock.now)
    sender = models.CharField(_("sender"), max_length=320)
    recipients = models.CharField(_("recipients"), max_length=1000)
    subject = models.CharField(_("subject"), max_length=300, blank=True)
    text = models.TextField(_("text"), blank=True)
    size = models.PositiveIntegerField(_("size"))
    attachments = models.PositiveSmallIntegerField(_("files"), default=0)
    """How many; they are not kept."""
    is_cut = models.BooleanField(_("shortened"), default=False)

    class Meta:
        verbose_name = _("caught message")
        verbose_name_plural = _("caught messages")
        ordering = ["-received_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.environment_id} {self.received_at:%Y-%m-%d %H:%M}"
