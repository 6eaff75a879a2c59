"""What only containers need: apart from each other and the outside, and what an accident leaves."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command

from osk_portal.embedded.processes import wait_until
from osk_portal.toolkit import clock
from sandbox import backends, spec
from sandbox.backends.base import (
    BackendUnavailable,
    CapacityExhausted,
    EnvRef,
    ObservedState,
    Permanent,
    Retryable,
)
from sandbox.backends.container import ContainerBackend
from tests.conformance.conftest import (
    Engine,
    container_backend,
    container_engine,
    make_container_spec,
    reference,
)
from tests.conformance.test_taking_along import taken, with_data
from tests.containers.elsewhere import TEXT
from tests.containers.looking import body, can_reach, inside, of
from tests.containers.podman import BUSYBOX, Podman

pytestmark = pytest.mark.containers
DOCKER = os.environ.get("OSK_TEST_ENGINE") == "docker"
__all__ = ["container_backend"]

engine = container_engine


def test_the_product_answers_with_its_files_and_passwords(engine: Engine) -> None:
    found = engine.ensure()
    assert engine.is_ready()

    assert body(found.endpoint) == "Hallo\n"
    assert body(found.endpoint, "/given") == "geheim-4711"


def test_passwords_stand_in_no_label_and_no_variable(engine: Engine, podman: Podman) -> None:
    engine.ensure()

    for kind, name in (("container", "-web"), ("network", ""), ("volume", "-web.home")):
        assert "geheim-4711" not in podman.run(kind, "inspect", f"{engine.ref.name}{name}")


def test_every_object_carries_the_labels(engine: Engine, podman: Podman) -> None:
    engine.ensure()
    name = engine.ref.name

    for kind, what in (
        ("container", f"{name}-web"),
        ("network", name),
        ("volume", f"{name}-data.data"),
        ("volume", f"{name}-web.home"),
    ):
        told = podman.run(kind, "inspect", what)
        for label in ("osk.managed", "osk.instance", "osk.env", "osk.generation", "osk.expires-at"):
            assert label in told, (kind, what, label)


def test_it_may_do_little(engine: Engine, podman: Podman) -> None:
    engine.ensure()
    container = f"{engine.ref.name}-web"

    _code, status = inside(podman, container, "cat", "/proc/self/status")
    assert "CapEff:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status
    assert inside(podman, container, "touch", "/x")[0] != 0
    assert inside(podman, container, "touch", "/data/x")[0] == 0
    assert "uid=1000" in inside(podman, container, "id")[1]
    memory = "/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory.max"
    limits = [inside(podman, container, "cat", path)[1].strip() for path in memory]
    assert str(64 * 2**20) in limits


@pytest.mark.podman
def test_a_seed_is_written_once_beside_what_the_image_has(engine: Engine, podman: Podman) -> None:
    """Podman copies what the image has into an empty volume only, and would find the seed there."""
    podman.run(
        "build", "--isolation=chroot", "--tag=localhost/osk-filled:test", "-",
        stdin=f"FROM {BUSYBOX}\nRUN echo image > /data/of-image && chown -R 1000 /data\n".encode(),
    )  # fmt: skip
    web = replace(engine.spec.components[0], image="localhost/osk-filled:test")
    filled = with_data(replace(engine.spec, components=(web,)))
    container = f"{engine.ref.name}-web"

    found = engine.ensure(spec=filled)
    assert inside(podman, container, "cat", "/data/of-image")[1] == "image\n"
    assert inside(podman, container, "cat", "/data/notes/a.txt")[1] == "port 8080"
    write = "echo neu > /data/notes/a.txt && rm /data/other.txt && touch /data/notes/deep/c"
    assert inside(podman, container, "sh", "-c", write)[0] == 0
    engine.backend.halt(engine.ref)
    podman.run("rm", container)
    assert engine.ensure(spec=filled).items == found.items

    assert inside(podman, container, "cat", "/data/notes/a.txt")[1] == "neu\n"
    assert inside(podman, container, "cat", "/data/other.txt")[0] != 0
    assert engine.backend.destroy(engine.ref).state == ObservedState.ABSENT
    assert engine.ref.name not in podman.run("volume", "ls", "--quiet")


def test_what_a_container_holds_to_lead_astray_is_left_out(engine: Engine, podman: Podman) -> None:
    spec_of = with_data(engine.spec)
    engine.ensure(spec=spec_of)
    hostile = (
        "cd /data/notes && ln -s /run/osk/given link && ln -s /run/osk folder && ln a.txt again"
        " && mkfifo pipe && touch 'a:b' && dd if=/dev/zero of=huge bs=1 count=0 seek=20000"
    )
    assert inside(podman, f"{engine.ref.name}-web", "sh", "-c", hostile)[0] == 0

    files, into = taken(engine, spec_of)

    assert b"geheim-4711" not in b"".join(files.values())
    assert {name.rpartition("/")[2] for name in files} < {"a.txt", "again", "b.txt"}
    assert len(files) == 2
    assert sorted(reason for _name, reason in into.left_out) == [
        "link", "link", "link", "name", "special", "too_large",
    ]  # fmt: skip

    moved = "cd /data && mv notes away && ln -s /run/osk notes"
    assert inside(podman, f"{engine.ref.name}-web", "sh", "-c", moved)[0] == 0
    files, into = taken(engine, spec_of)
    assert files == {}
    assert [reason for _name, reason in into.left_out] == ["link"]
    engine.backend.halt(engine.ref)
    assert taken(engine, spec_of)[0] == {}, "also while it is halted"


def test_environments_reach_neither_each_other_nor_the_outside(
    engine: Engine, podman: Podman, other_machine: str
) -> None:
    first = engine.ensure()
    other = engine.ensure(reference(2))
    address, theirs = urlsplit(first.endpoint).hostname, urlsplit(other.endpoint).hostname
    container = f"{engine.ref.name}-web"
    assert address
    assert theirs
    assert engine.is_ready()
    assert body(other.endpoint) == "Hallo\n"

    assert can_reach(podman, container, address, 8080)
    assert not can_reach(podman, container, theirs, 8080)
    outside = urlsplit(other_machine)
    assert outside.hostname
    assert outside.port
    assert body(other_machine) == TEXT  # the machine itself reaches it
    assert not can_reach(podman, container, outside.hostname, outside.port)
    # No route leads out of the network: whatever is asked for, the kernel says so at once. Docker lays one to the
    # machine, whose packet filter lets nothing pass on.
    routes = inside(podman, container, "ip", "route")[1].strip().splitlines()
    own = str(IPv4Network((f"{address}/27"), strict=False))
    assert [line.split()[0] for line in routes] in ([own], *([["default", own]] if DOCKER else []))


def test_the_firewall_of_the_handbook_closes_the_machine_itself(
    engine: Engine, podman: Podman
) -> None:
    """An engine's bridge is an address of the machine, and what listens everywhere listens there, too."""
    found = engine.ensure()
    assert engine.is_ready()
    pool = IPv4Network(f"{urlsplit(found.endpoint).hostname}/27", strict=False)
    rule = ["-s", str(pool), "-m", "conntrack", "--ctstate", "NEW", "-j", "DROP"]
    with socket.create_server((str(pool[1]), 0)) as server:
        port = server.getsockname()[1]
        assert can_reach(podman, f"{engine.ref.name}-web", str(pool[1]), port)
        subprocess.run(["iptables", "-I", "INPUT", *rule], check=True)
        try:
            assert not can_reach(podman, f"{engine.ref.name}-web", str(pool[1]), port)
            assert engine.is_ready()
        finally:
            subprocess.run(["iptables", "-D", "INPUT", *rule], check=True)


def test_an_ended_container_is_started_again_with_its_data(engine: Engine, podman: Podman) -> None:
    engine.ensure()
    container = f"{engine.ref.name}-web"
    inside(podman, container, "touch", "/data/kept")
    podman.run("kill", container)
    assert wait_until(lambda: engine.backend.observe(engine.ref).state == ObservedState.EXITED, 5)
    check = engine.spec.components[0].readiness
    assert "137" in engine.backend.probe(engine.ref, check).detail

    assert engine.ensure().state == ObservedState.RUNNING
    assert engine.is_ready()
    assert "kept" in inside(podman, container, "ls", "/data")[1]


@pytest.mark.podman
@pytest.mark.parametrize("kept", ["network", "volume", "created", "no network", "no volume"])
def test_half_of_it_is_completed(engine: Engine, podman: Podman, kept: str) -> None:
    """As a worker leaves it that was killed in between, or as somebody leaves it who tidied up."""
    engine.ensure()
    name = engine.ref.name
    gone = {
        "network": [("rm", "-f", "-t0", f"{name}-web"), ("volume", "rm", f"{name}-web.home")],
        "volume": [("rm", "-f", "-t0", f"{name}-web"), ("network", "rm", name)],
        "created": [("stop", "-t0", f"{name}-web")],
        "no network": [("network", "rm", "-f", name)],
        "no volume": [("rm", "-f", "-t0", f"{name}-web"), ("volume", "rm", f"{name}-data.data")],
    }[kept]
    for words in gone:
        podman.run(*words)
    before = engine.backend.observe(engine.ref)
    assert before.state not in (ObservedState.ABSENT, ObservedState.UNKNOWN)
    assert (before.instance, before.env) == ("here", engine.ref.env)

    assert engine.ensure().state == ObservedState.RUNNING
    assert engine.is_ready()
    engine.backend.destroy(engine.ref)
    assert name not in podman.run("ps", "-a") + podman.run("volume", "ls")


@pytest.mark.podman
def test_a_container_that_lost_its_storage_hides_no_other_and_gives_way(
    engine: Engine, podman: Podman
) -> None:
    """As Podman leaves one when its service is killed while it removes it: its own lists fail then."""
    engine.ensure()
    other = reference(2)
    engine.ensure(other)
    container = f"{engine.ref.name}-web"
    inside(podman, container, "touch", "/data/kept")
    podman.run("stop", "-t0", container)
    podman.stop()
    storage = podman.folder / "root" / "overlay-containers" / "containers.json"
    known = json.loads(storage.read_text())
    storage.write_text(json.dumps([one for one in known if container not in one["names"]]))
    podman.start()

    found = {observed.name: observed.state for observed in engine.backend.observe_all()}
    assert found == {engine.ref.name: ObservedState.EXITED, other.name: ObservedState.RUNNING}
    check = engine.spec.components[0].readiness
    assert engine.backend.probe(engine.ref, check).is_over
    assert engine.backend.logs(engine.ref) == []
    assert engine.ensure().state == ObservedState.RUNNING
    assert engine.is_ready()
    assert "kept" in inside(podman, container, "ls", "/data")[1]
    engine.backend.destroy(engine.ref)
    assert of(podman, engine.ref.name) == {}


def test_what_cannot_start_leaves_no_container(engine: Engine, podman: Podman) -> None:
    engine.spec = make_container_spec(command=["/bin/missing"])

    with pytest.raises(Permanent):
        engine.ensure()

    assert engine.ref.name not in podman.run("ps", "--all")
    assert engine.backend.observe(engine.ref).state == ObservedState.CREATING


def test_an_image_that_was_not_built_is_named(engine: Engine) -> None:
    missing = make_container_spec(image="localhost/osk-missing:1")

    assert "localhost/osk-missing:1" in "".join(engine.backend.validate(missing))
    with pytest.raises(Permanent, match="osk-missing"):
        engine.ensure(spec=missing)
    assert engine.backend.observe(engine.ref).state == ObservedState.ABSENT


def test_components_start_in_order_and_find_each_other_by_name(
    engine: Engine, podman: Podman
) -> None:
    parts: dict[str, Any] = {
        "image": BUSYBOX,
        "command": ["/bin/httpd"],
        "files": [{"path": "index.html", "content": "${port.inner}"}],
        "user": "1000",
    }
    plan = spec.parse(
        {
            "schema": 2,
            "components": [
                {
                    "name": "web",
                    **parts,
                    "args": ["-f", "-p", "8080", "-h", "${home}"],
                    "ports": [{"name": "web", "number": 8080}],
                    "readiness": {"port": "web"},
                    "depends_on": ["db"],
                },
                {
                    "name": "db",
                    **parts,
                    "args": ["-f", "-p", "5432", "-h", "${home}"],
                    "ports": [{"name": "inner", "number": 5432}],
                    "readiness": {"type": "tcp", "port": "inner"},
                },
            ],
            "endpoints": [{"port": "web"}],
        }
    )

    assert engine.ensure(spec=plan).state == ObservedState.RUNNING
    check = plan.components[0].readiness
    assert check
    assert engine.backend.probe(engine.ref, check, patience=10).ok
    code, told = inside(podman, f"{engine.ref.name}-web", "wget", "-qO-", "http://db:5432/")
    assert (code, told) == (0, "5432")
    started = "{{.State.StartedAt}}"
    assert podman.run("inspect", "-f", started, f"{engine.ref.name}-db") < podman.run(
        "inspect", "-f", started, f"{engine.ref.name}-web"
    )


@pytest.mark.podman
def test_an_engine_that_does_not_answer_says_nothing_about_what_exists(
    engine: Engine, podman: Podman
) -> None:
    engine.ensure()
    podman.stop()
    try:
        assert not engine.backend.check().ok
        assert engine.backend.observe(engine.ref).state == ObservedState.UNKNOWN
        for call in (engine.ensure, lambda: engine.backend.destroy(engine.ref)):
            with pytest.raises(BackendUnavailable):
                call()
        with pytest.raises(BackendUnavailable):
            list(engine.backend.observe_all())
    finally:
        podman.start()

    assert engine.backend.observe(engine.ref).state == ObservedState.RUNNING


def test_the_newest_end_counts(engine: Engine, podman: Podman) -> None:
    end = clock.now() + timedelta(hours=3)
    engine.ensure(expires_at=end)
    for hours in (5, 1):
        engine.backend.set_expiry(engine.ref, end + timedelta(hours=hours))

    assert engine.backend.observe(engine.ref).expires_at == end + timedelta(hours=1)
    assert podman.run("volume", "ls").count(".until-") == 1
    engine.backend.destroy(engine.ref)
    engine.backend.set_expiry(engine.ref, end)
    assert engine.backend.observe(engine.ref).state == ObservedState.ABSENT


def test_no_free_addresses_are_no_error_of_the_product(engine: Engine) -> None:
    engine.ensure()
    engine.backend._pool = IPv4Network(f"{urlsplit(engine.ensure().endpoint).hostname}/27", False)

    with pytest.raises(CapacityExhausted):
        engine.ensure(reference(2))


def test_logs_are_of_the_product(engine: Engine) -> None:
    engine.spec = make_container_spec(
        command=["/bin/sh", "-c"], args=["echo begonnen; exec httpd -f -p 8080 -h /run/osk"]
    )
    engine.ensure()

    assert wait_until(lambda: "web: begonnen" in engine.backend.logs(engine.ref), 5)


def test_what_a_product_writes_fills_no_disk(engine: Engine) -> None:
    endless = "head -c 40000000 /dev/zero | tr '\\0' a; echo; echo fertig;"
    engine.spec = make_container_spec(
        command=["/bin/sh", "-c"], args=[f"{endless} exec httpd -f -p 8080 -h /run/osk"]
    )
    engine.ensure()

    def is_done() -> bool:
        with contextlib.suppress(BackendUnavailable):  # Podman looks for the begin of the line
            return "web: fertig" in engine.backend.logs(engine.ref)
        return False

    assert wait_until(is_done, 60)
    with engine.backend._engine() as spoken:
        found = spoken.container(f"{engine.ref.name}-web")
    assert Path(found["LogPath"]).stat().st_size < 20_000_000


def test_the_safety_net_needs_no_database(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], settings
) -> None:
    settings.OSK_SANDBOX_INSTANCE = "here"
    monkeypatch.setattr(backends, "BACKENDS", {"container": lambda: engine.backend})
    engine.ensure(expires_at=clock.now() - timedelta(minutes=1))
    engine.ensure(reference(2))
    engine.ensure(reference(3, instance="elsewhere"), expires_at=clock.now() - timedelta(days=1))

    call_command("sandbox_reap", "--expired")

    assert f"{engine.ref.name}: removed" in capsys.readouterr().out
    left = {(o.env[:8], o.instance) for o in engine.backend.observe_all()}
    assert left == {("00000002", "here"), ("00000003", "elsewhere")}


def test_many_workers_at_once_make_one_of_each(engine: Engine, podman: Podman) -> None:
    """Two at the same environment, as after a lost lease, and several that want networks."""
    refs = [engine.ref, engine.ref, *(reference(number) for number in range(2, 6))]
    with ThreadPoolExecutor(len(refs)) as pool:
        outcomes = list(pool.map(lambda ref: attempt(engine, ref), refs))

    assert outcomes.count("running") >= len(refs) - 1, outcomes
    for ref in refs[1:]:
        assert engine.ensure(ref).state == ObservedState.RUNNING
    endpoints = {observed.endpoint for observed in engine.backend.observe_all()}
    assert len(endpoints) == 5
    assert len(podman.run("network", "ls", "-q", "--filter", "label=osk.managed").split()) == 5


def attempt(engine: Engine, ref: EnvRef) -> str:
    """Of two at the same one, the slower may be sent away to try again."""
    try:
        return str(engine.ensure(ref).state)
    except Retryable as error:
        return error.detail


def test_a_container_reaches_the_mail_sink_from_its_own_network(
    engine: Engine, podman: Podman
) -> None:
    """By the address that it is told, and seen as what ``mail_senders`` knows it by."""
    with socket.create_server(("0.0.0.0", 0)) as server:  # noqa: S104 # as the sink listens
        backend = engine.backend
        assert isinstance(backend, ContainerBackend)
        backend._mail_port = server.getsockname()[1]  # what the settings say
        engine.spec = make_container_spec(mail={"host": "SMTP_HOST", "port": "SMTP_PORT"})
        found = engine.ensure()
        assert engine.is_ready()
        server.settimeout(10)
        with ThreadPoolExecutor(1) as threads:
            said = threads.submit(
                inside,
                podman,
                f"{engine.ref.name}-web",
                *("sh", "-c", "echo Hallo | timeout 5 nc -w 3 $SMTP_HOST $SMTP_PORT"),
            )
            connection, (peer, _port) = server.accept()
            with connection:
                assert connection.recv(100) == b"Hallo\n"
                local = connection.getsockname()[0]
            said.result()
    network = IPv4Network(f"{urlsplit(found.endpoint).hostname}/27", strict=False)
    assert IPv4Address(peer) in network
    assert local == str(network[1])
