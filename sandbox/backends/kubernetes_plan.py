"""What a specification means to a Kubernetes cluster: names, labels and the objects themselves. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from sandbox.backends.base import EnvRef
from sandbox.backends.container_plan import (
    OTHERS,
    TEMPLATE,
    address_values,
    number_of,
    owner_labels,
)
from sandbox.spec import Component, EnvSpec

Objects = dict[str, Any]

COMPONENT: Final = "osk.component"
PRODUCT, VERSION = "osk.product", "osk.version"
CREATED_AT, EXPIRES_AT = "osk.created-at", "osk.expires-at"
COMPONENTS, ENDPOINT, SECRETS = "osk.components", "osk.endpoint", "osk.secrets"
GATE: Final = "osk.gate"
"""Label of pods that the gate and the portal may reach."""

MAIL: Final = "osk.mail"
"""Label of pods that may reach the mail sink."""
MAIL_SINK: Final = "osk.mail-sink"
"""Label of the sink's own pods (deploy/kubernetes/mail.yaml)."""

LONGEST_LABEL: Final = 63
DNS_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
LABEL_VALUE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_NUMBERS = re.compile(r"(\d{1,10})(?::(\d{1,10}))?")


@dataclass(frozen=True)
class MailSink:
    """Where pods find ``manage.py sandbox_mail``: a service of the cluster, whose port its pods have too."""

    address: str
    port: int
    namespace: str = "osk-portal"


@dataclass(frozen=True)
class Rules:
    """What the operator says about this cluster, the same for every environment."""

    from_namespaces: tuple[str, ...] = ("osk-gate", "osk-portal")
    """Where the gate and the portal run: nobody else reaches a product."""
    from_addresses: tuple[str, ...] = ()
    """The same of those that run outside of the cluster, as ``10.0.0.7/32``."""
    storage_class: str = ""
    mail: MailSink | None = None


@dataclass(frozen=True)
class Plan:
    """One environment, as the cluster is told it."""

    ref: EnvRef
    spec: EnvSpec
    rules: Rules
    created_at: datetime
    expires_at: datetime

    @property
    def name(self) -> str:
        return self.ref.name

    # Before anything runs

    @property
    def namespace(self) -> Objects:
        level = "restricted" if all(map(is_restricted, self.spec.components)) else "baseline"
        return {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {
                "name": self.name,
                "labels": {
                    **owner_labels(self.ref),
                    **self.version_labels,
                    "app.kubernetes.io/managed-by": "osk-portal",
                    "pod-security.kubernetes.io/enforce": level,
                    "pod-security.kubernetes.io/warn": level,
                },
                "annotations": {**self.notes, CREATED_AT: self.created_at.isoformat()},
            },
        }

    @property
    def version_labels(self) -> dict[str, str]:
        """Product and version, for who looks at pods: the same as long as the environment lives."""
        product, _, version = self.ref.template.partition("@")
        found = {PRODUCT: short(product), VERSION: version}
        return {name: value for name, value in found.items() if LABEL_VALUE.fullmatch(value)}

    @property
    def notes(self) -> dict[str, str]:
        return {
            EXPIRES_AT: self.expires_at.isoformat(),
            # Its @ is none of the characters that a label may have.
            TEMPLATE: self.ref.template,
            COMPONENTS: ",".join(component.name for component in self.spec.components),
            # So that nobody needs the right to list Secrets, which is the right to read them.
            SECRETS: ",".join(c.name for c in self.spec.components if has_secret(c)),
        }

    # Where it is reached

    @property
    def asked_ports(self) -> set[str]:
        """Where people and the portal come."""
        checked = {c.readiness.port for c in self.spec.components if c.readiness is not None}
        return checked | {endpoint.port for endpoint in self.spec.endpoints}

    def services(self) -> Iterator[Objects]:
        for component in self.spec.components:
            if component.listens:
                yield self.object_of(
                    "v1",
                    "Service",
                    component.name,
                    component=component,
                    spec={
                        "type": "ClusterIP",
                        "selector": {COMPONENT: component.name},
                        "ports": [
                            {
                                "name": port.name,
                                "port": port.number,
                                "targetPort": port.number,
                                "protocol": "TCP",
                            }
                            for port in component.listens
                        ],
                    },
                )

    def address(self, hosts: Mapping[str, str]) -> str:
        """What people open, or the gate. ``hosts``: addresses of the services by component."""
        return f"{self.origin(self.spec.endpoint.port, hosts)}{self.spec.endpoint.path}"

    def others(self, hosts: Mapping[str, str]) -> dict[str, str]:
        """The same of the further endpoints, by port and without a path."""
        return {port: self.origin(port, hosts) for port in self.spec.other_ports}

    def places(self, hosts: Mapping[str, str]) -> dict[str, str]:
        """Both as annotations of the namespace."""
        return {ENDPOINT: self.address(hosts), OTHERS: json.dumps(self.others(hosts))}

    def origin(self, port: str, hosts: Mapping[str, str]) -> str:
        owner = self.spec.component_of(port)
        return f"http://{hosts[owner.name]}:{number_of(owner, port)}"

    def number(self, port: str) -> int:
        return number_of(self.spec.component_of(port), port)

    def claims(self) -> Iterator[Objects]:
        for component in self.spec.components:
            for volume in component.volumes:
                spec: Objects = {
                    "accessModes": ["ReadWriteOnce"],
                    "resources": {"requests": {"storage": f"{volume.size_mb}Mi"}},
                }
                if self.rules.storage_class:
                    spec["storageClassName"] = self.rules.storage_class
                yield self.object_of(
                    "v1", "PersistentVolumeClaim", volume.name, component=component, spec=spec
                )

    def values(self, component: Component, hosts: Mapping[str, str]) -> dict[str, str]:
        """What the placeholders of the texts stand for."""
        ports = (self.spec.endpoint.port, *self.spec.other_ports)
        own = {port: self.origin(port, hosts) for port in ports}
        return {"home": component.home, **address_values(self.ref, self.spec, own)}

    def object_of(
        self,
        version: str,
        kind: str,
        name: str,
        *,
        component: Component | None = None,
        spec: Objects | None = None,
    ) -> Objects:
        labels = owner_labels(self.ref)
        if component is not None:
            labels[COMPONENT] = component.name
        found: Objects = {
            "apiVersion": version,
            "kind": kind,
            "metadata": {"name": name, "namespace": self.name, "labels": labels},
        }
        return found if spec is None else {**found, "spec": spec}


def problems_of(spec: EnvSpec) -> list[str]:
    """What of it a cluster cannot do, or would do otherwise."""
    found: list[str] = []
    for component in spec.components:
        if component.program:
            found.append(f"{component.name}: " + _("programs need another engine"))
            continue
        if component.image.startswith("localhost/"):
            found.append(f"{component.name}: " + _("a cluster pulls by digest from a registry"))
        if component.seed:
            found.append(f"{component.name}: " + _("a cluster writes no “seed” into volumes"))
        if component.user and numbers(component.user)[0] is None:
            found.append(f"{component.name}: " + _("write the user as numbers, such as 1000:1000"))
        names = [component.name, *component.ports, *(volume.name for volume in component.volumes)]
        words = _("a name must not end with a hyphen")
        found += [f"{name}: {words}" for name in names if name[-1] == "-"]
    return found


def is_restricted(component: Component) -> bool:
    """Fits Kubernetes' strictest level: no root, and at most NET_BIND_SERVICE."""
    uid, _gid = numbers(component.user)
    return bool(uid) and {*component.capabilities} <= {"NET_BIND_SERVICE"}


def numbers(user: str) -> tuple[int | None, int | None]:
    """User and group; None where the image says it or it is written as a name."""
    found = _NUMBERS.fullmatch(user)
    if found is None:
        return None, None
    return int(found[1]), None if found[2] is None else int(found[2])


def short(name: str) -> str:
    """At most as long as a label of a host name may be, and still its own."""
    if len(name) <= LONGEST_LABEL:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:10]
    return f"{name[: LONGEST_LABEL - 11].rstrip('-')}-{digest}"


def has_secret(component: Component) -> bool:
    return has_files(component) or bool(component.secrets)


def has_files(component: Component) -> bool:
    return bool(component.files) or any(use.file for use in component.secrets)
