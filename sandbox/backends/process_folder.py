"""The folder of an environment of the process backend: whose it is, and what the portal itself keeps in it.

``<root>/osk-<8 hex>-g<generation>`` holds ``label.json``, and for each component ``<component>.json`` (pid and start
time, written by the process itself before it becomes the product), ``<component>.log`` (what it wrote), and
``<component>.seeded`` once its seeds were written.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from osk_portal.embedded.processes import ProcessId
from sandbox.backends.base import EnvRef

LABEL = "label.json"


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


def state_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.json") if path.name != LABEL)


def read_state(path: Path) -> ProcessId | None:
    try:
        return ProcessId.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def leaders(folder: Path) -> list[ProcessId]:
    states = (read_state(path) for path in state_files(folder))
    return [process for process in states if process is not None]


def complete_state(path: Path) -> None:
    """Where there is no /proc, the process could not tell its start time itself."""
    state = read_state(path)
    if state is not None and not state.started:
        whole = ProcessId.of(state.pid)
        if whole is not None:
            path.write_text(json.dumps(whole.as_dict()), encoding="utf-8")


def remove(folder: Path, home: Path) -> None:
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
