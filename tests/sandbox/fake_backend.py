"""An engine in memory, with faults to order: the same interface, no process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from osk_portal.toolkit import clock
from sandbox.backends.base import (
    EnvRef,
    Health,
    Item,
    Observed,
    ObservedState,
    Permanent,
    ProbeResult,
)
from sandbox.backends.collecting import Collector, EnoughError
from sandbox.spec import Check, EnvSpec

Fault = BaseException | Callable[[], None]


class Killed(BaseException):
    """Stands for kill -9 of the worker: nothing after it runs, not even an error handler."""


@dataclass
class FakeBackend:
    key: str = "fake"
    objects: dict[str, Observed] = field(default_factory=dict)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    """Method → what happens at its next calls; "ensure:after" strikes once the object exists."""
    calls: list[tuple[str, str]] = field(default_factory=list)
    unhealthy: set[str] = field(default_factory=set)
    cut_off: set[str] = field(default_factory=set)
    """They run, and nobody reaches them until ``ensure``."""
    log_lines: list[str] = field(default_factory=list)
    secrets: dict[str, Mapping[str, str]] = field(default_factory=dict)
    memory_mb: int | None = None
    disk_mb: int | None = None

    data: dict[str, dict[tuple[str, str], bytes]] = field(default_factory=dict)
    """What lies in an environment: by its name, then by component and path."""

    def fault(self, where: str, *faults: Fault) -> None:
        self.faults.setdefault(where, []).extend(faults)

    def _strike(self, where: str, name: str) -> None:
        self.calls.append((where, name))
        waiting = self.faults.get(where)
        if waiting:
            fault = waiting.pop(0)
            if isinstance(fault, BaseException):
                raise fault
            fault()

    def check(self) -> Health:
        self._strike("check", "")
        return Health(True, "in memory", memory_mb=self.memory_mb, disk_mb=self.disk_mb)

    def validate(self, spec: EnvSpec) -> list[str]:
        return []

    def ensure(
        self, ref: EnvRef, spec: EnvSpec, secrets: Mapping[str, str], *, expires_at: datetime
    ) -> Observed:
        self._strike("ensure", ref.name)
        there = self.objects.get(ref.name)
        if there is not None and (there.instance, there.env) != (ref.instance, ref.env):
            raise Permanent("", f"{ref.name} belongs to {there.instance}")
        self.secrets[ref.name] = dict(secrets)
        self.cut_off.discard(ref.name)
        seeds = {(c.name, f.path): f.content.encode() for c in spec.components for f in c.seed}
        self.data.setdefault(ref.name, seeds)
        self.objects[ref.name] = Observed(
            ref.name,
            ObservedState.RUNNING,
            instance=ref.instance,
            env=ref.env,
            generation=ref.generation,
            endpoint=f"http://127.0.0.1:21000/{ref.name}",
            others=dict.fromkeys(spec.other_ports, "http://127.0.0.1:21001"),
            created_at=there.created_at if there else clock.now(),
            expires_at=expires_at,
            items=(Item("folder", f"/{ref.name}"), Item("process", "PID 4711")),
        )
        self._strike("ensure:after", ref.name)
        return self.objects[ref.name]

    def observe(self, ref: EnvRef) -> Observed:
        self._strike("observe", ref.name)
        return self.objects.get(ref.name, Observed(ref.name, ObservedState.ABSENT))

    def observe_all(self) -> Iterable[Observed]:
        self._strike("observe_all", "")
        return list(self.objects.values())

    def probe(self, ref: EnvRef, check: Check, *, patience: float = 0) -> ProbeResult:
        self._strike("probe", ref.name)
        there = self.objects.get(ref.name)
        if there is None or there.state != ObservedState.RUNNING:
            return ProbeResult(False, "the program has ended", is_over=True)
        if ref.name in self.unhealthy | self.cut_off:
            return ProbeResult(False, "answers 503")
        return ProbeResult(True)

    def destroy(self, ref: EnvRef) -> Observed:
        self._strike("destroy", ref.name)
        there = self.objects.get(ref.name)
        if there is not None and (there.instance, there.env) != (ref.instance, ref.env):
            raise Permanent("", f"{ref.name} belongs to {there.instance}")
        self.objects.pop(ref.name, None)
        self.data.pop(ref.name, None)
        self._strike("destroy:after", ref.name)
        return Observed(ref.name, ObservedState.ABSENT)

    def logs(self, ref: EnvRef, *, limit: int = 50) -> list[str]:
        self._strike("logs", ref.name)
        return self.log_lines[-limit:]

    def halt(self, ref: EnvRef) -> None:
        self._strike("halt", ref.name)
        there = self.objects.get(ref.name)
        if there is not None:
            self.objects[ref.name] = replace(there, state=ObservedState.EXITED)

    def export(self, ref: EnvRef, spec: EnvSpec, into: Collector) -> None:
        self._strike("export", ref.name)
        there = self.objects.get(ref.name)
        if there is None or (there.instance, there.env) != (ref.instance, ref.env):
            raise Permanent("", f"{ref.name} is not there")
        wanted = [(one.component, f"{one.path}/") for one in spec.export]
        try:
            for (component, path), content in sorted(self.data[ref.name].items()):
                if any(component == c and f"{path}/".startswith(p) for c, p in wanted):
                    into.add(component, path, len(content), [content])
        except EnoughError:
            into.end()
        self._strike("export:after", ref.name)

    def set_expiry(self, ref: EnvRef, when: datetime) -> None:
        self._strike("set_expiry", ref.name)
        there = self.objects.get(ref.name)
        if there is not None:
            self.objects[ref.name] = replace(there, expires_at=when)

    # What tests do to it

    def kill(self, name: str) -> None:
        """The program ends by itself; its data stays."""
        self.objects[name] = replace(self.objects[name], state=ObservedState.EXITED)

    def lose(self, name: str) -> None:
        """Somebody removed it behind our back."""
        del self.objects[name]

    def count(self, where: str) -> int:
        return sum(1 for called, _ in self.calls if called == where)
