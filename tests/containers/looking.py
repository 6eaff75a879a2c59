"""What a Podman has, who reaches whom in it, and what stays of it on the machine."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.containers.podman import Podman

KINDS = {
    "container": ("ps", "--all", "--format", "{{.Names}}"),
    "network": ("network", "ls", "--format", "{{.Name}}"),
    "volume": ("volume", "ls", "--format", "{{.Name}}"),
    "secret": ("secret", "ls", "--format", "{{.Name}}"),
}


def inventory(podman: Podman) -> set[str]:
    """Kind and name of all that it has, with or without our labels."""
    return {
        f"{kind} {name}" for kind, words in KINDS.items() for name in podman.run(*words).split()
    }


def of(podman: Podman, name: str) -> dict[str, set[str]]:
    """Of the environment ``name``: the names of its containers, networks and volumes, by kind."""
    found: dict[str, set[str]] = {}
    for line in inventory(podman):
        kind, _, thing = line.partition(" ")
        if thing == name or thing.startswith((f"{name}-", f"{name}.")):
            found.setdefault(kind, set()).add(thing)
    return found


def traces(podman: Podman, name: str, secrets: list[str]) -> set[str]:
    """What the machine has of the environment ``name``: what the engine lists, files by their name, files in which
    one of its passwords stands, and processes."""
    listed = {f"{kind} {thing}" for kind, things in of(podman, name).items() for thing in things}
    files = {f"file {path}" for path in podman.folder.rglob("*") if path.name.startswith(name)}
    words = [word for secret in secrets for word in ("-e", secret)]
    found = subprocess.run(
        ["grep", "-rlF", "--devices=skip", *words, str(podman.folder)],
        capture_output=True,
        check=False,
    )
    held = {f"password in {line}" for line in found.stdout.decode().splitlines()}
    processes = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if name.encode() in path.read_bytes():
                processes.add(f"process {path.parent.name}")
    return listed | files | held | processes


def body(url: str, path: str = "/") -> str:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port or 0, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def inside(podman: Podman, name: str, *words: str) -> tuple[int, str]:
    done = subprocess.run(
        podman.command("exec", name, *words), capture_output=True, env=podman.variables, check=False
    )
    return done.returncode, (done.stdout + done.stderr).decode()


def can_reach(podman: Podman, container: str, host: str, port: int) -> bool:
    """Connected is enough: who answers and who waits for us count the same."""
    code, _told = inside(
        podman, container, "timeout", "3", "sh", "-c", f"nc -w 2 {host} {port} </dev/null; echo $?"
    )
    return _told.strip() == "0" or code in (124, 143)


def answers(url: str, text: str) -> bool:
    """The product itself, asked from the machine where portal and gate are. To be connected says little: where
    a network is gone, the machine may ask somebody else."""
    try:
        return body(url) == text
    except (OSError, http.client.HTTPException):
        return False


def networks_of(podman: Podman, container: str) -> list[str]:
    told: list[dict[str, Any]] = json.loads(podman.run("container", "inspect", container))
    return [*(told[0]["NetworkSettings"].get("Networks") or {})]
