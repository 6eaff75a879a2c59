"""Two authorities with similar requests meet, when both have agreed (product.md 1.6, Synergy)."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from consulting.enums import IntroductionState, SideState
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed

OPEN: Final = (IntroductionState.ASKED, IntroductionState.HALF)
"""In these states consent is given, refused or taken back."""


class Introduction(Addressed):
    """An advisor's proposal to introduce the authorities of two cases to each other.

    Its two sides are rows of their own with addresses of their own: until both have agreed nothing leads
    from one to the other.
    """

    state = models.CharField(
        _("state"), max_length=20, choices=IntroductionState, default=IntroductionState.ASKED
    )
    text = models.TextField(_("text for both"))
    """What both are told of each other's plan; names neither."""
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("proposed by"),
        on_delete=models.PROTECT,
        related_name="+",
    )
    expires_on = models.DateField(_("answer by"))
    created_at = models.DateTimeField(default=clock.now, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("introduction")
        verbose_name_plural = _("introductions")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=OPEN, ended_at=None)
                | (~Q(state__in=OPEN) & Q(ended_at__isnull=False)),
                name="introduction_open_or_ended",
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


class IntroductionSide(Addressed):
    """One of the two authorities: what it was asked, has said, and has released for the other."""

    introduction = models.ForeignKey(Introduction, on_delete=models.CASCADE, related_name="sides")
    case = models.ForeignKey(
        "consulting.ConsultingRequest", on_delete=models.PROTECT, related_name="introductions"
    )
    state = models.CharField(_("state"), max_length=20, choices=SideState, default=SideState.ASKED)
    contact = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("contact person"),
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
    )
    released = models.TextField(_("what the other may read"), blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("side of an introduction")
        verbose_name_plural = _("sides of introductions")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["introduction", "case"], name="introduction_side_once"),
            models.CheckConstraint(
                condition=(Q(state=SideState.AGREED, contact__isnull=False) & ~Q(released=""))
                | (~Q(state=SideState.AGREED) & Q(contact=None, released="")),
                name="introduction_side_released_iff_agreed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.introduction_id} {self.case_id} {self.state}"

    def get_absolute_url(self) -> str:
        return reverse("consulting:introduction", args=[self.public_id])

    @property
    def is_to_decide(self) -> bool:
        return self.introduction.is_open and self.state == SideState.ASKED
