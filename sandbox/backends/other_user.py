"""Who products run as where the portal itself is root, and what that user needs to reach.

A portal that root cloned into its home lies behind a door that nobody else can open, and so does a
Python that root installed there. What a product needs of them is then copied to a place of its own.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from osk_portal.embedded.postgres_home import nobody
from sandbox.backends.base import BackendUnavailable

# Parts of Python's library that no server needs.
_LEFT_OUT = shutil.ignore_patterns(
    "site-packages", "test", "tests", "idlelib", "lib2to3", "ensurepip", "turtledemo", "tkinter",
    "config-*",
)  # fmt: skip


@dataclass(frozen=True)
class OtherUser:
    uid: int
    gid: int

    @classmethod
    def find(cls, name: str) -> OtherUser | None:
        """``name``: an account, or a number that none has; None where the portal is no root.

        Raises BackendUnavailable: a product never runs as root, nor as the user of the embedded
        PostgreSQL, which trusts whoever reaches its socket.
        """
        if os.getuid() != 0:
            return None
        try:
            found = _identity(name)
        except KeyError:
            raise BackendUnavailable(f"There is no user “{name}” to run products as.") from None
        if found.uid == 0:
            raise BackendUnavailable("Products never run as root: set OSK_SANDBOX_USER.")
        database = nobody()
        if database is not None and found.uid == database.uid:
            raise BackendUnavailable("Products never run as nobody: PostgreSQL does.")
        return found

    def can_enter(self, folder: Path) -> bool:
        return self._succeeds("/bin/sh", "-c", 'test -x "$1"', "sh", str(folder))

    def can_run(self, python: Path, variables: Mapping[str, str] | None = None) -> bool:
        return self._succeeds(str(python), "-I", "-c", "import json, socket", env=variables)

    def _succeeds(self, *command: str, env: Mapping[str, str] | None = None) -> bool:
        try:
            answer = subprocess.run(
                command,
                user=self.uid,
                group=self.gid,
                extra_groups=[],
                check=False,
                cwd="/",
                env=env or {},
                capture_output=True,
                timeout=30,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return answer.returncode == 0


def _identity(name: str) -> OtherUser:
    """Raises KeyError."""
    if name.isascii() and name.isdigit():
        return OtherUser(int(name), int(name))
    entry = pwd.getpwnam(name)
    return OtherUser(entry.pw_uid, entry.pw_gid)


def reachable_python(python: Path, user: OtherUser, store: Path) -> tuple[Path, dict[str, str]]:
    """A Python that ``user`` can run, with the packages of ``python``'s virtual environment.

    Returns its path and the variables that it needs. Raises BackendUnavailable where that cannot be.
    """
    if user.can_run(python):
        return python, {}
    environment = python.parent.parent
    store.mkdir(parents=True, exist_ok=True)
    store.chmod(0o711)
    variables: dict[str, str] = {}
    base = _base_of(python)
    if not user.can_run(base):
        base, variables = _copy_of_base(base, store)

    def copy_environment(target: Path) -> None:
        shutil.copytree(environment, target, symlinks=True)
        link = target / python.relative_to(environment)
        link.unlink()
        link.symlink_to(base)  # the original may be a copy whose library cannot be reached
        (target / "pyvenv.cfg").write_text(f"home = {base.parent}\n", encoding="utf-8")

    copied = _once(store, f"{_stamp(environment)}-packages", copy_environment)
    found = copied / python.relative_to(environment)
    if not user.can_run(found, variables):
        raise BackendUnavailable(f"The user of products cannot run {python}.", after=60)
    return found, variables


def _base_of(python: Path) -> Path:
    """The interpreter that the virtual environment was made with."""
    ask = "import sys; print(sys.base_prefix); print('python%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run(
            [python, "-I", "-c", ask], capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise BackendUnavailable(f"{python} does not run.", after=60) from error
    prefix, name = answer.stdout.splitlines()
    return Path(prefix, "bin", name)


def _copy_of_base(base: Path, store: Path) -> tuple[Path, dict[str, str]]:
    """The interpreter and its library, without what comes with it for developers."""
    prefix = base.parent.parent

    def copy(target: Path) -> None:
        (target / "bin").mkdir(parents=True)
        shutil.copy2(base, target / "bin" / base.name)
        library = prefix / "lib"
        shutil.copytree(
            library / base.name, target / "lib" / base.name, symlinks=True, ignore=_LEFT_OUT
        )
        for shared in library.glob("libpython*"):
            shutil.copy2(shared, target / "lib" / shared.name)

    copied = _once(store, f"{_stamp(base)}-{base.name}", copy)
    return copied / "bin" / base.name, {"LD_LIBRARY_PATH": str(copied / "lib")}


def _stamp(path: Path) -> str:
    """Changes when the original does, so that a newer one is copied again."""
    known = f"{path}:{path.stat().st_mtime_ns}"
    return hashlib.sha256(known.encode()).hexdigest()[:12]


def _once(store: Path, name: str, copy: Callable[[Path], None]) -> Path:
    """Appears whole, however often it is tried at once; readable for everybody."""
    target = store / name
    if target.exists():
        return target
    half = Path(tempfile.mkdtemp(prefix=".copy-", dir=store))
    try:
        copy(half / "copy")
        for folder, _folders, files in os.walk(half / "copy"):
            Path(folder).chmod(0o755)
            for file in files:
                path = Path(folder, file)
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode & 0o111 | 0o644)
        (half / "copy").rename(target)
    except OSError:
        if not target.exists():  # somebody else was faster: then theirs is as good
            raise
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return target
