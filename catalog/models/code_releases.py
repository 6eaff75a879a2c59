"""Own code that an authority wants to publish: its list of points, its checked file, what became of it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalog.models.fetching import Intake
from catalog.querysets import CodeReleaseQuerySet
from network.models import Organisation
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.transitions import Event


class CodeRelease(Addressed):
    """It belongs to the organisation and is kept until somebody of it deletes it: it is the record of why and
    how the code was published. ``file`` is the publiccode.yml that was checked last."""

    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="code_releases",
        verbose_name=_("organisation"),
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="code_releases"
    )
    name = models.CharField(_("name of the software"), max_length=150)
    file = models.TextField(_("publiccode.yml"), blank=True)
    file_errors = models.PositiveIntegerField(_("errors in the file"), default=0)
    file_version = models.PositiveIntegerField(default=0)
    file_checked_at = models.DateTimeField(_("file checked at"), null=True, blank=True)
    intake = models.ForeignKey(
        Intake,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="code_releases",
        verbose_name=_("draft in the catalog"),
    )
    created_at = models.DateTimeField(_("created at"), default=clock.now)
    updated_at = models.DateTimeField(_("changed at"), default=clock.now)

    objects = CodeReleaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("publication of own code")
        verbose_name_plural = _("publications of own code")
        ordering = ["-updated_at", "-pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("catalog:code_release", args=[self.public_id])

    @property
    def is_file_valid(self) -> bool:
        return bool(self.file) and not self.file_errors


class CodeReleaseStep(models.Model):
    """The answers of one step: ``{point: {"answer": …, "note": …}}``. ``version`` tells two tabs apart."""

    release = models.ForeignKey(CodeRelease, on_delete=models.CASCADE, related_name="steps")
    slug = models.CharField(_("step"), max_length=20)
    answers: Any = models.JSONField(_("answers"), default=dict, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["release", "slug"], name="code_release_step_once")
        ]

    def __str__(self) -> str:
        return f"{self.release_id} {self.slug}"


class CodeReleaseEvent(Event):
    release = models.ForeignKey(CodeRelease, on_delete=models.CASCADE, related_name="events")
