"""Termine: the OSK offers some slots, the requester's side picks one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from consulting.enums import AppointmentKind, AppointmentState
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.transitions import TransitionNotAllowed, check

if TYPE_CHECKING:
    from osk_portal.accounts.models import User

S = AppointmentState

FEWEST_SLOTS: Final = 2
MOST_SLOTS: Final = 5


class AppointmentAction(StrEnum):
    PICK = "pick"
    REFUSE = "refuse"
    MOVE = "move"
    WITHDRAW = "withdraw"
    CANCEL = "cancel"


APPOINTMENT_ALLOWED: Final[Mapping[AppointmentAction, frozenset[AppointmentState]]] = {
    AppointmentAction.PICK: frozenset({S.OFFERED}),
    AppointmentAction.REFUSE: frozenset({S.OFFERED}),
    AppointmentAction.MOVE: frozenset({S.FIXED}),
    AppointmentAction.WITHDRAW: frozenset({S.OFFERED}),
    AppointmentAction.CANCEL: frozenset({S.FIXED}),
}


class Appointment(Addressed):
    """A talk between the requester's side and the OSK; at most one offer of a case waits for a choice.

    ``sequence`` is iCalendar's: it rises with each change of a fixed one, so that calendars follow.
    Why it was moved or cancelled stands in the conversation, where retention finds it.
    """

    ALLOWED = APPOINTMENT_ALLOWED

    case = models.ForeignKey(
        "consulting.ConsultingRequest", on_delete=models.PROTECT, related_name="appointments"
    )
    state = models.CharField(_("state"), max_length=20, choices=AppointmentState, default=S.OFFERED)
    kind = models.CharField(_("kind"), max_length=20, choices=AppointmentKind)
    place = models.CharField(_("place, link or number"), max_length=500)
    note = models.TextField(_("note"), blank=True)
    offered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    offered_at = models.DateTimeField(default=clock.now)
    form_id = models.UUIDField(null=True, blank=True, editable=False)
    # From the choice on
    starts_at = models.DateTimeField(_("begin"), null=True, blank=True)
    ends_at = models.DateTimeField(_("end"), null=True, blank=True)
    picked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    set_at = models.DateTimeField(null=True, blank=True)
    """When the present time was agreed on: by the choice, or by the last move."""
    sequence = models.PositiveIntegerField(default=0)
    reminded_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["starts_at"], condition=Q(state="fixed"), name="appointment_fixed_by_time"
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(state="offered"),
                name="appointment_one_offer",
                violation_error_message=_("There is an offer already that waits for a choice."),
            ),
            models.UniqueConstraint(
                fields=["case", "offered_by", "form_id"],
                name="appointment_once_a_form",
                violation_error_message=_("This was sent already."),
            ),
            models.CheckConstraint(
                condition=Q(
                    starts_at__isnull=False,
                    ends_at__gt=F("starts_at"),
                    picked_by__isnull=False,
                    set_at__isnull=False,
                )
                | Q(starts_at=None, ends_at=None, picked_by=None, set_at=None),
                name="appointment_time_is_whole",
                violation_error_message=_("An appointment ends after it begins."),
            ),
            models.CheckConstraint(
                condition=Q(state="fixed", starts_at__isnull=False)
                | Q(state="cancelled")
                | Q(state__in=["offered", "refused"], starts_at=None, sequence=0),
                name="appointment_fixed_has_time",
                violation_error_message=_("A fixed appointment has its time."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=["refused", "cancelled"], ended_at__isnull=False)
                | Q(state__in=["offered", "fixed"], ended_at=None, ended_by=None),
                name="appointment_ended_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(place=""),
                name="appointment_has_place",
                violation_error_message=_("Enter where the talk takes place."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.state} {self.starts_at or '–'}"

    @property
    def is_offered(self) -> bool:
        return self.state == S.OFFERED

    @property
    def link(self) -> str:
        """The place when it can be opened."""
        return self.place if self.place.startswith("https://") else ""

    @property
    def is_upcoming(self) -> bool:
        """Fixed, and not over."""
        return self.state == S.FIXED and self.ends_at is not None and self.ends_at > clock.now()

    @property
    def took_place(self) -> bool:
        return self.state == S.FIXED and not self.is_upcoming

    # Transitions. Called by services, which hold the lock of the case.

    def pick(self, *, actor: User, slot: AppointmentSlot) -> None:
        self._check(AppointmentAction.PICK)
        self.state, self.picked_by = S.FIXED, actor
        self._set(slot.starts_at, slot.ends_at)
        self.save()

    def move(self, *, starts_at: datetime, ends_at: datetime, kind: str, place: str) -> None:
        """To another time or place; who is told knows by the sequence that it is newer."""
        self._check(AppointmentAction.MOVE)
        if self.took_place:
            raise TransitionNotAllowed(
                AppointmentAction.MOVE, self.state, gettext("This appointment is over.")
            )
        self.kind, self.place = kind, place
        self.sequence += 1
        self._set(starts_at, ends_at)
        self.save()

    def refuse(self, *, actor: User) -> None:
        self._end(AppointmentAction.REFUSE, S.REFUSED, actor)

    def withdraw(self, *, actor: User | None) -> None:
        """Take the offer back; without an actor its slots are over or its case has ended."""
        self._end(AppointmentAction.WITHDRAW, S.CANCELLED, actor)

    def cancel(self, *, actor: User | None) -> None:
        if self.took_place:
            raise TransitionNotAllowed(
                AppointmentAction.CANCEL, self.state, gettext("This appointment is over.")
            )
        self.sequence += 1
        self._end(AppointmentAction.CANCEL, S.CANCELLED, actor)

    def _check(self, action: AppointmentAction) -> None:
        check(self.ALLOWED, action, self.state)

    def _set(self, starts_at: datetime, ends_at: datetime) -> None:
        self.starts_at, self.ends_at = starts_at, ends_at
        self.set_at = clock.now()
        self.reminded_at = None

    def _end(self, action: AppointmentAction, state: AppointmentState, actor: User | None) -> None:
        self._check(action)
        self.state, self.ended_by = state, actor
        self.ended_at = clock.now()
        self.save()


class AppointmentSlot(Addressed):
    """One of the times that are offered."""

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="slots")
    starts_at = models.DateTimeField(_("begin"))
    ends_at = models.DateTimeField(_("end"))

    class Meta:
        verbose_name = pgettext_lazy("appointment", "slot")
        verbose_name_plural = pgettext_lazy("appointment", "slots")
        ordering = ["starts_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "starts_at"],
                name="appointment_slot_once",
                violation_error_message=_("Offer each time only once."),
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="appointment_slot_ends_later",
                violation_error_message=_("An appointment ends after it begins."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M}"

    @property
    def is_past(self) -> bool:
        """It has begun: too late to choose it."""
        return self.starts_at <= clock.now()
