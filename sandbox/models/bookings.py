"""Bookings: the promise. Who, what, when (sandbox.md section 1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.logs import request_id
from osk_portal.toolkit.transitions import Event, check
from sandbox.enums import BookingAction, BookingEventKind, BookingState
from sandbox.models.blueprints import BlueprintVersion
from sandbox.querysets import BookingQuerySet
from sandbox.windows import days_between, end_after

_S = BookingState
_A = BookingAction


class Booking(Addressed):
    """A test environment promised to an organisation for a window.

    ``window`` is what the person booked; what the slot needs (lead, removal) is in the allocation.
    """

    ALLOWED: ClassVar[Mapping[BookingAction, frozenset[BookingState]]] = {
        _A.ACCEPT: frozenset({_S.DRAFT}),
        _A.APPROVE: frozenset({_S.REQUESTED}),
        _A.REJECT: frozenset({_S.REQUESTED}),
        _A.EXPIRE: frozenset({_S.DRAFT, _S.REQUESTED}),
        _A.MOVE: frozenset({_S.REQUESTED, _S.APPROVED}),
        _A.EXTEND: frozenset({_S.APPROVED, _S.ACTIVE}),
        _A.ACTIVATE: frozenset({_S.APPROVED}),
        _A.CANCEL: frozenset({_S.DRAFT, _S.REQUESTED, _S.APPROVED, _S.ACTIVE}),
        _A.FINISH: frozenset({_S.APPROVED, _S.ACTIVE}),
        _A.FAIL: frozenset({_S.APPROVED, _S.ACTIVE}),
        _A.RETRY: frozenset({_S.FAILED}),
        _A.RESUME: frozenset({_S.FAILED}),
    }

    has_reports = has_snapshots = True
    """There may be some; ``with_what_came_out`` knows, so that a page asks for none in vain."""

    blueprint_version = models.ForeignKey(
        BlueprintVersion,
        on_delete=models.PROTECT,
        related_name="bookings",
        verbose_name=_("test product"),
    )
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="sandbox_bookings",
        verbose_name=_("organisation"),
    )
    booked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="sandbox_bookings",
        verbose_name=_("booked by"),
    )
    deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("deputy"),
    )
    taken_over_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("taken over by"),
    )
    takeover_reason = models.TextField(_("reason of the take-over"), max_length=1000, blank=True)
    occasion = models.CharField(_("for the event"), max_length=200, blank=True)
    purpose = models.TextField(_("purpose"), max_length=2000)
    test_data_acknowledged_at = models.DateTimeField(_("only test data, promised at"))
    window = DateTimeRangeField(_("window"))
    state = models.CharField(
        _("state"), max_length=20, choices=BookingState, default=BookingState.APPROVED
    )
    hold_expires_at = models.DateTimeField(_("held until"), null=True, blank=True)
    is_outside_quota = models.BooleanField(_("outside the quota"), default=False)
    is_trial = models.BooleanField(_("trial run"), default=False)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("decided by"),
    )
    decision_reason = models.TextField(_("reason of the decision"), max_length=2000, blank=True)
    approved_days = models.PositiveSmallIntegerField(_("approved days"), null=True, blank=True)
    asked_end = models.DateTimeField(_("asked to run until"), null=True, blank=True)
    longer_decided_at = models.DateTimeField(
        _("longer time decided at"), null=True, blank=True, editable=False
    )
    longer_reason = models.TextField(
        _("reason of the decision on the longer time"), max_length=2000, blank=True
    )
    result_given_at = models.DateTimeField(_("result given to the OSK at"), null=True, blank=True)
    sequence = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(_("booked at"), default=clock.now, editable=False)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("ended by"),
    )

    anonymised_at = models.DateTimeField(_("anonymised at"), null=True, blank=True, editable=False)

    objects = BookingQuerySet.as_manager()

    class Meta:
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="booking_window_half_open",
                condition=Q(
                    window__isempty=False,
                    window__lower_inc=True,
                    window__upper_inc=False,
                    window__lower_inf=False,
                    window__upper_inf=False,
                ),
                violation_error_message=_("Begin and end are both needed."),
            ),
            models.CheckConstraint(
                name="booking_over_has_time",
                condition=Q(ended_at__isnull=False)
                | ~Q(state__in=["ended", "cancelled", "rejected", "expired"]),
                violation_error_message=_("An ended booking needs the time of its end."),
            ),
            models.CheckConstraint(
                name="booking_undecided_is_held",
                condition=Q(state__in=["draft", "requested"], hold_expires_at__isnull=False)
                | (~Q(state__in=["draft", "requested"]) & Q(hold_expires_at__isnull=True)),
                violation_error_message=_("What is not decided yet is held until a date."),
            ),
            models.CheckConstraint(
                name="booking_rejected_has_reason",
                condition=~Q(state="rejected")
                | (~Q(decision_reason="") & Q(decided_by__isnull=False)),
                violation_error_message=_("A rejection needs a reason."),
            ),
            models.CheckConstraint(
                name="booking_taken_over_has_reason",
                condition=Q(taken_over_by__isnull=True) | ~Q(takeover_reason=""),
                violation_error_message=_("A take-over needs a reason."),
            ),
        ]

    def __str__(self) -> str:
        return str(_("Booking %(key)s") % {"key": str(self.public_id)[:8]})

    def get_absolute_url(self) -> str:
        return reverse("sandbox:booking_detail", args=[self.public_id])

    @property
    def starts_at(self) -> datetime:
        start: datetime = self.window.lower
        return start

    @property
    def ends_at(self) -> datetime:
        end: datetime = self.window.upper
        return end

    @property
    def is_holding(self) -> bool:
        """The promise stands: an environment shall exist until the end of the window."""
        return self.state in (_S.APPROVED, _S.ACTIVE)

    @property
    def is_undecided(self) -> bool:
        """Holds a place that is free again at ``hold_expires_at``."""
        return self.state in (_S.DRAFT, _S.REQUESTED)

    @property
    def approved_end(self) -> datetime | None:
        """Until when it may run without asking the OSK anew; None: nobody has to approve it."""
        if self.approved_days is None:
            return None
        return end_after(self.starts_at, self.approved_days)

    @property
    def is_asked_longer(self) -> bool:
        """Waits for the OSK to say whether it may run longer."""
        return self.asked_end is not None and self.is_holding and self.ends_at > clock.now()

    @property
    def is_by_osk(self) -> bool:
        """Booked by the OSK for a case or an event: outside the quota, looked after by its advisors."""
        return self.is_outside_quota

    @property
    def side(self) -> list[User]:
        """Who has the rights of the booking, while a member: booker, deputy, who has taken over."""
        people = (self.booked_by, self.deputy, self.taken_over_by)
        return list(dict.fromkeys(person for person in people if person is not None))

    def can(self, action: BookingAction) -> bool:
        return self.state in self.ALLOWED[action]

    def accept(self, *, actor: User, hold_expires_at: datetime | None) -> BookingEvent:
        """The offer of the waitlist is taken. ``hold_expires_at``: where it still has to be approved."""
        check(self.ALLOWED, _A.ACCEPT, self.state)
        self.hold_expires_at = hold_expires_at
        to = _S.APPROVED if hold_expires_at is None else _S.REQUESTED
        return self._move(_A.ACCEPT, to, actor=actor, fields=["hold_expires_at"])

    def approve(self, *, actor: User, note: str = "") -> BookingEvent:
        """From now on for as many days as it has; more is asked for anew (decision 17)."""
        self.approved_days = days_between(self.starts_at, self.ends_at)
        return self._decide(_A.APPROVE, _S.APPROVED, actor, note)

    def reject(self, *, actor: User, reason: str) -> BookingEvent:
        """``reason`` is shown to the person who asked."""
        check(self.ALLOWED, _A.REJECT, self.state)
        self.ended_at = clock.now()
        return self._decide(_A.REJECT, _S.REJECTED, actor, reason)

    def _decide(
        self, action: BookingAction, to: BookingState, actor: User, reason: str
    ) -> BookingEvent:
        check(self.ALLOWED, action, self.state)
        self.decided_at, self.decided_by = clock.now(), actor
        self.decision_reason, self.hold_expires_at = reason, None
        fields = [
            "decided_at", "decided_by", "decision_reason", "hold_expires_at", "ended_at",
            "approved_days",
        ]  # fmt: skip
        return self._move(action, to, actor=actor, fields=fields)

    def expire(self) -> BookingEvent:
        """Nobody decided while the place was held."""
        check(self.ALLOWED, _A.EXPIRE, self.state)
        self.ended_at, self.hold_expires_at = clock.now(), None
        return self._move(_A.EXPIRE, _S.EXPIRED, fields=["ended_at", "hold_expires_at"])

    def move(self, window: DateTimeTZRange, *, actor: User) -> BookingEvent:
        """Another window, before the start."""
        return self._change_window(_A.MOVE, window, actor)

    def extend(self, window: DateTimeTZRange, *, actor: User) -> BookingEvent:
        """The same start, a later end."""
        return self._change_window(_A.EXTEND, window, actor)

    def _change_window(
        self, action: BookingAction, window: DateTimeTZRange, actor: User
    ) -> BookingEvent:
        check(self.ALLOWED, action, self.state)
        self.window, self.sequence = window, self.sequence + 1
        if action == _A.MOVE or (self.asked_end is not None and window.upper >= self.asked_end):
            self.asked_end = None  # what was asked for belongs to the former time, or has come
        return self._move(
            action,
            BookingState(self.state),
            actor=actor,
            fields=["window", "sequence", "hold_expires_at", "asked_end"],
        )

    def activate(self) -> BookingEvent:
        """The environment was handed over for the first time."""
        return self._move(_A.ACTIVATE, _S.ACTIVE)

    def cancel(self, *, actor: User) -> BookingEvent:
        """Withdrawn, cancelled before the start, or ended early by a person."""
        check(self.ALLOWED, _A.CANCEL, self.state)
        self.ended_at, self.ended_by = clock.now(), actor
        self.hold_expires_at, self.sequence = None, self.sequence + 1
        fields = ["ended_at", "ended_by", "hold_expires_at", "sequence"]
        return self._move(_A.CANCEL, _S.CANCELLED, actor=actor, fields=fields)

    def finish(self) -> BookingEvent:
        """The window is over."""
        check(self.ALLOWED, _A.FINISH, self.state)
        self.ended_at = clock.now()
        return self._move(_A.FINISH, _S.ENDED, fields=["ended_at"])

    def fail(self) -> BookingEvent:
        """Every attempt failed; an operator may retry inside the window."""
        return self._move(_A.FAIL, _S.FAILED)

    def retry(self, *, actor: User) -> BookingEvent:
        return self._move(_A.RETRY, _S.APPROVED, actor=actor)

    def resume(self, *, actor: User) -> BookingEvent:
        """What was kept apart is given back: the promise stands again."""
        return self._move(_A.RESUME, _S.APPROVED, actor=actor)

    def _move(
        self,
        action: BookingAction,
        to: BookingState,
        *,
        actor: User | None = None,
        fields: list[str] | None = None,
    ) -> BookingEvent:
        check(self.ALLOWED, action, self.state)
        before, self.state = self.state, to
        self.save(update_fields=["state", *(fields or [])])
        return self.record(action, actor=actor, from_state=before)

    def record(
        self, kind: str, *, actor: User | None, from_state: str = "", **data: object
    ) -> BookingEvent:
        return BookingEvent.objects.create(
            booking=self,
            kind=kind,
            from_state=from_state,
            to_state=self.state,
            actor=actor,
            data=data,
            request_id=request_id.get(),
        )


class Application(Booking):
    """A booking as the OSK decides on it: the list "to approve" of the work area."""

    class Meta:
        proxy = True
        verbose_name = _("application")
        verbose_name_plural = _("To approve")


class BookingEvent(Event):
    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="events")

    @property
    def words(self) -> str:
        """The line as a person reads it, in the present language."""
        labels = {**dict(BookingAction.choices), **dict(BookingEventKind.choices)}
        return str(labels.get(self.kind, self.kind))
