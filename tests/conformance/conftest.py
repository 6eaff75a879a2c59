"""The same promises, asked of every engine."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import venv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection

from osk_portal.toolkit import clock
from sandbox import services, spec
from sandbox.backends import container, kubernetes
from sandbox.backends.base import (
    BackendUnavailable,
    EnvRef,
    ObservedState,
    ProbeResult,
    SandboxBackend,
)
from sandbox.backends.container import ContainerBackend
from sandbox.backends.kubernetes import KubernetesBackend
from sandbox.backends.kubernetes_plan import Rules
from sandbox.backends.manual import ManualBackend
from sandbox.backends.process import ProcessBackend
from sandbox.models import OperatorTask
from tests.containers.podman import BUSYBOX, Podman
from tests.factories import staff
from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.stand_in import TOKEN, StandIn
from tests.sandbox.engine_in_memory import BackendInMemory, EngineInMemory
from tests.sandbox.factories import EnvironmentFactory
from tests.sandbox.fake_backend import FakeBackend

COMPONENT = (Path(__file__).parent / "component.py").read_text(encoding="utf-8")
# Each process of pytest-xdist has ports of its own: a free one is taken only when the product listens.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
PORTS = range(22000 + 400 * WORKER, 22400 + 400 * WORKER)
PRODUCTS = "61000"
BY_DIGEST = f"registry.example.org/osk/busybox@sha256:{'0' * 64}"


def make_spec(mode: str = "", path: str = "/") -> spec.EnvSpec:
    return spec.parse(
        {
            "schema": 1,
            "components": [
                {
                    "name": "web",
                    "program": "python",
                    "args": ["-I", "${home}/component.py", "${port.web}", mode],
                    "files": [{"path": "component.py", "content": COMPONENT.replace("$", "$$")}],
                    "prepare": [
                        [
                            "-I",
                            "-c",
                            "import sys; open('given', 'w').write(sys.stdin.read())",
                        ]
                    ],
                    "ports": ["web"],
                    "readiness": {"port": "web", "path": path},
                }
            ],
            "endpoint": {"port": "web"},
            "accounts": [{"role": "test", "label": "Test", "username": "test"}],
            "ready_timeout": 20,
        }
    )


def make_container_spec(**component: Any) -> spec.EnvSpec:
    """The same product as an image: busybox serves the folder of its passwords."""
    web = {
        "name": "web",
        "image": BUSYBOX,
        "command": ["/bin/httpd"],
        "args": ["-f", "-p", "${port.web}", "-h", "${home}"],
        "files": [{"path": "index.html", "content": "Hallo\n"}],
        "secrets": [{"role": "test", "file": "given"}],
        "volumes": [{"name": "data", "path": "/data"}],
        "user": "1000:1000",
        "limits": {"memory_mb": 64, "processes": 32, "cpu_millis": 500},
        "ports": [{"name": "web", "number": 8080}],
        "readiness": {"port": "web"},
    }
    return spec.parse(
        {
            "schema": 2,
            "components": [web | component],
            "endpoints": [{"port": "web"}],
            "accounts": [{"role": "test", "label": "Test", "username": "test"}],
            "ready_timeout": 20,
        }
    )


@dataclass
class Engine:
    """An engine under test and one environment on it."""

    backend: Any
    ref: EnvRef
    spec: spec.EnvSpec
    address: str = "http://127.0.0.1:"
    kinds: frozenset[str] = frozenset({"folder", "process"})
    next_generation: EnvRef = field(default_factory=lambda: reference(generation=2))
    can_halt: bool = True
    broken: spec.EnvSpec | None = None
    """The same product with a program that does not start."""
    away: Callable[[], Any] | None = None
    """A backend of the same kind that does not reach its engine; where there is none of it, None."""
    stand_in: Any = None

    def ensure(self, ref: EnvRef | None = None, **changes: Any) -> Any:
        return self.backend.ensure(
            ref or self.ref,
            changes.get("spec", self.spec),
            {"test": "geheim-4711"},
            expires_at=changes.get("expires_at", clock.now() + timedelta(days=1)),
        )

    def is_ready(self) -> bool:
        if not self.spec.components:
            return bool(self.backend.probe(self.ref, None).ok)
        check = self.spec.components[0].readiness
        assert check is not None
        return bool(self.backend.probe(self.ref, check, patience=15).ok)


def reference(number: int = 1, *, instance: str = "here", generation: int = 1) -> EnvRef:
    return EnvRef(instance, f"{number:08x}-0000-4000-8000-000000000000", generation)


@pytest.fixture(scope="session")
def outside() -> Iterator[Path]:
    """Where root's copies for the other user lie; pytest's own folders are closed to that user."""
    folder = Path(tempfile.mkdtemp(prefix="osk-test-", dir="/var/tmp"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def small_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment without packages: quick to copy."""
    folder = tmp_path_factory.mktemp("python") / "with space"
    venv.create(folder, with_pip=False)
    return folder / "bin" / "python"


@pytest.fixture
def process_backend(tmp_path: Path, outside: Path, small_python: Path) -> Iterator[ProcessBackend]:
    """Its folder lies where the other user cannot come: as it may be on a real machine."""
    backend = ProcessBackend(
        root=tmp_path / "sandboxes",
        programs={"python": str(small_python)},
        ports=PORTS,
        user=PRODUCTS,
        outside=outside,
    )
    yield backend
    for found in backend.observe_all():
        backend.destroy(EnvRef(found.instance, found.env, found.generation))


@pytest.fixture
def container_backend(podman: Podman) -> Iterator[SandboxBackend]:
    """Podman, or Docker in its place."""
    # Busybox does not listen to SIGTERM as the first process: no test waits for it.
    backend = ContainerBackend(
        address=podman.socket, pool=IPv4Network("10.213.64.0/20"), patience=0
    )
    yield backend
    for found in backend.observe_all():
        backend.destroy(EnvRef(found.instance, found.env, found.generation))


@pytest.fixture
def container_engine(container_backend: SandboxBackend) -> Engine:
    return Engine(
        container_backend,
        reference(),
        make_container_spec(),
        address="http://10.213.",
        kinds=frozenset({"container", "network", "secret", "volume"}),
        broken=make_container_spec(command=["/bin/missing"]),
        away=lambda: ContainerBackend(
            address="unix:///nowhere/engine.sock", pool=IPv4Network("10.213.64.0/20"), patience=0
        ),
    )


class DiligentPeople(ManualBackend):
    """The engine "manual" with an operator who does at once what is asked."""

    def __init__(self) -> None:
        self.operator = staff("operator")

    def ensure(self, ref: EnvRef, *args: Any, **named: Any) -> Any:
        super().ensure(ref, *args, **named)
        for task in OperatorTask.objects.open().filter(environment__public_id=ref.env):
            services.report_set_up(
                task_id=task.pk,
                actor=self.operator,
                endpoint="https://desk.example.org/",
                things=["VM desk"],
                logins={},
            )
        return super().ensure(ref, *args, **named)

    def destroy(self, ref: EnvRef) -> Any:
        super().destroy(ref)
        for task in OperatorTask.objects.open().filter(environment__public_id=ref.env):
            services.report_removal(
                task_id=task.pk, actor=self.operator, removed=["VM desk"], further=[]
            )
        return super().destroy(ref)


class NoDatabase(ManualBackend):
    """The engine "manual" while PostgreSQL is away: what it does, without a connection."""

    def __getattribute__(self, name: str) -> Any:
        asked = super().__getattribute__(name)
        if not callable(asked) or name.startswith("_"):
            return asked

        def without(*args: Any, **named: Any) -> Any:
            with connection.execute_wrapper(_refuse):
                return asked(*args, **named)

        return without


def _refuse(*_asked: object) -> None:
    raise OperationalError("the connection is closed")


@pytest.fixture
def manual_engine(db: None) -> Engine:
    first, second = EnvironmentFactory(), EnvironmentFactory(generation=2)
    by_hand = spec.parse({"schema": 2, "backend": "manual", "runbook": "Einrichten."})
    return Engine(
        DiligentPeople(),
        EnvRef("here", str(first.public_id), 1),
        by_hand,
        address="https://desk.example.org/",
        kinds=frozenset({"by_hand"}),
        next_generation=EnvRef("here", str(second.public_id), 2),
        can_halt=False,
        away=NoDatabase,
    )


class Patient(KubernetesBackend):
    """Waits for what controllers do later."""

    def ensure(self, ref: EnvRef, *args: Any, **named: Any) -> Any:
        found = super().ensure(ref, *args, **named)
        until = time.monotonic() + 30
        while found.state != ObservedState.RUNNING and time.monotonic() < until:
            time.sleep(0.1)
            found = self.observe(ref)
        return found


@pytest.fixture
def in_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    """No network carries anybody to the services' addresses."""
    monkeypatch.setattr(kubernetes, "ask", lambda *_asked, **_named: ProbeResult(True))


def on_kubernetes(backend: KubernetesBackend) -> Engine:
    return Engine(
        backend,
        reference(),
        make_container_spec(image=BY_DIGEST),
        address="http://10.96.",
        kinds=frozenset({"namespace", "container", "network", "port", "secret", "volume"}),
        broken=make_container_spec(image=BY_DIGEST, command=["/bin/missing"]),
        away=lambda: KubernetesBackend(server="https://127.0.0.1:1", rules=Rules(), patience=0),
    )


@pytest.fixture
def cluster_engine(tmp_path: Path, in_reach: None) -> Iterator[Engine]:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    with StandIn().running() as stand_in:
        found = on_kubernetes(
            Patient(server=stand_in.address, token_file=str(token), rules=Rules(), patience=0.3)
        )
        found.stand_in = stand_in
        yield found


@pytest.fixture
def kubernetes_engine(control_plane: ControlPlane, in_reach: None) -> Iterator[Engine]:
    """With the rights of deploy/kubernetes/rbac.yaml, no others."""
    backend = control_plane.backend(make=Patient)
    yield on_kubernetes(backend)
    for found in backend.observe_all():
        backend.destroy(EnvRef(found.instance, found.env, found.generation))


@pytest.fixture(
    params=[
        "process",
        "fake",
        "memory",
        # The mark, or its run alone would have no database: it is made for tests that are known to need it.
        pytest.param("manual", marks=pytest.mark.django_db),
        "cluster",
        pytest.param("container", marks=pytest.mark.containers),
        pytest.param("kubernetes", marks=pytest.mark.kubernetes),
    ]
)
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "container":
        found: Engine = request.getfixturevalue("container_engine")
        return found
    if request.param in ("cluster", "kubernetes"):
        return request.getfixturevalue(f"{request.param}_engine")
    if request.param == "manual":
        by_hand: Engine = request.getfixturevalue("manual_engine")
        return by_hand
    if request.param == "memory":
        memory = EngineInMemory()
        request.getfixturevalue("monkeypatch").setattr(container, "ask", memory.ask)
        kinds = frozenset({"container", "network", "secret", "volume"})
        return Engine(
            BackendInMemory(memory),
            reference(),
            make_container_spec(),
            "http://10.213.",
            kinds,
            broken=make_container_spec(command=["/bin/missing"]),
            away=lambda: BackendInMemory(EngineInMemory(error=_no_answer)),
        )
    backend: SandboxBackend = (
        request.getfixturevalue("process_backend") if request.param == "process" else FakeBackend()
    )
    return Engine(backend, reference(), make_spec(), broken=make_spec("fail"))


def _no_answer() -> None:
    raise BackendUnavailable("nobody answers")
