"""What administrations must know of a solution: statements with origin, date and evidence, and their history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.age import is_old
from catalog.enums import (
    StatementAction,
    StatementAnswer,
    StatementOrigin,
    StatementState,
    StatementTopic,
)
from catalog.models.solutions import Solution
from catalog.querysets import StatementQuerySet
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.transitions import Event, check

LONGEST_VALUE: Final = 1_000
ANSWERS: Final[Mapping[str, tuple[StatementAnswer, ...]]] = {
    StatementTopic.EFA: (StatementAnswer.YES, StatementAnswer.PLANNED, StatementAnswer.NO),
    StatementTopic.PROCESSING: (StatementAnswer.YES, StatementAnswer.PLANNED, StatementAnswer.NO),
    StatementTopic.IMPACT: (StatementAnswer.YES, StatementAnswer.PLANNED, StatementAnswer.NO),
    StatementTopic.ITDZ: (StatementAnswer.YES, StatementAnswer.OPEN, StatementAnswer.NO),
}
"""Topics that begin with an answer; the others are words only."""
HANDED_OVER: Final = "handed_over"
"""An event that leaves the state as it is."""


class Statement(Addressed):
    """One statement on one topic, as somebody made it on a day. Never changed: a newer one takes its place.

    What is proposed by the maintainer's Redaktion, or said by the file of a source that nobody trusts, waits as
    ``PROPOSED`` for an advisor. At most one statement
    a topic is in force. ``said_by``: who tested or decided it, where that is neither the origin nor known here.
    ``evidence``: an address, or the name of a document.
    """

    ALLOWED: ClassVar[Mapping[StatementAction, frozenset[StatementState]]] = {
        StatementAction.ACCEPT: frozenset({StatementState.PROPOSED}),
        StatementAction.REFUSE: frozenset({StatementState.PROPOSED}),
        StatementAction.WITHDRAW: frozenset({StatementState.PROPOSED}),
        StatementAction.SUPERSEDE: frozenset({StatementState.STANDING}),
        StatementAction.RETRACT: frozenset({StatementState.STANDING}),
    }

    solution = models.ForeignKey(Solution, on_delete=models.CASCADE, related_name="statements")
    topic = models.CharField(_("topic"), max_length=20, choices=StatementTopic)
    answer = models.CharField(_("answer"), max_length=20, choices=StatementAnswer, blank=True)
    value = models.CharField(_("statement in words"), max_length=LONGEST_VALUE, blank=True)
    said_by = models.CharField(_("tested or stated by"), max_length=200, blank=True)
    stated_on = models.DateField(_("date of the statement"))
    evidence = models.CharField(_("evidence"), max_length=500, blank=True)
    origin = models.CharField(_("origin"), max_length=20, choices=StatementOrigin)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="statements"
    )
    state = models.CharField(_("state"), max_length=20, choices=StatementState)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(_("created at"), default=clock.now)
    promised_on = models.DateField(_("decision promised by"), null=True, blank=True)
    comment = models.TextField(_("comment of the OSK"), blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(_("in force until"), null=True, blank=True)

    objects = StatementQuerySet.as_manager()

    class Meta:
        verbose_name = _("administration statement")
        verbose_name_plural = _("administration statements")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(
                fields=["promised_on"], condition=Q(state="proposed"), name="statement_waiting"
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["solution", "topic"],
                condition=Q(state="standing"),
                name="statement_one_in_force",
            ),
            models.UniqueConstraint(
                fields=["solution", "topic", "organisation"],
                condition=Q(state="proposed"),
                name="statement_one_proposed",
            ),
            models.UniqueConstraint(
                fields=["solution", "topic"],
                condition=Q(state="proposed", organisation=None),
                name="statement_one_proposed_by_file",
            ),
            models.CheckConstraint(
                condition=~Q(answer="") | ~Q(value=""), name="statement_says_something"
            ),
            models.CheckConstraint(
                condition=Q(origin__in=["file", "osk"], organisation=None)
                | Q(origin__in=["maintainer", "organisation"], organisation__isnull=False),
                name="statement_origin_is_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="proposed")
                | Q(promised_on__isnull=False, author__isnull=False, organisation__isnull=False)
                | Q(promised_on__isnull=False, origin="file"),
                name="statement_proposed_has_promise",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["refused", "retracted"]) | ~Q(comment=""),
                name="statement_end_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.solution_id} {self.topic} {self.state}"

    def get_absolute_url(self) -> str:
        return reverse("catalog:statement_list", args=[self.solution.slug])

    @property
    def is_old(self) -> bool:
        return is_old(self.stated_on)

    @property
    def is_of_file(self) -> bool:
        return self.origin == StatementOrigin.FILE

    @property
    def is_proposed(self) -> bool:
        return self.state == StatementState.PROPOSED

    def can(self, action: StatementAction) -> bool:
        return self.state in self.ALLOWED[action]

    def born(self) -> StatementEvent:
        """The first event: proposed, or in force at once."""
        return self._event(self.state, "", actor=self.author)

    def accept(self, *, actor: User) -> StatementEvent:
        check(self.ALLOWED, StatementAction.ACCEPT, self.state)
        return self._decide(StatementState.STANDING, actor, "")

    def refuse(self, *, actor: User, comment: str) -> StatementEvent:
        check(self.ALLOWED, StatementAction.REFUSE, self.state)
        return self._decide(StatementState.REFUSED, actor, comment)

    def withdraw(self, *, actor: User | None) -> StatementEvent:
        """``actor`` None: the file says it no longer, or is trusted."""
        check(self.ALLOWED, StatementAction.WITHDRAW, self.state)
        return self._move(StatementState.WITHDRAWN, actor=actor)

    def hand_over(self, *, person: User, successor: User, actor: User | None) -> None:
        """``successor`` hears of the decision; what is proposed stays as it is."""
        self.author = successor
        self.save(update_fields=["author"])
        event = self._event(HANDED_OVER, self.state, actor=actor)
        event.data = {"person": person.pk, "successor": successor.pk}
        event.save(update_fields=["data"])

    def supersede(self, *, actor: User | None) -> StatementEvent:
        """``actor`` None: the file says something else."""
        check(self.ALLOWED, StatementAction.SUPERSEDE, self.state)
        self.ended_at = clock.now()
        return self._move(StatementState.SUPERSEDED, actor=actor, fields=["ended_at"])

    def retract(self, *, actor: User, comment: str) -> StatementEvent:
        check(self.ALLOWED, StatementAction.RETRACT, self.state)
        self.ended_at = clock.now()
        self.comment = comment
        return self._move(StatementState.RETRACTED, actor=actor, fields=["ended_at", "comment"])

    def _decide(self, state: StatementState, actor: User, comment: str) -> StatementEvent:
        self.decided_by = actor
        self.decided_at = clock.now()
        self.comment = comment
        fields = ["decided_by", "decided_at", "comment"]
        return self._move(state, actor=actor, fields=fields)

    def _move(
        self, state: StatementState, *, actor: User | None, fields: list[str] | None = None
    ) -> StatementEvent:
        before, self.state = self.state, state
        self.save(update_fields=["state", *(fields or [])])
        return self._event(state, before, actor=actor)

    def _event(self, kind: str, before: str, *, actor: User | None) -> StatementEvent:
        return StatementEvent.objects.create(
            statement=self,
            kind=kind,
            from_state=before,
            to_state=self.state,
            actor=actor,
            data={"topic": self.topic, "origin": self.origin},
        )


class StatementEvent(Event):
    statement = models.ForeignKey(Statement, on_delete=models.CASCADE, related_name="events")

    @property
    def label(self) -> str:
        """In words; the first event is the state in which the statement was born."""
        if self.kind == HANDED_OVER:
            return gettext("Handed over to a colleague")
        return str(StatementState(self.kind).label)
