"""Podman and Docker through one library and one socket: plain answers, and errors of our kinds.

Where the two differ, the caller sees no difference: what is not there is None, whose name is taken is
False, and every failure is Retryable, Permanent, BackendUnavailable or CapacityExhausted.
"""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterable, Iterator, Mapping
from email.message import Message
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import docker
import requests
from docker.errors import (
    APIError,
    DockerException,
    NotFound,
    create_api_error_from_http_exception,
)
from docker.types import IPAMConfig, IPAMPool, LogConfig, Mount
from docker.utils import parse_repository_tag
from urllib3.exceptions import HTTPError

from sandbox.backends.base import (
    AddressHeld,
    BackendError,
    BackendUnavailable,
    CapacityExhausted,
    Permanent,
    Retryable,
)
from sandbox.backends.container_plan import ContainerPlan

TIMEOUT = 60
PULL_TIMEOUT = 900
LOG_TIMEOUT = 5
MOST_LOG = 256 * 1024
"""Bytes of the last words that are kept: a line has no end where a product writes none."""
_MOST_READ = 12 * 2**20
"""To come to their end: a little more than an engine keeps (``_log_config``)."""
_PIECE = 64 * 1024
OLDEST_API = "1.41"
"""Of an engine that does not tell its own."""

_NO_ROOM = ("no space left", "cannot allocate memory", "disk quota", "too many open files")
_WRONG = (
    "executable file",
    "was not found",
    "permission denied",
    "invalid reference",
    "no such image",
)
DEAD = "dead"
"""State of a container that can only be removed: Podman's service was killed while it removed it."""
_STORAGE_LOST = ("container not known", "layer not known")
_HELD = ("ip address", "already allocated")
_TAKEN = ("already in use", "already exists", "already used")

_FOLDERS: dict[str, Path] = {}


class Engine:
    """One conversation with the engine; use it in a ``with``. Raises BackendUnavailable at the start."""

    def __init__(self, address: str, *, timeout: float = TIMEOUT) -> None:
        self._address = address
        with _translated():
            self._told = _knock(address, timeout)
            self._version = self._told.get("Api-Version", OLDEST_API)
            self._api = docker.APIClient(base_url=address, version=self._version, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._api.close()

    @property
    def is_podman(self) -> bool:
        return "Libpod-Api-Version" in self._told

    def version(self) -> str:
        if self.is_podman:
            return f"Podman Engine {self._told['Libpod-Api-Version']}"
        name, _, number = self._told.get("Server", "Engine").partition(" ")[0].partition("/")
        return f"{name} Engine {number}".strip()

    def data_folder(self) -> Path:
        """Where it keeps images and volumes, on the machine that is the portal's as well.

        Asked once: Podman looks for packages before it answers.
        """
        if self._address not in _FOLDERS:
            with _translated():
                _FOLDERS[self._address] = Path(self._api.info().get("DockerRootDir") or "/")
        return _FOLDERS[self._address]

    # Images

    def has_image(self, image: str) -> bool:
        with _translated():
            try:
                self._api.inspect_image(_without_tag(image))
            except NotFound:
                return False
        return True

    def pull(self, image: str) -> None:
        """From its registry, by digest. Raises Retryable, Permanent."""
        name, digest = parse_repository_tag(_without_tag(image))
        with (
            _translated(),
            contextlib.closing(
                docker.APIClient(
                    base_url=self._address, version=self._version, timeout=PULL_TIMEOUT
                )
            ) as api,
        ):
            for line in api.pull(name, tag=digest, stream=True, decode=True):
                if "error" in line:
                    raise Retryable(f"{image}: {line['error']}", after=60)

    # Networks

    def networks(self, labels: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        return _with(labels or {}, self._networks(_filters(labels or {})))

    def network(self, name: str) -> dict[str, Any] | None:
        """By its exact name: engines also find what only begins like it."""
        named = self._networks({"name": [name]})
        return next((network for network in named if network["Name"] == name), None)

    def _networks(self, filters: Mapping[str, list[str]]) -> list[dict[str, Any]]:
        with _translated():
            try:
                listed: list[dict[str, Any]] = self._api.networks(filters=filters)
            except APIError as error:
                if not _is_storage_lost(error):
                    raise
                return [_as_docker_says(n) for n in self._of_podman("networks", filters)]
        return listed

    def create_network(
        self, name: str, labels: Mapping[str, str], *, subnet: str, is_internal: bool
    ) -> bool:
        """False where the name or the addresses are taken."""
        return self._create(
            self._api.create_network,
            name,
            driver="bridge",
            internal=is_internal,
            labels=dict(labels),
            options=self._network_options,
            ipam=IPAMConfig(pool_configs=[IPAMPool(subnet=subnet)]),
        )

    @property
    def _network_options(self) -> dict[str, str]:
        """Podman lets networks reach each other unless told otherwise; Docker knows no such word."""
        return {"isolate": "true"} if self.is_podman else {}

    def remove_network(self, name: str) -> None:
        with _translated(), contextlib.suppress(NotFound):
            self._api.remove_network(name)

    def disconnect(self, network: str, container: str) -> None:
        """Twice is once, and what is not there is not connected."""
        found = self.container(container)
        networks = found["NetworkSettings"]["Networks"] if found else {}
        if network in networks:
            with _translated(), contextlib.suppress(NotFound):
                self._api.disconnect_container_from_network(container, network, force=True)

    def connect(self, network: str, container: str, *, address: str) -> None:
        """Under this address, whether or not it runs; twice is once."""
        found = self.container(container)
        if found is None or network in found["NetworkSettings"]["Networks"]:
            return
        with _translated():
            self._api.connect_container_to_network(container, network, ipv4_address=address)

    # Volumes

    def volumes(self, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        with _translated():
            listed = self._api.volumes(filters=_filters(labels)).get("Volumes") or []
        return _with(labels, listed)

    def volume(self, name: str) -> dict[str, Any] | None:
        with _translated():
            try:
                found: dict[str, Any] = self._api.inspect_volume(name)
            except NotFound:
                return None
        return found

    def create_volume(self, name: str, labels: Mapping[str, str]) -> bool:
        return self._create(self._api.create_volume, name, labels=dict(labels))

    def remove_volume(self, name: str) -> None:
        with _translated(), contextlib.suppress(NotFound):
            self._api.remove_volume(name)

    # Containers

    def containers(self, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        with _translated():
            try:
                return self._listed(labels)
            except APIError as error:
                if not _is_storage_lost(error):
                    raise
                return self._one_by_one(labels)

    def _listed(
        self, labels: Mapping[str, str], *, only: Mapping[str, list[str]] | None = None
    ) -> list[dict[str, Any]]:
        filters = {**_filters(labels), **(only or {})}
        return _with(labels, self._api.containers(all=True, filters=filters))

    def _one_by_one(self, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        """Podman lists nothing at all where one container has lost its storage."""
        found: list[dict[str, Any]] = []
        for thing in self._of_podman("containers", _filters(labels)):
            try:
                found += self._listed(labels, only={"id": [thing["Id"]]})
            except APIError as error:
                if not _is_storage_lost(error):
                    raise
                names = [f"/{name}" for name in thing["Names"]]
                found.append(
                    {**thing, "Names": names, "State": DEAD, "Mounts": [], "NetworkSettings": {}}
                )
        return _with(labels, found)

    def container(self, name: str) -> dict[str, Any] | None:
        with _translated():
            try:
                found: dict[str, Any] = self._api.inspect_container(name)
            except NotFound:
                return None
            except APIError as error:
                if not _is_storage_lost(error):
                    raise
                listed = self._of_podman("containers", {"name": [name]})
                named = [thing for thing in listed if name in thing["Names"]]
                if not named:
                    raise
                return {
                    "Name": f"/{name}",
                    "State": {"Status": DEAD, "ExitCode": 0},
                    "Config": {"Labels": named[0].get("Labels") or {}},
                    "NetworkSettings": {"Networks": {}},
                }
        return found

    def create_container(self, plan: ContainerPlan) -> bool:
        host = self._api.create_host_config(
            network_mode=plan.network,
            extra_hosts=dict(plan.hosts or {}),
            mounts=[Mount(path, name, type="volume") for name, path in plan.volumes],
            tmpfs=dict.fromkeys(plan.tmpfs, "mode=1777,nosuid,nodev"),
            read_only=plan.read_only,
            cap_drop=["ALL"],
            cap_add=list(plan.capabilities),
            security_opt=["no-new-privileges"],
            mem_limit=plan.memory_mb * 2**20,
            memswap_limit=plan.memory_mb * 2**20,
            nano_cpus=plan.cpu_millis * 10**6,
            pids_limit=plan.processes,
            restart_policy={"Name": "no"},
            log_config=self._log_config,
        )
        endpoint = self._api.create_endpoint_config(ipv4_address=plan.address)
        return self._create(
            self._api.create_container,
            _without_tag(plan.image),
            name=plan.name,
            entrypoint=list(plan.command) or None,
            command=list(plan.args) or None,
            environment=dict(plan.env or {}),
            labels=dict(plan.labels),
            user=plan.user or None,
            host_config=host,
            networking_config=self._api.create_networking_config({plan.network: endpoint}),
        )

    @property
    def _log_config(self) -> LogConfig:
        """Whatever a product writes to its output fills no disk."""
        if self.is_podman:
            return LogConfig(type="k8s-file", config={"max-size": "10mb"})
        return LogConfig(type="json-file", config={"max-size": "10m", "max-file": "1"})

    def put_files(self, name: str, folder: str, archive: bytes) -> None:
        """Unpack a tar archive in a folder of a container, whether or not it runs."""
        with _translated():
            self._api.put_archive(name, folder, archive)

    def read_files(self, name: str, folder: str) -> Iterator[bytes]:
        """A folder of a container as a tar archive in chunks, whether or not it runs; none where there is no folder."""
        with _translated():
            try:
                chunks, _stat = self._api.get_archive(name, folder)
            except NotFound:
                return
            yield from chunks

    def fill_volumes(self, name: str) -> None:
        """What the image has at the places of its volumes is in them. Docker does so when it makes a container, Podman
        when it prepares the start, and then not into a volume that holds something already.
        """
        if not self.is_podman:
            return
        with _translated():
            answer = self._api.post(
                f"{self._api.base_url}/v4.0.0/libpod/containers/{name}/init",
                timeout=self._api.timeout,
            )
            try:
                answer.raise_for_status()
            except requests.HTTPError as error:
                create_api_error_from_http_exception(error)

    def start(self, name: str) -> None:
        """Twice is once."""
        with _translated():
            self._api.start(name)

    def stop(self, name: str, *, patience: int) -> None:
        """Twice is once, and what is not there has stopped."""
        with _translated(), contextlib.suppress(NotFound):
            self._api.stop(name, timeout=patience)

    def unpause(self, name: str) -> None:
        with _translated():
            self._api.unpause(name)

    def remove_container(self, name: str, *, patience: int) -> None:
        """Asked to end first; who does not listen within ``patience`` seconds is killed. What Podman was removing
        when its service was killed cannot be asked any more.
        """
        with contextlib.suppress(Retryable, Permanent):
            self.stop(name, patience=patience)
        with _translated(), contextlib.suppress(NotFound):
            self._api.remove_container(name, force=True, v=True)

    def logs(self, name: str, *, limit: int) -> list[str]:
        """The last lines, of all together at most ``MOST_LOG`` bytes; a longer one is left out."""
        with _translated(), contextlib.closing(self._asked_for_logs(name, limit)) as answer:
            if answer.status_code == HTTPStatus.NOT_FOUND:
                return []
            try:
                answer.raise_for_status()
            except requests.HTTPError as error:
                try:
                    create_api_error_from_http_exception(error)
                except APIError as said:
                    if not _is_storage_lost(said):
                        raise
                return []
            raw = _end_of(_parts_of(answer.raw))
        return raw.decode("utf-8", "replace").replace("\0", "").splitlines()

    def _asked_for_logs(self, name: str, limit: int) -> requests.Response:
        """Not by the library, which reads all of it before it gives anything."""
        answer: requests.Response = self._api.get(
            f"{self._api.base_url}/v{self._version}/containers/{name}/logs",
            params={"stdout": "1", "stderr": "1", "tail": str(limit)},
            stream=True,
            timeout=LOG_TIMEOUT,
        )
        return answer

    def _of_podman(self, kind: str, filters: Mapping[str, list[str]]) -> list[dict[str, Any]]:
        """Podman's own list looks into no storage, so that one which is lost does not matter."""
        answer = self._api.get(
            f"{self._api.base_url}/v4.0.0/libpod/{kind}/json",
            params={"all": "true", "filters": json.dumps(filters)},
            timeout=self._api.timeout,
        )
        answer.raise_for_status()
        listed: list[dict[str, Any]] = answer.json()
        return listed

    def _create(self, make: Any, *args: Any, **options: Any) -> bool:
        """False where the name is taken: Docker says 409, Podman 500 with a sentence."""
        with _translated():
            try:
                make(*args, **options)
            except APIError as error:
                if error.status_code == 409 or any(word in str(error).lower() for word in _TAKEN):
                    return False
                raise
        return True


def _knock(address: str, timeout: float) -> Message:
    """What the engine says of itself. Raises OSError where nobody answers.

    Not by the library, which would leave its own sockets open then, and asks for the version of every part
    before each conversation: Podman looks for the packages of these, which takes a tenth of a second or more.
    """
    with socket.socket(socket.AF_UNIX) as knocking:
        knocking.settimeout(timeout)
        knocking.connect(address.removeprefix("unix://"))
        knocking.sendall(b"GET /_ping HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n\r\n")
        with contextlib.closing(HTTPResponse(knocking)) as answer:
            try:
                answer.begin()
                answer.read()
            except HTTPException as error:
                raise OSError(f"no answer of an engine: {error!r}") from error
            return answer.headers


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except APIError as error:
        raise _kind_of(error) from error
    except (DockerException, requests.RequestException, HTTPError, OSError) as error:
        raise BackendUnavailable(f"{type(error).__name__}: {error}", after=30) from error


def _kind_of(error: APIError) -> BackendError:
    said = str(error.explanation or error)
    words = said.lower()
    if any(word in words for word in _NO_ROOM):
        return CapacityExhausted(said, after=60)
    if all(word in words for word in _HELD):
        return AddressHeld(said)
    if error.status_code == 400 or any(word in words for word in _WRONG):
        return Permanent("", said)
    return Retryable(said)


def _as_docker_says(network: Mapping[str, Any]) -> dict[str, Any]:
    subnets = [{"Subnet": found["subnet"]} for found in network.get("subnets") or ()]
    return {
        "Name": network["name"],
        "Labels": network.get("labels") or {},
        "IPAM": {"Config": subnets},
    }


def _is_storage_lost(error: APIError) -> bool:
    said = str(error.explanation or error).lower()
    return error.status_code == 500 and any(words in said for words in _STORAGE_LOST)


def _filters(labels: Mapping[str, str]) -> dict[str, list[str]]:
    return {"label": [f"{name}={value}" for name, value in labels.items()]} if labels else {}


def _parts_of(stream: IO[bytes]) -> Iterator[bytes]:
    """Output and errors come in turn: which of them and the length in eight bytes, then that much text, in pieces.

    What is none of it is an error that Podman found when it had said that all is well.
    """
    left = _MOST_READ
    while left > 0 and len(head := stream.read(8)) == 8 and head[1:4] == bytes(3):
        size = min(left, int.from_bytes(head[4:], "big"))
        left -= size
        while size > 0 and (part := stream.read(min(size, _PIECE))):
            size -= len(part)
            yield part


def _end_of(parts: Iterable[bytes]) -> bytes:
    """The last ``MOST_LOG`` bytes, from the begin of a line: half a password would not be recognised as one."""
    end, is_cut = bytearray(), False
    for part in parts:
        end += part
        if len(end) > MOST_LOG:
            # One byte more, which tells whether a line begins after it.
            del end[: -MOST_LOG - 1]
            is_cut = True
    return bytes(end.partition(b"\n")[2] if is_cut else end)


def _with(labels: Mapping[str, str], listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that carry all of the labels: Podman lists volumes that carry any of them."""
    wanted = labels.items()
    return [thing for thing in listed if wanted <= (thing.get("Labels") or {}).items()]


def _without_tag(image: str) -> str:
    """The digest alone decides; a tag beside it is for people, and engines trip over it."""
    name, at, digest = image.partition("@")
    if not at:
        return image
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}{last.partition(':')[0]}@{digest}"
