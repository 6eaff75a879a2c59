"""What engines list of an environment, and what it means."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.backends import container_plan as plans
from sandbox.backends.base import NAME, EnvRef, Item, Observed, ObservedState, Permanent, Retryable

Objects = dict[str, Any]


@dataclass
class Found:
    """What the engine has of one environment, as it lists it."""

    networks: list[Objects] = field(default_factory=list)
    containers: list[Objects] = field(default_factory=list)
    volumes: list[Objects] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.networks or self.containers or self.volumes)

    @property
    def labels(self) -> dict[str, str]:
        """Those of the network tell most; what is left of a removal has those of its owner at least."""
        first = next(iter([*self.networks, *self.containers, *self.volumes]))
        return first.get("Labels") or {}


def observed(name: str, found: Found) -> Observed:
    labels = found.labels
    containers = {c["Labels"].get(plans.COMPONENT, ""): c for c in found.containers}
    states = {c["State"] for c in found.containers}
    wanted = {*filter(None, labels.get(plans.COMPONENTS, "").split(","))}
    if states - {"running", "created", "configured", "initialized", "restarting"}:
        state = ObservedState.EXITED
    elif states == {"running"} and wanted == {*containers}:
        state = ObservedState.RUNNING
    else:
        state = ObservedState.CREATING
    return Observed(
        name,
        state,
        instance=labels.get(plans.INSTANCE, ""),
        env=labels.get(plans.ENV, ""),
        generation=int(labels.get(plans.GENERATION, "0")),
        endpoint=_endpoint(labels, containers),
        others=dict(_others(labels, containers)),
        created_at=_moment(labels.get(plans.CREATED_AT)),
        expires_at=_expiry(found),
        items=tuple(_items(found)),
    )


def _endpoint(labels: Mapping[str, str], containers: Mapping[str, Objects]) -> str:
    component, _, rest = labels.get(plans.ENDPOINT, "").partition(" ")
    number, _, path = rest.partition(" ")
    if component not in containers or not number:
        return ""
    return f"http://{containers[component]['Labels'].get(plans.ADDRESS, '')}:{number}{path}"


def _others(
    labels: Mapping[str, str], containers: Mapping[str, Objects]
) -> Iterable[tuple[str, str]]:
    for port in filter(None, labels.get(plans.OTHERS, "").split(",")):
        for container in containers.values():
            number = container["Labels"].get(f"{plans.PORT}{port}")
            if number:
                yield port, f"http://{container['Labels'].get(plans.ADDRESS, '')}:{number}"


def _expiry(found: Found) -> datetime | None:
    labels = [v.get("Labels") or {} for v in found.volumes]
    markers = [label for label in labels if label.get(plans.KIND) == plans.MARKER]
    newest = max(markers, key=lambda label: label.get(plans.SET_AT, ""), default=found.labels)
    return _moment(newest.get(plans.EXPIRES_AT))


def _items(found: Found) -> Iterable[Item]:
    """What a proof of deletion speaks of; the same each time, whatever the order of the lists."""
    for container in sorted(map(name_of, found.containers)):
        yield Item("container", container)
    for network in sorted(n["Name"] for n in found.networks):
        yield Item("network", network)
    named = {v["Name"]: (v.get("Labels") or {}).get(plans.KIND) for v in found.volumes}
    for name, kind in sorted(named.items()):
        if kind not in plans.MARKS:
            yield Item("secret" if kind == plans.SECRET else "volume", name)
    for mount in sorted({m for c in found.containers for m in mounts_of(c)} - {*named}):
        yield Item("volume", mount)


def mounts_of(container: Objects) -> list[str]:
    """Names of its volumes, also of those that the image makes by itself and nobody named."""
    return [m["Name"] for m in container.get("Mounts") or () if m.get("Name")]


def name_of(container: Objects) -> str:
    return str(container["Names"][0]).lstrip("/")


def ref_of(labels: Mapping[str, str]) -> EnvRef | None:
    try:
        ref = EnvRef(labels[plans.INSTANCE], labels[plans.ENV], int(labels[plans.GENERATION]))
    except (KeyError, ValueError):
        return None
    return ref if NAME.fullmatch(ref.name) else None


def subnets_of(network: Objects) -> Iterable[ipaddress.IPv4Network]:
    for config in (network.get("IPAM") or {}).get("Config") or ():
        with contextlib.suppress(ValueError):
            yield ipaddress.IPv4Network(config.get("Subnet", ""))


def subnet_of(network: Objects) -> str:
    found = next(iter(subnets_of(network)), None)
    if found is None:
        raise Retryable(f"{network['Name']} has no addresses")
    return str(found)


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text or "")
    except ValueError:
        return None


def ours(found: Objects | None, ref: EnvRef, name: str) -> Objects:
    """Who has taken the name. Raises Permanent for another's, Retryable where it is gone again."""
    if found is None:
        raise Retryable(f"{name} was not made")
    labels = found.get("Labels") or found.get("Config", {}).get("Labels")
    if not plans.belongs_to(labels, ref):
        raise Permanent("", f"{name} belongs to somebody else")
    return found
