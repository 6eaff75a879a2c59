from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from osk_portal.toolkit import clock


class ListExport(models.Model):
    """Somebody took a list of requests away: who, when, which, how many."""

    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        on_delete=models.PROTECT,
        related_name="+",
    )
    at = models.DateTimeField(_("at"), default=clock.now)
    source = models.CharField(_("list"), max_length=30)
    words = models.CharField(_("search words"), max_length=200, blank=True)
    file_kind = models.CharField(_("file"), max_length=10)
    count = models.PositiveIntegerField(_("requests"))

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.source} {self.at:%Y-%m-%d %H:%M}"
