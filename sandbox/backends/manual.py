"""The engine that is a person: its objects are tasks for operators, kept in the portal's own database.

``ensure`` asks for the set-up, ``destroy`` for the removal; what an environment *is* follows from the last
task of each kind. Nothing here ends by a time: who sets up by hand takes days.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from osk_portal.accounts.models import User
from sandbox.backends.base import (
    BackendUnavailable,
    EnvRef,
    Health,
    Item,
    Observed,
    ObservedState,
    Permanent,
    ProbeResult,
)
from sandbox.enums import TaskKind, TaskState
from sandbox.models import Booking, Environment, OperatorTask
from sandbox.models.environments import BY_HAND
from sandbox.services import by_hand
from sandbox.spec import Check, EnvSpec

REFUSED = gettext_noop("The operators could not set up this environment.")
NO_RESTART = gettext_noop("What was set up by hand is not restarted from here.")


class ManualBackend:
    key: ClassVar[str] = BY_HAND

    @classmethod
    def from_settings(cls) -> ManualBackend:
        return cls()

    def check(self) -> Health:
        """There must be somebody to ask."""
        count = User.objects.operators().count()
        words = ngettext("%(count)d operator", "%(count)d operators", count)
        return Health(count > 0, words % {"count": count})

    def validate(self, spec: EnvSpec) -> list[str]:
        return [] if spec.is_by_hand else [_("a person needs a “runbook”")]

    def ensure(
        self, ref: EnvRef, spec: EnvSpec, secrets: Mapping[str, str], *, expires_at: datetime
    ) -> Observed:
        """``secrets`` are not used: the person enters what the product has been given."""
        if not spec.is_by_hand:
            raise Permanent("", "a person needs a runbook")
        with _locked(ref) as environment:
            found = _Tasks.of(environment)
            found.must_belong_to(ref)
            if found.state == ObservedState.ABSENT:
                by_hand.ask_for_set_up(environment, instance=ref.instance, expires_at=expires_at)
            found = _Tasks.of(environment)
            if found.state == ObservedState.EXITED and found.set_up is not None:
                raise Permanent(REFUSED, found.set_up.reason)
            self._set_expiry(found, expires_at)
            return found.observed(ref.name)

    def observe(self, ref: EnvRef) -> Observed:
        try:
            environment = Environment.objects.filter(public_id=UUID(ref.env)).first()
            if environment is None or environment.generation != ref.generation:
                return Observed(ref.name, ObservedState.ABSENT)
            found = _Tasks.of(environment)
        except (DatabaseError, ValueError):
            return Observed(ref.name, ObservedState.UNKNOWN)
        if found.is_foreign_to(ref):
            return Observed(ref.name, ObservedState.UNKNOWN, instance=found.instance, env=ref.env)
        return found.observed(ref.name)

    def observe_all(self) -> Iterable[Observed]:
        try:
            environments = list(
                Environment.objects.filter(tasks__isnull=False)
                .distinct()
                .prefetch_related("tasks")
                .order_by("pk")
            )
        except DatabaseError as error:
            raise BackendUnavailable(f"the database: {error}") from error
        found = [(e.backend_key, _Tasks.of(e)) for e in environments]
        return [t.observed(name) for name, t in found if t.state != ObservedState.ABSENT]

    def probe(self, ref: EnvRef, check: Check, *, patience: float = 0) -> ProbeResult:
        """The person has looked: an address inside of another network is out of the portal's reach."""
        return ProbeResult(self.observe(ref).state == ObservedState.RUNNING)

    def halt(self, ref: EnvRef) -> None:
        raise Permanent(NO_RESTART, "what was set up by hand is not restarted from here")

    def destroy(self, ref: EnvRef) -> Observed:
        """Asks for the removal, unless nobody has begun to set it up."""
        try:
            with _locked(ref) as environment:
                found = _Tasks.of(environment)
                found.must_belong_to(ref)
                if found.is_untouched and found.set_up is not None:
                    found.set_up.withdraw()
                elif found.is_to_be_removed:
                    if found.set_up is not None and found.set_up.is_open:
                        found.set_up.withdraw()
                    by_hand.ask_for_removal(environment, instance=ref.instance)
                return _Tasks.of(environment).observed(ref.name)
        except Environment.DoesNotExist:
            return Observed(ref.name, ObservedState.ABSENT)

    def logs(self, ref: EnvRef, *, limit: int = 50) -> list[str]:
        return []

    def set_expiry(self, ref: EnvRef, when: datetime) -> None:
        try:
            with _locked(ref) as environment:
                self._set_expiry(_Tasks.of(environment), when)
        except Environment.DoesNotExist:
            return

    def _set_expiry(self, found: _Tasks, when: datetime) -> None:
        task = found.set_up
        if task is not None and task.expires_at != when:
            task.expires_at = when
            task.save(update_fields=["expires_at"])


class _Tasks:
    """The last set-up of an environment, and the removal that came after it."""

    def __init__(self, tasks: Iterable[OperatorTask]) -> None:
        self.set_up: OperatorTask | None = None
        self.removal: OperatorTask | None = None
        for task in tasks:
            if task.kind == TaskKind.SET_UP:
                self.set_up, self.removal = task, None
            else:
                self.removal = task

    @classmethod
    def of(cls, environment: Environment) -> _Tasks:
        tasks = sorted(environment.tasks.all(), key=lambda task: task.pk)
        for task in tasks:
            task.environment = environment
        return cls(tasks)

    @property
    def state(self) -> ObservedState:
        if self.removal is not None:
            is_done = self.removal.state == TaskState.DONE
            return ObservedState.ABSENT if is_done else ObservedState.ASKED
        if self.set_up is None or self.set_up.state == TaskState.WITHDRAWN:
            return ObservedState.ABSENT
        if self.set_up.is_open:
            return ObservedState.ASKED
        is_done = self.set_up.state == TaskState.DONE
        return ObservedState.RUNNING if is_done else ObservedState.EXITED

    @property
    def is_untouched(self) -> bool:
        """Asked for, and nobody has begun."""
        return (
            self.set_up is not None and self.removal is None and self.set_up.state == TaskState.OPEN
        )

    @property
    def is_to_be_removed(self) -> bool:
        return self.removal is None and self.state != ObservedState.ABSENT

    @property
    def instance(self) -> str:
        return "" if self.set_up is None else self.set_up.instance

    def is_foreign_to(self, ref: EnvRef) -> bool:
        return self.state != ObservedState.ABSENT and self.instance != ref.instance

    def must_belong_to(self, ref: EnvRef) -> None:
        if self.is_foreign_to(ref):
            raise Permanent("", f"{ref.name} belongs to {self.instance}")

    def observed(self, name: str) -> Observed:
        task = self.set_up
        if task is None or self.state == ObservedState.ABSENT:
            return Observed(name, ObservedState.ABSENT)
        return Observed(
            name,
            self.state,
            instance=task.instance,
            env=str(task.environment.public_id),
            generation=task.environment.generation,
            endpoint=task.endpoint,
            created_at=task.created_at,
            expires_at=task.expires_at,
            items=tuple(Item("by_hand", str(thing)[:200]) for thing in task.things),
        )


@contextmanager
def _locked(ref: EnvRef) -> Iterator[Environment]:
    """Booking before environment, as everywhere. Raises Environment.DoesNotExist."""
    with transaction.atomic():
        Booking.objects.select_for_update(of=("self",)).filter(
            environments__public_id=ref.env
        ).first()
        yield (
            Environment.objects.select_for_update(of=("self",))
            .select_related("booking__blueprint_version__blueprint", "slot__pool")
            .get(public_id=ref.env, generation=ref.generation)
        )
