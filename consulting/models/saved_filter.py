from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from osk_portal.toolkit.addressed import Addressed

if TYPE_CHECKING:
    from osk_portal.accounts.models import User
    from osk_portal.toolkit.prepared import Parameter


class SavedFilterQuerySet(models.QuerySet["SavedFilter"]):
    def visible_to(self, user: User) -> SavedFilterQuerySet:
        """One's own, and those that somebody shares with all advisors."""
        if not user.is_advisor:
            return self.none()
        return self.visible_to_advisor(user)

    def visible_to_advisor(self, advisor: User | Parameter) -> SavedFilterQuerySet:
        """As ``visible_to``, for somebody known to be an advisor."""
        return self.filter(Q(owner=advisor) | Q(is_shared=True))


class SavedFilter(Addressed):
    """A queue with a filter under a name. ``values`` are the filter's parameters as they were typed: what has
    become unknown since is left out when it is opened."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_filters"
    )
    name = models.CharField(_("name"), max_length=60)
    queue = models.CharField(_("queue"), max_length=30)
    values: Any = models.JSONField(default=dict)
    is_shared = models.BooleanField(_("for all advisors"), default=False)

    objects = SavedFilterQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                name="saved_filter_once",
                violation_error_message=_("You have a filter with this name already."),
            ),
            models.CheckConstraint(condition=~Q(name=""), name="saved_filter_has_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("admin:consulting_savedfilter_open", args=[self.public_id])
