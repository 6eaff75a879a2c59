"""A quarantine on a real engine: stopped and cut off from everybody, and all that it wrote is still there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client

from osk_portal.embedded.processes import wait_until
from osk_portal.toolkit import clock
from sandbox import backends, leases, services
from sandbox.backends.base import ObservedState
from sandbox.backends.container import ContainerBackend
from sandbox.enums import BookingState, EnvironmentState
from sandbox.models import Booking, Environment
from tests.conformance.conftest import container_backend
from tests.containers.looking import answers, body, can_reach, inside, networks_of, of
from tests.containers.podman import BUSYBOX, Podman
from tests.factories import staff
from tests.sandbox.conftest import run
from tests.sandbox.factories import BlueprintVersionFactory, SlotFactory
from tests.sandbox.views.test_gate import KEY, pass_of, status
from tests.sandbox.world import book

pytestmark = [pytest.mark.containers, pytest.mark.django_db]
__all__ = ["container_backend", "run"]

PART = {
    "image": BUSYBOX,
    "command": ["/bin/httpd"],
    "args": ["-f", "-p", "8080", "-h", "${home}"],
    "files": [{"path": "index.html", "content": "Hallo\n"}],
    "user": "1000:1000",
    "limits": {"memory_mb": 64, "processes": 32, "cpu_millis": 500},
}
SPEC = {
    "schema": 2,
    "components": [
        {
            **PART,
            "name": "web",
            "volumes": [{"name": "data", "path": "/data"}],
            "ports": [{"name": "web", "number": 8080}],
            "readiness": {"port": "web"},
        },
        {**PART, "name": "db", "ports": [{"name": "sql", "number": 8080}]},
    ],
    "endpoints": [{"port": "web"}],
    "accounts": [{"role": "test", "label": "Testperson", "username": "test"}],
    "ready_timeout": 60,
}


@pytest.fixture
def two_running(
    container_backend: ContainerBackend,
    run: Callable[[Booking], Environment],
    monkeypatch: pytest.MonkeyPatch,
    settings,
) -> tuple[Booking, Booking]:
    """Two bookings on Podman, handed over, behind a gate."""
    settings.OSK_SANDBOX_INSTANCE = "here"
    settings.OSK_SANDBOX_DOMAIN = "test.example"
    settings.OSK_SANDBOX_GATE_KEY = KEY
    monkeypatch.setitem(backends.BACKENDS, "container", lambda: container_backend)
    version = BlueprintVersionFactory(spec=SPEC)
    for _number in range(2):
        SlotFactory(pool=version.blueprint.pool, backend="container")
    bookings = book(version.blueprint), book(version.blueprint)
    for booking in bookings:
        assert wait_until(lambda b=booking: is_ready(run, b), 60)
    return bookings


def is_ready(run: Callable[[Booking], Environment], booking: Booking) -> bool:
    """Whoever was told to try again later does so at once."""
    booking.environments.update(next_action_at=clock.now())
    return run(booking).state == EnvironmentState.READY


def test_nobody_reaches_what_is_in_quarantine_and_its_data_stay_until_it_ends(
    two_running: tuple[Booking, Booking],
    run: Callable[[Booking], Environment],
    podman: Podman,
    client: Client,
) -> None:
    booking, neighbour = two_running
    client.force_login(booking.booked_by)
    environment, other = run(booking), run(neighbour)
    web, db = f"{environment.backend_key}-web", f"{environment.backend_key}-db"
    endpoint = environment.endpoint
    address = urlsplit(endpoint).hostname or ""
    inside(podman, web, "touch", "/data/spur")
    cookie = pass_of(client, booking)
    assert status(booking, cookie) == 204
    assert body(endpoint) == "Hallo\n"
    assert can_reach(podman, db, address, 8080)

    services.quarantine_environment(
        environment_id=environment.pk,
        actor=staff("operator"),
        reason="Auffälliger Zugriff",
        until=clock.now() + timedelta(days=10),
    )
    # From the operator's word on, before the worker has come
    assert status(booking, cookie) == 403
    environment = run(booking)

    assert environment.state == EnvironmentState.QUARANTINED
    assert environment.isolated_at is not None
    assert booking.state == BookingState.FAILED
    found = backends.get("container").observe(leases.ref_of(environment))
    assert found.state == ObservedState.EXITED
    assert found.expires_at == environment.quarantined_until
    assert status(booking, cookie) == 403
    assert not answers(endpoint, "Hallo\n")
    assert not can_reach(podman, f"{other.backend_key}-web", address, 8080)
    assert body(other.endpoint) == "Hallo\n", "the neighbour goes on"

    # Even started by hand, as who looks into it may, it has no network
    for name in (web, db):
        assert networks_of(podman, name) == []
        podman.run("start", name)
        code, told = inside(podman, name, "ip", "-o", "addr")
        assert code == 0
        assert [line.split()[1] for line in told.splitlines() if "inet" in line] in ([], ["lo"])
    assert not answers(endpoint, "Hallo\n")
    assert not can_reach(podman, db, address, 8080)
    assert not can_reach(podman, f"{other.backend_key}-web", address, 8080)
    assert "spur" in inside(podman, web, "ls", "/data")[1]

    services.end_environment(
        environment_id=environment.pk, actor=staff("operator"), reason="Geprüft"
    )
    environment = run(booking)

    assert environment.state == EnvironmentState.GONE
    assert all(proof.verified_at for proof in environment.proofs.all())
    kinds = {proof.kind for proof in environment.proofs.all()}
    assert {"container", "network", "secret", "volume", "credential"} == kinds
    assert of(podman, environment.backend_key) == {}
    assert run(neighbour).state == EnvironmentState.READY


def test_what_is_given_back_has_its_network_its_data_and_its_address(
    two_running: tuple[Booking, Booking],
    run: Callable[[Booking], Environment],
    podman: Podman,
) -> None:
    """Also what was outside its volumes, and where an operator has started a part of it to look into it."""
    booking, neighbour = two_running
    environment, other = run(booking), run(neighbour)
    web, db = f"{environment.backend_key}-web", f"{environment.backend_key}-db"
    before = {name: podman.run("inspect", "--format", "{{.Id}}", name) for name in (web, db)}
    inside(podman, web, "touch", "/data/spur")
    operator = staff("operator")
    services.quarantine_environment(
        environment_id=environment.pk, actor=operator, reason="Auffälliger Zugriff",
        until=clock.now() + timedelta(days=10),
    )  # fmt: skip
    assert run(booking).isolated_at is not None
    podman.run("start", db)

    services.release_quarantine(
        environment_id=environment.pk, actor=operator, reason="War ein Test"
    )
    assert wait_until(lambda: is_ready(run, booking), 60)

    again = run(booking)
    assert (again.pk, again.endpoint) == (environment.pk, environment.endpoint)
    assert body(again.endpoint) == "Hallo\n"
    assert can_reach(podman, web, "db", 8080)
    assert not can_reach(
        podman, f"{other.backend_key}-web", urlsplit(again.endpoint).hostname, 8080
    )
    assert "spur" in inside(podman, web, "ls", "/data")[1]
    after = {name: podman.run("inspect", "--format", "{{.Id}}", name) for name in (web, db)}
    assert after == before, "the same containers"
    assert backends.get("container").observe(leases.ref_of(again)).expires_at == booking.ends_at
