"""Environments as plain processes of this machine: for try-outs, refused in production.

An environment is a folder ``<root>/osk-<8 hex>-g<generation>``:

* ``label.json``, ``<component>.json``, ``<component>.log``: what the portal keeps of it (``process_folder``);
* ``home/``: the only thing the product may touch; owned by another user where the portal is root, and
  then outside where that user cannot reach the portal's folder.

Each process also carries the label in its environment variables, so that children which left the session
are found, and a process whose folder is gone.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from django.conf import settings
from django.utils.translation import gettext as _

from osk_portal.embedded.postgres_home import ROOT_HOME
from osk_portal.embedded.processes import ProcessId, wait_until
from osk_portal.toolkit import clock
from sandbox.backends import machine
from sandbox.backends.base import (
    NAME,
    BackendUnavailable,
    CapacityExhausted,
    EnvRef,
    Health,
    Item,
    Observed,
    ObservedState,
    Permanent,
    ProbeResult,
    Retryable,
    needs_a_person,
)
from sandbox.backends.collecting import Collector, EnoughError
from sandbox.backends.other_user import OtherUser
from sandbox.backends.probing import ask
from sandbox.backends.process_folder import Label, leaders, read_state, remove, state_files
from sandbox.backends.process_lock import locked
from sandbox.backends.process_ports import with_ports
from sandbox.backends.process_reading import read_files
from sandbox.backends.process_start import Starter
from sandbox.spec import Check, Component, EnvSpec

STOP_SECONDS = 5


class ProcessBackend:
    key: ClassVar[str] = "process"

    def __init__(
        self,
        *,
        root: Path,
        programs: Mapping[str, str],
        ports: range,
        user: str,
        outside: Path = ROOT_HOME,
        mail_port: int = 0,
    ) -> None:
        self._root = root
        self._programs = programs
        self._ports = ports
        self._outside = outside / "sandboxes"
        self._user = OtherUser.find(user)
        self._starter = Starter(root, programs, self._user, self._outside, mail_port)
        root.mkdir(mode=0o711, parents=True, exist_ok=True)

    @classmethod
    def from_settings(cls) -> ProcessBackend:
        if settings.PRODUCTION:
            raise BackendUnavailable(
                "The process backend separates products by user only: never in production."
            )
        first, _, last = settings.OSK_SANDBOX_PORTS.partition("-")
        return cls(
            root=settings.OSK_VAR / "sandboxes",
            programs=settings.OSK_SANDBOX_PROGRAMS,
            ports=range(int(first), int(last) + 1),
            user=settings.OSK_SANDBOX_USER,
            mail_port=settings.OSK_SANDBOX_MAIL_PORT,
        )

    # What is there

    def check(self) -> Health:
        missing = [name for name, path in self._programs.items() if not Path(path).exists()]
        if missing:
            return Health(
                False, _("Not installed: %(programs)s.") % {"programs": ", ".join(missing)}
            )
        return machine.health(self._root)

    def validate(self, spec: EnvSpec) -> list[str]:
        return needs_a_person(spec) + [
            f"{component.name}: "
            + _("program “%(program)s” is not offered here") % {"program": component.program}
            if component.program
            else f"{component.name}: " + _("images need another engine")
            for component in spec.components
            if component.program not in self._programs
        ]

    def observe(self, ref: EnvRef) -> Observed:
        return self._observe(ref.name, ref)

    def observe_all(self) -> Iterable[Observed]:
        try:
            names = [p.name for p in self._root.iterdir() if NAME.fullmatch(p.name)]
        except OSError as error:
            raise BackendUnavailable(f"{self._root}: {error.strerror}") from error
        found = [self._observe(name) for name in sorted(names)]
        return [*found, *self._without_folder({*names})]

    def _observe(self, name: str, ref: EnvRef | None = None) -> Observed:
        folder = self._root / name
        unknown = Observed(name, ObservedState.UNKNOWN)
        try:
            label = Label.read(folder)
            exists = folder.exists()
        except (OSError, ValueError):
            return unknown
        if label is None:
            strays = tuple(_item(process) for process in self._labelled(name))
            if exists or strays:
                return replace(unknown, state=ObservedState.CREATING, items=strays)
            return replace(unknown, state=ObservedState.ABSENT)
        if ref is not None and not label.belongs_to(ref):
            return replace(unknown, instance=label.instance, env=label.env)
        states = [read_state(path) for path in state_files(folder)]
        alive = [process for process in states if process is not None and process.is_alive]
        if not states:
            state = ObservedState.CREATING
        elif len(alive) == len(states):
            state = ObservedState.RUNNING
        else:
            state = ObservedState.EXITED
        items: list[Item] = [Item("folder", name)]
        items += [_item(process) for process in alive]
        items += [Item("port", f"127.0.0.1:{port}") for port in label.ports.values()]
        return Observed(
            name,
            state,
            instance=label.instance,
            env=label.env,
            generation=label.generation,
            endpoint=label.endpoint,
            others=label.others,
            created_at=datetime.fromisoformat(label.created_at),
            expires_at=datetime.fromisoformat(label.expires_at),
            items=tuple(items),
        )

    def _labelled(self, name: str) -> list[ProcessId]:
        return machine.labelled(name, self._root)

    def _without_folder(self, names: set[str]) -> Iterator[Observed]:
        """Processes with our label whose folder somebody removed."""
        seen: set[str] = set()
        for variables in machine.labels().values():
            name, root = variables["OSK_SANDBOX_NAME"], variables.get("OSK_SANDBOX_ROOT")
            if name in names or name in seen or root != str(self._root):
                continue
            seen.add(name)
            yield Observed(
                name,
                ObservedState.RUNNING,
                instance=variables.get("OSK_SANDBOX_INSTANCE", ""),
                env=variables.get("OSK_SANDBOX_ENV", ""),
                generation=int(name.rpartition("-g")[2]),
            )

    # Making it exist

    def ensure(
        self, ref: EnvRef, spec: EnvSpec, secrets: Mapping[str, str], *, expires_at: datetime
    ) -> Observed:
        problems = self.validate(spec)
        health = self.check()
        if problems:
            raise Permanent("", "; ".join(problems))
        if not health.ok:
            raise BackendUnavailable(health.detail, after=60)
        folder = self._root / ref.name
        try:
            with locked(self._root, ref.name) as lock:
                label = self._own_label(folder, ref)
                if label is None:
                    label = self._make_folder(folder, ref, expires_at)
                running = {c.name: self._is_running(folder, c) for c in spec.components}
                if not all(running.values()):
                    # Half of it, or leftovers of an earlier attempt: one clean start of all.
                    self._stop(folder, ref.name)
                    label = with_ports(self._root, self._ports, folder, label, spec)
                    for component in spec.components:
                        self._starter.launch(folder, label, ref, component, secrets, lock)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.EAGAIN):
                raise CapacityExhausted(str(error), after=60) from error
            raise Retryable(f"{type(error).__name__}: {error}") from error
        return self.observe(ref)

    def _own_label(self, folder: Path, ref: EnvRef) -> Label | None:
        try:
            label = Label.read(folder)
        except ValueError as error:
            raise Permanent("", str(error)) from error
        if label is not None and not label.belongs_to(ref):
            raise Permanent("", f"{folder.name} belongs to {label.instance}/{label.env}")
        return label

    def _make_folder(self, folder: Path, ref: EnvRef, expires_at: datetime) -> Label:
        """Appears whole, with its label: built aside and renamed."""
        if folder.exists():
            raise Permanent("", f"{folder.name} has no label: not ours")
        half = Path(tempfile.mkdtemp(prefix=f".{ref.name}-", dir=self._root))
        half.chmod(0o711)
        label = Label(
            instance=ref.instance,
            env=ref.env,
            generation=ref.generation,
            created_at=clock.now().isoformat(),
            expires_at=expires_at.isoformat(),
            home=str(self._home(folder)),
            ports={},
            endpoint="",
            template=ref.template,
        )
        label.write(half)
        half.rename(folder)
        return label

    def _home(self, folder: Path) -> Path:
        """Inside the folder; outside where the other user cannot come that far."""
        if self._user is None or self._user.can_enter(self._root):
            return folder / "home"
        homes = self._outside / hashlib.sha256(os.fsencode(self._root)).hexdigest()[:12]
        for path in (self._outside, homes):
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(0o711)
        return homes / folder.name

    def _is_running(self, folder: Path, component: Component) -> bool:
        state = read_state(folder / f"{component.name}.json")
        return state is not None and state.is_alive

    # Asking the product

    def probe(self, ref: EnvRef, check: Check, *, patience: float = 0) -> ProbeResult:
        deadline = time.monotonic() + patience
        while True:
            result = self._probe_once(ref, check)
            if result.ok or result.is_over or time.monotonic() >= deadline:
                return result
            time.sleep(0.1)

    def _probe_once(self, ref: EnvRef, check: Check) -> ProbeResult:
        try:
            label = Label.read(self._root / ref.name)
        except (OSError, ValueError) as error:
            return ProbeResult(False, str(error))
        state = self.observe(ref).state
        if label is None or check.port not in label.ports:
            return ProbeResult(False, "there is no such port", is_over=True)
        if state not in (ObservedState.RUNNING, ObservedState.UNKNOWN):
            # Also where it was stopped, and nothing says any more what ran.
            return ProbeResult(False, "the program has ended", is_over=True)
        port = label.ports[check.port]
        result = ask("127.0.0.1", port, check)
        if result.ok and not self._listens(ref.name, port):
            return ProbeResult(False, f"port {port} is answered by another program")
        return result

    def _listens(self, name: str, port: int) -> bool:
        processes = [*self._labelled(name), *leaders(self._root / name)]
        return machine.listens({process.pid for process in processes}, port)

    # Removing

    def destroy(self, ref: EnvRef) -> Observed:
        folder = self._root / ref.name
        try:
            with locked(self._root, ref.name, remove=True):
                label = self._own_label(folder, ref)
                if label is None and folder.exists():
                    raise Permanent("", f"{folder.name} has no label: not ours")
                self._stop(folder, ref.name)
                for half in self._root.glob(f".{ref.name}-*"):
                    shutil.rmtree(half)
                if label is not None:
                    remove(folder, Path(label.home))
        except OSError as error:
            raise Retryable(f"{type(error).__name__}: {error}") from error
        return self.observe(ref)

    def halt(self, ref: EnvRef) -> None:
        folder = self._root / ref.name
        try:
            with locked(self._root, ref.name):
                if self._own_label(folder, ref) is not None:
                    self._stop(folder, ref.name)
        except OSError as error:
            raise Retryable(f"{type(error).__name__}: {error}") from error

    def quarantine(self, ref: EnvRef) -> None:
        """Without programs nothing listens; its folder stays as it is."""
        self.halt(ref)

    def stop(self, name: str) -> None:
        """End its processes and keep its data: the next reconciliation starts it again."""
        with locked(self._root, name):
            self._stop(self._root / name, name)

    def _stop(self, folder: Path, name: str) -> None:
        """Everything that runs under this name, whether or not a state file knows of it."""
        known = leaders(folder)
        # A process that ends gives its variables back before it is gone: who was seen once is waited
        # for by its own identity, not by its label.
        seen = set(known)

        def running() -> list[ProcessId]:
            seen.update(self._labelled(name))
            return [process for process in seen if process.is_alive]

        for process in running():
            process.send(signal.SIGTERM)
        wait_until(lambda: not running(), STOP_SECONDS)
        for process in running():
            process.end((signal.SIGKILL,), patience=STOP_SECONDS)
        for process in known:
            process.kill_group()
        if running():
            raise Retryable(f"{name}: processes are still there")
        for path in state_files(folder):
            path.unlink(missing_ok=True)

    def logs(self, ref: EnvRef, *, limit: int = 50) -> list[str]:
        lines: list[str] = []
        for path in sorted((self._root / ref.name).glob("*.log")):
            with contextlib.suppress(OSError), path.open("rb") as file:
                file.seek(max(0, path.stat().st_size - 16_384))
                # The first line may have lost its begin, and with it what tells a password.
                begins_within = file.tell() > 0
                text = file.read().decode("utf-8", "replace").replace("\0", "")
                lines += text.splitlines()[int(begins_within) :][-limit:]
        return lines[-limit:]

    def export(self, ref: EnvRef, spec: EnvSpec, into: Collector) -> None:
        folder = self._root / ref.name
        try:
            label = self._own_label(folder, ref)
            if label is None:
                raise Permanent("", f"{ref.name} is not there")
            for component in spec.components:
                paths = [one.path for one in spec.export if one.component == component.name]
                if paths:
                    read_files(Path(label.home), self._user, component.name, paths, into)
        except EnoughError:
            into.end()
        except OSError as error:
            raise Retryable(f"{type(error).__name__}: {error}") from error

    def set_expiry(self, ref: EnvRef, when: datetime) -> None:
        folder = self._root / ref.name
        try:
            with locked(self._root, ref.name):
                label = self._own_label(folder, ref)
                if label is not None:
                    replace(label, expires_at=when.isoformat()).write(folder)
        except OSError as error:
            raise Retryable(f"{type(error).__name__}: {error}") from error


def _item(process: ProcessId) -> Item:
    return Item("process", f"PID {process.pid}")
