"""Notices of the OSK on an entry (Hinweise), who was told, and who has confirmed the reading."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, ClassVar, Final

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.html import strip_tags
from django.utils.text import Truncator
from django.utils.translation import get_language, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from catalog.enums import NoticeAction, NoticeKind, NoticeNews, NoticeState
from catalog.models.fetching import FetchJob
from catalog.models.solutions import Solution
from catalog.querysets import NoticeQuerySet, NoticeReceiptQuerySet
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.markdown import to_html
from osk_portal.toolkit.transitions import Event, check

LONGEST_TEXT: Final = 5_000
LONGEST_SUMMARY: Final = 280
SEVERITY: Final[Mapping[str, str]] = {
    NoticeKind.SECURITY: "danger",
    NoticeKind.OTHER: "info",
}
"""How loud a kind is shown; the others are warnings."""


class NoticeWords(models.Model):
    """What a notice says, now or before a correction."""

    kind = models.CharField(_("kind"), max_length=20, choices=NoticeKind)
    text_de = models.TextField(_("text in German"), max_length=LONGEST_TEXT)
    text_en = models.TextField(_("text in English"), max_length=LONGEST_TEXT, blank=True)
    evidence = models.URLField(_("evidence"), max_length=500, blank=True)
    valid_from = models.DateField(pgettext_lazy("notice", "valid from"))
    successor = models.ForeignKey(
        Solution,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("successor"),
    )

    WORDS: ClassVar[tuple[str, ...]] = (
        "kind", "text_de", "text_en", "evidence", "valid_from", "successor",
    )  # fmt: skip

    class Meta:
        abstract = True

    @property
    def text(self) -> str:
        """In the reader's language; German where there is no other."""
        is_german = (get_language() or "de").startswith("de")
        return self.text_de if is_german or not self.text_en else self.text_en

    @property
    def language(self) -> str:
        is_german = (get_language() or "de").startswith("de")
        return "de" if is_german or not self.text_en else "en"

    @property
    def words(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.WORDS}


class Notice(Addressed, NoticeWords):
    """A dated notice that an advisor puts on an entry. A correction keeps what stood before; a notice that
    was withdrawn stays readable, struck, with the reason.

    ``valid_from``: from when on what it says holds; it is shown and told as soon as it is issued.
    """

    ALLOWED: ClassVar[Mapping[NoticeAction, frozenset[NoticeState]]] = {
        NoticeAction.CORRECT: frozenset({NoticeState.STANDING}),
        NoticeAction.WITHDRAW: frozenset({NoticeState.STANDING}),
    }

    solution = models.ForeignKey(Solution, on_delete=models.CASCADE, related_name="notices")
    state = models.CharField(
        _("state"), max_length=20, choices=NoticeState, default=NoticeState.STANDING
    )
    version = models.PositiveSmallIntegerField(pgettext_lazy("notice", "version"), default=1)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    issued_at = models.DateTimeField(_("issued at"), default=clock.now)
    changed_at = models.DateTimeField(_("changed at"), default=clock.now, db_index=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    withdrawal_reason = models.TextField(_("reason of the withdrawal"), blank=True)
    told_on = models.DateField(_("last told on"), default=clock.today)
    told_version = models.PositiveSmallIntegerField(default=1)
    """The version that people were told last: small corrections are not told."""

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-issued_at", "-pk"]
        indexes = [models.Index(F("issued_at").desc(), F("id").desc(), name="notice_newest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="withdrawn", withdrawn_at__isnull=False)
                & ~Q(withdrawal_reason="")
                | Q(state="standing", withdrawn_at=None, withdrawal_reason=""),
                name="notice_withdrawn_has_reason",
            ),
            models.CheckConstraint(
                condition=~Q(kind="successor") | Q(successor__isnull=False),
                name="notice_of_successor_names_it",
                violation_error_message=_("Name the successor."),
            ),
            models.CheckConstraint(
                condition=Q(successor=None) | ~Q(successor=F("solution")),
                name="notice_successor_is_another",
                violation_error_message=_("An entry cannot follow itself."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"

    def get_absolute_url(self) -> str:
        return reverse("catalog:notice_detail", args=[self.public_id])

    @property
    def is_standing(self) -> bool:
        return self.state == NoticeState.STANDING

    @property
    def is_security(self) -> bool:
        return self.kind == NoticeKind.SECURITY

    @property
    def badge(self) -> str:
        return badge_of(self.kind)

    @property
    def title(self) -> str:
        """Without the entry's name, which stands beside it."""
        return title_of(self.kind)

    @property
    def summary(self) -> str:
        """The beginning of the text, without its Markdown."""
        plain = html.unescape(strip_tags(to_html(self.text)))
        return Truncator(" ".join(plain.split())).chars(LONGEST_SUMMARY)

    @property
    def is_corrected(self) -> bool:
        return self.version > 1

    def issued(self) -> NoticeEvent:
        """The first event: a notice is born standing."""
        return self._event(NoticeNews.ISSUED, "", actor=self.issued_by)

    def correct(self, *, actor: User, words: Mapping[str, Any]) -> NoticeEvent:
        """Say something else; the caller has kept what stood before."""
        check(self.ALLOWED, NoticeAction.CORRECT, self.state)
        changed = [name for name in self.WORDS if getattr(self, name) != words[name]]
        for name in changed:
            setattr(self, name, words[name])
        self.version += 1
        self.changed_at = clock.now()
        self.save(update_fields=[*changed, "version", "changed_at"])
        return self._event(
            NoticeNews.CORRECTED, self.state, actor=actor, data={"fields": sorted(changed)}
        )

    def withdraw(self, *, actor: User, reason: str) -> NoticeEvent:
        check(self.ALLOWED, NoticeAction.WITHDRAW, self.state)
        before, self.state = self.state, NoticeState.WITHDRAWN
        self.withdrawal_reason = reason
        self.withdrawn_at = self.changed_at = clock.now()
        self.save(update_fields=["state", "withdrawal_reason", "withdrawn_at", "changed_at"])
        return self._event(NoticeNews.WITHDRAWN, before, actor=actor)

    def _event(
        self, kind: str, before: str, *, actor: User, data: dict[str, Any] | None = None
    ) -> NoticeEvent:
        return NoticeEvent.objects.create(
            notice=self,
            kind=kind,
            from_state=before,
            to_state=self.state,
            actor=actor,
            data={"version": self.version, **(data or {})},
        )


def badge_of(kind: str) -> str:
    return SEVERITY.get(kind, "warning")


def title_of(kind: str) -> str:
    titles = {
        NoticeKind.SECURITY: pgettext("notice title", "Security notice"),
        NoticeKind.LICENCE: pgettext("notice title", "Notice on the licence"),
        NoticeKind.MAINTENANCE_END: pgettext("notice title", "Maintenance ends"),
        NoticeKind.SUCCESSOR: pgettext("notice title", "There is a successor"),
        NoticeKind.OTHER: pgettext("notice title", "Notice"),
    }
    return titles[NoticeKind(kind)]


def loudest(kinds: Iterable[str]) -> str:
    """Of several kinds the one that a single badge shows; empty without any."""
    found = set(kinds)
    return next((str(kind) for kind in NoticeKind if kind in found), "")


class NoticeEvent(Event):
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="events")

    @property
    def label(self) -> str:
        return str(NoticeNews(self.kind).label)


class NoticeVersion(NoticeWords):
    """What a notice said before it was corrected, and why that was."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField(pgettext_lazy("notice", "version"))
    reason = models.TextField(_("what was corrected"))
    replaced_at = models.DateTimeField(_("replaced at"), default=clock.now)

    class Meta:
        verbose_name = _("earlier version of a notice")
        verbose_name_plural = _("earlier versions of notices")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["notice", "number"], name="notice_version_unique")
        ]

    def __str__(self) -> str:
        return f"{self.notice_id} v{self.number}"


class NoticeTelling(FetchJob):
    """One round of telling everybody concerned: a job, so that thousands do not hold up the advisor.

    ``cursor``: the last person told; those with a higher key are still to come.
    """

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="tellings")
    news = models.CharField(max_length=20, choices=NoticeNews)
    version = models.PositiveSmallIntegerField()
    cursor = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(_("created at"), default=clock.now)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)

    class Meta:
        verbose_name = _("telling of a notice")
        verbose_name_plural = _("tellings of notices")
        ordering = ["pk"]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=Q(done_at=None), name="notice_telling_due"
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["notice", "news", "version"], name="notice_telling_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.notice_id} {self.news}"


class NoticeReceipt(models.Model):
    """That a person was told of a notice, why, and whether the person has confirmed to have read it.

    ``organisation``: for whom the person was told; none where the reason is the person's own (following).
    ``version``: of the notice, that was told.
    """

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="receipts")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notice_receipts"
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reasons = ArrayField(models.CharField(max_length=30), default=list)
    version = models.PositiveSmallIntegerField()
    told_at = models.DateTimeField(_("told at"), default=clock.now)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)

    objects = NoticeReceiptQuerySet.as_manager()

    class Meta:
        verbose_name = _("confirmation of reading")
        verbose_name_plural = _("confirmations of reading")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["notice", "user"], name="notice_receipt_unique")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} told {self.notice_id}"


def words_from(
    *,
    kind: str,
    text_de: str,
    text_en: str = "",
    evidence: str = "",
    valid_from: date,
    successor: Solution | None = None,
) -> dict[str, Any]:
    """The fields of ``NoticeWords``, all of them, from keyword arguments."""
    return {
        "kind": kind,
        "text_de": text_de,
        "text_en": text_en,
        "evidence": evidence,
        "valid_from": valid_from,
        "successor": successor,
    }
