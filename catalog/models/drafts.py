"""Descriptions of solutions that people have begun in the form."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalog.models.fetching import Intake
from catalog.querysets import EntryDraftQuerySet
from network.models import Organisation
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed


class EntryDraft(Addressed):
    """What somebody has typed, right or wrong; only that person sees it. ``intake`` is what became of it.

    ``organisation``: for which it is described, so that it does not leave with its author; none for advisors.

    ``version`` counts the savings, so that of two tabs the older does not overwrite the newer.
    """

    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="entry_drafts"
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="entry_drafts"
    )
    values: Any = models.JSONField(_("values"), default=dict, blank=True)
    version = models.PositiveIntegerField(default=0)
    intake = models.OneToOneField(
        Intake, on_delete=models.CASCADE, null=True, blank=True, related_name="draft"
    )
    created_at = models.DateTimeField(_("created at"), default=clock.now)
    updated_at = models.DateTimeField(_("changed at"), default=clock.now)

    objects = EntryDraftQuerySet.as_manager()

    class Meta:
        verbose_name = _("begun description")
        verbose_name_plural = _("begun descriptions")
        ordering = ["-updated_at", "-pk"]

    def __str__(self) -> str:
        return str(self.values.get("name") or "")[:200] or str(_("Without a name"))

    def get_absolute_url(self) -> str:
        return reverse("catalog:entry_form", args=[self.public_id])
