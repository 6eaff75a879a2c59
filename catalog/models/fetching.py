"""Files that are fetched from repositories: once on somebody's wish, and again every night."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalog.enums import IntakeProblem, IntakeState, SourceProblem
from catalog.models.solutions import Solution
from catalog.querysets import IntakeQuerySet
from network.models import Organisation
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed


class FetchJob(models.Model):
    """A row that is its own place in the queue: claimed under a lease, due again when that runs out."""

    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(_("next try"), default=clock.now)
    leased_until = models.DateTimeField(null=True, editable=False)
    lease_token = models.UUIDField(null=True, editable=False)
    last_error = models.CharField(_("last error"), max_length=100, blank=True)

    class Meta:
        abstract = True


class Intake(FetchJob, Addressed):
    """Somebody's wish to have a solution in the catalog, by address or file, and what became of it.

    ``name`` and ``findings`` are those of the file that was read, never those of an entry that the person
    may not see.
    """

    requester = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="intakes"
    )
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="intakes",
        help_text=_("For which somebody suggests it; empty: an advisor does."),
    )
    state = models.CharField(
        _("state"), max_length=20, choices=IntakeState, default=IntakeState.WAITING
    )
    problem = models.CharField(_("problem"), max_length=20, choices=IntakeProblem, blank=True)
    repository = models.CharField(_("repository"), max_length=500, blank=True)
    file_name = models.CharField(_("file"), max_length=150, blank=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    named_repository = models.CharField(
        _("repository that the file names"), max_length=500, blank=True
    )
    findings: Any = models.JSONField(_("findings"), default=list, blank=True)
    based_on: Any = models.JSONField(_("based on"), default=list, blank=True)
    solution = models.ForeignKey(
        Solution, on_delete=models.SET_NULL, null=True, blank=True, related_name="intakes"
    )
    created_at = models.DateTimeField(_("created at"), default=clock.now)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)

    objects = IntakeQuerySet.as_manager()

    class Meta:
        verbose_name = _("wanted solution")
        verbose_name_plural = _("wanted solutions")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state="waiting"),
                name="intake_due",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["requester", "repository"],
                condition=Q(state="waiting"),
                name="intake_one_waiting_per_person",
            ),
            models.CheckConstraint(
                condition=Q(state="waiting") | Q(done_at__isnull=False),
                name="intake_done_has_date",
            ),
            models.CheckConstraint(
                condition=Q(state="refused", problem__gt="") | ~Q(state="refused") & Q(problem=""),
                name="intake_refused_has_problem",
            ),
        ]

    def __str__(self) -> str:
        return self.repository or self.file_name

    def get_absolute_url(self) -> str:
        return reverse("catalog:intake_detail", args=[self.public_id])

    @property
    def is_waiting(self) -> bool:
        return self.state == IntakeState.WAITING


class RepositoryAlias(models.Model):
    """Another address of an entry's repository: where it lay before it moved."""

    solution = models.ForeignKey(Solution, on_delete=models.CASCADE, related_name="aliases")
    repository_url = models.CharField(_("repository, normalised"), max_length=500, unique=True)

    class Meta:
        verbose_name = _("former repository")
        verbose_name_plural = _("former repositories")
        ordering = ["repository_url"]

    def __str__(self) -> str:
        return self.repository_url


class Source(FetchJob):
    """Where an entry's publiccode.yml is fetched again every night, and how that went.

    ``document`` is what the file said last: a changed file is compared with it, so that what the OSK or a
    proposal has changed in the entry is not taken back by the next version of the file.
    """

    solution = models.OneToOneField(Solution, on_delete=models.CASCADE, related_name="source")
    repository = models.CharField(_("repository"), max_length=500)
    file_url = models.CharField(_("address of the file"), max_length=700, blank=True)
    etag = models.CharField(max_length=200, blank=True)
    last_modified = models.CharField(max_length=60, blank=True)
    document: Any = models.JSONField(_("last file"), null=True, blank=True)
    is_trusted = models.BooleanField(
        _("take over changes at once"),
        default=False,
        help_text=_("Without it a changed file becomes a proposal."),
    )
    tried_at = models.DateTimeField(_("last tried"), null=True, blank=True)
    fetched_at = models.DateTimeField(_("last fetched"), null=True, blank=True)
    changed_at = models.DateTimeField(_("file last changed"), null=True, blank=True)
    failing_since = models.DateTimeField(_("fails since"), null=True, blank=True)
    failure_told_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        ordering = ["pk"]
        indexes = [models.Index(fields=["next_attempt_at"], name="source_due")]

    def __str__(self) -> str:
        return self.repository

    @property
    def is_overdue(self) -> bool:
        """Fails for so long that the maintainer was told."""
        return self.failure_told_at is not None

    @property
    def problem(self) -> str:
        """In words, while the file cannot be refreshed."""
        return str(SourceProblem(self.last_error).label) if self.failing_since else ""
