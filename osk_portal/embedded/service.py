"""One process in one folder: started, waited for, stopped, and found again after a crash."""

import contextlib
import fcntl
import json
import signal
import socket
import subprocess
import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, ClassVar, Self

from osk_portal.embedded.processes import EmbeddedError, ProcessId, wait_until

PROJECT = Path(__file__).resolve().parents[2]
LARGEST_LOG = 10_000_000
LOG_LINES_SHOWN = 15


class Service(ABC):
    """A process and its folder, which holds

    * `lock`: held by the kernel for the process that started the service, as long as that lives;
    * `state.json`: pid and start time, so that the next run can end what a killed one left;
    * `<name>.log`: everything the process prints.
    """

    name: ClassVar[str]
    stop_signals: ClassVar[Sequence[signal.Signals]] = (signal.SIGTERM, signal.SIGKILL)
    stop_seconds: ClassVar[float] = 10.0
    start_seconds: ClassVar[float] = 60.0

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        # Set from outside to give up waiting: Ctrl-C during a start.
        self.cancel: threading.Event | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._identity: ProcessId | None = None
        self._exit_code: int | None = None
        self._lock: IO[bytes] | None = None

    @property
    def log_file(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def identity(self) -> ProcessId:
        if self._identity is None:
            raise EmbeddedError(f"{self.name} is not started.")
        return self._identity

    @property
    def pid(self) -> int:
        return self.identity.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """How the last process ended (negative: by which signal); None while it runs."""
        return self._exit_code if self._process is None else self._process.poll()

    def start(self) -> None:
        """Start the process and wait until it answers; does nothing where it already runs.

        Raises EmbeddedError with the end of the log where it does not come up, or where another
        run that is alive holds the folder.
        """
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """The first half of start(): several services may come up at the same time."""
        if self.is_running:
            return
        self._hold_folder()
        try:
            self._bury()
            self._end_leftover()
            self._prepare()
            if self.log_file.exists() and self.log_file.stat().st_size > LARGEST_LOG:
                self.log_file.rename(self.log_file.with_suffix(".log.1"))
            with self.log_file.open("ab") as log:
                self._process = self._spawn(log)
            self._identity = ProcessId.of(self._process.pid)
            self._write_state()
        except BaseException:
            self.stop()
            raise

    def wait_until_ready(self) -> None:
        """The second half of start()."""
        process = self._process
        if process is None:
            raise EmbeddedError(f"{self.name} is not started.")
        try:
            came = wait_until(
                lambda: process.poll() is not None or self._answers(),
                self.start_seconds,
                cancel=self.cancel,
            )
            if process.poll() is not None:
                raise self.failure(f"ended at once ({process.poll()})")
            if not came:
                raise self.failure(f"does not answer after {self.start_seconds:.0f} s")
            self._on_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the process and all of its group; safe to call twice."""
        if self._identity is not None:
            self._identity.end(self.stop_signals, patience=self.stop_seconds, group=True)
        self._bury()
        if self._lock is not None:
            self._state_file.unlink(missing_ok=True)
            self._lock.close()
            self._lock = None
        self._clean_up()

    def kill(self) -> None:
        """kill -9 the process and its group, as a fault would; start() begins anew."""
        self.identity.end((signal.SIGKILL,), group=True)
        self._bury()

    def end_leftover(self) -> None:
        """End what a killed earlier run left of this service; start() does so too."""
        if self._lock is None:
            self._hold_folder()
            self._end_leftover()
            self.stop()

    def failure(self, what: str) -> EmbeddedError:
        """An error that shows the end of the log."""
        return EmbeddedError(f"{self.name} {what}. {self.log_file}:" + last_lines(self.log_file))

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

    # What a service says of itself.

    @abstractmethod
    def _spawn(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start the process as leader of a session of its own, so that Ctrl-C is ours alone."""

    @abstractmethod
    def _answers(self) -> bool:
        """Whether it does its work."""

    def _prepare(self) -> None:
        """What must be there before the process."""
        return

    def _on_ready(self) -> None:
        """What is done once it answers."""
        return

    def _clean_up(self) -> None:
        """What goes after the process."""
        return

    def _state(self) -> dict[str, Any]:
        """What the next run must know beside the process, to clean up after a crash."""
        return {}

    def _clean_up_leftover(self, process: ProcessId, state: dict[str, Any]) -> None:
        """Clean up after a crash with what _state() gave."""
        return

    # The folder.

    def _hold_folder(self) -> None:
        if self._lock is None:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = hold(self.folder / "lock")
        if self._lock is None:
            raise EmbeddedError(
                f"In {self.folder} läuft schon ein {self.name} dieses Portals.\n"
                f"A {self.name} of this portal already runs in {self.folder}."
            )

    @property
    def _state_file(self) -> Path:
        return self.folder / "state.json"

    def _write_state(self) -> None:
        if self._identity is None:
            return  # it ended at once; wait_until_ready() says so
        half = self._state_file.with_suffix(".new")
        half.write_text(json.dumps({"process": self._identity.as_dict(), **self._state()}))
        half.rename(self._state_file)

    def _end_leftover(self) -> None:
        """End what a killed run left; the lock says that nobody looks after it any more."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            state = json.loads(self._state_file.read_text())
            process = ProcessId.from_dict(state.get("process")) if isinstance(state, dict) else None
            if process is not None:
                if not process.end(self.stop_signals, patience=self.stop_seconds, group=True):
                    raise EmbeddedError(
                        f"{self.name} eines früheren Laufs endet nicht (PID {process.pid}).\n"
                        f"{self.name} of an earlier run does not end (PID {process.pid})."
                    )
                self._clean_up_leftover(process, state)
        self._state_file.unlink(missing_ok=True)

    def _bury(self) -> None:
        """Read the exit code of a process that has ended, so that no zombie stays."""
        if self._process is not None:
            self._exit_code = self._process.wait()
        self._process = self._identity = None


def hold(path: Path) -> IO[bytes] | None:
    """Lock a file for as long as it stays open; None where a living process holds it.

    The kernel lets go when the holder dies, however it dies.
    """
    lock = path.open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def last_lines(log_file: Path) -> str:
    """The end of a log, indented, for a message to people."""
    if not log_file.exists():
        return ""
    lines = log_file.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
    return "".join(f"\n  {line}" for line in lines)


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
