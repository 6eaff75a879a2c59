"""Environments: what exists at an engine for a booking, one row a generation."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.logs import request_id
from osk_portal.toolkit.transitions import Event, check
from sandbox.enums import (
    Desired,
    EnvironmentAction,
    EnvironmentEventKind,
    EnvironmentState,
    ProofKind,
)
from sandbox.models.bookings import Booking
from sandbox.models.capacity import Slot
from sandbox.querysets import CredentialQuerySet, EnvironmentQuerySet

_S = EnvironmentState
_A = EnvironmentAction
BY_HAND = "manual"
UNREADABLE = frozenset({BY_HAND, "kubernetes"})
"""Engines whose environments the portal cannot read files of (``backends.base.Exporting``)."""
_ASIDE = (
    EnvironmentEventKind.LATE,
    EnvironmentEventKind.SNAPSHOT_ASKED,
    EnvironmentEventKind.SNAPSHOT_TAKEN,
    EnvironmentEventKind.SNAPSHOT_FAILED,
    EnvironmentEventKind.SNAPSHOT_FETCHED,
    EnvironmentEventKind.SNAPSHOT_DELETED,
    EnvironmentEventKind.SNAPSHOT_EXPIRED,
    EnvironmentEventKind.SNAPSHOT_INFECTED,
)
"""Lines that say nothing of how the environment itself gets on."""


class Environment(Addressed):
    """One generation of what a booking promises; a retry is a new row (sandbox.md section 1).

    ``desired`` wins over everything: an environment that shall be absent is torn down from whatever
    state it is in. All waiting is in ``next_action_at``; who works on it holds the lease, and every
    outcome is written only while ``lease_token`` is still the one that was claimed.
    """

    ALLOWED: ClassVar[Mapping[EnvironmentAction, frozenset[EnvironmentState]]] = {
        _A.PROVISION: frozenset({_S.PENDING}),
        _A.START: frozenset({_S.PROVISIONING}),
        _A.HAND_OVER: frozenset({_S.STARTING, _S.DEGRADED}),
        # Starting: a restart that does not come to its end.
        _A.DISTURB: frozenset({_S.READY, _S.STARTING}),
        _A.RESTART: frozenset({_S.READY, _S.DEGRADED}),
        _A.FAIL: frozenset({_S.PENDING, _S.PROVISIONING, _S.STARTING, _S.READY, _S.DEGRADED}),
        # From every state that may own something at the engine, being set up included.
        _A.TEAR_DOWN: frozenset(
            {
                _S.PENDING,
                _S.PROVISIONING,
                _S.STARTING,
                _S.READY,
                _S.DEGRADED,
                _S.FAILED,
                _S.QUARANTINED,
            }
        ),
        _A.VANISH: frozenset({_S.TEARING_DOWN}),
        _A.ABANDON: frozenset({_S.TEARING_DOWN}),
        # From every state that may own something, a removal that has begun included.
        _A.QUARANTINE: frozenset(
            {_S.PROVISIONING, _S.STARTING, _S.READY, _S.DEGRADED, _S.FAILED, _S.TEARING_DOWN}
        ),
        _A.RELEASE: frozenset({_S.QUARANTINED}),
    }

    booking = models.ForeignKey(
        Booking,
        on_delete=models.PROTECT,
        related_name="environments",
        verbose_name=_("booking"),
    )
    slot = models.ForeignKey(
        Slot,
        on_delete=models.PROTECT,
        related_name="environments",
        verbose_name=pgettext_lazy("slot", "place"),
    )
    generation = models.PositiveSmallIntegerField(_("generation"), default=1)
    state = models.CharField(
        _("state"), max_length=20, choices=EnvironmentState, default=EnvironmentState.PENDING
    )
    state_since = models.DateTimeField(_("since"), default=clock.now)
    desired = models.CharField(
        _("desired"), max_length=10, choices=Desired, default=Desired.PRESENT
    )
    next_action_at = models.DateTimeField(_("next action at"), default=clock.now, db_index=True)
    lease_owner = models.CharField(_("worker"), max_length=100, blank=True)
    lease_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(_("attempts in this state"), default=0)
    backend = models.CharField(_("engine"), max_length=30)
    backend_key = models.CharField(_("name at the engine"), max_length=60)
    endpoint = models.CharField(_("address"), max_length=200, blank=True)
    other_addresses = models.JSONField(_("further addresses"), default=dict, blank=True)
    """Of the further endpoints: ``http://address:port`` by the port of the specification."""
    expires_at = models.DateTimeField(_("ends at"))
    ready_at = models.DateTimeField(_("ready at"), null=True, blank=True)
    checked_at = models.DateTimeField(_("last answered at"), null=True, blank=True)
    restart_at = models.DateTimeField(_("restart asked for at"), null=True, blank=True)
    gone_at = models.DateTimeField(_("removed at"), null=True, blank=True)
    error_for_user = models.CharField(_("error in words"), max_length=300, blank=True)
    error_for_operator = models.TextField(_("error in detail"), blank=True)
    abandoned_reason = models.TextField(_("reason of the operator"), blank=True)
    quarantined_until = models.DateTimeField(_("kept until"), null=True, blank=True)
    isolated_at = models.DateTimeField(_("stopped and cut off at"), null=True, blank=True)
    log_tail = models.TextField(editable=False, blank=True)
    """The last words of its programs, without secrets (``log_tail.py``); emptied at the end."""
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = EnvironmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("environment")
        verbose_name_plural = _("environments")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["booking", "generation"], name="environment_generation_unique"
            ),
            models.UniqueConstraint(
                fields=["booking"],
                condition=~Q(state__in=["gone", "abandoned"]),
                name="environment_one_existing_per_booking",
            ),
            models.CheckConstraint(
                name="environment_lease_whole",
                condition=Q(lease_until__isnull=True, lease_token__isnull=True)
                | Q(lease_until__isnull=False, lease_token__isnull=False),
            ),
            models.CheckConstraint(
                name="environment_ready_has_endpoint",
                condition=~Q(state="ready") | (Q(ready_at__isnull=False) & ~Q(endpoint="")),
            ),
            models.CheckConstraint(
                name="environment_gone_has_time",
                condition=Q(gone_at__isnull=False) | ~Q(state="gone"),
            ),
            models.CheckConstraint(
                name="environment_quarantine_has_end",
                condition=Q(quarantined_until__isnull=False) | ~Q(state="quarantined"),
            ),
        ]

    def __str__(self) -> str:
        return self.backend_key

    @staticmethod
    def key_for(public_id: uuid.UUID, generation: int) -> str:
        """The name at the engine: the same however often it is asked for (sandbox.md section 2)."""
        return f"osk-{public_id.hex[:8]}-g{generation}"

    @property
    def is_final(self) -> bool:
        """Owns nothing at an engine any more."""
        return self.state in (_S.GONE, _S.ABANDONED)

    @property
    def keeps_its_course(self) -> bool:
        """``desired`` has been followed already, or must wait: a removal goes on, a quarantine stays."""
        return self.state in (_S.TEARING_DOWN, _S.QUARANTINED)

    @property
    def begins_to_go(self) -> bool:
        """Its removal was asked for, and has not begun."""
        return self.desired == Desired.ABSENT and not self.keeps_its_course

    @property
    def ends_too_late(self) -> bool:
        """Later than its booking: it was kept apart, and goes on."""
        return not self.keeps_its_course and self.expires_at > self.booking.ends_at

    @property
    def is_being_stopped(self) -> bool:
        """For a quarantine, by a worker that is not done with it at the engine."""
        return (
            self.state == _S.QUARANTINED
            and self.isolated_at is None
            and self.lease_token is not None
        )

    @property
    def is_released(self) -> bool:
        """Given back after a check, and not ready since."""
        kinds = (
            EnvironmentEventKind.RELEASED,
            EnvironmentEventKind.READY,
            EnvironmentEventKind.REPAIRED,
        )
        last = self.events.filter(kind__in=kinds).order_by("pk").last()
        return last is not None and last.kind == EnvironmentEventKind.RELEASED

    @property
    def template(self) -> str:
        """Product and version, as the engine's labels name it."""
        version = self.booking.blueprint_version
        return f"{version.blueprint.slug}@{version.number}"

    @property
    def is_by_hand(self) -> bool:
        """A person sets it up and removes it (backends/manual.py)."""
        return self.backend == BY_HAND

    @property
    def can_be_read(self) -> bool:
        """The portal can take along what its people have set up."""
        return self.backend not in UNREADABLE

    @property
    def waits_for_engine(self) -> bool:
        """Its engine did not answer when it was last asked."""
        return self.last_step == EnvironmentEventKind.WAITING_FOR_ENGINE

    @property
    def waits_for_room(self) -> bool:
        """Its engine had too little room when it was last asked."""
        return self.last_step == EnvironmentEventKind.WAITING_FOR_ROOM

    @property
    def last_step(self) -> str:
        """What its log says last of how it gets on; empty where nothing has happened yet."""
        told = self.events.exclude(kind__in=_ASIDE).order_by("pk").last()
        return "" if told is None else told.kind

    def provision(self) -> EnvironmentEvent:
        return self._move(_A.PROVISION, _S.PROVISIONING, EnvironmentEventKind.SECRETS_MADE)

    def start(self, *, endpoint: str, others: Mapping[str, str] | None = None) -> EnvironmentEvent:
        self.endpoint, self.other_addresses = endpoint, dict(others or {})
        fields = ["endpoint", "other_addresses"]
        return self._move(_A.START, _S.STARTING, EnvironmentEventKind.STARTED, fields)

    def hand_over(
        self, *, endpoint: str, others: Mapping[str, str] | None = None
    ) -> EnvironmentEvent:
        """Checked by us: the product answers. The first time of a generation sets ``ready_at``."""
        kind = (
            EnvironmentEventKind.REPAIRED
            if self.state == _S.DEGRADED
            else EnvironmentEventKind.READY
        )
        self.endpoint, self.checked_at = endpoint, clock.of_database()
        self.other_addresses = dict(others or self.other_addresses)
        self.ready_at = self.ready_at or self.checked_at
        fields = ["endpoint", "other_addresses", "checked_at", "ready_at"]
        return self._move(_A.HAND_OVER, _S.READY, kind, fields)

    def disturb(self) -> EnvironmentEvent:
        return self._move(_A.DISTURB, _S.DEGRADED, EnvironmentEventKind.DISTURBED)

    def restart(self, *, actor: User) -> EnvironmentEvent:
        """Stopped and started again with its data; ``restart_at`` stays until it was stopped."""
        check(self.ALLOWED, _A.RESTART, self.state)
        self.restart_at = clock.of_database()
        return self._move(
            _A.RESTART, _S.STARTING, EnvironmentEventKind.RESTARTED, ["restart_at"], actor=actor
        )

    def fail(
        self, *, for_user: str, for_operator: str, kind: str = EnvironmentEventKind.FAILED
    ) -> EnvironmentEvent:
        """It will not come any more. What is left of it must go, so ``desired`` is absent."""
        self.error_for_user, self.error_for_operator = for_user[:300], for_operator
        self.desired = Desired.ABSENT
        return self._move(
            _A.FAIL, _S.FAILED, kind, ["error_for_user", "error_for_operator", "desired"]
        )

    def tear_down(self) -> EnvironmentEvent:
        self.desired = Desired.ABSENT
        return self._move(_A.TEAR_DOWN, _S.TEARING_DOWN, EnvironmentEventKind.REMOVING, ["desired"])

    def vanish(self) -> EnvironmentEvent:
        """The engine was asked and has nothing of it any more."""
        self.gone_at, self.log_tail = clock.of_database(), ""
        return self._move(_A.VANISH, _S.GONE, EnvironmentEventKind.GONE, ["gone_at", "log_tail"])

    def quarantine(self, *, actor: User, until: datetime) -> EnvironmentEvent:
        """Stopped, cut off and kept until ``until``, whatever the booking says; then removed.

        The engine learns a later end as well, or its safety net would remove it before. An earlier one it does not:
        until it knew, its own would look like that of a database that was restored.
        """
        check(self.ALLOWED, _A.QUARANTINE, self.state)
        self.quarantined_until, self.expires_at = until, max(self.expires_at, until)
        self.isolated_at = None
        return self._move(
            _A.QUARANTINE,
            _S.QUARANTINED,
            EnvironmentEventKind.HALTED,
            ["quarantined_until", "expires_at", "isolated_at"],
            actor=actor,
        )

    def release(self, *, actor: User) -> EnvironmentEvent:
        """Back to where it goes on by itself; what ran before is started anew. ``expires_at`` stays the later end
        until the engine knows the earlier one (``looking_after.tell_end``).
        """
        self.quarantined_until = self.isolated_at = None
        self.restart_at = None if self.ready_at is None else clock.of_database()
        return self._move(
            _A.RELEASE,
            _S.PROVISIONING if self.ready_at is None else _S.STARTING,
            EnvironmentEventKind.RELEASED,
            ["quarantined_until", "isolated_at", "restart_at"],
            actor=actor,
        )

    def abandon(self, *, actor: User, reason: str) -> EnvironmentEvent:
        self.abandoned_reason, self.log_tail = reason, ""
        return self._move(
            _A.ABANDON,
            _S.ABANDONED,
            EnvironmentEventKind.ABANDONED,
            ["abandoned_reason", "log_tail"],
            actor=actor,
        )

    def _move(
        self,
        action: EnvironmentAction,
        to: EnvironmentState,
        kind: str,
        fields: list[str] | None = None,
        *,
        actor: User | None = None,
    ) -> EnvironmentEvent:
        """Each passage starts the count of attempts anew and is due at once."""
        check(self.ALLOWED, action, self.state)
        before, self.state = self.state, to
        self.state_since = self.next_action_at = clock.of_database()
        self.attempts = 0
        self.save(
            update_fields=["state", "state_since", "next_action_at", "attempts", *(fields or [])]
        )
        return self.record(kind, from_state=before, actor=actor)

    def record(
        self, kind: str, *, from_state: str = "", actor: User | None = None, **ids: str | int
    ) -> EnvironmentEvent:
        """A line of the log that the person who booked reads."""
        return EnvironmentEvent.objects.create(
            environment=self,
            kind=kind,
            from_state=from_state,
            to_state=self.state if from_state else "",
            actor=actor,
            data=ids,
            request_id=request_id.get(),
        )


class EnvironmentEvent(Event):
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="events")
    guest_name = ""
    """Of a guest who did it; the row holds only the key (``data["guest"]``), a page puts the name here."""

    @property
    def words(self) -> str:
        """The line as a person reads it, in the present language."""
        return str(EnvironmentEventKind(self.kind).label)


class Credential(Addressed):
    """A login of the product, made by us. Shown on demand, every time recorded, wiped at the end."""

    environment = models.ForeignKey(
        Environment, on_delete=models.PROTECT, related_name="credentials"
    )
    role = models.SlugField(_("role"), max_length=40)
    label = models.CharField(_("name of the role"), max_length=60)
    # Empty where only the components know it among each other.
    username = models.CharField(_("user name"), max_length=60, blank=True)
    secret = models.TextField(editable=False, blank=True)
    wiped_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = CredentialQuerySet.as_manager()

    class Meta:
        verbose_name = _("credential")
        verbose_name_plural = _("credentials")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["environment", "role"], name="credential_one_per_role"),
            models.CheckConstraint(
                name="credential_wiped_is_empty",
                condition=Q(wiped_at__isnull=True) | Q(secret=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.environment_id} {self.role}"


class RemovalProof(models.Model):
    """One thing that existed and was verified gone (Löschnachweis); empty until it was verified."""

    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="proofs")
    kind = models.CharField(max_length=20, choices=ProofKind)
    name = models.CharField(max_length=200)
    found_at = models.DateTimeField(default=clock.now)
    verified_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("proof of deletion")
        verbose_name_plural = _("proofs of deletion")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "kind", "name"], name="proof_one_per_thing"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"
