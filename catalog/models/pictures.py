"""Pictures that an entry's publiccode.yml names, as we fetched them and drew them anew."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.enums import PictureKind, PictureProblem
from catalog.models.fetching import FetchJob
from catalog.models.solutions import Solution
from catalog.querysets import PictureQuerySet
from osk_portal.toolkit.addressed import Addressed


class Picture(FetchJob, Addressed):
    """A logo or screenshot. ``digest`` names our files, empty while there are none.

    An alternative text belongs to the content for which it was written (``described_digest``): of another
    picture at the same place nobody knows yet whether it is right.
    """

    solution = models.ForeignKey(Solution, on_delete=models.CASCADE, related_name="pictures")
    kind = models.CharField(_("kind"), max_length=20, choices=PictureKind)
    source = models.CharField(_("place that the file names"), max_length=500)
    position = models.PositiveSmallIntegerField(default=0)
    file_url = models.CharField(max_length=1500, blank=True)
    etag = models.CharField(max_length=200, blank=True)
    last_modified = models.CharField(max_length=60, blank=True)
    digest = models.CharField(max_length=64, blank=True, db_index=True)
    width = models.PositiveSmallIntegerField(default=0)
    height = models.PositiveSmallIntegerField(default=0)
    is_light = models.BooleanField(default=False)
    alt = models.CharField(_("alternative text"), max_length=300, blank=True)
    described_digest = models.CharField(max_length=64, blank=True)
    is_blocked = models.BooleanField(_("blocked"), default=False)
    problem = models.CharField(_("problem"), max_length=20, choices=PictureProblem, blank=True)
    fetched_at = models.DateTimeField(_("last fetched"), null=True, blank=True)
    failing_since = models.DateTimeField(_("fails since"), null=True, blank=True)

    objects = PictureQuerySet.as_manager()

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ["kind", "position", "pk"]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=Q(is_blocked=False), name="picture_due"
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["solution", "kind", "source"], name="picture_named_once_per_kind"
            ),
        ]

    def __str__(self) -> str:
        return self.source

    @property
    def is_logo(self) -> bool:
        return self.kind == PictureKind.LOGO

    @property
    def is_described(self) -> bool:
        """A logo is described by the solution's name."""
        return self.is_logo or (bool(self.alt) and self.described_digest == self.digest)

    @property
    def is_shown(self) -> bool:
        return bool(self.digest) and self.is_described and not self.is_blocked
