"""What only plain processes need: whose they are, what they see, and what an accident leaves."""

from __future__ import annotations

import errno
import http.client
import http.server
import json
import os
import shutil
import signal
import socket
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command

from osk_portal.embedded.processes import ProcessId, wait_until
from osk_portal.toolkit import clock
from sandbox import backends
from sandbox.backends import launcher, machine, process_start
from sandbox.backends.base import (
    BackendUnavailable,
    CapacityExhausted,
    ObservedState,
    Permanent,
    Retryable,
)
from sandbox.backends.other_user import OtherUser
from sandbox.backends.process import ProcessBackend
from sandbox.backends.process_folder import Label
from tests.conformance.conftest import PORTS, PRODUCTS, Engine, make_spec, reference

as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")


@pytest.fixture
def engine(process_backend: ProcessBackend) -> Engine:
    return Engine(process_backend, reference(), make_spec())


def folder_of(engine: Engine) -> Path:
    path: Path = engine.backend._root / engine.ref.name
    return path


def leader_of(engine: Engine) -> ProcessId:
    state = json.loads((folder_of(engine) / "web.json").read_text())
    process = ProcessId.from_dict(state)
    assert process is not None
    return process


def labelled(engine: Engine) -> list[ProcessId]:
    return machine.labelled(engine.ref.name, engine.backend._root)


def home_of(engine: Engine) -> Path:
    return Path(json.loads((folder_of(engine) / "label.json").read_text())["home"])


def get(url: str) -> str:
    address = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", address.port or 0, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def test_the_product_sees_nothing_of_the_portal(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "geheim")
    monkeypatch.setenv("DATABASE_URL", "postgresql://geheim")

    found = engine.ensure()
    assert engine.is_ready()
    *names, uid, cwd = get(found.endpoint).splitlines()

    allowed = {"HOME", "LANG", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "TMPDIR"}
    assert {n for n in names if not n.startswith("OSK_SANDBOX_")} <= allowed
    assert cwd == str(home_of(engine))
    if os.getuid() == 0:
        assert uid == str(OtherUser.find(PRODUCTS).uid)
    status = Path(f"/proc/{leader_of(engine).pid}/status").read_text()
    assert "NoNewPrivs:\t1" in status


def test_the_product_is_no_child_of_ours_and_leads_its_own_session(engine: Engine) -> None:
    engine.ensure()
    assert engine.is_ready()  # it is the product now, no more what has started it
    pid = leader_of(engine).pid

    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()

    assert int(fields[1]) != os.getpid()
    assert int(fields[3]) == pid
    assert {"0", "1", "2"} <= {*os.listdir(f"/proc/{pid}/fd")}
    held = [os.readlink(f"/proc/{pid}/fd/{n}") for n in os.listdir(f"/proc/{pid}/fd")]
    assert not [path for path in held if path.endswith(".lock")]


def test_secrets_reach_the_preparation_and_no_command_line(engine: Engine) -> None:
    engine.ensure()
    assert engine.is_ready()

    assert "geheim-4711" in (home_of(engine) / "given").read_text()
    assert "geheim-4711" not in Path(f"/proc/{leader_of(engine).pid}/cmdline").read_text()
    assert "geheim-4711" not in Path(f"/proc/{leader_of(engine).pid}/environ").read_text()
    for path in folder_of(engine).glob("*.*"):
        assert "geheim-4711" not in path.read_text()


@as_root
def test_the_home_belongs_to_the_other_user_and_the_label_to_us(engine: Engine) -> None:
    engine.ensure()

    assert home_of(engine).stat().st_uid == OtherUser.find(PRODUCTS).uid
    label = folder_of(engine) / "label.json"
    assert label.stat().st_uid == 0
    assert label.stat().st_mode & 0o077 == 0


@as_root
@pytest.mark.parametrize("name", ["root", "0", "nobody", "den-gibt-es-nicht", ""])
def test_a_product_never_runs_as_root_nor_as_the_database(name: str) -> None:
    with pytest.raises(BackendUnavailable):
        OtherUser.find(name)


def test_a_killed_program_is_started_again_with_its_data(engine: Engine) -> None:
    engine.ensure()
    assert engine.is_ready()
    os.kill(leader_of(engine).pid, signal.SIGKILL)
    assert wait_until(lambda: engine.backend.observe(engine.ref).state == ObservedState.EXITED, 5)

    assert engine.ensure().state == ObservedState.RUNNING
    assert engine.is_ready()
    assert (home_of(engine) / "kept").read_text() == "started\n" * 2


def test_another_process_with_the_same_pid_is_not_taken_for_ours(engine: Engine) -> None:
    engine.ensure()
    state = folder_of(engine) / "web.json"
    ours = state.read_text()
    state.write_text(json.dumps({"pid": os.getpid(), "started": "another boot/1"}))

    assert engine.backend.observe(engine.ref).state == ObservedState.EXITED

    state.write_text(ours)


@pytest.mark.parametrize("lost", ["web.json", "web.log", "home"])
def test_a_half_made_environment_is_completed(engine: Engine, lost: str) -> None:
    """As a worker leaves it that was killed in between: there is one afterwards, not two."""
    engine.ensure()
    path = home_of(engine) if lost == "home" else folder_of(engine) / lost
    before = leader_of(engine)
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    if lost == "home":
        before.end((signal.SIGKILL,))

    assert engine.ensure().state == ObservedState.RUNNING
    assert engine.is_ready()
    assert len(labelled(engine)) == 1


def test_a_folder_without_its_first_step_is_no_obstacle(engine: Engine) -> None:
    """Killed between the label and the start."""
    backend = engine.backend
    backend._make_folder(folder_of(engine), engine.ref, clock.now())
    assert backend.observe(engine.ref).state == ObservedState.CREATING
    half = backend._root / f".{engine.ref.name}-abcdef"
    half.mkdir()

    assert engine.ensure().state == ObservedState.RUNNING
    engine.backend.destroy(engine.ref)

    assert not half.exists()


def test_children_that_left_the_session_go_too(engine: Engine) -> None:
    engine.spec = make_spec("child")
    engine.ensure()
    assert engine.is_ready()
    processes = labelled(engine)
    assert len(processes) == 2

    engine.backend.destroy(engine.ref)

    assert not [process for process in processes if process.is_alive]


def test_a_process_whose_folder_somebody_removed_is_found_and_ended(engine: Engine) -> None:
    engine.ensure()
    assert engine.is_ready()  # it has read its files
    process = leader_of(engine)
    home = home_of(engine)
    shutil.rmtree(folder_of(engine))

    [stray] = engine.backend.observe_all()
    assert (stray.env, stray.generation) == (engine.ref.env, 1)
    assert engine.backend.observe(engine.ref).state == ObservedState.CREATING

    assert engine.backend.destroy(engine.ref).state == ObservedState.ABSENT
    assert not process.is_alive
    shutil.rmtree(home, ignore_errors=True)


def test_a_process_that_gave_its_variables_back_is_still_waited_for(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel drops the variables of a process that ends before the process itself."""
    engine.ensure()
    assert engine.is_ready()
    process = leader_of(engine)
    home = home_of(engine)
    shutil.rmtree(folder_of(engine))
    real, looks = machine.labels, iter([True])
    monkeypatch.setattr(machine, "labels", lambda: real() if next(looks, False) else {})

    engine.backend.destroy(engine.ref)

    assert not process.is_alive
    shutil.rmtree(home, ignore_errors=True)


def test_a_label_that_cannot_be_read_is_unknown_not_absent(engine: Engine) -> None:
    engine.ensure()
    label = folder_of(engine) / "label.json"
    whole = label.read_text()
    label.write_text("{")

    assert engine.backend.observe(engine.ref).state == ObservedState.UNKNOWN
    with pytest.raises(Permanent):
        engine.backend.destroy(engine.ref)

    label.write_text(whole)


@pytest.mark.parametrize("changes", [{"created_at": "gestern"}, {"ports": 7}, {"home": None}])
def test_a_label_of_nonsense_hides_nobody_elses_environment(
    engine: Engine, changes: dict[str, object]
) -> None:
    """Where the portal is no root, a product could write into its own label."""
    engine.ensure()
    engine.ensure(reference(2))
    label = folder_of(engine) / "label.json"
    whole = label.read_text()
    label.write_text(json.dumps({**json.loads(whole), **changes}))

    states = [observed.state for observed in engine.backend.observe_all()]

    assert states == [ObservedState.UNKNOWN, ObservedState.RUNNING]
    label.write_text(whole)


def test_a_preparation_that_hangs_is_tried_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    [component] = engine.spec.components
    hanging = replace(component, prepare=(("-I", "-c", "import time; time.sleep(3)"),))
    monkeypatch.setattr(process_start, "LAUNCH_SECONDS", 0.5)

    with pytest.raises(Retryable):
        engine.ensure(spec=replace(engine.spec, components=(hanging,)))


def test_a_folder_without_a_label_is_not_ours(engine: Engine) -> None:
    strange = folder_of(engine)
    strange.mkdir()
    (strange / "wichtig").write_text("bleibt")

    for touch in (engine.ensure, lambda: engine.backend.destroy(engine.ref)):
        with pytest.raises(Permanent):
            touch()

    assert (strange / "wichtig").read_text() == "bleibt"


def test_a_port_that_somebody_took_is_chosen_anew(engine: Engine) -> None:
    first = engine.ensure()
    port = int(first.endpoint.rsplit(":", 1)[1].rstrip("/"))
    leader_of(engine).end((signal.SIGKILL,))
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", port))
        stranger.listen()

        second = engine.ensure()

        assert second.endpoint != first.endpoint
        assert engine.is_ready()


def test_a_stranger_on_our_port_is_not_taken_for_the_product(engine: Engine) -> None:
    """The product lost the race for its port: what answers is not what was booked."""

    class Stranger(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None: ...

    engine.ensure()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        path = folder_of(engine) / "label.json"
        label = json.loads(path.read_text())
        path.write_text(json.dumps({**label, "ports": {"web": server.server_port}}))

        check = engine.spec.components[0].readiness
        assert check is not None
        result = engine.backend.probe(engine.ref, check)
        server.shutdown()

    assert not result.ok
    assert "another program" in result.detail


def test_two_environments_have_two_ports(engine: Engine) -> None:
    first = engine.ensure()
    second = engine.ensure(reference(2))

    assert first.endpoint != second.endpoint


def test_without_a_free_port_it_says_so(
    process_backend: ProcessBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_backend, "_ports", range(22000, 22001))
    engine = Engine(process_backend, reference(), make_spec())
    engine.ensure()

    with pytest.raises(BackendUnavailable):
        engine.ensure(reference(2))


def test_a_product_that_ends_at_once_is_told_and_its_words_are_kept(engine: Engine) -> None:
    engine.spec = make_spec("fail")
    engine.ensure()
    check = engine.spec.components[0].readiness
    assert check is not None

    result = engine.backend.probe(engine.ref, check, patience=5)

    assert (result.ok, result.is_over) == (False, True)
    assert "component starts" in engine.backend.logs(engine.ref)


def test_a_wrong_answer_is_not_ready(engine: Engine) -> None:
    engine.spec = make_spec(path="/slow")
    engine.ensure()
    check = engine.spec.components[0].readiness
    assert check is not None
    assert wait_until(lambda: "503" in engine.backend.probe(engine.ref, check).detail, 10)


def test_a_preparation_that_fails_is_tried_again_without_leaking(engine: Engine) -> None:
    [component] = engine.spec.components
    broken = replace(component, prepare=(("-I", "-c", "import sys; sys.exit(sys.stdin.read())"),))

    with pytest.raises(Retryable) as failed:
        engine.ensure(spec=replace(engine.spec, components=(broken,)))

    assert "geheim-4711" not in failed.value.detail
    assert engine.ensure().state == ObservedState.RUNNING


def test_an_unknown_program_is_a_matter_for_an_operator(engine: Engine) -> None:
    [component] = engine.spec.components
    strange = replace(component, program="rm")

    with pytest.raises(Permanent):
        engine.ensure(spec=replace(engine.spec, components=(strange,)))


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3])
def test_a_worker_killed_at_any_moment_leaves_one_environment(engine: Engine, delay: float) -> None:
    """kill -9 in the middle of everything; whoever comes next finds what it left and goes on."""
    worker = os.fork()
    if worker == 0:
        try:
            engine.ensure()
        finally:
            os._exit(0)
    time.sleep(delay)
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)

    assert engine.ensure().state == ObservedState.RUNNING
    assert engine.is_ready()
    assert len(labelled(engine)) == 1
    assert engine.backend.destroy(engine.ref).state == ObservedState.ABSENT
    assert labelled(engine) == []
    left = {path.name for path in engine.backend._root.iterdir()}
    assert left <= {".ports.lock"}


def test_two_workers_at_once_make_one_environment(engine: Engine) -> None:
    outcomes: list[object] = []

    def work() -> None:
        try:
            outcomes.append(engine.ensure().state)
        except Retryable as error:
            outcomes.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert ObservedState.RUNNING in outcomes
    assert len(labelled(engine)) == 1


def test_the_program_of_a_missing_installation_is_named(tmp_path: Path, outside: Path) -> None:
    backend = ProcessBackend(
        root=tmp_path / "x",
        programs={"radicale": "/nirgends/python"},
        ports=PORTS,
        user=PRODUCTS,
        outside=outside,
    )

    assert "radicale" in backend.check().detail
    [component] = make_spec().components
    plan = replace(make_spec(), components=(replace(component, program="radicale"),))
    with pytest.raises(BackendUnavailable):
        backend.ensure(reference(), plan, {}, expires_at=clock.now())


def test_refused_in_production(settings: Any) -> None:
    settings.PRODUCTION = True

    with pytest.raises(BackendUnavailable):
        backends.get("process")


def test_a_portal_beside_ours_with_the_same_names_is_left_alone(
    engine: Engine, tmp_path: Path, outside: Path, small_python: Path
) -> None:
    """A restored copy of a portal, or the tests of two checkouts: same names, other folder."""
    beside = ProcessBackend(
        root=tmp_path / "beside",
        programs={"python": str(small_python)},
        ports=PORTS,
        user=PRODUCTS,
        outside=outside,
    )
    other = Engine(beside, engine.ref, engine.spec)
    other.ensure()
    assert other.is_ready()

    engine.ensure()
    engine.backend.destroy(engine.ref)

    try:
        assert engine.backend.observe(engine.ref).state == ObservedState.ABSENT
        assert other.is_ready()
        assert len(labelled(other)) == 1
    finally:
        beside.destroy(engine.ref)


@pytest.fixture
def reaped(engine: Engine, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Engine:
    """One expired, one running, one of another portal. No database: the test has none."""
    settings.OSK_SANDBOX_INSTANCE = "here"
    monkeypatch.setattr(backends, "BACKENDS", {"process": lambda: engine.backend})
    engine.ensure(expires_at=clock.now() - timedelta(minutes=1))
    engine.ensure(reference(2))
    engine.ensure(reference(3, instance="elsewhere"))
    return engine


def names(engine: Engine) -> list[str]:
    return [observed.name for observed in engine.backend.observe_all()]


def test_reap_lists_and_touches_nothing(reaped: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("sandbox_reap")

    assert "running" in capsys.readouterr().out
    assert len(names(reaped)) == 3


def test_reap_removes_what_has_expired(reaped: Engine) -> None:
    call_command("sandbox_reap", "--expired")

    assert names(reaped) == [reference(2).name, reference(3).name]


def test_reap_all_spares_other_portals(reaped: Engine) -> None:
    call_command("sandbox_reap", "--all")

    assert names(reaped) == [reference(3).name]


def test_reap_stop_keeps_the_data(reaped: Engine) -> None:
    call_command("sandbox_reap", "--stop")

    assert len(names(reaped)) == 3
    assert [o.state for o in reaped.backend.observe_all()] == ["creating", "creating", "running"]
    assert reaped.ensure().state == ObservedState.RUNNING


def test_reap_says_what_it_could_not_remove(
    reaped: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(ref: object) -> None:
        raise Retryable("busy")

    with monkeypatch.context() as patch:
        patch.setattr(reaped.backend, "destroy", busy)
        with pytest.raises(CommandError, match="2 could not"):
            call_command("sandbox_reap", "--all")


def test_the_launcher_uses_only_the_standard_library() -> None:
    """It runs without site-packages and without the portal on its path."""
    source = Path(launcher.__file__).read_text()

    assert "import django" not in source
    assert "from sandbox" not in source
    assert "from osk_portal" not in source


def test_the_limits_of_the_specification_hold_for_the_program(engine: Engine) -> None:
    engine.ensure()
    limits = engine.spec.components[0].limits

    told = Path(f"/proc/{leader_of(engine).pid}/limits").read_text().splitlines()

    found = {line[:26].strip(): line[26:].split()[:2] for line in told}
    assert found["Max address space"] == [str(limits.memory_mb * 2**20)] * 2
    assert found["Max file size"] == [str(limits.file_mb * 2**20)] * 2
    assert found["Max open files"] == [str(limits.open_files)] * 2
    assert found["Max processes"] == [str(limits.processes)] * 2
    assert found["Max core file size"] == ["0", "0"]


def test_an_end_that_cannot_be_written_is_tried_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk stops no worker in the middle of its step."""
    engine.ensure()

    def full(*_asked: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Label, "write", full)
    with pytest.raises(Retryable, match="No space left"):
        engine.backend.set_expiry(engine.ref, clock.now())
    with pytest.raises(CapacityExhausted):
        engine.ensure(replace(engine.ref, generation=2))
