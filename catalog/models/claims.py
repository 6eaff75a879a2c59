"""That an organisation wants to look after an entry, what it shows for that, and the decision."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalog.enums import ClaimAction, ClaimState, LetterState, Proof
from catalog.models.fetching import FetchJob
from catalog.models.maintainerships import Maintainership, spoken_for
from catalog.models.solutions import Solution
from network.enums import MembershipState
from network.models import Organisation
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.transitions import Event, check

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from osk_portal.accounts.models import User


def private_storage() -> Storage:
    """Outside every public folder; named by a function so that migrations hold no path."""
    return storages["private"]


class ClaimQuerySet(models.QuerySet["Claim"]):
    def open(self) -> ClaimQuerySet:
        return self.filter(state=ClaimState.OPEN)

    def ready(self) -> ClaimQuerySet:
        """Wait for an advisor: there is something to decide on, and a promise."""
        return self.open().filter(promised_on__isnull=False)

    def of_member(self, user: User) -> ClaimQuerySet:
        return self.filter(
            organisation__memberships__user=user,
            organisation__memberships__state=MembershipState.ACTIVE,
        )

    def contesting(self, user: User) -> ClaimQuerySet:
        """Against an organisation for which the person speaks."""
        return self.filter(against__organisation__in=spoken_for(user))

    def visible_to(self, user: User | AnonymousUser) -> ClaimQuerySet:
        """Members of the claiming organisation, who speaks for the one it is directed against, advisors."""
        if not user.is_authenticated:
            return self.none()
        if user.is_advisor:
            return self
        return self.filter(
            Q(pk__in=Claim.objects.of_member(user).values("pk"))
            | Q(against__organisation__in=spoken_for(user))
        )

    def of_author(self, user: Any, organisation: Any) -> ClaimQuerySet:
        """What needs somebody else when ``user`` leaves; keys, or references to an outer query."""
        return self.open().filter(author=user, organisation=organisation)

    def to_check(self) -> ClaimQuerySet:
        """Whose proof the portal looks up: a code in the repository, or a letter that waits for the scanner."""
        code = Q(proof=Proof.CODE, found_at=None)
        return self.open().filter(code | Q(letter_state=LetterState.QUARANTINED))


class Claim(FetchJob, Addressed):
    """A claim ("Übernahme"): by an organisation's Redaktion, with a proof, decided by an advisor.

    It is *ready* when there is something to decide on: a code that was found, a letter that has come, or the
    name in the file. From then on the promise runs; where another organisation maintains the entry the claim
    is *against* that one, which may answer until ``answer_by``. The row is also the job that looks for the
    code, or has the letter scanned.
    """

    ALLOWED: ClassVar[Mapping[ClaimAction, frozenset[ClaimState]]] = {
        action: frozenset({ClaimState.OPEN}) for action in ClaimAction
    }

    solution = models.ForeignKey(Solution, on_delete=models.PROTECT, related_name="claims")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="claims")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="claims"
    )
    state = models.CharField(_("state"), max_length=20, choices=ClaimState, default=ClaimState.OPEN)
    proof = models.CharField(_("proof"), max_length=20, choices=Proof)
    statement = models.TextField(_("reason"))
    submitted_at = models.DateTimeField(_("submitted at"), default=clock.now)
    lapses_on = models.DateField(_("proof needed by"))
    promised_on = models.DateField(_("decision promised by"), null=True, blank=True)

    code = models.CharField(max_length=64, blank=True, editable=False)
    checked_at = models.DateTimeField(_("last looked up"), null=True, blank=True)
    found_at = models.DateTimeField(_("code found"), null=True, blank=True)
    found_in = models.CharField(_("found in"), max_length=500, blank=True)

    letter = models.FileField(_("letter"), storage=private_storage, max_length=100, blank=True)
    letter_name = models.CharField(_("file name"), max_length=150, blank=True)
    letter_state = models.CharField(
        _("file"), max_length=20, choices=LetterState, blank=True, default=LetterState.NONE
    )
    letter_received_on = models.DateField(_("letter received on"), null=True, blank=True)

    against = models.ForeignKey(
        Maintainership, on_delete=models.SET_NULL, null=True, blank=True, related_name="contests"
    )
    answer_by = models.DateField(_("answer by"), null=True, blank=True)
    answer = models.TextField(_("answer"), blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    reason = models.TextField(_("reason of the OSK"), blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = ClaimQuerySet.as_manager()

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        ordering = ["promised_on", "pk"]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(state="open"), name="claim_due")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["solution", "organisation"],
                condition=Q(state="open"),
                name="claim_one_open_per_organisation",
                violation_error_message=_("Your organisation has claimed this entry already."),
            ),
            models.UniqueConstraint(
                fields=["code"], condition=~Q(code=""), name="claim_code_unique"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "refused"])
                | (Q(decided_at__isnull=False, decided_by__isnull=False) & ~Q(reason="")),
                name="claim_decided_has_reason",
                violation_error_message=_("Say why."),
            ),
            models.CheckConstraint(
                condition=Q(proof="code") & ~Q(code="") | ~Q(proof="code") & Q(code=""),
                name="claim_code_where_it_is_the_proof",
            ),
            models.CheckConstraint(
                condition=Q(letter_state__in=["", "infected"], letter="")
                | (Q(letter_state__in=["quarantined", "clean"]) & ~Q(letter="")),
                name="claim_bad_letter_is_removed",
            ),
            models.CheckConstraint(
                condition=Q(against=None) | Q(answer_by__isnull=False),
                name="claim_contest_has_term",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} claims {self.solution_id}"

    def get_absolute_url(self) -> str:
        return reverse("catalog:claim_detail", args=[self.public_id])

    @property
    def is_open(self) -> bool:
        return self.state == ClaimState.OPEN

    @property
    def is_ready(self) -> bool:
        return self.promised_on is not None

    @property
    def is_contest(self) -> bool:
        return self.answer_by is not None

    @property
    def is_answerable(self) -> bool:
        """The other side can still say something: not yet answered, not decided."""
        return self.is_open and self.against_id is not None and self.answered_at is None

    @property
    def waits_for_answer(self) -> bool:
        """The term of the other side runs: until then nothing is decided against it."""
        return self.is_answerable and self.answer_by is not None and self.answer_by >= clock.today()

    @property
    def is_being_checked(self) -> bool:
        """Somebody has asked to look for the code now, and there is no outcome yet."""
        is_due = self.next_attempt_at <= clock.now() and self.found_at is None
        return self.is_open and self.proof == Proof.CODE and is_due

    @property
    def has_letter(self) -> bool:
        return self.letter_received_on is not None or self.letter_state == LetterState.CLEAN

    def can(self, action: ClaimAction) -> bool:
        return self.state in self.ALLOWED[action]

    def submitted(self) -> ClaimEvent:
        return self.note("submitted", actor=self.author)

    def answer_with(self, text: str, *, actor: User, promised_on: date) -> ClaimEvent:
        """By the organisation that maintains the entry now; the OSK decides sooner then."""
        check(self.ALLOWED, ClaimAction.ANSWER, self.state)
        self.answer, self.answered_by, self.answered_at = text, actor, clock.now()
        self.promised_on = promised_on
        self.save(update_fields=["answer", "answered_by", "answered_at", "promised_on"])
        return self.note("answered", actor=actor)

    def accept(self, *, actor: User, reason: str) -> ClaimEvent:
        return self._decide(ClaimAction.ACCEPT, ClaimState.ACCEPTED, actor, reason)

    def refuse(self, *, actor: User, reason: str) -> ClaimEvent:
        return self._decide(ClaimAction.REFUSE, ClaimState.REFUSED, actor, reason)

    def withdraw(self, *, actor: User | None, kind: str = "withdrawn") -> ClaimEvent:
        """``actor`` None and ``kind`` say what else has ended it: "lapsed", "settled", "closed"."""
        check(self.ALLOWED, ClaimAction.WITHDRAW, self.state)
        before, self.state = self.state, ClaimState.WITHDRAWN
        self.save(update_fields=["state"])
        return self.note(kind, actor=actor, before=before)

    def note(
        self, kind: str, *, actor: User | None, before: str | None = None, **data: Any
    ) -> ClaimEvent:
        """The event row of what has just happened."""
        return ClaimEvent.objects.create(
            claim=self,
            kind=kind,
            from_state=self.state if before is None else before,
            to_state=self.state,
            actor=actor,
            data=data,
        )

    def _decide(
        self, action: ClaimAction, state: ClaimState, actor: User, reason: str
    ) -> ClaimEvent:
        check(self.ALLOWED, action, self.state)
        before, self.state = self.state, state
        self.decided_by, self.decided_at, self.reason = actor, clock.now(), reason
        self.save(update_fields=["state", "decided_by", "decided_at", "reason"])
        return self.note(state, actor=actor, before=before)


class ClaimEvent(Event):
    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, related_name="events")
