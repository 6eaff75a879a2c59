"""The waitlist: who is offered a place next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.logs import request_id
from osk_portal.toolkit.transitions import Event, check
from sandbox.enums import WaitAction, WaitState
from sandbox.models.blueprints import Blueprint
from sandbox.models.bookings import Booking
from sandbox.querysets import WaitlistQuerySet

_S = WaitState
_A = WaitAction


class WaitlistEntry(Addressed):
    """Somebody waits for a place for a product and a number of days.

    An offer is a booking in the state *draft*, which holds the place until its ``hold_expires_at``.
    """

    ALLOWED: ClassVar[Mapping[WaitAction, frozenset[WaitState]]] = {
        _A.OFFER: frozenset({_S.WAITING}),
        _A.TAKE: frozenset({_S.OFFERED}),
        _A.DECLINE: frozenset({_S.OFFERED}),
        _A.LAPSE: frozenset({_S.OFFERED}),
        _A.LEAVE: frozenset({_S.WAITING}),
    }

    blueprint = models.ForeignKey(
        Blueprint,
        on_delete=models.PROTECT,
        related_name="waiting",
        verbose_name=_("test product"),
    )
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="sandbox_waiting",
        verbose_name=_("organisation"),
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="sandbox_waiting",
        verbose_name=_("person"),
    )
    days = models.PositiveSmallIntegerField(
        _("days"), validators=[MinValueValidator(1), MaxValueValidator(90)]
    )
    purpose = models.TextField(_("purpose"), max_length=2000)
    test_data_acknowledged_at = models.DateTimeField(_("only test data, promised at"))
    state = models.CharField(
        _("state"), max_length=20, choices=WaitState, default=WaitState.WAITING
    )
    booking = models.OneToOneField(
        Booking,
        on_delete=models.PROTECT,
        related_name="waitlist_entry",
        null=True,
        blank=True,
        verbose_name=_("booking"),
    )
    created_at = models.DateTimeField(_("waits since"), default=clock.now, editable=False)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    objects = WaitlistQuerySet.as_manager()

    class Meta:
        verbose_name = _("waitlist entry")
        verbose_name_plural = _("waitlist")
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["blueprint", "organisation", "person"],
                condition=Q(state__in=["waiting", "offered"]),
                name="waitlist_once",
                violation_error_message=_("You are on this waitlist already."),
            ),
            models.CheckConstraint(
                name="waitlist_offer_has_booking",
                condition=Q(state__in=["waiting", "left"], booking__isnull=True)
                | (~Q(state__in=["waiting", "left"]) & Q(booking__isnull=False)),
            ),
            models.CheckConstraint(
                name="waitlist_over_has_time",
                condition=Q(state__in=["waiting", "offered"], ended_at__isnull=True)
                | (~Q(state__in=["waiting", "offered"]) & Q(ended_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return str(_("Turn %(key)s") % {"key": str(self.public_id)[:8]})

    def can(self, action: WaitAction) -> bool:
        return self.state in self.ALLOWED[action]

    def offer(self, booking: Booking) -> WaitlistEvent:
        check(self.ALLOWED, _A.OFFER, self.state)
        self.booking = booking
        return self._move(_A.OFFER, _S.OFFERED)

    def take(self, *, actor: User) -> WaitlistEvent:
        return self._end(_A.TAKE, _S.TAKEN, actor)

    def decline(self, *, actor: User) -> WaitlistEvent:
        return self._end(_A.DECLINE, _S.DECLINED, actor)

    def lapse(self) -> WaitlistEvent:
        """The offer ran out."""
        return self._end(_A.LAPSE, _S.LAPSED, None)

    def leave(self, *, actor: User | None) -> WaitlistEvent:
        """By the person, or without one where the person may no longer book."""
        return self._end(_A.LEAVE, _S.LEFT, actor)

    def _end(self, action: WaitAction, to: WaitState, actor: User | None) -> WaitlistEvent:
        check(self.ALLOWED, action, self.state)
        self.ended_at = clock.now()
        return self._move(action, to, actor=actor)

    def _move(
        self, action: WaitAction, to: WaitState, *, actor: User | None = None
    ) -> WaitlistEvent:
        check(self.ALLOWED, action, self.state)
        before, self.state = self.state, to
        self.save(update_fields=["state", "booking", "ended_at"])
        return self.record(action, actor=actor, from_state=before)

    def record(self, kind: str, *, actor: User | None, from_state: str = "") -> WaitlistEvent:
        return WaitlistEvent.objects.create(
            entry=self,
            kind=kind,
            from_state=from_state,
            to_state=self.state,
            actor=actor,
            request_id=request_id.get(),
        )


class WaitlistEvent(Event):
    entry = models.ForeignKey(WaitlistEntry, on_delete=models.PROTECT, related_name="events")
