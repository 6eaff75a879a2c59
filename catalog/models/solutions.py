"""An entry of the catalog, its revisions and events, who supports and who uses it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KeyTransform
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalog.enums import (
    DevelopmentStatus,
    LicenceFamily,
    MaintenanceType,
    NoticeKind,
    RevisionOrigin,
    SoftwareType,
    SolutionAction,
    SolutionState,
)
from catalog.querysets import SolutionQuerySet
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.transitions import Event, check


class Solution(Addressed):
    """A solution of the catalog.

    ``document`` is the publiccode.yml in its own shape and the only source of what it says; the columns
    below it repeat what lists and facets need and are written by ``services.entries`` together with it.
    ``origins`` says of each statement where it comes from and since when (``catalog.provenance``), ``locks`` of
    a field's name why the OSK has set it (``catalog.locks``): both beside the document, read with it. What
    the OSK adds (alternatives, keywords, Berlin body) stands outside and never enters an exported file.
    """

    ALLOWED: ClassVar[Mapping[SolutionAction, frozenset[SolutionState]]] = {
        SolutionAction.PUBLISH: frozenset({SolutionState.DRAFT, SolutionState.WITHDRAWN}),
        SolutionAction.WITHDRAW: frozenset({SolutionState.PUBLISHED}),
    }

    slug = models.SlugField(_("address"), max_length=100, unique=True)
    state = models.CharField(
        _("state"), max_length=20, choices=SolutionState, default=SolutionState.DRAFT
    )
    is_incomplete = models.BooleanField(_("incomplete"), default=False)
    revision = models.PositiveIntegerField(_("revision"), default=0)
    document: Any = models.JSONField(_("publiccode.yml"), default=dict)
    findings: Any = models.JSONField(_("findings"), default=list, blank=True)
    origins: Any = models.JSONField(_("origin of the statements"), default=dict, blank=True)
    locks: Any = models.JSONField(_("fields set by the OSK"), default=dict, blank=True)

    # Repeats of the document
    name = models.CharField(_("name"), max_length=200)
    sort_key = models.CharField(max_length=200, editable=False, db_index=True)
    repository_url = models.CharField(
        _("repository, normalised"),
        max_length=500,
        null=True,
        blank=True,
        unique=True,
        help_text=_("Identity of the solution; the address as written stands in the document."),
    )
    development_status = models.CharField(
        _("development status"), max_length=20, choices=DevelopmentStatus, blank=True
    )
    software_type = models.CharField(
        _("kind of software"), max_length=30, choices=SoftwareType, blank=True
    )
    maintenance_type = models.CharField(
        _("maintenance"), max_length=20, choices=MaintenanceType, blank=True
    )
    licence = models.CharField(_("licence"), max_length=200, blank=True)
    licence_family = models.CharField(
        _("licence family"), max_length=20, choices=LicenceFamily, blank=True
    )
    categories = ArrayField(
        models.CharField(max_length=60), verbose_name=_("categories"), default=list, blank=True
    )
    platforms = ArrayField(
        models.CharField(max_length=60), verbose_name=_("platforms"), default=list, blank=True
    )
    audiences = ArrayField(
        models.CharField(max_length=60), verbose_name=_("made for"), default=list, blank=True
    )
    languages = ArrayField(
        models.CharField(max_length=35), verbose_name=_("languages"), default=list, blank=True
    )

    # What the OSK adds
    maintainer = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="maintained_solutions",
        verbose_name=_("entry maintained by"),
        help_text=_("Empty: the OSK looks after the entry."),
    )
    supporters = models.ManyToManyField(
        Organisation,
        through="Support",
        related_name="supported_solutions",
        verbose_name=_("support offered by"),
    )
    berlin_body = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="published_solutions",
        verbose_name=_("published by the Berlin body"),
    )
    alternatives = ArrayField(
        models.CharField(max_length=100),
        verbose_name=_("alternative to"),
        default=list,
        blank=True,
        help_text=_("Names of proprietary products that this can replace."),
    )
    keywords = ArrayField(
        models.CharField(max_length=100), verbose_name=_("search words"), default=list, blank=True
    )

    # Repeats of other rows, written with them (services.notices, services.reports)
    checked_fields = ArrayField(
        models.CharField(max_length=60),
        verbose_name=_("statements that are being checked"),
        default=list,
        blank=True,
        editable=False,
    )
    notice_kinds = ArrayField(
        models.CharField(max_length=20, choices=NoticeKind),
        verbose_name=_("kinds of notices that stand"),
        default=list,
        blank=True,
        editable=False,
    )

    # Repeats of pictures and link checks, written by services.pictures and services.links under the row's lock
    shown_pictures: Any = models.JSONField(default=list, blank=True, editable=False)
    dead_links = ArrayField(
        models.CharField(max_length=2000), default=list, blank=True, editable=False
    )

    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)
    updated_at = models.DateTimeField(_("changed at"), default=clock.now, db_index=True)
    revised_at = models.DateTimeField(_("last version"), default=clock.now, editable=False)
    """Of the last revision; ``updated_at`` also follows pictures, badges, notices and reports."""
    stale_told_at = models.DateTimeField(null=True, editable=False)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)

    objects = SolutionQuerySet.as_manager()

    class Meta:
        verbose_name = _("solution")
        verbose_name_plural = _("solutions")
        ordering = ["sort_key", "pk"]
        indexes = [
            # Which entries are published is asked with each search: answered without reading their rows.
            models.Index(fields=["id"], condition=Q(state="published"), name="solution_published"),
            GinIndex(fields=["categories"], name="solution_categories"),
            GinIndex(fields=["platforms"], name="solution_platforms"),
            GinIndex(fields=["audiences"], name="solution_audiences"),
            GinIndex(fields=["alternatives"], name="solution_alternatives"),
            # Which entries are variants of another one is asked with each entry (variants.kin).
            GinIndex(KeyTransform("isBasedOn", "document"), name="solution_based_on"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="published") | Q(published_at__isnull=False),
                name="solution_published_has_date",
            ),
            models.CheckConstraint(
                condition=Q(repository_url__isnull=True) | ~Q(repository_url=""),
                name="solution_repository_null_not_empty",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def public_maintainer(self) -> Organisation | None:
        """None for one that does not stand in the network: pages and formats name no such organisation."""
        return self.maintainer if self.maintainer and self.maintainer.is_published else None

    @property
    def public_berlin_body(self) -> Organisation | None:
        return self.berlin_body if self.berlin_body and self.berlin_body.is_published else None

    def get_absolute_url(self) -> str:
        return reverse("catalog:solution_detail", args=[self.slug])

    @property
    def last_change(self) -> datetime:
        """Of what the entry says, or of the file in its repository where that is later."""
        source = getattr(self, "source", None)
        changed_at: datetime | None = source.changed_at if source else None
        return max(changed_at or self.revised_at, self.revised_at)

    @property
    def is_stale(self) -> bool:
        """Nobody has changed it for so long that it may no longer be right."""
        patience = timedelta(days=settings.OSK_STALE_DAYS)
        return self.is_published and clock.now() - self.last_change >= patience

    @property
    def is_published(self) -> bool:
        return self.state == SolutionState.PUBLISHED

    def publish(self, *, actor: User | None) -> SolutionEvent:
        """``actor`` None: the importer."""
        check(self.ALLOWED, SolutionAction.PUBLISH, self.state)
        return self._move(SolutionState.PUBLISHED, actor=actor)

    def withdraw(self, *, actor: User) -> SolutionEvent:
        check(self.ALLOWED, SolutionAction.WITHDRAW, self.state)
        return self._move(SolutionState.WITHDRAWN, actor=actor)

    def _move(self, state: SolutionState, *, actor: User | None) -> SolutionEvent:
        before = self.state
        self.state = state
        self.updated_at = clock.now()
        if state == SolutionState.PUBLISHED:
            self.published_at = self.published_at or self.updated_at
        self.save(update_fields=["state", "updated_at", "published_at"])
        return SolutionEvent.objects.create(
            solution=self, kind=state, from_state=before, to_state=state, actor=actor
        )


class SolutionRevision(models.Model):
    """One whole state of an entry's document; ``number`` is what ``Solution.revision`` was then."""

    solution = models.ForeignKey(Solution, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField(_("revision"))
    document: Any = models.JSONField(_("publiccode.yml"))
    origin = models.CharField(_("origin"), max_length=20, choices=RevisionOrigin)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(_("created at"), default=clock.now)
    restored_from = models.PositiveIntegerField(_("restored from"), null=True, blank=True)
    reason = models.TextField(_("reason"), blank=True)

    class Meta:
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["solution", "number"], name="solution_revision_number_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.solution_id} r{self.number}"


class SolutionEvent(Event):
    solution = models.ForeignKey(Solution, on_delete=models.CASCADE, related_name="events")
