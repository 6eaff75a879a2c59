"""A comparison that was saved under an address of its own."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalog.comparison.wanted import MOST_SOLUTIONS, Wanted
from catalog.querysets import SavedComparisonQuerySet
from network.models import Organisation
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed


class SavedComparison(Addressed):
    """Up to four solutions with own rows, the author's alone or, with ``organisation``, its members' too.

    It is a working paper and no record: it leaves no event, and what is said in it is nobody else's business.
    """

    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="comparisons"
    )
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="comparisons",
        verbose_name=_("shared with the organisation"),
    )
    title = models.CharField(_("title"), max_length=150)
    slugs = ArrayField(
        models.CharField(max_length=100), verbose_name=_("solutions"), default=list, blank=True
    )
    rows: Any = models.JSONField(_("own requirements"), default=list, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(_("created at"), default=clock.now)
    updated_at = models.DateTimeField(_("changed at"), default=clock.now)

    objects = SavedComparisonQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved comparison")
        verbose_name_plural = _("saved comparisons")
        ordering = ["-updated_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(slugs__len__lte=MOST_SOLUTIONS), name="comparison_of_up_to_four"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("catalog:saved_comparison", args=[self.public_id])

    @property
    def wanted(self) -> Wanted:
        return Wanted.from_json(self.slugs, self.rows)
