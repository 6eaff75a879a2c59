"""Environments as plain processes of this machine: for try-outs, refused in production.

An environment is a folder ``<root>/osk-<8 hex>-g<generation>``:

* ``label.json``: whose it is (instance, environment, generation), when it expires, its ports;
* ``<component>.json``: pid and start time, written by the process itself before it becomes the product;
* ``<component>.log``: what it wrote;
* ``home/``: the only thing the product may touch; owned by another user where the portal is root, and
  then outside where that user cannot reach the portal's folder.

Each process also carries the label in its environment variables, so that children which left the session
are found, and a process whose folder is gone.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from django.conf import settings

from osk_portal.embedded.postgres_home import ROOT_HOME
from osk_portal.embedded.processes import ProcessId, wait_until
from osk_portal.toolkit import clock
from sandbox.backends import launcher, machine
from sandbox.backends.base import (
    NAME,
    BackendUnavailable,
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
from sandbox.backends.mail_host import mail_host
from sandbox.backends.other_user import OtherUser, reachable_python
from sandbox.backends.probing import ask
from sandbox.spec import Check, Component, EnvSpec, fill

LABEL = "label.json"
STOP_SECONDS = 5
LAUNCH_SECONDS = 90
LOCK_SECONDS = 3


@dataclass(frozen=True)
class Label:
    """Whose folder it is. Written before anything else, so that nothing exists without one."""

    instance: str
    env: str
    generation: int
    created_at: str
    expires_at: str
    home: str
    ports: dict[str, int]
    endpoint: str
    managed: bool = True
    template: str = ""
    others: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Label | None:
        """None where there is none; raises OSError or ValueError where it cannot be read."""
        try:
            data = json.loads((folder / LABEL).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        try:
            label = cls(**data)
            for moment in (label.created_at, label.expires_at):
                datetime.fromisoformat(moment)
            is_whole = isinstance(label.home, str) and all(
                isinstance(port, int) for port in label.ports.values()
            )
        except (AttributeError, TypeError, ValueError):
            is_whole = False
        if not is_whole:
            raise ValueError(f"{folder.name} has a label of another kind")
        return label

    def write(self, folder: Path) -> None:
        half = folder / f"{LABEL}.new"
        half.write_text(json.dumps(asdict(self)), encoding="utf-8")
        half.chmod(0o600)
        half.replace(folder / LABEL)

    def belongs_to(self, ref: EnvRef) -> bool:
        return (self.instance, self.env, self.generation) == (ref.instance, ref.env, ref.generation)


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
        self._mail_port = mail_port
        self._outside = outside / "sandboxes"
        self._user = OtherUser.find(user)
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
            return Health(False, f"Not installed: {', '.join(missing)}.")
        return Health(True, f"{shutil.disk_usage(self._root).free // 2**20} MB free")

    def validate(self, spec: EnvSpec) -> list[str]:
        return needs_a_person(spec) + [
            f"{component.name}: program “{component.program}” is not offered here"
            if component.program
            else f"{component.name}: images need another engine"
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
        states = [_read_state(path) for path in _state_files(folder)]
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
            with self._locked(ref.name) as lock:
                label = self._own_label(folder, ref)
                if label is None:
                    label = self._make_folder(folder, ref, expires_at)
                running = {c.name: self._is_running(folder, c) for c in spec.components}
                if not all(running.values()):
                    # Half of it, or leftovers of an earlier attempt: one clean start of all.
                    self._stop(folder, ref.name)
                    label = self._with_ports(folder, label, spec)
                    for component in spec.components:
                        self._launch(folder, label, ref, component, spec, secrets, lock)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.EAGAIN):
                raise BackendUnavailable(str(error), after=60) from error
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

    def _with_ports(self, folder: Path, label: Label, spec: EnvSpec) -> Label:
        """The ports of before where they are still free, else others; nobody else takes them."""
        with self._locked(".ports"):
            others = self._ports_of_others(folder.name)
            ports = {
                name: self._port(folder.name, name, label.ports.get(name), others)
                for name in spec.ports
            }
            address = f"http://127.0.0.1:{ports[spec.endpoint.port]}{spec.endpoint.path}"
            ways = {port: f"http://127.0.0.1:{ports[port]}" for port in spec.other_ports}
            label = replace(label, ports=ports, endpoint=address, others=ways)
            label.write(folder)
        return label

    def _ports_of_others(self, name: str) -> set[int]:
        taken: set[int] = set()
        for folder in self._root.iterdir():
            if folder.name != name and NAME.fullmatch(folder.name):
                with contextlib.suppress(OSError, ValueError):
                    label = Label.read(folder)
                    taken |= set(label.ports.values()) if label else set()
        return taken

    def _port(self, env: str, name: str, before: int | None, taken: set[int]) -> int:
        """Begins at a place that follows from the name, so that a retry finds the same one."""
        if before is not None and before not in taken and machine.is_free(before):
            return before
        start = int.from_bytes(hashlib.sha256(f"{env}/{name}".encode()).digest()[:4], "big")
        for step in range(len(self._ports)):
            port = self._ports[(start + step) % len(self._ports)]
            if port not in taken and machine.is_free(port):
                taken.add(port)
                return port
        raise BackendUnavailable("No free port in OSK_SANDBOX_PORTS.", after=60)

    def _launch(
        self,
        folder: Path,
        label: Label,
        ref: EnvRef,
        component: Component,
        spec: EnvSpec,
        secrets: Mapping[str, str],
        lock: int,
    ) -> None:
        home = Path(label.home)
        home.mkdir(mode=0o700, exist_ok=True)
        if self._user is not None:
            os.chown(home, self._user.uid, self._user.gid)
        values = {
            "home": str(home),
            "mail.host": mail_host(ref.name) if self._mail_port else "",
            "mail.port": str(self._mail_port or ""),
            **{f"port.{n}": str(p) for n, p in label.ports.items()},
        }
        program, needed = self._program(component.program)
        state_file = folder / f"{component.name}.json"
        limits = component.limits
        order = {
            "uid": self._user.uid if self._user else None,
            "gid": self._user.gid if self._user else None,
            "home": str(home),
            "env": {**self._variables(ref, home, component, values), **needed},
            "limits": {
                "RLIMIT_AS": limits.memory_mb * 2**20,
                "RLIMIT_FSIZE": limits.file_mb * 2**20,
                "RLIMIT_NOFILE": limits.open_files,
                "RLIMIT_CORE": 0,
                # Counts all processes of a user, so it says nothing where that user is a person.
                **({"RLIMIT_NPROC": limits.processes} if self._user else {}),
            },
            "files": [[file.path, fill(file.content, values)] for file in component.files],
            "prepare": [
                [program, *(fill(word, values) for word in step)] for step in component.prepare
            ],
            "secrets": dict(secrets),
            "argv": [program, *(fill(word, values) for word in component.args)],
            "output": str(folder / f"{component.name}.log"),
            "state_file": str(state_file),
            "lock": lock,
        }
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-S", str(Path(launcher.__file__))],
                input=json.dumps(order).encode(),
                capture_output=True,
                pass_fds=(lock,),
                start_new_session=True,
                cwd="/",
                env={},
                check=False,
                timeout=LAUNCH_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            # Its child still holds the lock, so nobody starts a second one before that has ended.
            raise Retryable(f"launcher took longer than {LAUNCH_SECONDS} s") from error
        if done.returncode:
            raise Retryable(f"launcher ended with {done.returncode}: {done.stderr[-500:]!r}")
        wait_until(state_file.exists, 5)
        _complete_state(state_file)

    def _variables(
        self, ref: EnvRef, home: Path, component: Component, values: Mapping[str, str]
    ) -> dict[str, str]:
        """All that the product sees: nothing of the portal's own variables."""
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "HOME": str(home),
            "TMPDIR": str(home / "tmp"),
            **{name: fill(value, values) for name, value in component.env},
            "OSK_SANDBOX_NAME": ref.name,
            "OSK_SANDBOX_ROOT": str(self._root),
            "OSK_SANDBOX_INSTANCE": ref.instance,
            "OSK_SANDBOX_ENV": ref.env,
            "OSK_SANDBOX_TEMPLATE": ref.template,
        }

    def _program(self, name: str) -> tuple[str, dict[str, str]]:
        """Path of the program, and the variables that it needs to be found where it is."""
        path = Path(self._programs[name])
        if self._user is None:
            return str(path), {}
        reachable, variables = reachable_python(path, self._user, self._outside)
        return str(reachable), variables

    def _is_running(self, folder: Path, component: Component) -> bool:
        state = _read_state(folder / f"{component.name}.json")
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
        if state in (ObservedState.EXITED, ObservedState.ABSENT):
            return ProbeResult(False, "the program has ended", is_over=True)
        port = label.ports[check.port]
        result = ask("127.0.0.1", port, check)
        if result.ok and not self._listens(ref.name, port):
            return ProbeResult(False, f"port {port} is answered by another program")
        return result

    def _listens(self, name: str, port: int) -> bool:
        processes = [*self._labelled(name), *_leaders(self._root / name)]
        return machine.listens({process.pid for process in processes}, port)

    # Removing

    def destroy(self, ref: EnvRef) -> Observed:
        folder = self._root / ref.name
        try:
            with self._locked(ref.name, remove=True):
                label = self._own_label(folder, ref)
                if label is None and folder.exists():
                    raise Permanent("", f"{folder.name} has no label: not ours")
                self._stop(folder, ref.name)
                for half in self._root.glob(f".{ref.name}-*"):
                    shutil.rmtree(half)
                if label is not None:
                    self._remove_folder(folder, Path(label.home))
        except OSError as error:
            raise Retryable(f"{type(error).__name__}: {error}") from error
        return self.observe(ref)

    def _remove_folder(self, folder: Path, home: Path) -> None:
        """The home first and the label last: what is left half-way is still known as ours."""
        for path in (home, *(p for p in folder.iterdir() if p.name != LABEL)):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        shutil.rmtree(folder)
        if home.parent != folder:
            with contextlib.suppress(OSError):
                home.parent.rmdir()  # holds the homes of this portal; goes with the last of them

    def halt(self, ref: EnvRef) -> None:
        folder = self._root / ref.name
        try:
            with self._locked(ref.name):
                if self._own_label(folder, ref) is not None:
                    self._stop(folder, ref.name)
        except OSError as error:
            raise Retryable(f"{type(error).__name__}: {error}") from error

    def quarantine(self, ref: EnvRef) -> None:
        """Without programs nothing listens; its folder stays as it is."""
        self.halt(ref)

    def stop(self, name: str) -> None:
        """End its processes and keep its data: the next reconciliation starts it again."""
        with self._locked(name):
            self._stop(self._root / name, name)

    def _stop(self, folder: Path, name: str) -> None:
        """Everything that runs under this name, whether or not a state file knows of it."""
        leaders = _leaders(folder)
        # A process that ends gives its variables back before it is gone: who was seen once is waited
        # for by its own identity, not by its label.
        seen = set(leaders)

        def running() -> list[ProcessId]:
            seen.update(self._labelled(name))
            return [process for process in seen if process.is_alive]

        for process in running():
            process.send(signal.SIGTERM)
        wait_until(lambda: not running(), STOP_SECONDS)
        for process in running():
            process.end((signal.SIGKILL,), patience=STOP_SECONDS)
        for process in leaders:
            process.kill_group()
        if running():
            raise Retryable(f"{name}: processes are still there")
        for path in _state_files(folder):
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

    def set_expiry(self, ref: EnvRef, when: datetime) -> None:
        folder = self._root / ref.name
        with self._locked(ref.name):
            label = self._own_label(folder, ref)
            if label is not None:
                replace(label, expires_at=when.isoformat()).write(folder)

    @contextlib.contextmanager
    def _locked(self, name: str, *, remove: bool = False) -> Iterator[int]:
        """One at a time, also between processes; the kernel frees it when its holders die."""
        path = self._root / f"{name}.lock"
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # The holder before may have removed the file: then this lock guards nothing.
                if os.fstat(lock).st_ino == path.stat().st_ino:
                    break
            except FileNotFoundError:
                pass
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(lock)
                    raise Retryable(f"{name}: somebody else works on it") from None
                time.sleep(0.02)
            os.close(lock)
        try:
            yield lock
            if remove:
                path.unlink(missing_ok=True)
        finally:
            os.close(lock)


# Files of the portal's own part of a folder


def _state_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.json") if path.name != LABEL)


def _read_state(path: Path) -> ProcessId | None:
    try:
        return ProcessId.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def _leaders(folder: Path) -> list[ProcessId]:
    states = (_read_state(path) for path in _state_files(folder))
    return [process for process in states if process is not None]


def _complete_state(path: Path) -> None:
    """Where there is no /proc, the process could not tell its start time itself."""
    state = _read_state(path)
    if state is not None and not state.started:
        whole = ProcessId.of(state.pid)
        if whole is not None:
            path.write_text(json.dumps(whole.as_dict()), encoding="utf-8")


def _item(process: ProcessId) -> Item:
    return Item("process", f"PID {process.pid}")
