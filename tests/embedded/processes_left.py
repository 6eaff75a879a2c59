"""What is left running of a stack: every process of it carries OSK_VAR in its environment."""

from __future__ import annotations

import os
from pathlib import Path


def left_of(var: Path) -> list[str]:
    """Command lines of all processes that belong to the stack in `var`, but for zombies and us."""
    sign = f"OSK_VAR={var}\0".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = folder.joinpath("environ").read_bytes() + b"\0"
            command = folder.joinpath("cmdline").read_bytes()
        except OSError:
            continue  # it ended while we looked, or belongs to somebody else
        if sign in environment and command and folder.name != str(os.getpid()):
            found.append(f"{folder.name} {command.replace(bytes(1), b' ').decode()}")
    return found
