"""What every engine can do for us (sandbox.md section 2). Synchronous, idempotent, called by tasks.

A backend knows nothing of the database. It finds its objects by their labels, so that it can observe and
remove them when the database is down or was restored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from django.utils.translation import gettext as _

from sandbox.spec import Check, EnvSpec

if TYPE_CHECKING:
    from sandbox.backends.collecting import Collector

NAME = re.compile(r"osk-[0-9a-f]{8}-g[0-9]{1,5}")


class BackendError(Exception):
    """Something at the engine went wrong; the class says what to do about it."""


class Retryable(BackendError):
    """May work the next time, at the earliest in ``after`` seconds."""

    def __init__(self, detail: str, *, after: float = 0) -> None:
        self.detail, self.after = detail, after
        super().__init__(detail)


class Permanent(BackendError):
    """Will never work like this: a person must change something."""

    def __init__(self, message_for_user: str, detail_for_operator: str) -> None:
        self.message_for_user = message_for_user
        self.detail_for_operator = detail_for_operator
        super().__init__(detail_for_operator)


class BackendUnavailable(Retryable):
    """The engine does not answer. Says nothing about what exists there: never read as "gone"."""


class CapacityExhausted(Retryable):
    """The engine has no room left, of memory, disk or addresses: what has not begun waits."""


class AddressHeld(Retryable):
    """The engine keeps an address for somebody who is gone."""


class ObservedState(StrEnum):
    ABSENT = "absent"
    ASKED = "asked"
    """A person was asked to do it and has not said yet that it is done."""
    CREATING = "creating"
    RUNNING = "running"
    EXITED = "exited"
    UNKNOWN = "unknown"
    """The engine could not tell. Not the same as ABSENT: nothing is concluded from it."""


@dataclass(frozen=True)
class EnvRef:
    """Which environment; the name at the engine follows from it and never changes."""

    instance: str
    env: str
    """Public id of the environment's row."""
    generation: int
    template: str = field(default="", compare=False)
    """Product and version, as ``radicale@3``: written on what is made, and never looked for."""
    origin: str = field(default="", compare=False)
    """``https://…`` under which people open it through the gate; empty: at the engine's own address."""
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)
    """The same of every endpoint, by port; empty without a gate."""
    is_in_use: bool = field(default=False, compare=False)
    """Was handed over: what its people wrote, also outside volumes, must not go to get it running."""

    @property
    def name(self) -> str:
        return f"osk-{self.env.replace('-', '')[:8]}-g{self.generation}"


@dataclass(frozen=True)
class Item:
    """One thing that exists at the engine, for the proof of deletion; ``kind`` is a ProofKind."""

    kind: str
    name: str


@dataclass(frozen=True)
class Observed:
    """What the engine has of one environment, read from its labels and its processes."""

    name: str
    state: ObservedState
    instance: str = ""
    env: str = ""
    generation: int = 0
    endpoint: str = ""
    others: Mapping[str, str] = field(default_factory=dict)
    """``http://address:port`` of the other endpoints, by port of the specification."""
    created_at: datetime | None = None
    expires_at: datetime | None = None
    items: tuple[Item, ...] = ()
    is_remains: bool = False
    """Only data that the engine keeps against the removal. Its labels are gone: the name says whose it is."""


@dataclass(frozen=True)
class ProbeResult:
    ok: bool
    detail: str = ""
    is_over: bool = False
    """The program has ended: waiting longer is of no use."""


@dataclass(frozen=True)
class Health:
    """``memory_mb``, ``disk_mb``: what is free; None where the engine does not tell."""

    ok: bool
    detail: str
    memory_mb: int | None = None
    disk_mb: int | None = None


def needs_a_person(spec: EnvSpec) -> list[str]:
    """What an engine answers to a runbook."""
    return [_("a runbook needs a person: places of the engine “manual”")] if spec.is_by_hand else []


class SandboxBackend(Protocol):
    @property
    def key(self) -> str: ...

    def check(self) -> Health:
        """Can anything be set up here at all, and if not, why."""

    def validate(self, spec: EnvSpec) -> list[str]:
        """What of the specification this engine cannot do; empty when it can."""

    def ensure(
        self, ref: EnvRef, spec: EnvSpec, secrets: Mapping[str, str], *, expires_at: datetime
    ) -> Observed:
        """Make it exist and run, from whatever is there already. ``secrets``: password by role.

        Raises Retryable, Permanent, BackendUnavailable; never because something exists.
        """

    def observe(self, ref: EnvRef) -> Observed: ...

    def observe_all(self) -> Iterable[Observed]:
        """Everything with our labels, of whatever instance. Raises BackendUnavailable."""

    def probe(self, ref: EnvRef, check: Check, *, patience: float = 0) -> ProbeResult:
        """Ask the product itself, for at most ``patience`` seconds."""

    def halt(self, ref: EnvRef) -> None:
        """End its programs and keep its data, so that ``ensure`` starts it again; a second time is
        nothing new. Raises as ``ensure``.
        """

    def destroy(self, ref: EnvRef) -> Observed:
        """Remove all of it; what is not there counts as removed. Raises as ``ensure``."""

    def logs(self, ref: EnvRef, *, limit: int = 50) -> list[str]:
        """The last lines that its programs wrote. May hold secrets: redact before storing."""

    def set_expiry(self, ref: EnvRef, when: datetime) -> None: ...


@runtime_checkable
class Quarantining(Protocol):
    """An engine that can keep an environment for a look at it."""

    def quarantine(self, ref: EnvRef) -> None:
        """Stop its programs and cut its network; what they wrote stays. A second time is nothing new.

        Raises as ``ensure``.
        """


@runtime_checkable
class Exporting(Protocol):
    """An engine from which people can take along what a specification names in ``export``."""

    def export(self, ref: EnvRef, spec: EnvSpec, into: Collector) -> None:
        """Hand over the files, while it runs or not, and change nothing of it. What products wrote is hostile.

        Raises as ``ensure``; Permanent where nothing of the environment is there.
        """


def quarantine(backend: SandboxBackend, ref: EnvRef) -> None:
    """As ``Quarantining``; programs that do not run have no network either."""
    if isinstance(backend, Quarantining):
        backend.quarantine(ref)
    else:
        backend.halt(ref)
