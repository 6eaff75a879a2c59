"""Reports that an entry says something wrong ("Falsche Angabe melden"), and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalog import reports
from catalog.enums import ReportAction, ReportState
from catalog.models.solutions import Solution
from catalog.querysets import EntryReportQuerySet
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.transitions import Event, TransitionNotAllowed, check

_S = ReportState
_A = ReportAction


class EntryReport(Addressed):
    """Somebody says that a statement of an entry is wrong; decided by an advisor.

    Anybody may report, without an account. ``email`` is used for the outcome only, after its link was
    opened, and deleted some days after the decision; nobody sees it on a page. ``field``: catalog.reports.
    """

    ALLOWED: ClassVar[Mapping[ReportAction, frozenset[ReportState]]] = {
        _A.CHECK: frozenset({_S.OPEN}),
        _A.ACCEPT: frozenset({_S.OPEN, _S.CHECKING}),
        _A.REJECT: frozenset({_S.OPEN, _S.CHECKING}),
        _A.ANSWER: frozenset({_S.OPEN, _S.CHECKING}),
        _A.OBJECT: frozenset({_S.CHECKING, _S.ACCEPTED}),
    }

    solution = models.ForeignKey(Solution, on_delete=models.CASCADE, related_name="entry_reports")
    field = models.CharField(pgettext_lazy("entry report", "statement"), max_length=60)
    wrong = models.TextField(_("what is wrong"), max_length=2_000)
    right = models.TextField(_("what is right"), max_length=2_000, blank=True)
    evidence = models.URLField(_("evidence"), max_length=500, blank=True)
    reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="entry_reports",
    )
    email = models.EmailField(_("e-mail address"), max_length=254, blank=True)
    email_confirmed_at = models.DateTimeField(null=True, blank=True)
    language = models.CharField(
        _("language"), max_length=5, choices=settings.LANGUAGES, default="de"
    )
    state = models.CharField(_("state"), max_length=20, choices=ReportState, default=_S.OPEN)
    submitted_at = models.DateTimeField(_("received at"), default=clock.now)
    promised_on = models.DateField(_("decision promised by"))
    answer = models.TextField(_("answer of the maintainer"), max_length=2_000, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    objection = models.TextField(_("objection of the maintainer"), max_length=2_000, blank=True)
    objected_at = models.DateTimeField(_("objected at"), null=True, blank=True)
    decision = models.TextField(_("reason of the decision"), max_length=2_000, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = EntryReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("reported statement")
        verbose_name_plural = _("reported statements")
        ordering = ["promised_on", "pk"]
        indexes = [
            models.Index(
                fields=["solution"],
                condition=Q(state__in=["open", "checking"]),
                name="report_undecided",
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["accepted", "rejected"], decided_at__isnull=False)
                | Q(state__in=["open", "checking"], decided_at=None),
                name="report_decided_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="rejected") | ~Q(decision=""),
                name="report_rejection_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(email="") | Q(reported_by=None),
                name="report_reported_by_one",
            ),
            models.CheckConstraint(
                condition=~Q(email="") | Q(email_confirmed_at=None),
                name="report_confirmed_has_address",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.field} {self.public_id}"

    def get_absolute_url(self) -> str:
        """For the maintainer; who has reported it reads ``sent_url``."""
        return reverse("catalog:report_detail", args=[self.public_id])

    @property
    def sent_url(self) -> str:
        return reverse("catalog:report_sent", args=[self.public_id])

    @property
    def field_label(self) -> str:
        return reports.label_of(self.field)

    @property
    def is_decided(self) -> bool:
        return self.state in (_S.ACCEPTED, _S.REJECTED)

    @property
    def has_listener(self) -> bool:
        """Somebody hears the outcome: an account, or an address whose link was opened."""
        return self.reported_by_id is not None or self.email_confirmed_at is not None

    def can(self, action: ReportAction) -> bool:
        if action == _A.OBJECT and self.objected_at is not None:
            return False
        return self.state in self.ALLOWED[action]

    def submitted(self) -> EntryReportEvent:
        return self._event("submitted", "", actor=self.reported_by)

    def begin_check(self, *, actor: User) -> EntryReportEvent:
        """The entry says at this statement that it is being checked."""
        check(self.ALLOWED, _A.CHECK, self.state)
        return self._move(_A.CHECK, _S.CHECKING, actor=actor)

    def accept(self, *, actor: User, decision: str) -> EntryReportEvent:
        check(self.ALLOWED, _A.ACCEPT, self.state)
        return self._decide(_A.ACCEPT, _S.ACCEPTED, actor, decision)

    def reject(self, *, actor: User, decision: str) -> EntryReportEvent:
        check(self.ALLOWED, _A.REJECT, self.state)
        return self._decide(_A.REJECT, _S.REJECTED, actor, decision)

    def answer_it(self, *, actor: User, text: str) -> EntryReportEvent:
        """The maintainer's word; a later one takes the place of the first."""
        check(self.ALLOWED, _A.ANSWER, self.state)
        self.answer, self.answered_at = text, clock.now()
        return self._move(_A.ANSWER, self.state, actor=actor, fields=["answer", "answered_at"])

    def object_to_it(self, *, actor: User, text: str, promised_on: date) -> EntryReportEvent:
        """Once: what was decided is checked again."""
        check(self.ALLOWED, _A.OBJECT, self.state)
        if not self.can(_A.OBJECT):
            raise TransitionNotAllowed(_A.OBJECT, self.state)
        self.objection, self.objected_at = text, clock.now()
        self.decided_at = self.decided_by = None
        self.promised_on = promised_on
        fields = ["objection", "objected_at", "decided_at", "decided_by", "promised_on"]
        return self._move(_A.OBJECT, _S.CHECKING, actor=actor, fields=fields)

    def _decide(
        self, action: ReportAction, state: ReportState, actor: User, decision: str
    ) -> EntryReportEvent:
        self.decision, self.decided_at, self.decided_by = decision, clock.now(), actor
        fields = ["decision", "decided_at", "decided_by"]
        return self._move(action, state, actor=actor, fields=fields)

    def _move(
        self, action: ReportAction, state: str, *, actor: User, fields: list[str] | None = None
    ) -> EntryReportEvent:
        before, self.state = self.state, state
        self.save(update_fields=["state", *(fields or [])])
        return self._event(action, before, actor=actor)

    def _event(self, kind: str, before: str, *, actor: User | None) -> EntryReportEvent:
        return EntryReportEvent.objects.create(
            report=self,
            kind=kind,
            from_state=before,
            to_state=self.state,
            actor=actor,
            data={"field": self.field},
        )


class EntryReportEvent(Event):
    report = models.ForeignKey(EntryReport, on_delete=models.CASCADE, related_name="events")

    @property
    def label(self) -> str:
        labels: dict[str, Any] = {
            "submitted": pgettext_lazy("entry report event", "Reported"),
            _A.CHECK: pgettext_lazy("entry report event", "Marked as being checked"),
            _A.ACCEPT: pgettext_lazy("entry report event", "Accepted"),
            _A.REJECT: pgettext_lazy("entry report event", "Rejected"),
            _A.ANSWER: pgettext_lazy("entry report event", "Answered by the maintainer"),
            _A.OBJECT: pgettext_lazy("entry report event", "Objection of the maintainer"),
        }
        return str(labels[self.kind])
