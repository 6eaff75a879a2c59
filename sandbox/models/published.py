"""What came out of a test, on the page of the solution: with the consent of who booked, until it is taken back."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Solution
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed
from sandbox.models.bookings import Booking
from sandbox.querysets import PublishedResultQuerySet


class PublishedResult(Addressed):
    """As it was when it was published: ``tasks`` is a list of ``[task, met, partly, not met, not checked]``.

    The words of a task are kept only where the consent was to them too (``names_tasks``), otherwise they are empty.
    ``text`` are the words of who publishes; what participants wrote stays with the booking.
    """

    booking = models.OneToOneField(
        Booking, on_delete=models.PROTECT, related_name="published_result"
    )
    solution = models.ForeignKey(
        Solution, on_delete=models.PROTECT, related_name="published_test_results"
    )
    text = models.TextField(_("summary"), max_length=3000)
    tasks: Any = models.JSONField(default=list, blank=True)
    reports = models.PositiveSmallIntegerField(_("reports"), default=0)
    names_organisation = models.BooleanField(_("with the name of the organisation"), default=False)
    names_tasks = models.BooleanField(_("with the words of the tasks"), default=False)
    consented_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    consented_at = models.DateTimeField(default=clock.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = PublishedResultQuerySet.as_manager()

    class Meta:
        verbose_name = _("published test result")
        verbose_name_plural = _("published test results")
        ordering = ["-consented_at", "-pk"]
        indexes = [
            models.Index(
                fields=["solution"], condition=Q(withdrawn_at__isnull=True), name="result_shown"
            )
        ]

    def __str__(self) -> str:
        return f"Result {self.public_id}"

    @property
    def is_shown(self) -> bool:
        return self.withdrawn_at is None
