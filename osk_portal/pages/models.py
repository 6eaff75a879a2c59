"""What the shared pages keep: the operator's own texts, and reports of barriers."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from osk_portal.pages.querysets import BarrierReportQuerySet, LegalPageQuerySet
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.transitions import TransitionNotAllowed

if TYPE_CHECKING:
    from osk_portal.accounts.models import User

# What the shipped texts leave to the operator: [[Postal address]].
PLACEHOLDER = re.compile(r"\[\[(.+?)\]\]", re.DOTALL)
REVIEW_DAYS = 365
"""A text is reviewed once a year: § 7 (6) BITV 2.0 for accessibility, RFC 9116 2.5.5 for security.txt."""


class LegalPage(models.Model):
    """A text of the operator in one language: imprint, privacy notice and the like.

    The portal ships texts with placeholders (``osk_portal/pages/texts``); they become rows once and are
    the operator's from then on.
    """

    slug = models.SlugField(_("address"), max_length=60)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES)
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(
        _("text"), help_text=_("Markdown. Headings begin with #, links are [text](address).")
    )
    reviewed_on = models.DateField(
        _("version of"), help_text=_("The day on which you last checked the text.")
    )

    objects = LegalPageQuerySet.as_manager()

    class Meta:
        verbose_name = _("legal page")
        verbose_name_plural = _("legal pages")
        ordering = ["slug", "language"]
        constraints = [
            models.UniqueConstraint(fields=["slug", "language"], name="legal_page_once_a_language")
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.get_language_display()})"

    def get_absolute_url(self) -> str:
        return f"{reverse('pages:home')}{self.slug}/"

    @property
    def placeholders(self) -> list[str]:
        """What the operator has not filled in yet."""
        return PLACEHOLDER.findall(self.body)

    @property
    def first_paragraph(self) -> str:
        """What another page quotes of it."""
        return self.body.replace("\r\n", "\n").strip().partition("\n\n")[0]

    @property
    def is_review_due(self) -> bool:
        return (clock.today() - self.reviewed_on).days > REVIEW_DAYS


class BarrierReport(Addressed):
    """Somebody could not use a page; the OSK answers within a month (§ 5 (2) BIKTG Bln, § 12b (2) BGG)."""

    page = models.CharField(_("page"), max_length=500, blank=True)
    description = models.TextField(_("what does not work"), max_length=5000)
    name = models.CharField(_("name"), max_length=200, blank=True)
    email = models.EmailField(_("e-mail address"), max_length=254, blank=True)
    language = models.CharField(
        _("language"), max_length=5, choices=settings.LANGUAGES, default="de", editable=False
    )
    created_at = models.DateTimeField(_("received at"), default=clock.now, editable=False)
    answer_by = models.DateField(_("answer by"), editable=False)
    answer = models.TextField(_("answer"), max_length=5000, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True, editable=False)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("answered by"),
        related_name="+",
        null=True,
        blank=True,
        editable=False,
    )

    objects = BarrierReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("barrier report")
        verbose_name_plural = _("barrier reports")
        ordering = ["answered_at", "answer_by", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(answered_at__isnull=True, answer="", answered_by__isnull=True)
                | models.Q(answered_at__isnull=False, answered_by__isnull=False)
                & ~models.Q(answer=""),
                name="barrier_report_answered_whole",
                violation_error_message=_("An answered report needs the answer."),
            )
        ]

    def __str__(self) -> str:
        return self.page or str(_("barrier report"))

    def get_absolute_url(self) -> str:
        return reverse("pages:barrier_report_sent", args=[self.public_id])

    @property
    def is_answered(self) -> bool:
        return self.answered_at is not None

    def close(self, *, actor: User, answer: str) -> None:
        if self.is_answered:
            raise TransitionNotAllowed("answer", "answered")
        self.answer = answer
        self.answered_at = clock.now()
        self.answered_by = actor
        self.save(update_fields=["answer", "answered_at", "answered_by"])


class CalendarAddress(models.Model):
    """The secret address of a person's own calendar, which calendar programs fetch without a sign-in.

    Found by ``token_hash``; ``token_sealed`` (``toolkit.encryption``) only serves to show the address to
    its person again. When somebody fetched it is not kept (product.md, Staff data).
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="calendar_address"
    )
    token_hash = models.CharField(max_length=64, unique=True)
    token_sealed = models.TextField()
    made_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("calendar address")
        verbose_name_plural = _("calendar addresses")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.user_id} {self.made_at:%Y-%m-%d}"


def month_later(day: date) -> date:
    """The end of a term of one month (§ 188 (2), (3) BGB): the same day, or the month's last."""
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return date(year, month, min(day.day, monthrange(year, month)[1]))
