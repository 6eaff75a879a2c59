from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consulting import deadlines
from consulting.enums import (
    CaseAction,
    CaseEventKind,
    CaseState,
    Channel,
    Outcome,
    Phase,
    ProcedureState,
    RequestKind,
    Topic,
    Urgency,
    Visibility,
)
from consulting.models.conversation import CaseEvent
from consulting.models.counter import Counter
from consulting.querysets import AT_WORK, OPEN_STATES, WITH_OSK_STATES, CaseQuerySet
from osk_portal.toolkit import clock, logs
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.transitions import TransitionNotAllowed, check

if TYPE_CHECKING:
    from consulting.models.result import CaseResult
    from osk_portal.accounts.models import User

S = CaseState

ALLOWED: Final[Mapping[CaseAction, frozenset[CaseState]]] = {
    CaseAction.SUBMIT: frozenset({S.DRAFT}),
    CaseAction.TAKE_UP: frozenset({S.SUBMITTED}),
    CaseAction.ASSIGN: frozenset(
        {S.SUBMITTED, S.TRIAGE, S.ASSIGNED, S.IN_PROGRESS, S.WAITING_REQUESTER, S.WAITING_THIRD}
    ),
    CaseAction.RETURN_TO_QUEUE: frozenset(
        {S.ASSIGNED, S.IN_PROGRESS, S.WAITING_REQUESTER, S.WAITING_THIRD}
    ),
    CaseAction.START: frozenset({S.ASSIGNED}),
    CaseAction.ANSWER_AT_ONCE: frozenset({S.SUBMITTED, S.TRIAGE, S.ASSIGNED}),
    CaseAction.ASK_BACK: frozenset({S.TRIAGE, S.ASSIGNED, S.IN_PROGRESS, S.WAITING_THIRD}),
    CaseAction.REPLY: frozenset({S.WAITING_REQUESTER}),
    CaseAction.INVOLVE_PARTNER: frozenset({S.IN_PROGRESS}),
    CaseAction.PARTNER_DONE: frozenset({S.WAITING_THIRD}),
    CaseAction.ANSWER: frozenset({S.IN_PROGRESS, S.WAITING_REQUESTER, S.WAITING_THIRD}),
    CaseAction.CLOSE: frozenset({S.ANSWERED}),
    CaseAction.CLOSE_SILENT: frozenset({S.WAITING_REQUESTER}),
    CaseAction.REOPEN: frozenset({S.ANSWERED, S.CLOSED}),
    CaseAction.DECLINE: frozenset(
        {S.SUBMITTED, S.TRIAGE, S.ASSIGNED, S.IN_PROGRESS, S.WAITING_REQUESTER, S.WAITING_THIRD}
    ),
    CaseAction.MARK_DUPLICATE: frozenset({S.SUBMITTED, S.TRIAGE}),
    CaseAction.UNDO: frozenset({S.DECLINED, S.DUPLICATE}),
    CaseAction.WITHDRAW: frozenset(
        {
            S.SUBMITTED,
            S.TRIAGE,
            S.ASSIGNED,
            S.IN_PROGRESS,
            S.WAITING_REQUESTER,
            S.WAITING_THIRD,
            S.ANSWERED,
        }
    ),
    CaseAction.DELETE_DRAFT: frozenset({S.DRAFT}),
    CaseAction.SNOOZE: frozenset(OPEN_STATES) | {S.ANSWERED},
    CaseAction.WAKE: frozenset(OPEN_STATES) | {S.ANSWERED},
}

# Set by transitions and by nothing else; the content of a request is written by the drafts' services.
_LIFECYCLE_FIELDS = (
    "reference", "state", "assignee", "state_before_waiting", "submitted_at",
    "first_response_due_on", "first_responded_at", "answer_due_on", "paused_at",
    "paused_working_days", "reply_due_on", "closes_on", "reminded_at", "follow_up_at", "answered_at",
    "result", "closed_at", "outcome", "decline_reason", "decline_referral", "duplicate_of",
    "withdrawn_at", "snoozed_until", "snooze_note", "version", "updated_at",
)  # fmt: skip

WORDS: Final = SearchVector("title", weight="A", config="german") + SearchVector(
    "description", weight="B", config="german"
)
"""What is searched for similar requests; the index holds exactly this."""


class ConsultingRequest(Addressed):
    """A request of an authority to the OSK, from draft to its end. Also called a case."""

    ALLOWED = ALLOWED
    MESSAGE_STATES = frozenset(OPEN_STATES) | {S.ANSWERED}
    """In which states messages are taken (product.md 1.3); a reply to W goes through ``reply``."""

    reference = models.CharField(
        _("reference"), max_length=20, unique=True, null=True, blank=True, editable=False
    )
    # What the requester says
    kind = models.CharField(_("kind"), max_length=20, choices=RequestKind, blank=True)
    title = models.CharField(_("title"), max_length=200, blank=True)
    description = models.TextField(_("description"), blank=True)
    topics: Any = ArrayField(
        models.CharField(max_length=30, choices=Topic),
        verbose_name=_("topics"),
        default=list,
        blank=True,
    )
    phase = models.CharField(_("phase"), max_length=20, choices=Phase, blank=True)
    wished_on = models.DateField(_("wished date"), null=True, blank=True)
    organisation = models.ForeignKey(
        "network.Organisation",
        verbose_name=_("organisation"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="consulting_requests",
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("author"),
        on_delete=models.PROTECT,
        related_name="consulting_requests",
    )
    own_reference = models.CharField(_("your reference"), max_length=100, blank=True)
    users_count = models.PositiveIntegerField(_("number of users"), null=True, blank=True)
    software_in_use = models.TextField(_("software in use"), blank=True)
    solutions = models.ManyToManyField(
        "catalog.Solution",
        verbose_name=_("solutions"),
        blank=True,
        related_name="consulting_requests",
    )
    bookings = models.ManyToManyField(
        "sandbox.Booking",
        verbose_name=_("test environments"),
        blank=True,
        related_name="consulting_requests",
    )
    channel = models.CharField(
        _("channel"), max_length=20, choices=Channel, default=Channel.WEB, editable=False
    )
    continues = models.ForeignKey(
        "self",
        verbose_name=_("continues"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="continued_by",
    )
    urgency = models.CharField(_("urgency"), max_length=20, choices=Urgency, default=Urgency.NORMAL)
    urgency_reason = models.TextField(_("reason for the urgency"), blank=True)
    urgency_answer = models.TextField(_("answer to the urgency"), blank=True)
    urgency_reminded_at = models.DateTimeField(null=True, blank=True, editable=False)
    procedure_state = models.CharField(
        _("state of the procedure"), max_length=20, choices=ProcedureState, blank=True
    )
    is_confidential = models.BooleanField(
        _("confidential"),
        default=False,
        editable=False,
        help_text=_("Procurement, with a procedure that is planned, running or not yet named."),
    )
    # Who of the own organisation reads along
    visibility = models.CharField(
        _("visible for"), max_length=20, choices=Visibility, default=Visibility.ONLY_ME
    )
    deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("deputy"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    # Where it stands
    state = models.CharField(_("state"), max_length=20, choices=S, default=S.DRAFT)
    state_before_waiting = models.CharField(max_length=20, choices=S, blank=True, editable=False)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("contact person at the OSK"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="assigned_requests",
    )
    result = models.OneToOneField(
        "consulting.CaseResult",
        verbose_name=_("result"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome, blank=True)
    decline_reason = models.TextField(_("reason"), blank=True)
    decline_referral = models.TextField(_("where to get help"), blank=True)
    duplicate_of = models.ForeignKey(
        "self",
        verbose_name=_("continued as"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="duplicates",
    )
    snoozed_until = models.DateField(_("follow-up date"), null=True, blank=True)
    snooze_note = models.TextField(_("note on the follow-up date"), blank=True)
    hides_hints = models.BooleanField(default=False, editable=False)
    """The author does not want to see similar answers and solutions while writing."""
    passed_steps: Any = ArrayField(
        models.CharField(max_length=20), default=list, blank=True, editable=False
    )
    """Slugs of the steps of the intake that the author has left by saving."""
    version = models.PositiveIntegerField(default=1, editable=False)
    # Times and promises
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), default=clock.now, editable=False)
    expiry_announced_at = models.DateTimeField(null=True, blank=True, editable=False)
    submitted_at = models.DateTimeField(_("received"), null=True, blank=True)
    first_response_due_on = models.DateField(_("first response by"), null=True, blank=True)
    first_responded_at = models.DateTimeField(_("first response"), null=True, blank=True)
    answer_due_on = models.DateField(_("answer by"), null=True, blank=True)
    paused_at = models.DateTimeField(_("time rests since"), null=True, blank=True)
    paused_working_days = models.PositiveIntegerField(_("rested working days"), default=0)
    reply_due_on = models.DateField(_("reply by"), null=True, blank=True)
    closes_on = models.DateField(_("closed after"), null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True, editable=False)
    follow_up_at = models.DateTimeField(_("follow-up question"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    anonymised_at = models.DateTimeField(_("anonymised"), null=True, blank=True, editable=False)

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        ordering = ["-updated_at", "-pk"]
        indexes = [
            models.Index(fields=["state", "answer_due_on"], name="case_by_promise"),
            models.Index(fields=["assignee", "state"], name="case_by_assignee"),
            models.Index(fields=["organisation", "state"], name="case_by_organisation"),
            models.Index(fields=["author", "state"], name="case_by_author"),
            GinIndex(WORDS, name="case_by_words"),
            models.Index(  # the side list counts from it alone, on every page of the OSK
                fields=["state", "assignee"],
                include=[
                    "id",
                    "author",
                    "urgency",
                    "snoozed_until",
                    "first_responded_at",
                    "first_response_due_on",
                    "answer_due_on",
                ],
                condition=AT_WORK,
                name="case_at_work",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state=S.DRAFT, reference=None)
                | (~Q(state=S.DRAFT) & Q(reference__isnull=False)),
                name="case_reference_iff_sent",
                violation_error_message=_("A request has a reference once it was sent."),
            ),
            models.CheckConstraint(
                condition=Q(state=S.DRAFT)
                | (
                    ~Q(kind="")
                    & ~Q(title="")
                    & ~Q(description="")
                    & Q(
                        organisation__isnull=False,
                        submitted_at__isnull=False,
                        first_response_due_on__isnull=False,
                        answer_due_on__isnull=False,
                    )
                ),
                name="case_sent_is_complete",
                violation_error_message=_("A sent request is complete and has its promises."),
            ),
            models.CheckConstraint(
                condition=~Q(state=S.ASSIGNED) | Q(assignee__isnull=False),
                name="case_assigned_has_assignee",
                violation_error_message=_("An assigned request has a contact person."),
            ),
            models.CheckConstraint(
                condition=(
                    Q(
                        state=S.WAITING_REQUESTER,
                        paused_at__isnull=False,
                        reply_due_on__isnull=False,
                    )
                    & ~Q(state_before_waiting="")
                )
                | (~Q(state=S.WAITING_REQUESTER) & Q(paused_at=None, state_before_waiting="")),
                name="case_waiting_is_paused",
                violation_error_message=_(
                    "The time rests exactly while the OSK waits for a reply."
                ),
            ),
            models.CheckConstraint(
                condition=~Q(state=S.ANSWERED) | Q(result__isnull=False, answered_at__isnull=False),
                name="case_answered_has_result",
                violation_error_message=_("An answered request has a result."),
            ),
            models.CheckConstraint(
                condition=~Q(state=S.CLOSED)
                | (Q(closed_at__isnull=False) & ~Q(outcome=""))
                & (Q(outcome=Outcome.NO_REPLY) | Q(result__isnull=False)),
                name="case_closed_has_outcome",
                violation_error_message=_("A closed request has an outcome."),
            ),
            models.CheckConstraint(
                condition=(Q(state=S.DECLINED) & ~Q(decline_reason=""))
                | (~Q(state=S.DECLINED) & Q(decline_reason="", decline_referral="")),
                name="case_declined_has_reason",
                violation_error_message=_("A request that is not taken on has a reason."),
            ),
            models.CheckConstraint(
                condition=(Q(state=S.DUPLICATE, duplicate_of__isnull=False))
                | (~Q(state=S.DUPLICATE) & Q(duplicate_of=None)),
                name="case_duplicate_has_target",
                violation_error_message=_("A merged request names the one that continues it."),
            ),
            models.CheckConstraint(
                condition=~Q(duplicate_of=models.F("pk")),
                name="case_not_its_own_duplicate",
                violation_error_message=_("A request is not merged with itself."),
            ),
            models.CheckConstraint(
                condition=~Q(state=S.WITHDRAWN) | Q(withdrawn_at__isnull=False),
                name="case_withdrawn_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}".strip() if self.reference else self.title

    def get_absolute_url(self) -> str:
        if self.is_draft:
            return reverse("consulting:request_draft", args=[self.public_id])
        return reverse("consulting:request_detail", args=[self.public_id])

    @property
    def is_draft(self) -> bool:
        return self.state == S.DRAFT

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def is_with_osk(self) -> bool:
        """The OSK must act and its clock runs."""
        return self.state in WITH_OSK_STATES

    @property
    def takes_messages(self) -> bool:
        return self.state in self.MESSAGE_STATES

    @property
    def topic_labels(self) -> list[str]:
        return [str(Topic(t).label) for t in self.topics if t in Topic.values]

    @property
    def is_about_procurement(self) -> bool:
        return Topic.PROCUREMENT in self.topics

    @property
    def needs_confidence(self) -> bool:
        """What ``is_confidential`` must hold (product.md 1.5). Until the state of the procedure is named
        it counts as running: value, deadline and files must not leave by mail meanwhile."""
        return self.is_about_procurement and self.procedure_state != ProcedureState.NONE

    @property
    def reopen_until(self) -> date | None:
        return deadlines.reopen_until(self.closed_at) if self.closed_at else None

    @property
    def can_be_reopened(self) -> bool:
        """Within 90 days after closing; an answered case at any time."""
        return self.reopen_until is None or clock.today() <= self.reopen_until

    @property
    def expires_on(self) -> date:
        """Last day of a draft that nobody touches; never sooner than 14 days after the notice."""
        return deadlines.draft_expires_on(self.updated_at, self.expiry_announced_at)

    @property
    def is_snoozed(self) -> bool:
        """Its follow-up date is still to come; on the day itself the case is back."""
        return self.snoozed_until is not None and self.snoozed_until > clock.today()

    def can(self, action: CaseAction) -> bool:
        """Does ``action`` start from the present state? *Who* may is in permissions.py."""
        if self.state not in self.ALLOWED[action] or self.anonymised_at is not None:
            return False
        if action == CaseAction.WAKE:
            return self.snoozed_until is not None
        return action != CaseAction.REOPEN or self.can_be_reopened

    # Transitions. Called by services, which hold the row's lock.

    def submit(
        self, *, actor: User, received_at: datetime | None = None, **data: object
    ) -> CaseEvent:
        """Give the reference and the promises. The counter's row stays locked until the commit.

        ``received_at``: when somebody said it to the OSK; the promises count from that day.
        """
        self._check(CaseAction.SUBMIT)
        today = clock.today()
        self.submitted_at = received_at or clock.now()
        received_on = deadlines.berlin_day(self.submitted_at)
        self.first_response_due_on = deadlines.first_response_due(received_on)
        self.answer_due_on = deadlines.answer_due(received_on)
        self.reference = f"OSK-{today.year}-{Counter.next('case', today.year):05d}"
        return self._enter(S.SUBMITTED, CaseEventKind.SUBMITTED, actor, **data)

    def take_up(self, *, actor: User) -> CaseEvent:
        self._check(CaseAction.TAKE_UP)
        return self._enter(S.TRIAGE, CaseEventKind.TAKEN_UP, actor)

    def assign(self, *, actor: User, assignee: User) -> CaseEvent:
        """Name the contact person. A case that is worked on keeps its state."""
        self._check(CaseAction.ASSIGN)
        to = S.ASSIGNED if self.state in (S.SUBMITTED, S.TRIAGE) else S(self.state)
        if to == self.state and self.assignee_id == assignee.pk:
            raise TransitionNotAllowed(
                CaseAction.ASSIGN, self.state, gettext("This is the contact person already.")
            )
        self.assignee = assignee
        self._end_snooze()
        self._note_first_response()
        if self.state == S.WAITING_REQUESTER and self.state_before_waiting == S.TRIAGE:
            # After the reply the case must be where its assignee can start, not back in triage.
            self.state_before_waiting = S.ASSIGNED
        return self._enter(to, CaseEventKind.ASSIGNED, actor, assignee=assignee.pk)

    def return_to_queue(self, *, actor: User | None) -> CaseEvent:
        self._check(CaseAction.RETURN_TO_QUEUE)
        self.assignee = None
        self._end_snooze()
        return self._enter(S.TRIAGE, CaseEventKind.RETURNED, actor)

    def start(self, *, actor: User) -> CaseEvent:
        self._check(CaseAction.START)
        return self._enter(S.IN_PROGRESS, CaseEventKind.STARTED, actor)

    def answer_at_once(self, *, actor: User, result: CaseResult) -> CaseEvent:
        """Everything up to the answer in one go, with the events in between."""
        self._check(CaseAction.ANSWER_AT_ONCE)
        if self.state == S.SUBMITTED:
            self.take_up(actor=actor)
        if self.assignee_id != actor.pk or self.state == S.TRIAGE:
            self.assign(actor=actor, assignee=actor)
        self.start(actor=actor)
        return self.answer(actor=actor, result=result)

    def ask_back(self, *, actor: User, reply_by: date) -> CaseEvent:
        """Wait for the requester: the answer's clock rests."""
        self._check(CaseAction.ASK_BACK)
        self._note_first_response()
        self.state_before_waiting = S.IN_PROGRESS if self.state == S.WAITING_THIRD else self.state
        self.paused_at = clock.now()
        self.reply_due_on = reply_by
        self.closes_on = deadlines.silent_close_on(clock.today(), reply_by)
        self.reminded_at = None
        return self._enter(
            S.WAITING_REQUESTER, CaseEventKind.ASKED_BACK, actor, reply_by=reply_by.isoformat()
        )

    def reply(self, *, actor: User | None, **data: object) -> CaseEvent:
        self._check(CaseAction.REPLY)
        self._end_snooze()
        return self._enter(S(self.state_before_waiting), CaseEventKind.REPLIED, actor, **data)

    def involve_partner(self, *, actor: User, **released: object) -> CaseEvent:
        """``released``: what left the case, on whose word; it stays in the event for good."""
        self._check(CaseAction.INVOLVE_PARTNER)
        return self._enter(S.WAITING_THIRD, CaseEventKind.PARTNER_INVOLVED, actor, **released)

    def partner_done(self, *, actor: User | None) -> CaseEvent:
        self._check(CaseAction.PARTNER_DONE)
        return self._enter(S.IN_PROGRESS, CaseEventKind.PARTNER_DONE, actor)

    def answer(self, *, actor: User, result: CaseResult) -> CaseEvent:
        """The result is there. Whether the promise was kept is written into the event, for good."""
        self._check(CaseAction.ANSWER)
        self._note_first_response()
        self._resume_clock()
        self.result = result
        self.assignee = self.assignee or actor
        self.answered_at = clock.now()
        self.closes_on = deadlines.questions_until(clock.today())
        promised = self.answer_due_on
        return self._enter(
            S.ANSWERED,
            CaseEventKind.ANSWERED,
            actor,
            promised_on=promised.isoformat() if promised else None,
            promise_kept=promised is None or clock.today() <= promised,
        )

    def close(self, *, actor: User | None) -> CaseEvent:
        """By the requester, or by the system (no actor) when the time for questions is over."""
        self._check(CaseAction.CLOSE)
        self.outcome = Outcome.SETTLED if actor else Outcome.AUTOMATIC
        return self._close(CaseEventKind.CLOSED, actor)

    def close_silent(self) -> CaseEvent:
        self._check(CaseAction.CLOSE_SILENT)
        self.outcome = Outcome.NO_REPLY
        return self._close(CaseEventKind.CLOSED_SILENT, None)

    def reopen(self, *, actor: User) -> CaseEvent:
        """Work goes on, with a new promise from today."""
        self._check(CaseAction.REOPEN)
        if not self.can_be_reopened:
            raise TransitionNotAllowed(
                CaseAction.REOPEN,
                self.state,
                gettext("The time for reopening is over. Please write a new request."),
            )
        self.closed_at = None
        self.outcome = ""
        self.closes_on = None
        self.follow_up_at = None
        self._end_snooze()
        self.answer_due_on = deadlines.answer_due(clock.today())
        return self._enter(S.IN_PROGRESS, CaseEventKind.REOPENED, actor)

    def decline(self, *, actor: User, reason: str, referral: str) -> CaseEvent:
        self._check(CaseAction.DECLINE)
        self._note_first_response()
        self.decline_reason = reason
        self.decline_referral = referral
        return self._enter(S.DECLINED, CaseEventKind.DECLINED, actor)

    def mark_duplicate(self, *, actor: User, target: ConsultingRequest) -> CaseEvent:
        self._check(CaseAction.MARK_DUPLICATE)
        self._note_first_response()
        self.duplicate_of = target
        return self._enter(S.DUPLICATE, CaseEventKind.MARKED_DUPLICATE, actor, target=target.pk)

    def undo(self, *, actor: User) -> CaseEvent:
        """Back to triage; a case that had a contact person needs a new one."""
        self._check(CaseAction.UNDO)
        self.decline_reason = self.decline_referral = ""
        self.duplicate_of = None
        self.assignee = None
        return self._enter(S.TRIAGE, CaseEventKind.UNDONE, actor)

    def withdraw(self, *, actor: User) -> CaseEvent:
        self._check(CaseAction.WITHDRAW)
        self.withdrawn_at = clock.now()
        return self._enter(S.WITHDRAWN, CaseEventKind.WITHDRAWN, actor)

    def snooze(self, *, actor: User, until: date, note: str) -> CaseEvent:
        """Leave the assignee's list until ``until``. No promise moves (product.md 1.4)."""
        self._check(CaseAction.SNOOZE)
        self.snoozed_until = until
        self.snooze_note = note
        return self._enter(S(self.state), CaseEventKind.SNOOZED, actor, until=until.isoformat())

    def wake(self, *, actor: User) -> CaseEvent:
        """Back in the assignee's list before the day."""
        self._check(CaseAction.WAKE)
        if self.snoozed_until is None:
            raise TransitionNotAllowed(
                CaseAction.WAKE, self.state, gettext("This request has no follow-up date.")
            )
        self._end_snooze()
        return self._enter(S(self.state), CaseEventKind.WOKEN, actor)

    def delete_draft(self) -> None:
        """A draft leaves nothing behind, not even an event."""
        self._check(CaseAction.DELETE_DRAFT)
        self.delete()

    def note_edit(self) -> None:
        """A public text was changed: an old form is out of date."""
        self._save()

    def note_message(self, *, from_requester: bool) -> None:
        """A public message was added: who waits now, and that an old form is out of date.

        A follow-up question to an answer stops the automatic closing; the OSK's reply starts the time
        for questions again (product.md 1.3). A message of the requester ends a follow-up date.
        """
        if from_requester:
            self._end_snooze()
        if from_requester and self.state == S.ANSWERED:
            self.follow_up_at = clock.now()
            self.closes_on = None
        elif not from_requester:
            self._note_first_response()
            if self.state == S.ANSWERED:
                self.follow_up_at = None
                self.closes_on = deadlines.questions_until(clock.today())
        self._save()

    def _check(self, action: CaseAction) -> None:
        check(self.ALLOWED, action, self.state)

    def _enter(
        self, state: CaseState, kind: CaseEventKind, actor: User | None, **data: object
    ) -> CaseEvent:
        """Move to ``state``, save, and write the event."""
        from_state = self.state
        if state not in self.ALLOWED[CaseAction.SNOOZE]:
            self._end_snooze()
        if from_state == S.WAITING_REQUESTER and state != S.WAITING_REQUESTER:
            self._resume_clock()
        if state != S.ANSWERED:
            self.follow_up_at = None
            if state != S.WAITING_REQUESTER:
                self.closes_on = None
        self.state = state
        self._save()
        return CaseEvent.objects.create(
            case=self,
            kind=kind,
            from_state=from_state,
            to_state=state,
            actor=actor,
            at=clock.now(),
            data=data,
            request_id=logs.request_id.get(),
        )

    def _save(self) -> None:
        self.version += 1
        self.updated_at = clock.now()
        self.save(update_fields=_LIFECYCLE_FIELDS)

    def _close(self, kind: CaseEventKind, actor: User | None) -> CaseEvent:
        self.closed_at = clock.now()
        return self._enter(S.CLOSED, kind, actor)

    def _resume_clock(self) -> None:
        if self.paused_at is None:
            return
        rested = deadlines.paused_days(self.paused_at, clock.now())
        if self.answer_due_on is not None:
            self.answer_due_on = deadlines.moved_by(self.answer_due_on, rested)
        self.paused_working_days += rested
        self.paused_at = None
        self.state_before_waiting = ""
        self.reply_due_on = None

    def _end_snooze(self) -> None:
        self.snoozed_until = None
        self.snooze_note = ""

    def _note_first_response(self) -> None:
        if self.first_responded_at is None:
            self.first_responded_at = clock.now()


class Participant(models.Model):
    """A colleague who reads along, or works along, in a request."""

    case = models.ForeignKey(
        ConsultingRequest, on_delete=models.CASCADE, related_name="participants"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="participations"
    )
    may_write = models.BooleanField(_("works along"), default=False)
    via_duplicate = models.ForeignKey(
        ConsultingRequest,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Takes part because this request was merged."),
    )
    has_taken_over = models.BooleanField(
        _("has taken over"),
        default=False,
        help_text=_("Works along for the Organisationsverwaltung, whatever the sharing says."),
    )
    was_reader = models.BooleanField(default=False)
    """Read along before the merging, which it goes back to when that is undone."""

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "user"],
                name="participant_once",
                violation_error_message=_("This person takes part already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.case_id}"
