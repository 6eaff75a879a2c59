"""`make run` as a real process, for the tests of a start, a stop and what may go wrong between."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from osk_portal.embedded.processes import ProcessId, wait_until
from osk_portal.embedded.service import PROJECT, free_port
from osk_portal.embedded.stack import bare_environment
from tests.embedded.processes_left import left_of

START_SECONDS = 120
STOP_SECONDS = 120
COMMAND = (sys.executable, "-m", "osk_portal.embedded", "run")


class Run:
    """One `make run` with everything it has said so far."""

    def __init__(self, var: Path, output: Path, command: Sequence[str], **settings: str) -> None:
        self.var = var
        self.port = int(settings.setdefault("PORT", str(free_port())))
        self._output = output
        environment = {**bare_environment(), "OSK_VAR": str(var), "OSK_DEMO": "0", **settings}
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                command,
                cwd=PROJECT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self._output.read_text(errors="replace")

    def wait_for(self, words: str) -> None:
        seen = wait_until(
            lambda: words in self.said or self.process.poll() is not None, START_SECONDS, every=0.1
        )
        assert seen, f"{words!r} does not come:\n{self.said}"
        assert words in self.said, self.said

    def wait_until_ready(self) -> None:
        self.wait_for(f"OSK-Portal ist bereit: http://localhost:{self.port}/")

    def get(self, path: str, address: str = "localhost") -> int:
        """The status of a page, asked for at one of the addresses of this machine."""
        connection = http.client.HTTPConnection(address, self.port, timeout=20)
        try:
            connection.request("GET", path, headers={"Host": f"localhost:{self.port}"})
            return connection.getresponse().status
        finally:
            connection.close()

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def send_to_terminal(self, number: signal.Signals) -> None:
        """As the terminal does for Ctrl-C: to make and to what make has started."""
        os.killpg(self.process.pid, number)

    def wait(self) -> int:
        return self.process.wait(timeout=STOP_SECONDS)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.wait()
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


Start = Callable[..., Run]


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all runs of a file: only the first migrates and collects."""
    return tmp_path_factory.mktemp("mit Leer zeichen") / "var"


@pytest.fixture
def start(var: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts `make run`; at the end of the test nothing of it may be left."""
    runs: list[Run] = []

    def begin(*, command: Sequence[str] = COMMAND, folder: Path = var, **settings: str) -> Run:
        output = tmp_path / f"run-{len(runs)}.txt"
        runs.append(Run(folder, output, command, **settings))
        return runs[-1]

    yield begin
    for run in runs:
        run.end()
    left = [line for run in runs for line in left_of(run.var)]
    for line in left:
        process = ProcessId.of(int(line.split()[0]))
        if process is not None:
            process.end()
    assert not left


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])
