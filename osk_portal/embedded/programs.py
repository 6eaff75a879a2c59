"""The portal's own processes: web server, worker, beat, and the steps before them."""

import http.client
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, ClassVar

from osk_portal.embedded.processes import EmbeddedError, ProcessId, wait_until
from osk_portal.embedded.service import PROJECT, Service, last_lines

Environment = Callable[[], Mapping[str, str]]

QUEUES = "default,mail,provision,fetch"


class Program(Service):
    """A Python module of the portal's environment, told by OSK_PROCESS what it is."""

    process: ClassVar[str] = ""
    """OSK_PROCESS, where it is not the name."""

    def __init__(self, folder: Path, environment: Environment) -> None:
        super().__init__(folder)
        # Asked at each start: the addresses of the servers are known only then.
        self.environment = environment
        self._log_begins = 0

    def _command(self) -> Sequence[str]:
        raise NotImplementedError

    def _spawn(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        self._log_begins = log.tell()
        return subprocess.Popen(
            [sys.executable, "-m", *self._command()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=PROJECT,
            env={
                **self.environment(),
                "OSK_PROCESS": self.process or self.name,
                "PYTHONUNBUFFERED": "1",
            },
            start_new_session=True,
        )

    def _said(self, words: bytes) -> bool:
        """Whether the process has printed these words since it was started."""
        with self.log_file.open("rb") as log:
            log.seek(self._log_begins)
            return words in log.read()


class WebServer(Program):
    """gunicorn on the loopback only: a try-out has logins with a known password."""

    name = "web"

    def __init__(self, folder: Path, environment: Environment, port: int) -> None:
        super().__init__(folder, environment)
        self.port = port

    def _command(self) -> Sequence[str]:
        binds = [word for address in loopbacks() for word in ("--bind", f"{address}:{self.port}")]
        return [
            *("gunicorn", "osk_portal.wsgi:application", *binds),
            *("--worker-class", "gthread", "--workers", "2", "--threads", "4"),
            *("--timeout", "60", "--graceful-timeout", "5"),
            *("--access-logfile", "-", "--no-control-socket"),
        ]

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz", headers={"Host": "localhost"})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class Worker(Program):
    """One Celery worker for all queues."""

    name = "worker"
    # SIGTERM lets running tasks end, SIGQUIT gives them back to the broker.
    stop_signals: ClassVar = (signal.SIGTERM, signal.SIGQUIT, signal.SIGKILL)

    def _command(self) -> Sequence[str]:
        return [
            *("celery", "--app", "osk_portal", "worker", "--queues", QUEUES),
            *("--concurrency", "2", "--loglevel", "INFO", "--hostname", "osk@%h"),
            *("--without-gossip", "--without-mingle"),
        ]

    def _answers(self) -> bool:
        return self._said(b" ready.")


class Beat(Program):
    """Celery's clock; its schedule lies in the settings, so it needs no file."""

    name = "beat"

    def _command(self) -> Sequence[str]:
        return ["celery", "--app", "osk_portal", "beat", "--loglevel", "INFO", "--pidfile="]

    def _answers(self) -> bool:
        return self._said(b"beat: Starting...")


class MailSink(Program):
    """Keeps what test environments want to send; a command, so it counts as one to the settings."""

    name = "sink"
    process = "command"

    def _command(self) -> Sequence[str]:
        return ["django", "sandbox_mail", "--settings", "osk_portal.settings"]

    def _answers(self) -> bool:
        return self._said(b"listens on port")


def loopbacks() -> list[str]:
    """The addresses that `localhost` may mean to a browser."""
    addresses = ["127.0.0.1"]
    if can_listen("::1", 0):
        addresses.append("[::1]")
    return addresses


def can_listen(address: str, port: int) -> bool:
    """Whether nobody else listens there, as a server with SO_REUSEADDR sees it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
            probe.listen(1)
    except OSError:
        return False
    return True


def run_step(
    command: Sequence[str],
    environment: Mapping[str, str],
    log_file: Path,
    *,
    seconds: float,
    cancel: threading.Event | None = None,
) -> None:
    """Run a Python module to its end, its output added to `log_file`.

    Raises EmbeddedError with the end of the log where it fails or takes longer than `seconds`, and
    Interrupted when `cancel` is set; it is ended in both cases.
    """
    name = " ".join(command[:3])
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=PROJECT,
            env={**environment, "OSK_PROCESS": "command", "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
    identity = ProcessId.of(process.pid)
    try:
        ended = wait_until(lambda: process.poll() is not None, seconds, cancel=cancel)
    finally:
        if identity is not None:
            identity.end(patience=5, group=True)
        process.wait()
    if not ended or process.returncode != 0:
        raise EmbeddedError(f"{name} ({process.returncode}). {log_file}:" + last_lines(log_file))
