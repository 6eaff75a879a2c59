from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest

from osk_portal.embedded.demo_logins import DEMO_LOGINS, PASSWORD
from osk_portal.embedded.processes import ProcessId, wait_until
from osk_portal.embedded.programs import loopbacks
from osk_portal.embedded.service import PROJECT
from osk_portal.embedded.stack import bare_environment
from osk_portal.toolkit import clock
from tests.embedded.conftest import COMMAND, Start
from tests.embedded.processes_left import left_of

pytestmark = pytest.mark.e2e

STATE_FILES = ("postgresql", "valkey", "run/mail", "run/web", "run/worker", "run/beat")


def process_of(var: Path, part: str) -> ProcessId:
    state = json.loads((var / part / "state.json").read_text())
    found = ProcessId.from_dict(state["process"])
    assert found is not None
    return found


def test_it_serves_until_it_is_told_to_stop(start: Start) -> None:
    run = start()
    run.wait_for("Beenden mit Strg+C.")
    assert PASSWORD not in run.said  # no demo world, no logins
    assert run.get("/") == 200
    for address in loopbacks():  # a browser may mean either by localhost
        assert run.get("/healthz", address.strip("[]")) == 200
    processes = [process_of(run.var, part) for part in STATE_FILES]
    assert all(process.is_alive for process in processes)

    run.send(signal.SIGTERM)

    assert run.wait() == 0, run.said
    assert "OSK-Portal ist beendet." in run.said
    assert not any(process.is_alive for process in processes)
    assert left_of(run.var) == []
    assert not (run.var / "run.env").exists()


def test_ctrl_c_stops_it_and_a_second_one_is_harmless(start: Start) -> None:
    run = start()
    run.wait_until_ready()

    run.send(signal.SIGINT)
    run.wait_for("wird beendet")
    run.send(signal.SIGINT)

    assert run.wait() == 0
    assert left_of(run.var) == []
    assert "Traceback" not in run.said


def test_ctrl_c_during_the_start_leaves_nothing(start: Start) -> None:
    run = start()
    run.wait_for("startet")

    run.send(signal.SIGINT)

    assert run.wait() == 0
    assert "bereit" not in run.said
    assert left_of(run.var) == []


@pytest.mark.skipif(shutil.which("make") is None, reason="no make")
def test_ctrl_c_in_the_terminal_of_make_stops_everything(start: Start) -> None:
    # What make installs first is there: this test runs in it.
    python = f'PY="{sys.executable}"'
    run = start(command=["make", "--old-file=install", python, "run"])
    run.wait_until_ready()

    run.send_to_terminal(signal.SIGINT)
    run.wait()

    assert wait_until(lambda: left_of(run.var) == [], 30)


def test_a_run_that_was_killed_is_cleaned_up_by_the_next(start: Start) -> None:
    killed = start()
    killed.wait_until_ready()
    left = [process_of(killed.var, part) for part in STATE_FILES]
    killed.send(signal.SIGKILL)
    killed.wait()
    assert all(process.is_alive for process in left)

    # The same port: it is held by the web server of the killed run.
    run = start(PORT=str(killed.port))
    run.wait_until_ready()

    assert not any(process.is_alive for process in left)
    assert run.get("/healthz") == 200


def test_a_stop_ends_test_environments_and_keeps_their_data(start: Start, var: Path) -> None:
    """A booking lasts for days: whoever stops the portal at night finds everything in the morning."""
    run = start()
    run.wait_until_ready()
    name = "osk-00000001-g1"
    folder = var / "sandboxes" / name
    (folder / "home").mkdir(parents=True)
    (folder / "home" / "kept").write_text("Termin")
    label = {
        "instance": "tryout",
        "env": "00000001-0000-4000-8000-000000000000",
        "generation": 1,
        "created_at": clock.now().isoformat(),
        "expires_at": (clock.now() + timedelta(days=1)).isoformat(),
        "home": str(folder / "home"),
        "ports": {},
        "endpoint": "",
    }
    (folder / "label.json").write_text(json.dumps(label))
    variables = {
        "OSK_SANDBOX_NAME": name,
        "OSK_SANDBOX_ROOT": str(folder.parent),
        "OSK_SANDBOX_INSTANCE": "tryout",
    }
    with subprocess.Popen(["sleep", "600"], env=variables, start_new_session=True) as product:
        run.send(signal.SIGTERM)
        assert run.wait() == 0, run.said
        try:
            assert product.wait(timeout=5) == -signal.SIGTERM
        finally:
            product.kill()

    assert (folder / "home" / "kept").read_text() == "Termin"
    shutil.rmtree(folder)


def test_a_stale_state_file_harms_nobody(start: Start, var: Path) -> None:
    with subprocess.Popen(["sleep", "300"], start_new_session=True) as innocent:
        stale = {"process": {"pid": innocent.pid, "started": "another boot/1"}}
        for part in STATE_FILES:
            (var / part).mkdir(parents=True, exist_ok=True)
            (var / part / "state.json").write_text(json.dumps(stale))

        run = start()
        run.wait_until_ready()

        assert innocent.poll() is None
        innocent.kill()


def test_a_taken_port_is_told_with_the_way_out(start: Start, taken_port: int) -> None:
    run = start(PORT=str(taken_port))

    assert run.wait() == 1
    assert f"Der Port {taken_port} ist belegt" in run.said
    assert f"The port {taken_port} is taken" in run.said
    assert f"PORT={taken_port + 1} make run" in run.said
    assert left_of(run.var) == []


@pytest.mark.parametrize("port", ["0", "65536", "-1", "eight", "８０"])
def test_a_port_that_is_none_is_told(start: Start, port: str) -> None:
    run = start(command=["env", f"PORT={port}", *COMMAND])

    assert run.wait() == 1
    assert "PORT" in run.said
    assert "1 bis 65535" in run.said


def test_a_second_run_in_the_same_folder_is_refused(start: Start) -> None:
    first = start()
    first.wait_until_ready()

    second = start()

    assert second.wait() == 1
    assert "OSK_VAR" in second.said
    assert "Traceback" not in second.said
    assert first.get("/healthz") == 200


def test_a_folder_that_cannot_be_written_is_told(start: Start, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    run = start(folder=tmp_path / "file" / "var")

    assert run.wait() == 1
    assert str(tmp_path / "file") in run.said
    assert "Traceback" not in run.said


def test_embedded_parts_are_refused_in_production(start: Start) -> None:
    run = start(OSK_ENV="production")

    assert run.wait() == 1
    assert "DATABASE_URL" in run.said
    assert left_of(run.var) == []


def test_a_part_that_dies_is_started_again(start: Start) -> None:
    run = start()
    run.wait_until_ready()
    for part, name in FALLING.items():
        fallen = process_of(run.var, part)

        fallen.send(signal.SIGKILL)

        run.wait_for(f"{name} ist ausgefallen")
        run.wait_for(f"{name} läuft wieder.")
        assert process_of(run.var, part) != fallen
    assert run.get("/") == 200


FALLING = {"run/worker": "Der Worker", "valkey": "Valkey", "postgresql": "PostgreSQL"}


def test_a_second_start_keeps_keys_and_data_and_loads_the_demo_world_no_more(start: Start) -> None:
    first = start(OSK_DEMO="1")
    first.wait_for("Beenden mit Strg+C.")
    keys = (first.var / "secrets.env").read_text()
    assert (first.var / "secrets.env").stat().st_mode & 0o777 == 0o600
    assert (first.var / "run.env").stat().st_mode & 0o777 == 0o600
    assert manage(first.var, "shell", "-v0", "-c", MAKE_A_SESSION) == "1"
    marker = first.var / "postgresql" / "demo-loaded"
    loaded_at = marker.stat().st_mtime_ns
    first.send(signal.SIGHUP)  # its terminal was closed
    assert first.wait() == 0, first.said
    assert left_of(first.var) == []

    second = start(OSK_DEMO="1")
    second.wait_for("Beenden mit Strg+C.")

    assert (second.var / "secrets.env").read_text() == keys
    assert manage(second.var, "shell", "-v0", "-c", COUNT_SESSIONS) == "1"
    assert marker.stat().st_mtime_ns == loaded_at
    for run in (first, second):
        assert PASSWORD in run.said
        assert all(login.email in run.said for login in DEMO_LOGINS)


MAKE_A_SESSION = (
    "from django.contrib.sessions.models import Session; from osk_portal.toolkit import clock;"
    "Session.objects.all().delete();"
    "Session.objects.create(session_key='kept', session_data='', expire_date=clock.now());"
    "print(Session.objects.count())"
)
COUNT_SESSIONS = (
    "from django.contrib.sessions.models import Session; print(Session.objects.count())"
)


def manage(var: Path, *arguments: str) -> str:
    """A manage.py by hand that is told nothing but the folder."""
    answer = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env={**bare_environment(), "OSK_VAR": str(var)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


@pytest.mark.skipif(os.getuid() != 0, reason="runs as an ordinary user already")
def test_an_ordinary_user_can_run_it(start: Start) -> None:
    user = as_ordinary_user()
    home = Path(tempfile.mkdtemp(prefix="osk-user-"))
    if user[0] == "setpriv":
        shutil.chown(home, "nobody")
    try:
        # The texts are compiled into the project, which belongs to root here.
        manage(home, "messages", "--compile")
        run = start(command=[*user, *COMMAND[1:]], folder=home / "var")
        run.wait_for("Beenden mit Strg+C.")
        assert run.get("/") == 200
        assert "Testumgebungen laufen unter Ihrem Benutzer" in run.said, "what is weaker then"
        run.end()
        assert "OSK-Portal ist beendet." in run.said
        assert left_of(run.var) == []
    finally:
        shutil.rmtree(home, ignore_errors=True)


def as_ordinary_user() -> list[str]:
    """How to run our Python as somebody who is not root.

    As `nobody`, who may not reach it (a Python below /root); else as root under another name, who
    is no root for the program, but for the files.
    """
    nobody = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
    renamed = ("unshare", "--user", "--map-user=65534", "--map-group=65534", "--")
    for user in (nobody, renamed):
        command = [*user, "env", "PYTHONDONTWRITEBYTECODE=1", sys.executable]
        if shutil.which(user[0]) is None:
            continue
        probe = subprocess.run(
            [*command, "-c", "import os, redis, osk_portal; assert os.getuid()"],
            cwd=PROJECT,
            capture_output=True,
            check=False,
        )
        if probe.returncode == 0:
            return command
    pytest.skip("nobody reaches this Python, and there are no user namespaces")
