"""What a specification means to an engine of containers: names, labels, addresses, files. Pure."""

from __future__ import annotations

import hashlib
import io
import ipaddress
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from sandbox.backends.base import EnvRef
from sandbox.spec import Component, Egress, EnvSpec, Volume, fill

MANAGED = "osk.managed"
INSTANCE, ENV, GENERATION = "osk.instance", "osk.env", "osk.generation"
TEMPLATE = "osk.template"
"""Product and version, as ``dokuwiki@2``."""
CREATED_AT, EXPIRES_AT, SET_AT = "osk.created-at", "osk.expires-at", "osk.set-at"
COMPONENT, COMPONENTS = "osk.component", "osk.components"
ADDRESS, ENDPOINT, PORT = "osk.address", "osk.endpoint", "osk.port."
OTHERS = "osk.other-endpoints"
KIND = "osk.kind"
SECRET, DATA, MARKER, SEEDED = "secret", "data", "expiry", "seeded"
MARKS = (MARKER, SEEDED)
"""Kinds of volumes that hold nothing."""

PREFIX = 27
"""Addresses of one environment: 30, the first of which is the engine's own."""
FIRST_HOST = 10


@dataclass(frozen=True)
class ContainerPlan:
    """All that an engine is told about one container."""

    name: str
    image: str
    labels: Mapping[str, str]
    network: str
    address: str
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: Mapping[str, str] | None = None
    hosts: Mapping[str, str] | None = None
    volumes: tuple[tuple[str, str], ...] = ()
    """Name and path."""
    tmpfs: tuple[str, ...] = ()
    read_only: bool = True
    user: str = ""
    capabilities: tuple[str, ...] = ()
    memory_mb: int = 1024
    cpu_millis: int = 1000
    processes: int = 256


@dataclass(frozen=True)
class Plan:
    """One environment, as an engine is told it."""

    ref: EnvRef
    spec: EnvSpec
    expires_at: datetime
    created_at: datetime

    @property
    def network(self) -> str:
        return self.ref.name

    @property
    def is_internal(self) -> bool:
        return self.spec.egress == Egress.NONE

    @property
    def labels(self) -> dict[str, str]:
        """On every object, so that each is found, known as ours and known to expire by itself."""
        return {
            **owner_labels(self.ref),
            TEMPLATE: self.ref.template,
            CREATED_AT: self.created_at.isoformat(),
            EXPIRES_AT: self.expires_at.isoformat(),
        }

    @property
    def network_labels(self) -> dict[str, str]:
        end = self.spec.endpoint
        component = self.spec.component_of(end.port)
        return {
            **self.labels,
            COMPONENTS: ",".join(c.name for c in self.spec.components),
            ENDPOINT: f"{component.name} {number_of(component, end.port)} {end.path}",
            OTHERS: ",".join(self.spec.other_ports),
        }

    def container(
        self, component: Component, subnet: str, secrets: Mapping[str, str], mail: tuple[str, str]
    ) -> ContainerPlan:
        """``mail``: host and port of the sink, empty where there is none."""
        hosts = addresses(self.spec, subnet)
        values = self.values(component, hosts)
        env = {name: fill(text, values) for name, text in component.env}
        for use in component.secrets:
            if use.env:
                env[use.env] = fill(use.text, {**values, "secret": secrets[use.role]})
        if component.mail is not None and all(mail):
            env[component.mail.host], env[component.mail.port] = mail
        volumes = [(self.volume(v.name), v.path) for v in component.volumes]
        if has_home(component):
            volumes.append((self.home(component), component.home))
        address = hosts[component.name]
        return ContainerPlan(
            name=self.container_name(component.name),
            image=component.image,
            labels={
                **self.labels,
                COMPONENT: component.name,
                ADDRESS: address,
                **{f"{PORT}{port.name}": str(port.number) for port in component.listens},
            },
            network=self.network,
            address=address,
            command=tuple(fill(word, values) for word in component.command),
            args=tuple(fill(word, values) for word in component.args),
            env=env,
            hosts={name: host for name, host in hosts.items() if name != component.name},
            volumes=tuple(volumes),
            tmpfs=component.tmpfs,
            read_only=component.read_only,
            user=component.user,
            capabilities=component.capabilities,
            memory_mb=component.limits.memory_mb,
            cpu_millis=component.limits.cpu_millis,
            processes=component.limits.processes,
        )

    def values(self, component: Component, hosts: Mapping[str, str]) -> dict[str, str]:
        """What the placeholders of the texts stand for."""
        own = {}
        for port in (self.spec.endpoint.port, *self.spec.other_ports):
            owner = self.spec.component_of(port)
            own[port] = f"http://{hosts[owner.name]}:{number_of(owner, port)}"
        return {"home": component.home, **address_values(self.ref, self.spec, own)}

    def files(self, component: Component, subnet: str, secrets: Mapping[str, str]) -> bytes:
        """The component's folder as a tar archive. Readable by whatever user the image runs as."""
        values = self.values(component, addresses(self.spec, subnet))
        contents = {file.path: fill(file.content, values) for file in component.files}
        for use in component.secrets:
            if use.file:
                contents[use.file] = fill(use.text, {**values, "secret": secrets[use.role]})
        return archive(contents)

    def seeds(self, component: Component, volume: Volume, subnet: str) -> bytes:
        """What a volume begins with, as a tar archive; empty where there is nothing.

        Whatever user the image runs as may change it: who is somebody else is outside of the container.
        """
        values = self.values(component, addresses(self.spec, subnet))
        contents = {
            file.path.removeprefix(f"{volume.path}/"): fill(file.content, values)
            for file in component.seed
            if is_in(file.path, volume)
        }
        owner = owner_of(component)
        return archive(contents, mode=0o666, folders=0o777, owner=owner) if contents else b""

    # Names

    def container_name(self, component: str) -> str:
        return f"{self.ref.name}-{component}"

    def volume(self, name: str) -> str:
        return f"{self.ref.name}-{name}.data"

    def seeded(self, component: Component) -> str:
        return f"{self.ref.name}-{component.name}.seeded"

    def home(self, component: Component) -> str:
        return f"{self.ref.name}-{component.name}.home"


def address_values(ref: EnvRef, spec: EnvSpec, own: Mapping[str, str]) -> dict[str, str]:
    """Placeholders of where people open it. ``own``: the engine's own origins, by port of the endpoints."""
    origins = {**own, **ref.origins}
    origin = ref.origin or own[spec.endpoint.port]
    origins[spec.endpoint.port] = origin
    return {
        "host": origin.partition("://")[2],
        "scheme": origin.partition("://")[0],
        "address": f"{origin}{spec.endpoint.path}",
        **{f"origin.{port}": found for port, found in origins.items()},
        **{f"host.{port}": found.partition("://")[2] for port, found in origins.items()},
        **{f"port.{p.name}": str(p.number) for c in spec.components for p in c.listens},
    }


def owner_labels(ref: EnvRef) -> dict[str, str]:
    return {
        MANAGED: "true",
        INSTANCE: ref.instance,
        ENV: ref.env,
        GENERATION: str(ref.generation),
    }


def belongs_to(labels: Mapping[str, str] | None, ref: EnvRef) -> bool:
    return {**owner_labels(ref)}.items() <= (labels or {}).items()


def number_of(component: Component, port: str) -> int:
    return next(p.number for p in component.listens if p.name == port)


def has_home(component: Component) -> bool:
    return bool(component.files) or any(use.file for use in component.secrets)


def addresses(spec: EnvSpec, subnet: str) -> dict[str, str]:
    """Address by component: it follows from the place in the specification, and outlives restarts."""
    net = ipaddress.IPv4Network(subnet)
    return {c.name: str(net[FIRST_HOST + n]) for n, c in enumerate(spec.components)}


def export_of(spec: EnvSpec, component: Component) -> list[str]:
    return [one.path for one in spec.export if one.component == component.name]


def is_in(path: str, volume: Volume) -> bool:
    """Of volumes within each other, the inner one has it; no specification needs that yet."""
    return f"{path}/".startswith(f"{volume.path}/")


def owner_of(component: Component) -> tuple[int, int]:
    """Where the specification says it in numbers; else root, and the modes let everybody."""
    user, _, group = component.user.partition(":")
    return (int(user) if user.isdigit() else 0, int(group) if group.isdigit() else 0)


def archive(
    contents: Mapping[str, str],
    *,
    mode: int = 0o444,
    folders: int = 0,
    owner: tuple[int, int] = (0, 0),
) -> bytes:
    """``folders``: the mode of those that the paths name, which are made then.

    A tar archive that ends where it says so: Podman's unpacker does not read what follows, and whoever still writes
    to it then fails ("broken pipe").
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        parents = {str(p) for path in contents for p in PurePosixPath(path).parents if p.name}
        for path in sorted(parents if folders else ()):
            entry = tarfile.TarInfo(path)
            entry.type, entry.mode = tarfile.DIRTYPE, folders
            entry.uid, entry.gid = owner
            tar.addfile(entry)
        for path, text in sorted(contents.items()):
            data = text.encode()
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(data), mode
            entry.uid, entry.gid = owner
            tar.addfile(entry, io.BytesIO(data))
        end = tar.offset + 2 * tarfile.BLOCKSIZE
    return buffer.getvalue()[:end]


def subnets(
    pool: ipaddress.IPv4Network, name: str, taken: Iterable[ipaddress.IPv4Network]
) -> Iterator[str]:
    """Free ranges of the pool, from a place that follows from the name: two rarely want the same."""
    occupied = list(taken)
    count = 2 ** (PREFIX - pool.prefixlen)
    start = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    base = int(pool.network_address)
    for step in range(count):
        offset = (start + step) % count * 2 ** (32 - PREFIX)
        candidate = ipaddress.IPv4Network((base + offset, PREFIX))
        if not any(candidate.overlaps(other) for other in occupied):
            yield str(candidate)
