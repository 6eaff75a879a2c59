"""What a cluster lists of an environment, and what it means."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.backends import kubernetes_plan as plans
from sandbox.backends.base import NAME, EnvRef, Item, Observed, ObservedState
from sandbox.backends.container_plan import ENV, GENERATION, INSTANCE, OTHERS

Objects = dict[str, Any]

OUT_OF_MEMORY = 137
_PROVED = {
    "Deployment": "container",
    "NetworkPolicy": "network",
    "Service": "port",
    "PersistentVolumeClaim": "volume",
}
"""Kinds that a proof of deletion speaks of."""
LISTED = tuple(_PROVED)


@dataclass
class Found:
    """One namespace of ours and what lies in it, by kind."""

    namespace: Objects
    things: dict[str, list[Objects]] = field(default_factory=dict)

    @property
    def labels(self) -> Mapping[str, str]:
        return labels_of(self.namespace)

    @property
    def notes(self) -> Mapping[str, str]:
        return self.namespace["metadata"].get("annotations") or {}

    @property
    def is_ending(self) -> bool:
        return is_ending(self.namespace)

    @property
    def deployments(self) -> list[Objects]:
        return self.things.get("Deployment", [])

    @property
    def state(self) -> ObservedState:
        if self.is_ending or any(not wanted(d) for d in self.deployments):
            return ObservedState.EXITED
        names = {name_of(deployment) for deployment in self.deployments}
        expected = {*filter(None, self.notes.get(plans.COMPONENTS, "").split(","))}
        is_whole = names >= expected and bool(expected)
        if is_whole and all(is_up(deployment) for deployment in self.deployments):
            return ObservedState.RUNNING
        return ObservedState.CREATING

    def observed(self) -> Observed:
        return Observed(
            name_of(self.namespace),
            self.state,
            instance=self.labels.get(INSTANCE, ""),
            env=self.labels.get(ENV, ""),
            generation=_number(self.labels.get(GENERATION, "")),
            endpoint=self.notes.get(plans.ENDPOINT, ""),
            others=_addresses(self.notes.get(OTHERS, "")),
            created_at=_moment(self.notes.get(plans.CREATED_AT)),
            expires_at=_moment(self.notes.get(plans.EXPIRES_AT)),
            items=tuple(self._items()),
        )

    def _items(self) -> Iterator[Item]:
        yield Item("namespace", name_of(self.namespace))
        for secret in filter(None, self.notes.get(plans.SECRETS, "").split(",")):
            yield Item("secret", f"{name_of(self.namespace)}/{secret}")
        for kind, proved in _PROVED.items():
            for thing in sorted(self.things.get(kind, []), key=name_of):
                yield Item(proved, f"{name_of(self.namespace)}/{name_of(thing)}")
                volume = (thing.get("spec") or {}).get("volumeName")
                if kind == "PersistentVolumeClaim" and volume:
                    yield Item("volume", str(volume))


def labels_of(thing: Objects) -> Mapping[str, str]:
    return thing["metadata"].get("labels") or {}


def name_of(thing: Objects) -> str:
    return str(thing["metadata"]["name"])


def is_ending(thing: Objects) -> bool:
    return bool(thing["metadata"].get("deletionTimestamp"))


def wanted(deployment: Objects) -> int:
    return int((deployment.get("spec") or {}).get("replicas", 1))


def is_up(deployment: Objects) -> bool:
    """Its one pod is ready, and of the newest description."""
    status = deployment.get("status") or {}
    is_new = status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0)
    updated = status.get("updatedReplicas", 0)
    return bool(is_new and updated >= 1 and status.get("readyReplicas", 0) >= 1)


def ref_of(thing: Objects, *, name: str = "") -> EnvRef | None:
    """Whose it is; None where it is none of ours, or its namespace has another name than its labels say.

    ``thing`` is a namespace, or lies in the one called ``name``.
    """
    labels = labels_of(thing)
    try:
        ref = EnvRef(labels[INSTANCE], labels[ENV], int(labels[GENERATION]))
    except (KeyError, ValueError):
        return None
    return ref if NAME.fullmatch(ref.name) and ref.name == (name or name_of(thing)) else None


def has_not_ended(pod: Objects) -> bool:
    """One that has ended may still be listed with the address that it had."""
    return (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")


def began_at(pod: Objects) -> datetime | None:
    """Its node took it up then, and gave it an address afterwards."""
    return _moment((pod.get("status") or {}).get("startTime"))


def of_namespace(volumes: Iterable[Objects], name: str) -> list[Objects]:
    """Volumes that were bound in it, by name; a namespace that is gone leaves no other trace."""
    found = [volume for volume in volumes if namespace_of(volume) == name]
    return sorted(found, key=name_of)


def namespace_of(volume: Objects) -> str:
    """Of the claim that a volume was bound to."""
    return str(((volume.get("spec") or {}).get("claimRef") or {}).get("namespace", ""))


def goes_by_itself(volume: Objects) -> bool:
    """Its storage class deletes it, as long as that works."""
    policy = (volume.get("spec") or {}).get("persistentVolumeReclaimPolicy")
    is_failed = (volume.get("status") or {}).get("phase") == "Failed"
    return policy == "Delete" and not is_failed


def remains(name: str, volumes: Iterable[Objects]) -> Observed:
    """What is left of an environment whose namespace is gone."""
    return Observed(
        name,
        ObservedState.EXITED,
        items=tuple(Item("volume", name_of(volume)) for volume in volumes),
        is_remains=True,
    )


def why_not_up(pods: Iterable[Objects]) -> str:
    """In words why a component is not ready, from what the cluster says of its pods."""
    said: list[str] = []
    for pod in pods:
        status = pod.get("status") or {}
        for condition in status.get("conditions") or ():
            if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
                said.append(f"{condition.get('reason')}: {condition.get('message')}")
        for container in status.get("containerStatuses") or ():
            waiting = (container.get("state") or {}).get("waiting") or {}
            if waiting.get("reason") not in (None, "ContainerCreating", "PodInitializing"):
                said.append(f"{waiting['reason']}: {waiting.get('message', '')}")
            for place in ("state", "lastState"):
                ended = (container.get(place) or {}).get("terminated")
                if ended:
                    code = ended.get("exitCode")
                    is_full = ended.get("reason") == "OOMKilled" or code == OUT_OF_MEMORY
                    memory = ", perhaps for want of memory" if is_full else ""
                    said.append(f"has ended with {code}{memory}")
    return "; ".join(dict.fromkeys(said))[:500]


def why_not_gone(namespace: Objects) -> str:
    """What holds up a removal, as the cluster says it."""
    conditions = (namespace.get("status") or {}).get("conditions") or ()
    said = [c.get("message", "") for c in conditions if c.get("status") == "True"]
    spec = namespace.get("spec") or {}
    held = [*(namespace["metadata"].get("finalizers") or ()), *(spec.get("finalizers") or ())]
    finalizers = [f"finalizers {', '.join(map(str, held))}"] if held and not said else []
    return "; ".join(filter(None, [*said, *finalizers]))[:800]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def _addresses(text: str) -> dict[str, str]:
    """By port, as ``Plan.places`` writes them; what somebody else wrote there counts as nothing."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {port: at for port, at in found.items() if isinstance(at, str)}


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
