"""A PostgreSQL server of our own in a folder, reached through a Unix socket only.

The server is a plain child process: no system user is added, no `pg_ctl`, nothing is found by its
command line.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from osk_portal.embedded.postgres_home import Home, outside_home
from osk_portal.embedded.processes import EmbeddedError, ProcessId
from osk_portal.embedded.service import Service

SUPERUSER = "postgres"
OWNER = "osk"
SOCKET_PREFIX = "osk-pg-"
# A Unix socket's address holds 107 characters; the name of PostgreSQL's socket takes 17.
LONGEST_SOCKET_FOLDER = 80

# What a test cluster may lose: it is thrown away after a crash anyway.
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


class EmbeddedPostgres(Service):
    """A cluster in `data_dir`, created at the first start.

    `durable=False` is for tests: quicker, and lost when the machine crashes.
    The database `osk` belongs to the role `osk`, who is no superuser but may create databases and
    the trusted extensions pg_trgm, unaccent and btree_gist.
    """

    name = "postgresql"
    # Fast shutdown: disconnect everybody and write everything; SIGTERM would wait for the clients.
    stop_signals = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)
    stop_seconds = 20.0

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        super().__init__(data_dir)
        self.durable = durable
        self._home: Home | None = None
        self._socket_folder: Path | None = None

    def url(self, database: str = OWNER, *, user: str = OWNER) -> str:
        """The address for Django and psycopg; the socket folder travels in the query."""
        if self._socket_folder is None:
            raise EmbeddedError("PostgreSQL is not started.")
        return f"postgresql://{user}@/{quote(database)}?host={quote(str(self._socket_folder), '')}"

    def discard(self) -> None:
        """Remove the folder with all data, and a server that a killed run left in it.

        Raises EmbeddedError where a run that is alive uses the folder.
        """
        self._hold_folder()
        try:
            self._end_leftover()
        finally:
            self.stop()
        for folder in (self.folder, outside_home(self.folder)):
            shutil.rmtree(folder, ignore_errors=True)

    def _prepare(self) -> None:
        self._home = Home.find(self.folder)
        self._initialise(self._home)
        # The name is kept over a restart: others have been told.
        if self._socket_folder is None:
            self._socket_folder = _socket_folder()
        elif not self._socket_folder.exists():
            self._socket_folder.mkdir(mode=0o700)
        os.chown(self._socket_folder, self._home.account.uid, self._home.account.gid)

    def _spawn(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        if self._home is None:
            raise EmbeddedError("PostgreSQL is not prepared.")
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{self._socket_folder}"',
            "unix_socket_permissions": "0700",
            "max_connections": "120",
            "timezone": "UTC",
            "log_timezone": "UTC",
            # The default counts with turning disks: on others it reads whole tables where an index would do.
            "random_page_cost": "1.1",
            **({} if self.durable else NOT_DURABLE),
        }
        command = [str(self._home.binaries.bin / "postgres"), "-D", str(self._home.cluster)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return self._home.account.popen(command, stdout=log)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres", user=SUPERUSER), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _on_ready(self) -> None:
        """Role and database, each looked for first: an earlier start may have been cut short."""
        owner = sql.Identifier(OWNER)
        with psycopg.connect(self.url("postgres", user=SUPERUSER), autocommit=True) as connection:
            roles = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER])
            if roles.fetchone() is None:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(owner))
            databases = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [OWNER])
            if databases.fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {0} OWNER {0}").format(owner))

    def _clean_up(self) -> None:
        if self._socket_folder is not None:
            shutil.rmtree(self._socket_folder, ignore_errors=True)

    def _state(self) -> dict[str, Any]:
        cluster = str(self._home.cluster) if self._home else ""
        return {"socket_folder": str(self._socket_folder), "cluster": cluster}

    def _clean_up_leftover(self, process: ProcessId, state: dict[str, Any]) -> None:
        folder = Path(str(state.get("socket_folder")))
        if folder.name.startswith(SOCKET_PREFIX) and folder != self._socket_folder:
            shutil.rmtree(folder, ignore_errors=True)
        # PostgreSQL itself knows only the pid, and refuses to start where any process of the same
        # user has it now; we know that its server is dead.
        pid_file = Path(str(state.get("cluster"))) / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            if pid_file.read_text().partition("\n")[0] == str(process.pid):
                pid_file.unlink()

    def _initialise(self, home: Home) -> None:
        cluster = home.cluster
        if cluster.exists():
            home.take_over()
            return
        # initdb writes into a second folder: a killed one leaves no half cluster behind.
        half = cluster.with_name("cluster.new")
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(mode=0o700)
        os.chown(half, home.account.uid, home.account.gid)
        command = [str(home.binaries.bin / "initdb"), "--pgdata", str(half)]
        command += ["--username", SUPERUSER, "--auth-local=trust", "--auth-host=reject"]
        command += ["--encoding=utf8"]
        if home.binaries.major >= 17:
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
            # Without this pg_trgm throws umlauts away.
            command += ["--lc-ctype=C.UTF-8"]
        else:
            command += ["--locale-provider=libc", "--locale=C.UTF-8"]
        if not self.durable:
            command += ["--no-sync"]
        with self.log_file.open("ab") as log:
            if home.account.popen(command, stdout=log).wait() != 0:
                raise self.failure("initdb failed")
        half.rename(cluster)


def _socket_folder() -> Path:
    base = tempfile.gettempdir()
    longest = LONGEST_SOCKET_FOLDER - len(f"/{SOCKET_PREFIX}12345678")
    if len(base) > longest or "," in base or '"' in base:
        base = "/tmp"  # noqa: S108 # only the place for mkdtemp, which makes a folder of our own
    return Path(tempfile.mkdtemp(prefix=SOCKET_PREFIX, dir=base))


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
