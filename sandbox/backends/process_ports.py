"""Ports of the environments of the process backend. Each stands in a label, so that nobody takes it twice."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import replace
from pathlib import Path

from sandbox.backends import machine
from sandbox.backends.base import NAME, BackendUnavailable
from sandbox.backends.process_folder import Label
from sandbox.backends.process_lock import locked
from sandbox.spec import EnvSpec


def with_ports(root: Path, span: range, folder: Path, label: Label, spec: EnvSpec) -> Label:
    """The label with a port of ``span`` for each that the specification names, written down.

    The ports of before where they are still free, else others; nobody else takes them. Raises BackendUnavailable.
    """
    with locked(root, ".ports"):
        others = _of_others(root, folder.name)
        ports = {
            name: _port(span, folder.name, name, label.ports.get(name), others)
            for name in spec.ports
        }
        address = f"http://127.0.0.1:{ports[spec.endpoint.port]}{spec.endpoint.path}"
        ways = {port: f"http://127.0.0.1:{ports[port]}" for port in spec.other_ports}
        label = replace(label, ports=ports, endpoint=address, others=ways)
        label.write(folder)
    return label


def _of_others(root: Path, name: str) -> set[int]:
    taken: set[int] = set()
    for folder in root.iterdir():
        if folder.name != name and NAME.fullmatch(folder.name):
            with contextlib.suppress(OSError, ValueError):
                label = Label.read(folder)
                taken |= set(label.ports.values()) if label else set()
    return taken


def _port(span: range, env: str, name: str, before: int | None, taken: set[int]) -> int:
    """Begins at a place that follows from the name, so that a retry finds the same one."""
    if before is not None and before not in taken and machine.is_free(before):
        return before
    start = int.from_bytes(hashlib.sha256(f"{env}/{name}".encode()).digest()[:4], "big")
    for step in range(len(span)):
        port = span[(start + step) % len(span)]
        if port not in taken and machine.is_free(port):
            taken.add(port)
            return port
    raise BackendUnavailable("No free port in OSK_SANDBOX_PORTS.", after=60)
