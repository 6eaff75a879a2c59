"""What belongs to proposals: the objection against a refusal, the grant of texts, what was told of a promise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.enums import ObjectionAction, ObjectionState, PromiseSubject, ProposalDeadline
from catalog.models.assessments import Assessment
from catalog.models.fetching import Intake
from catalog.models.proposals import Proposal
from catalog.models.reports import EntryReport
from catalog.models.statements import Statement
from catalog.models.support import Support
from catalog.promises import decision_in_words
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import check


class Objection(models.Model):
    """The one objection (Widerspruch) against the refusal of a proposal.

    Decided by somebody of the Leitung who has not refused the proposal. What happens to it is written into
    the events of the proposal.
    """

    ALLOWED: ClassVar[Mapping[ObjectionAction, frozenset[ObjectionState]]] = {
        ObjectionAction.GRANT: frozenset({ObjectionState.OPEN}),
        ObjectionAction.REJECT: frozenset({ObjectionState.OPEN}),
        ObjectionAction.WITHDRAW: frozenset({ObjectionState.OPEN}),
    }

    proposal = models.OneToOneField(Proposal, on_delete=models.CASCADE, related_name="objection")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="objections"
    )
    state = models.CharField(
        _("state"), max_length=20, choices=ObjectionState, default=ObjectionState.OPEN
    )
    reason = models.TextField(_("reason"))
    submitted_at = models.DateTimeField(_("submitted at"), default=clock.now)
    promised_on = models.DateField(_("decision promised by"))
    answer = models.TextField(_("answer of the Leitung"), blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("objection")
        verbose_name_plural = _("objections")
        ordering = ["promised_on", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="objection_has_reason"),
            models.CheckConstraint(
                condition=~Q(state__in=["granted", "rejected"])
                | Q(decided_at__isnull=False, decided_by__isnull=False, answer__gt=""),
                name="objection_decided_has_decision",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.proposal_id} {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state == ObjectionState.OPEN

    @property
    def promise(self) -> str:
        return decision_in_words(self.promised_on) if self.is_open else ""

    def can(self, action: ObjectionAction) -> bool:
        return self.state in self.ALLOWED[action]

    def grant(self, *, actor: User, answer: str) -> None:
        check(self.ALLOWED, ObjectionAction.GRANT, self.state)
        self._decide(ObjectionState.GRANTED, actor, answer)

    def reject(self, *, actor: User, answer: str) -> None:
        check(self.ALLOWED, ObjectionAction.REJECT, self.state)
        self._decide(ObjectionState.REJECTED, actor, answer)

    def withdraw(self) -> None:
        check(self.ALLOWED, ObjectionAction.WITHDRAW, self.state)
        self.state = ObjectionState.WITHDRAWN
        self.save(update_fields=["state"])

    def _decide(self, state: ObjectionState, actor: User, answer: str) -> None:
        self.state = state
        self.answer = answer
        self.decided_by = actor
        self.decided_at = clock.now()
        self.save(update_fields=["state", "answer", "decided_by", "decided_at"])


class TextGrant(models.Model):
    """That a person has put own texts under CC0 1.0: those of a proposal, a suggested file, a report, a statement,
    a reply or a support offer.

    ``wording`` names the version of the words that stood there (``catalog.grants``). ``person`` is missing
    where a visitor without an account has written a report.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="text_grants",
        null=True,
        blank=True,
    )
    proposal = models.ForeignKey(
        Proposal, on_delete=models.CASCADE, null=True, blank=True, related_name="grants"
    )
    intake = models.ForeignKey(
        Intake, on_delete=models.CASCADE, null=True, blank=True, related_name="grants"
    )
    report = models.ForeignKey(
        EntryReport, on_delete=models.CASCADE, null=True, blank=True, related_name="grants"
    )
    statement = models.ForeignKey(
        Statement, on_delete=models.CASCADE, null=True, blank=True, related_name="grants"
    )
    assessment = models.ForeignKey(
        Assessment, on_delete=models.CASCADE, null=True, blank=True, related_name="grants"
    )
    support = models.ForeignKey(
        Support, on_delete=models.CASCADE, null=True, blank=True, related_name="grants"
    )
    wording = models.CharField(_("wording"), max_length=20)
    granted_at = models.DateTimeField(_("granted at"), default=clock.now)

    class Meta:
        verbose_name = _("grant of texts")
        verbose_name_plural = _("grants of texts")
        ordering = ["granted_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(proposal__isnull=False)
                | Q(intake__isnull=False)
                | Q(report__isnull=False)
                | Q(statement__isnull=False)
                | Q(assessment__isnull=False)
                | Q(support__isnull=False),
                name="text_grant_is_for_something",
            ),
            models.CheckConstraint(
                condition=Q(person__isnull=False) | Q(report__isnull=False),
                name="text_grant_of_visitor_is_of_report",
            ),
            models.CheckConstraint(condition=~Q(wording=""), name="text_grant_has_wording"),
        ]

    def __str__(self) -> str:
        return f"CC0 {self.wording}"


class PromiseReminder(models.Model):
    """As ``ProposalReminder``, of what else the OSK has promised to decide; ``subject``: its ``public_id``."""

    about = models.CharField(max_length=20, choices=PromiseSubject)
    subject = models.UUIDField()
    kind = models.CharField(max_length=20, choices=ProposalDeadline)
    promised_on = models.DateField()
    at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("reminder of a promise")
        verbose_name_plural = _("reminders of promises")
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "kind", "promised_on"], name="promise_reminder_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.about} {self.kind} {self.promised_on}"


class ProposalReminder(models.Model):
    """The OSK was told that a promise is near or broken: once for each day that was promised."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="reminders")
    kind = models.CharField(max_length=20, choices=ProposalDeadline)
    of_objection = models.BooleanField(default=False)
    promised_on = models.DateField()
    at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("reminder of a promise")
        verbose_name_plural = _("reminders of promises")
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "kind", "of_objection", "promised_on"],
                name="proposal_reminder_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.promised_on}"
