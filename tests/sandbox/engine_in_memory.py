"""Stands for Podman: the conversation of ``backends.engine`` in memory, with a death to order.

``tests/containers`` has the same conversation with a real Podman.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from sandbox.backends.base import Permanent, ProbeResult, Retryable
from sandbox.backends.container import ContainerBackend
from sandbox.backends.container_plan import ContainerPlan
from sandbox.spec import Check
from tests.sandbox.fake_backend import Killed

Objects = dict[str, Any]


@dataclass
class EngineInMemory:
    nets: dict[str, Objects] = field(default_factory=dict)
    vols: dict[str, Objects] = field(default_factory=dict)
    pods: dict[str, Objects] = field(default_factory=dict)
    images: set[str] = field(default_factory=lambda: {"localhost/osk-busybox:test"})
    files: dict[str, bytes] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    dies_after: int | None = None
    """The worker is killed when it has made so many calls."""
    error: Callable[[], None] = lambda: None

    def __enter__(self) -> EngineInMemory:
        return self

    def __exit__(self, *_error: object) -> None: ...

    def _did(self, what: str) -> None:
        self.calls.append(what)
        if self.dies_after is not None and len(self.calls) >= self.dies_after:
            self.dies_after = None
            raise Killed

    def version(self) -> str:
        return "In memory 1"

    def data_folder(self) -> Path:
        return Path("/")

    def has_image(self, image: str) -> bool:
        return image in self.images

    def pull(self, image: str) -> None:
        self.images.add(image)
        self._did("pull")

    def _with(self, things: dict[str, Objects], labels: Mapping[str, str] | None) -> list[Objects]:
        self.error()
        wanted = (labels or {}).items()
        return [thing for thing in things.values() if wanted <= thing["Labels"].items()]

    def networks(self, labels: Mapping[str, str] | None = None) -> list[Objects]:
        return self._with(self.nets, labels)

    def network(self, name: str) -> Objects | None:
        return self.nets.get(name)

    def create_network(
        self, name: str, labels: Mapping[str, str], *, subnet: str, is_internal: bool
    ) -> bool:
        assert is_internal
        made = {"Name": name, "Labels": dict(labels), "IPAM": {"Config": [{"Subnet": subnet}]}}
        is_new = self.nets.setdefault(name, made) is made
        self._did("create_network")
        return is_new

    def remove_network(self, name: str) -> None:
        self.nets.pop(name, None)
        self._did("remove_network")

    def volumes(self, labels: Mapping[str, str]) -> list[Objects]:
        return self._with(self.vols, labels)

    def volume(self, name: str) -> Objects | None:
        return self.vols.get(name)

    def create_volume(self, name: str, labels: Mapping[str, str]) -> bool:
        self.vols.setdefault(name, {"Name": name, "Labels": dict(labels)})
        self._did("create_volume")
        return True

    def remove_volume(self, name: str) -> None:
        if any(name == m["Name"] for pod in self.pods.values() for m in pod["Mounts"]):
            raise Retryable(f"volume {name} is being used")
        self.vols.pop(name, None)
        self._did("remove_volume")

    def containers(self, labels: Mapping[str, str]) -> list[Objects]:
        return self._with(self.pods, labels)

    def container(self, name: str) -> Objects | None:
        found = self.pods.get(name)
        if found is None:
            return None
        state = {"Status": found["State"], "ExitCode": found["ExitCode"]}
        return {
            "Name": f"/{name}",
            "State": state,
            "Config": {"Labels": found["Labels"]},
            "Mounts": found["Mounts"],
            "NetworkSettings": {"Networks": {name: {} for name in found["Networks"]}},
        }

    def create_container(self, plan: ContainerPlan) -> bool:
        assert plan.network in self.nets
        assert {name for name, _path in plan.volumes} <= {*self.vols}
        self.pods.setdefault(
            plan.name,
            {
                "Names": [f"/{plan.name}"],
                "Labels": dict(plan.labels),
                "State": "created",
                "ExitCode": 0,
                "Mounts": [{"Name": name} for name, _path in plan.volumes],
                "Command": plan.command,
                "Networks": {plan.network: plan.address},
            },
        )
        self._did("create_container")
        return True

    def put_files(self, name: str, folder: str, archive: bytes) -> None:
        self.files[f"{name}:{folder}"] = archive
        self._did("put_files")

    def read_files(self, name: str, folder: str) -> Iterator[bytes]:
        """As engines pack it: the folder's own name comes first."""
        self.error()
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            given = self.files.get(f"{name}:{folder}", b"")
            if given:
                with tarfile.open(fileobj=io.BytesIO(given + bytes(1024))) as source:
                    for entry in source:
                        entry.name = f"{folder.rpartition('/')[2]}/{entry.name}"
                        content = source.extractfile(entry) if entry.isreg() else None
                        tar.addfile(entry, content)
        yield buffer.getvalue()

    def fill_volumes(self, name: str) -> None:
        self._did("fill_volumes")

    def start(self, name: str) -> None:
        if self.pods[name]["Command"] == ("/bin/missing",):
            raise Permanent("", "the command was not found")
        self.pods[name]["State"] = "running"
        self._did("start")

    def disconnect(self, network: str, container: str) -> None:
        if container in self.pods:
            self.pods[container]["Networks"].pop(network, None)
        self._did("disconnect")

    def connect(self, network: str, container: str, *, address: str) -> None:
        assert network in self.nets
        self.pods[container]["Networks"][network] = address
        self._did("connect")

    def unpause(self, name: str) -> None:
        self.pods[name]["State"] = "running"

    def stop(self, name: str, *, patience: int) -> None:
        if name in self.pods:
            self.pods[name]["State"], self.pods[name]["ExitCode"] = "exited", 143
        self._did("stop")

    def remove_container(self, name: str, *, patience: int) -> None:
        self.pods.pop(name, None)
        self._did("remove_container")

    def logs(self, name: str, *, limit: int) -> list[str]:
        return [f"line {number}" for number in range(limit)]

    def ask(self, host: str, port: int, check: Check, *, timeout: float = 5) -> ProbeResult:
        """Whether the container with this address runs; stands for asking the product."""
        pods = [p for p in self.pods.values() if host in p["Networks"].values()]
        return ProbeResult(bool(pods) and pods[0]["State"] == "running", "refused")

    @property
    def everything(self) -> list[str]:
        return [*self.nets, *self.vols, *self.pods]


class BackendInMemory(ContainerBackend):
    def __init__(self, engine: EngineInMemory, pool: str = "10.213.0.0/20") -> None:
        super().__init__(address="unix:///nowhere", pool=IPv4Network(pool))
        self.memory = engine

    def _engine(self) -> Any:
        return self.memory
