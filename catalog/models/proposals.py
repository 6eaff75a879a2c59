"""Proposals to change an entry, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalog.enums import ProposalAction, ProposalKind, ProposalState
from catalog.models.solutions import Solution
from catalog.promises import decision_in_words
from catalog.querysets import ProposalQuerySet
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.transitions import Event, check


class Proposal(Addressed):
    """What a member of an organisation, or the file in the repository, wants; decided by an advisor.

    A changed file has neither author nor organisation. ``kind``: changes to an entry, by anybody's member;
    a new one, whose draft ``solution`` is; or its withdrawal, by the Redaktion of who maintains it.

    ``changes`` maps a field's name (``catalog.fields``) to the proposed value, in the shape of the
    publiccode document, or null to remove it; of a new entry they are all that the author's file says.
    ``base_revision`` is the revision that the author saw: where a field has changed since, the advisor sees
    base, published and proposed value.
    """

    ALLOWED: ClassVar[Mapping[ProposalAction, frozenset[ProposalState]]] = {
        ProposalAction.ACCEPT: frozenset({ProposalState.OPEN}),
        ProposalAction.RETURN: frozenset({ProposalState.OPEN}),
        ProposalAction.REFUSE: frozenset({ProposalState.OPEN}),
        ProposalAction.WITHDRAW: frozenset({ProposalState.OPEN, ProposalState.RETURNED}),
        ProposalAction.REVISE: frozenset({ProposalState.RETURNED}),
        ProposalAction.OVERTURN: frozenset({ProposalState.REFUSED}),
    }

    solution = models.ForeignKey(Solution, on_delete=models.PROTECT, related_name="proposals")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="proposals", null=True, blank=True
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="proposals",
        null=True,
        blank=True,
    )
    state = models.CharField(
        _("state"), max_length=20, choices=ProposalState, default=ProposalState.OPEN
    )
    kind = models.CharField(
        _("kind"), max_length=20, choices=ProposalKind, default=ProposalKind.CHANGE
    )
    base_revision = models.PositiveIntegerField(_("based on revision"))
    changes: Any = models.JSONField(_("changes"), default=dict, blank=True)
    accepted_fields: Any = models.JSONField(_("accepted fields"), default=list, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    submitted_at = models.DateTimeField(_("submitted at"), default=clock.now)
    promised_on = models.DateField(_("decision promised by"))
    comment = models.TextField(_("comment of the OSK"), blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    maintainer_comment = models.TextField(_("comment of who maintains the entry"), blank=True)
    maintainer_commented_at = models.DateTimeField(null=True, blank=True)
    maintainer_commented_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = ProposalQuerySet.as_manager()

    class Meta:
        verbose_name = _("proposal")
        verbose_name_plural = _("proposals")
        ordering = ["promised_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "returned", "refused"])
                | (Q(decided_at__isnull=False) & Q(decided_by__isnull=False)),
                name="proposal_decided_has_decision",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["returned", "refused"]) | ~Q(comment=""),
                name="proposal_refusal_has_comment",
                violation_error_message=_("Say why."),
            ),
            models.UniqueConstraint(
                fields=["solution", "organisation"],
                condition=Q(state__in=["open", "returned"]),
                name="proposal_one_open_per_organisation",
                violation_error_message=_("There is an open proposal for this entry already."),
            ),
            models.UniqueConstraint(
                fields=["solution"],
                condition=Q(state__in=["open", "returned"], organisation=None),
                name="proposal_one_open_of_the_file",
            ),
            models.CheckConstraint(
                condition=Q(author=None, organisation=None)
                | Q(author__isnull=False, organisation__isnull=False),
                name="proposal_author_has_organisation",
            ),
            models.CheckConstraint(
                condition=Q(kind="change") | Q(author__isnull=False),
                name="proposal_of_file_is_change",
            ),
            models.CheckConstraint(
                condition=~Q(kind="withdrawal") | ~Q(reason="") & Q(changes={}),
                name="proposal_withdrawal_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(maintainer_comment="", maintainer_commented_at=None)
                | Q(maintainer_comment__gt="", maintainer_commented_at__isnull=False),
                name="proposal_comment_has_date",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.solution_id} {self.state}"

    def get_absolute_url(self) -> str:
        return reverse("catalog:proposal_detail", args=[self.public_id])

    @property
    def is_of_file(self) -> bool:
        """Made from a changed file in the repository, by no person."""
        return self.author_id is None

    @property
    def is_open(self) -> bool:
        return self.state == ProposalState.OPEN

    @property
    def is_change(self) -> bool:
        return self.kind == ProposalKind.CHANGE

    @property
    def is_new(self) -> bool:
        return self.kind == ProposalKind.NEW

    @property
    def is_withdrawal(self) -> bool:
        return self.kind == ProposalKind.WITHDRAWAL

    @property
    def promise(self) -> str:
        """In words, as long as it waits for a decision."""
        return decision_in_words(self.promised_on) if self.is_open else ""

    def can(self, action: ProposalAction) -> bool:
        return self.state in self.ALLOWED[action]

    def submitted(self) -> ProposalEvent:
        """The first event: a proposal is born open."""
        return self._event("submitted", "", actor=self.author)

    def accept(self, *, actor: User, fields: Iterable[str], comment: str = "") -> ProposalEvent:
        check(self.ALLOWED, ProposalAction.ACCEPT, self.state)
        return self._decide(ProposalState.ACCEPTED, actor, comment, fields)

    def return_(self, *, actor: User, comment: str, fields: Iterable[str] = ()) -> ProposalEvent:
        """Give back with a comment; ``fields`` were accepted and leave ``changes``."""
        check(self.ALLOWED, ProposalAction.RETURN, self.state)
        accepted = set(fields)
        self.changes = {name: v for name, v in self.changes.items() if name not in accepted}
        return self._decide(ProposalState.RETURNED, actor, comment, accepted)

    def refuse(self, *, actor: User, comment: str) -> ProposalEvent:
        check(self.ALLOWED, ProposalAction.REFUSE, self.state)
        return self._decide(ProposalState.REFUSED, actor, comment, ())

    def overturn(self, *, actor: User, fields: Iterable[str]) -> ProposalEvent:
        """The Leitung takes over what was refused; the refusal and its reason stay as they were said."""
        check(self.ALLOWED, ProposalAction.OVERTURN, self.state)
        before, self.state = self.state, ProposalState.ACCEPTED
        self.accepted_fields = sorted(fields)
        self.save(update_fields=["state", "accepted_fields"])
        data = {"fields": self.accepted_fields}
        return self._event("objection_granted", before, actor=actor, data=data)

    def remark(self, *, actor: User, text: str) -> ProposalEvent:
        """What who maintains the entry says of somebody else's proposal; said again, it replaces."""
        self.maintainer_comment = text
        self.maintainer_commented_at = clock.now()
        self.maintainer_commented_by = actor
        self.save(
            update_fields=[
                "maintainer_comment", "maintainer_commented_at", "maintainer_commented_by",
            ]
        )  # fmt: skip
        return self.note("commented", actor=actor)

    def note(self, kind: str, *, actor: User | None, **data: int) -> ProposalEvent:
        """Something happened to the proposal that leaves its state. ``data``: ids."""
        return self._event(kind, self.state, actor=actor, data=data)

    def withdraw(self, *, actor: User | None) -> ProposalEvent:
        """``actor`` None: the file has changed again, or back."""
        check(self.ALLOWED, ProposalAction.WITHDRAW, self.state)
        before, self.state = self.state, ProposalState.WITHDRAWN
        self.save(update_fields=["state"])
        return self._event("withdrawn", before, actor=actor)

    def revise(
        self,
        *,
        actor: User | None,
        changes: dict[str, Any],
        reason: str,
        base_revision: int,
        promised_on: date,
    ) -> ProposalEvent:
        """Submit a returned proposal again; the promise starts anew."""
        check(self.ALLOWED, ProposalAction.REVISE, self.state)
        before, self.state = self.state, ProposalState.OPEN
        self.author = actor
        self.changes = changes
        self.reason = reason
        self.base_revision = base_revision
        self.promised_on = promised_on
        self.submitted_at = clock.now()
        self.save(
            update_fields=[
                "state", "author", "changes", "reason", "base_revision", "promised_on", "submitted_at",
            ]
        )  # fmt: skip
        return self._event("submitted", before, actor=actor)

    def _decide(
        self, state: ProposalState, actor: User, comment: str, fields: Iterable[str]
    ) -> ProposalEvent:
        before, self.state = self.state, state
        self.decided_by = actor
        self.decided_at = clock.now()
        self.comment = comment
        self.accepted_fields = sorted({*self.accepted_fields, *fields})
        self.save(
            update_fields=[
                "state", "decided_by", "decided_at", "comment", "accepted_fields", "changes",
            ]
        )  # fmt: skip
        return self._event(state, before, actor=actor, data={"fields": sorted(fields)})

    def _event(
        self, kind: str, before: str, *, actor: User | None, data: dict[str, Any] | None = None
    ) -> ProposalEvent:
        return ProposalEvent.objects.create(
            proposal=self,
            kind=kind,
            from_state=before,
            to_state=self.state,
            actor=actor,
            data=data or {},
        )


class ProposalEvent(Event):
    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="events")
