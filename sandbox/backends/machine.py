"""What the machine tells about processes and ports: who carries a label, who listens where."""

from __future__ import annotations

import contextlib
import shutil
import socket
import stat
from dataclasses import dataclass
from pathlib import Path

from django.utils import formats
from django.utils.translation import gettext as _

from osk_portal.embedded.processes import PROC, ProcessId
from sandbox.backends.base import NAME, Health

_GB, _MB = 10**9, 2**20


def labels() -> dict[int, dict[str, str]]:
    """Variables of every process that carries a label. Empty where there is no /proc."""
    found: dict[int, dict[str, str]] = {}
    if not PROC.is_dir():
        return found
    for entry in PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            raw = (entry / "environ").read_bytes()
        except OSError:
            continue  # another user's, or gone meanwhile
        if b"OSK_SANDBOX_NAME=" not in raw:
            continue
        pairs = (part.partition("=") for part in raw.decode("utf-8", "replace").split("\0"))
        variables = {key: value for key, _, value in pairs}
        if NAME.fullmatch(variables.get("OSK_SANDBOX_NAME", "")):
            found[int(entry.name)] = variables
    return found


def labelled(name: str, root: Path) -> list[ProcessId]:
    """Running processes of this environment, wherever they went.

    ``root`` is the folder of the portal that asks: two portals of one machine, or a restored copy beside
    its original, give the same name, and neither may end what is the other's.
    """
    wanted = (name, str(root))
    pids = [
        pid
        for pid, variables in labels().items()
        if (variables["OSK_SANDBOX_NAME"], variables.get("OSK_SANDBOX_ROOT")) == wanted
    ]
    return [process for pid in pids if (process := ProcessId.of(pid)) is not None]


@dataclass(frozen=True)
class Room:
    """What is left, in bytes; None where the machine does not tell."""

    disk: int | None = None
    memory: int | None = None

    def __str__(self) -> str:
        """For operators."""
        left = (
            (_("%(free)s GB of disk free"), self.disk),
            (_("%(free)s GB of memory free"), self.memory),
        )
        return ", ".join(
            words % {"free": formats.number_format(free / _GB, 1)}
            for words, free in left
            if free is not None
        )


def room(folder: Path) -> Room:
    disk = memory = None
    with contextlib.suppress(OSError):
        disk = shutil.disk_usage(folder).free
    with contextlib.suppress(OSError, StopIteration, ValueError):
        lines = (PROC / "meminfo").read_text(encoding="ascii").splitlines()
        words = next(line.split() for line in lines if line.startswith("MemAvailable:"))
        memory = int(words[1]) * 1024
    return Room(disk, memory)


def health(folder: Path, *, version: str = "") -> Health:
    """Of an engine that works and keeps its things on this machine, in ``folder``."""
    left = room(folder)
    return Health(
        True,
        " · ".join(filter(None, (version, str(left)))),
        memory_mb=None if left.memory is None else left.memory // _MB,
        disk_mb=None if left.disk is None else left.disk // _MB,
    )


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        # As servers do it: a port in TIME_WAIT is free, one that is listened on is not.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def listens(pids: set[int], port: int) -> bool:
    """One of these processes answers on the port, not a stranger who took it first.

    Where the machine does not let us look at all, the answer itself has to do.
    """
    sockets = _listening(port)
    answers = [_holds(pid, sockets) for pid in pids] if sockets is not None else []
    return True in answers or all(answer is None for answer in answers)


def _listening(port: int) -> set[str] | None:
    """Inodes of the sockets that listen on the port; None where the machine does not tell."""
    found: set[str] = set()
    try:
        for table in ("tcp", "tcp6"):
            path = PROC / "net" / table
            for line in path.read_text().splitlines()[1:] if path.exists() else []:
                fields = line.split()
                if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                    found.add(f"socket:[{fields[9]}]")
    except OSError:
        return None
    return found if PROC.is_dir() else None


def _holds(pid: int, sockets: set[str]) -> bool | None:
    """None where the machine does not let us look."""
    try:
        descriptors = list((PROC / str(pid) / "fd").iterdir())
    except OSError:
        return None
    for descriptor in descriptors:
        with contextlib.suppress(OSError):
            if stat.S_ISSOCK(descriptor.stat().st_mode) and str(descriptor.readlink()) in sockets:
                return True
    return False
