"""Naming a process so that no other one is ever ended by mistake.

A pid alone is not a name: the kernel gives it out again. Everything here speaks of pid *and* start
time, as state files outlive the processes they speak of.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


class EmbeddedError(Exception):
    """A part cannot be started or stopped; the text is for the person at the terminal."""


class Interrupted(Exception):
    """Somebody asked to stop while a part was being waited for."""


@dataclass(frozen=True)
class ProcessId:
    """One process of this machine since its last boot."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> "ProcessId | None":
        """The identity of a running process; None for one that is gone or a zombie."""
        started = _start_time(pid)
        return cls(pid, started) if started else None

    @property
    def is_alive(self) -> bool:
        return _start_time(self.pid) == self.started

    def send(self, number: signal.Signals) -> None:
        """Signal the process if it is still the one meant."""
        if self.is_alive:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return  # it ended between the look and the signal

    def kill_group(self) -> None:
        """Kill the group of a process that leads a session of its own, so that pgid is pid.

        A leader that has ended may leave members behind, and its pid is not given out again while
        its group lives, so the group is killed where the leader is gone, but not where the pid
        belongs to another process now. After a boot no group of before is left.
        """
        if (
            not self._is_of_this_boot
            or self.pid == os.getpgrp()
            or ProcessId.of(self.pid) not in (self, None)
        ):
            return
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return

    @property
    def _is_of_this_boot(self) -> bool:
        """True where there is no /proc to tell (macOS): the start time alone names it then."""
        boot = _boot_id()
        return not boot or self.started.startswith(f"{boot}/")

    def end(
        self,
        signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGKILL),
        *,
        patience: float = 10.0,
        group: bool = False,
    ) -> bool:
        """Send each signal in turn until the process is gone; `patience` seconds for each.

        With `group`, what the process leaves of its group is killed at the end; the polite signals
        are for the leader only, who knows in which order its members end. Returns whether it is
        gone. The process need not be a child of ours.
        """
        for number in signals:
            if not self.is_alive:
                break
            self.send(number)
            wait_until(lambda: not self.is_alive, patience)
        if group:
            self.kill_group()
        return not self.is_alive

    def as_dict(self) -> dict[str, int | str]:
        return {"pid": self.pid, "started": self.started}

    @classmethod
    def from_dict(cls, data: object) -> "ProcessId | None":
        """Read what as_dict wrote; None for anything else (a state file may be damaged)."""
        if not isinstance(data, dict):
            return None
        pid, started = data.get("pid"), data.get("started")
        if not isinstance(pid, int) or not isinstance(started, str) or pid <= 1:
            return None
        return cls(pid, started)


def wait_until(
    condition: Callable[[], bool],
    seconds: float,
    *,
    cancel: threading.Event | None = None,
    every: float = 0.02,
) -> bool:
    """Ask until the condition holds or the time is over; returns whether it held.

    Raises Interrupted when `cancel` is set meanwhile.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if cancel is not None and cancel.is_set():
            raise Interrupted
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def become_subreaper() -> None:
    """Make orphans among our descendants our children, so that a stop finds them (Linux only)."""
    if sys.platform == "linux":
        set_child_subreaper = 36  # <linux/prctl.h>
        ctypes.CDLL(None, use_errno=True).prctl(set_child_subreaper, 1, 0, 0, 0)


def bury_adopted(own: AbstractSet[int]) -> None:
    """Read the exit codes of ended orphans, so that no zombie stays; `own` are waited for."""
    for pid in _children() - own:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def end_adopted(own: AbstractSet[int], patience: float = 5.0) -> int:
    """End every orphan that came to us; returns how many there were."""
    orphans = {process for pid in _children() - own if (process := ProcessId.of(pid))}
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in orphans:
            process.send(number)
        wait_until(lambda: not any(process.is_alive for process in orphans), patience)
    bury_adopted(own)
    return len(orphans)


def _children() -> set[int]:
    return {pid for pid, parent in _parents() if parent == os.getpid()}


def _parents() -> Iterator[tuple[int, int]]:
    for folder in PROC.glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            stat = folder.joinpath("stat").read_text(errors="replace")
            yield int(folder.name), int(stat.rpartition(")")[2].split()[1])


def _start_time(pid: int) -> str:
    """Start time as the kernel counts it, with the boot it belongs to; "" for no such process."""
    if not PROC.joinpath("self/stat").exists():
        return _start_time_by_ps(pid)
    try:
        stat = PROC.joinpath(str(pid), "stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""
    # The command name may hold spaces and brackets; the fields are counted behind its last one.
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else f"{_boot_id()}/{fields[19]}"


def _boot_id() -> str:
    """Another one after each boot; "" where there is no /proc."""
    try:
        return PROC.joinpath("sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, PermissionError):
        return ""


def _start_time_by_ps(pid: int) -> str:
    """The same where there is no /proc (macOS)."""
    answer = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, started = answer.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else started.strip()
