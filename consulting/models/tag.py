from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from osk_portal.toolkit.addressed import Addressed

LONGEST_NAME = 40


class Tag(Addressed):
    """A label of the OSK on its cases (product.md 1.4). Never shown to the requester, in no record."""

    name = models.CharField(_("label"), max_length=LONGEST_NAME)
    cases = models.ManyToManyField(
        "consulting.ConsultingRequest", verbose_name=_("requests"), related_name="tags"
    )

    class Meta:
        verbose_name = _("label")
        verbose_name_plural = _("labels")
        ordering = [Lower("name"), "pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="tag_name_once",
                violation_error_message=_("This label exists already."),
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="tag_has_name"),
        ]

    def __str__(self) -> str:
        return self.name
