"""Words of administrations that mean the same; the search reads them with every query."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import Event


class SynonymGroup(models.Model):
    """Who searches for one of ``terms`` finds entries that use another one of them.

    A group is never deleted, only switched off: a shipped one (it has a ``key``) would come back with the next
    release, and the events of the others belong to something.
    """

    key = models.SlugField(_("shipped as"), null=True, blank=True, unique=True, editable=False)
    terms = ArrayField(models.CharField(max_length=60), verbose_name=_("words"))
    is_active = models.BooleanField(_("used by the search"), default=True)
    updated_at = models.DateTimeField(_("changed at"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("group of synonyms")
        verbose_name_plural = _("synonyms")
        ordering = ["terms", "pk"]

    def __str__(self) -> str:
        return ", ".join(self.terms)


class SynonymGroupEvent(Event):
    group = models.ForeignKey(SynonymGroup, on_delete=models.CASCADE, related_name="events")
