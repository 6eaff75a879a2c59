"""Who else tests in a booked environment: people with an account, and guests by a signed link."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import ClassVar, Final

from django.conf import settings
from django.core import signing
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.transitions import check
from sandbox.enums import ParticipantAction, ParticipantState
from sandbox.models.bookings import Booking
from sandbox.querysets import ParticipantQuerySet

_S = ParticipantState
_A = ParticipantAction
_SIGNER: Final = signing.Signer(salt="sandbox.guest", sep=".")


class TestParticipant(Addressed):
    """Somebody who tests along. ``user`` or, for a guest, ``name`` and ``email``; never both.

    A guest's right is the link: it is signed over ``link_key``, which a renewal replaces.
    """

    __test__ = False  # no class of tests

    ALLOWED: ClassVar[Mapping[ParticipantAction, frozenset[ParticipantState]]] = {
        _A.ACCEPT: frozenset({_S.INVITED}),
        _A.DECLINE: frozenset({_S.INVITED, _S.ACTIVE}),
        _A.REMOVE: frozenset({_S.INVITED, _S.ACTIVE}),
        _A.RENEW: frozenset({_S.ACTIVE}),
    }

    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="participants")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="sandbox_participations",
        null=True,
        blank=True,
    )
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text=_("Takes part as a member of it, and no longer than that."),
    )
    name = models.CharField(_("name"), max_length=120, blank=True)
    email = models.EmailField(_("email address"), blank=True)
    link_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    link_made_at = models.DateTimeField(default=clock.now, editable=False)
    state = models.CharField(_("state"), max_length=20, choices=ParticipantState)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    objects = ParticipantQuerySet.as_manager()

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["booking", "user"],
                condition=Q(state__in=["invited", "active"]),
                name="participant_person_once",
            ),
            models.CheckConstraint(
                name="participant_person_or_guest",
                condition=Q(user__isnull=False, name="", email="")
                | (Q(user__isnull=True) & ~Q(name="")),
            ),
            models.CheckConstraint(
                name="participant_over_has_time",
                condition=Q(state__in=["invited", "active"], ended_at__isnull=True)
                | (~Q(state__in=["invited", "active"]) & Q(ended_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"Participant {self.public_id}"

    def get_absolute_url(self) -> str:
        """Their page: with an account by its address, a guest by the link."""
        if self.is_guest:
            return reverse("sandbox:guest_sheet", args=[self.token])
        return reverse("sandbox:participation", args=[self.public_id])

    @property
    def is_guest(self) -> bool:
        return self.user_id is None

    @property
    def shown_name(self) -> str:
        return self.name if self.user is None else str(self.user)

    @property
    def is_in(self) -> bool:
        return self.state == _S.ACTIVE

    @property
    def token(self) -> str:
        """Signed, so that guessing costs nothing of the database."""
        return _SIGNER.sign(self.link_key.hex)

    @staticmethod
    def key_of(token: str) -> str | None:
        """The key that a token of ours names; None for any other."""
        try:
            return _SIGNER.unsign(token)
        except signing.BadSignature:
            return None

    def accept(self, *, actor: User) -> None:
        self._move(_A.ACCEPT, _S.ACTIVE, actor)

    def decline(self, *, actor: User) -> None:
        """Not taking part, or no longer."""
        self._move(_A.DECLINE, _S.DECLINED, actor)

    def remove(self, *, actor: User | None) -> None:
        self._move(_A.REMOVE, _S.REMOVED, actor)

    def renew(self, *, actor: User) -> None:
        """A new link; the older one is dead by it."""
        check(self.ALLOWED, _A.RENEW, self.state)
        self.link_key, self.link_made_at = uuid.uuid4(), clock.now()
        self.save(update_fields=["link_key", "link_made_at"])
        self.booking.record(f"participant_{_A.RENEW}", actor=actor)

    def _move(self, action: ParticipantAction, to: ParticipantState, actor: User | None) -> None:
        check(self.ALLOWED, action, self.state)
        self.state = to
        if to != _S.ACTIVE:
            self.ended_at = clock.now()
        self.save(update_fields=["state", "ended_at"])
        self.booking.record(f"participant_{action}", actor=actor)
