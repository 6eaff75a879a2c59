"""Starting a program as another user: what it is given, and nothing of what the portal has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from osk_portal.embedded.processes import wait_until
from sandbox.backends import launcher
from sandbox.backends.base import EnvRef, Retryable
from sandbox.backends.mail_host import mail_host
from sandbox.backends.other_user import OtherUser, reachable_python
from sandbox.backends.process_folder import Label, complete_state
from sandbox.spec import Component, fill

LAUNCH_SECONDS = 90


@dataclass(frozen=True)
class Starter:
    """What all products of one backend have in common."""

    root: Path
    programs: Mapping[str, str]
    user: OtherUser | None
    outside: Path
    mail_port: int

    def launch(
        self,
        folder: Path,
        label: Label,
        ref: EnvRef,
        component: Component,
        secrets: Mapping[str, str],
        lock: int,
    ) -> None:
        """By the launcher, which holds ``lock`` as long as it lives. Raises Retryable, OSError."""
        home = Path(label.home)
        home.mkdir(mode=0o700, exist_ok=True)
        if self.user is not None:
            os.chown(home, self.user.uid, self.user.gid)
        values = {
            "home": str(home),
            "mail.host": mail_host(ref.name) if self.mail_port else "",
            "mail.port": str(self.mail_port or ""),
            **{f"port.{n}": str(p) for n, p in label.ports.items()},
        }
        program, needed = self._program(component.program)
        state_file = folder / f"{component.name}.json"
        seeded = folder / f"{component.name}.seeded"
        limits = component.limits
        order = {
            "uid": self.user.uid if self.user else None,
            "gid": self.user.gid if self.user else None,
            "home": str(home),
            "env": {**self._variables(ref, home, component, values), **needed},
            "limits": {
                "RLIMIT_AS": limits.memory_mb * 2**20,
                "RLIMIT_FSIZE": limits.file_mb * 2**20,
                "RLIMIT_NOFILE": limits.open_files,
                "RLIMIT_CORE": 0,
                # Counts all processes of a user, so it says nothing where that user is a person.
                **({"RLIMIT_NPROC": limits.processes} if self.user else {}),
            },
            "seed": []
            if seeded.exists()
            else [[file.path, fill(file.content, values)] for file in component.seed],
            "seeded": str(seeded),
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
        complete_state(state_file)

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
            "OSK_SANDBOX_ROOT": str(self.root),
            "OSK_SANDBOX_INSTANCE": ref.instance,
            "OSK_SANDBOX_ENV": ref.env,
            "OSK_SANDBOX_TEMPLATE": ref.template,
        }

    def _program(self, name: str) -> tuple[str, dict[str, str]]:
        """Path of the program, and the variables that it needs to be found where it is."""
        path = Path(self.programs[name])
        if self.user is None:
            return str(path), {}
        reachable, variables = reachable_python(path, self.user, self.outside)
        return str(reachable), variables
