"""Who wants to hear of changes to an entry, and how often."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.enums import FollowRhythm
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


class FollowSetting(models.Model):
    """How often a person hears of the followed entries. Without a row: at once. The OSK's notices go at once.

    ``told_on``: the day of the last mail that gathered news; the next one is due a day or a week after it.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="follow_setting"
    )
    rhythm = models.CharField(
        _("how often"), max_length=10, choices=FollowRhythm, default=FollowRhythm.AT_ONCE
    )
    told_on = models.DateField(_("last told on"), null=True, blank=True)

    class Meta:
        verbose_name = _("how often somebody hears of followed entries")
        verbose_name_plural = _("how often people hear of followed entries")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.user_id} {self.rhythm}"


class FollowNews(models.Model):
    """What the next gathered mail tells: one row a person, entry and kind, gone when the mail is written."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="follow_news"
    )
    solution = models.ForeignKey(Solution, on_delete=models.CASCADE, related_name="follow_news")
    kind = models.CharField(max_length=40)
    happened_at = models.DateTimeField(_("when"), default=clock.now)

    class Meta:
        verbose_name = _("news of a followed entry")
        verbose_name_plural = _("news of followed entries")
        ordering = ["happened_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "solution", "kind"], name="follow_news_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.solution_id} {self.kind}"
