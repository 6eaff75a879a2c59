"""A repository that somebody wants checked on "publiccode.yml prüfen"."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.enums import IntakeProblem
from catalog.models.fetching import FetchJob
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed


class RepositoryCheck(FetchJob, Addressed):
    """Belongs to whoever has its address; goes after an hour, whatever became of it."""

    repository = models.CharField(_("repository"), max_length=500)
    content = models.BinaryField(null=True, editable=False)
    problem = models.CharField(_("problem"), max_length=20, choices=IntakeProblem, blank=True)
    created_at = models.DateTimeField(_("created at"), default=clock.now, db_index=True)
    done_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("check of a repository")
        verbose_name_plural = _("checks of repositories")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.repository

    @property
    def is_waiting(self) -> bool:
        return self.done_at is None
