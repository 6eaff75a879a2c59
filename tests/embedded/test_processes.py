from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from osk_portal.embedded.processes import Interrupted, ProcessId, wait_until
from osk_portal.embedded.service import PROJECT


def start(code: str) -> subprocess.Popen[str]:
    """A Python process in a session of its own that has said its first line."""
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[str]]:
    with start("import time; print('up', flush=True); time.sleep(300)") as process:
        yield process
        process.kill()


def identity(process: subprocess.Popen[str]) -> ProcessId:
    found = ProcessId.of(process.pid)
    assert found is not None
    return found


def test_a_process_is_known_until_it_ends(sleeper: subprocess.Popen[str]) -> None:
    known = identity(sleeper)
    assert known.is_alive

    sleeper.kill()

    assert wait_until(lambda: not known.is_alive, 10)  # although we have not waited for it yet
    assert ProcessId.of(sleeper.pid) is None


def test_another_process_with_the_same_pid_is_left_alone(sleeper: subprocess.Popen[str]) -> None:
    earlier = ProcessId(sleeper.pid, "another boot/1")

    assert not earlier.is_alive
    assert earlier.end(group=True)

    assert sleeper.poll() is None


def test_a_process_that_ignores_the_polite_signal_is_killed() -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('up', flush=True); time.sleep(300)"
    )
    with start(code) as process:
        assert identity(process).end(patience=0.2)
        assert process.wait() == -signal.SIGKILL


def test_what_a_leader_leaves_of_its_group_is_killed() -> None:
    code = (
        "import subprocess, sys, time;"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)']);"
        "print(flush=True); print(child.pid, flush=True); time.sleep(300)"
    )
    with start(code) as process:
        assert process.stdout is not None
        member = ProcessId.of(int(process.stdout.readline()))
        assert member is not None
        leader = identity(process)
        process.kill()
        process.wait()

        leader.end(group=True)

        assert wait_until(lambda: not member.is_alive, 10)


@pytest.mark.parametrize(
    "damaged", [None, [], {}, {"pid": 1, "started": "x"}, {"pid": "7", "started": "x"}, {"pid": 7}]
)
def test_a_damaged_state_names_no_process(damaged: object) -> None:
    assert ProcessId.from_dict(damaged) is None


def test_a_state_names_the_process_it_was_made_of(sleeper: subprocess.Popen[str]) -> None:
    assert ProcessId.from_dict(identity(sleeper).as_dict()) == identity(sleeper)


def test_waiting_ends_when_somebody_asks_to_stop() -> None:
    cancel = threading.Event()
    cancel.set()
    began = time.monotonic()

    with pytest.raises(Interrupted):
        wait_until(lambda: False, 60, cancel=cancel)

    assert time.monotonic() - began < 5


def test_waiting_in_vain_is_told() -> None:
    assert not wait_until(lambda: False, 0.05)


@pytest.mark.skipif(sys.platform != "linux", reason="orphans come to us on Linux only")
def test_orphans_that_left_their_group_are_found_and_ended() -> None:
    """As the process backend of the test environments does it: setsid and a double fork."""
    code = """
import subprocess, sys
from osk_portal.embedded.processes import become_subreaper, end_adopted
become_subreaper()
daemon = "import os, time; os.setsid(); print(os.getpid(), flush=True); time.sleep(300)"
between = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', sys.argv[1]])"
subprocess.run([sys.executable, "-c", between, daemon], check=True)
print(end_adopted(frozenset()), flush=True)
"""
    answer = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    *said, count = answer.stdout.split()
    assert count == "1"
    # The daemon may have been ended before it could say its pid.
    assert all(ProcessId.of(int(pid)) is None for pid in said)


def test_a_group_of_another_boot_is_left_alone() -> None:
    """After a boot the number of a leader that ended may be that of a stranger's group."""
    leader = subprocess.Popen(
        ["sh", "-c", "sleep 600 & echo $!"], stdout=subprocess.PIPE, start_new_session=True
    )
    assert leader.stdout is not None
    member = ProcessId.of(int(leader.stdout.readline()))
    leader.wait()
    leader.stdout.close()
    assert member is not None

    ProcessId(leader.pid, "another-boot/4711").kill_group()

    assert not wait_until(lambda: not member.is_alive, 0.5)
    member.end()
