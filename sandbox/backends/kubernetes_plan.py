"""What a specification means to a Kubernetes cluster: names, labels and the objects themselves. Pure."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sandbox.backends.base import EnvRef
from sandbox.backends.container_plan import TEMPLATE, number_of, owner_labels
from sandbox.spec import Check, Component, Egress, EnvSpec, HttpCheck, fill

Objects = dict[str, Any]

COMPONENT: Final = "osk.component"
CREATED_AT, EXPIRES_AT = "osk.created-at", "osk.expires-at"
COMPONENTS, ENDPOINT, SECRETS = "osk.components", "osk.endpoint", "osk.secrets"
GATE: Final = "osk.gate"
"""Label of pods that the gate and the portal may reach."""

LONGEST_LABEL: Final = 63
STOP_SECONDS: Final = 10
TMPFS_MB: Final = 256
DNS_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
LABEL_VALUE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_NUMBERS = re.compile(r"(\d{1,10})(?::(\d{1,10}))?")
_NOT_THE_INTERNET = (
    "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
)  # fmt: skip


@dataclass(frozen=True)
class Rules:
    """What the operator says about this cluster, the same for every environment."""

    from_namespaces: tuple[str, ...] = ("osk-gate", "osk-portal")
    """Where the gate and the portal run: nobody else reaches a product."""
    ingress_class: str = ""
    domain: str = ""
    """Of the host names of an Ingress; empty: none, the gate goes to the address of the service."""
    storage_class: str = ""


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
                    "app.kubernetes.io/managed-by": "osk-portal",
                    "pod-security.kubernetes.io/enforce": level,
                    "pod-security.kubernetes.io/warn": level,
                },
                "annotations": {**self.notes, CREATED_AT: self.created_at.isoformat()},
            },
        }

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

    def fences(self) -> Iterator[Objects]:
        """What keeps it small and closed; stands before the first program does."""
        limits = [component.limits for component in self.spec.components]
        memory = sum(limit.memory_mb for limit in limits)
        cpu = sum(limit.cpu_millis for limit in limits)
        volumes = [volume for component in self.spec.components for volume in component.volumes]
        yield self._object(
            "v1",
            "ResourceQuota",
            "environment",
            spec={
                "hard": {
                    "pods": str(2 * len(limits)),
                    "requests.memory": f"{memory}Mi",
                    "limits.memory": f"{memory}Mi",
                    "requests.cpu": f"{cpu}m",
                    "limits.cpu": f"{cpu}m",
                    "persistentvolumeclaims": str(len(volumes)),
                    "requests.storage": f"{sum(volume.size_mb for volume in volumes)}Mi",
                    "services.loadbalancers": "0",
                    "services.nodeports": "0",
                }
            },
        )
        most = {
            "memory": f"{max(limit.memory_mb for limit in limits)}Mi",
            "cpu": f"{max(limit.cpu_millis for limit in limits)}m",
        }
        yield self._object(
            "v1",
            "LimitRange",
            "environment",
            spec={"limits": [{"type": "Container", "max": most, "default": most}]},
        )
        yield from self._policies()

    def _policies(self) -> Iterator[Objects]:
        yield self._policy("closed", {"policyTypes": ["Ingress", "Egress"]})
        among: list[Objects] = [{"podSelector": {}}]
        yield self._policy(
            "within",
            {
                "policyTypes": ["Ingress", "Egress"],
                "ingress": [{"from": among}],
                "egress": [{"to": among}],
            },
        )
        ports = sorted({self._number(name) for name in self._asked_ports})
        peers = [
            {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}
            for name in self.rules.from_namespaces
        ]
        yield self._policy(
            "gate",
            {
                "podSelector": {"matchLabels": {GATE: "true"}},
                "policyTypes": ["Ingress"],
                "ingress": [
                    {
                        "from": peers,
                        "ports": [{"port": number, "protocol": "TCP"} for number in ports],
                    }
                ],
            },
        )
        if self.spec.egress == Egress.INTERNET:
            resolver = {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}
            }
            dns = [{"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")]
            anywhere = {"ipBlock": {"cidr": "0.0.0.0/0", "except": list(_NOT_THE_INTERNET)}}
            yield self._policy(
                "internet",
                {
                    "policyTypes": ["Egress"],
                    "egress": [{"to": [anywhere]}, {"to": [resolver], "ports": dns}],
                },
            )

    @property
    def _asked_ports(self) -> set[str]:
        """Where people and the portal come."""
        checked = {c.readiness.port for c in self.spec.components if c.readiness is not None}
        return checked | {endpoint.port for endpoint in self.spec.endpoints}

    def _policy(self, name: str, spec: Objects) -> Objects:
        return self._object(
            "networking.k8s.io/v1", "NetworkPolicy", name, spec={"podSelector": {}, **spec}
        )

    # Where it is reached

    def services(self) -> Iterator[Objects]:
        for component in self.spec.components:
            if component.listens:
                yield self._object(
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
        end = self.spec.endpoint
        if self.has_ingress:
            return f"https://{self.host_of(end.port)}{end.path}"
        owner = self.spec.component_of(end.port)
        return f"http://{hosts[owner.name]}:{number_of(owner, end.port)}{end.path}"

    @property
    def has_ingress(self) -> bool:
        return bool(self.rules.domain)

    def host_of(self, port: str) -> str:
        """The first endpoint has the name of the environment, others that of their port besides."""
        is_first = port == self.spec.endpoint.port
        return f"{short(self.name if is_first else f'{self.name}-{port}')}.{self.rules.domain}"

    def ingress(self) -> Objects:
        ports = list(dict.fromkeys(endpoint.port for endpoint in self.spec.endpoints))
        rules = []
        for port in ports:
            owner = self.spec.component_of(port)
            backend = {"service": {"name": owner.name, "port": {"number": self._number(port)}}}
            paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
            rules.append({"host": self.host_of(port), "http": {"paths": paths}})
        spec: Objects = {"rules": rules, "tls": [{"hosts": [rule["host"] for rule in rules]}]}
        if self.rules.ingress_class:
            spec["ingressClassName"] = self.rules.ingress_class
        return self._object("networking.k8s.io/v1", "Ingress", "environment", spec=spec)

    def _number(self, port: str) -> int:
        return number_of(self.spec.component_of(port), port)

    # What runs

    def secret(
        self, component: Component, secrets: Mapping[str, str], hosts: Mapping[str, str]
    ) -> Objects:
        """Its files and its secret variables; a file's key is its number, since keys know no folders."""
        values = self.values(component, hosts)
        data = {
            f"file-{number}": content
            for number, (_path, content) in enumerate(self._files(component, secrets, values))
        }
        for use in component.secrets:
            if use.env:
                data[use.env] = fill(use.text, {**values, "secret": secrets[use.role]})
        encoded = {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
        return {
            **self._object("v1", "Secret", component.name, component=component),
            "type": "Opaque",
            "data": encoded,
        }

    def _files(
        self, component: Component, secrets: Mapping[str, str], values: Mapping[str, str]
    ) -> list[tuple[str, str]]:
        files = [(file.path, fill(file.content, values)) for file in component.files]
        files += [
            (use.file, fill(use.text, {**values, "secret": secrets[use.role]}))
            for use in component.secrets
            if use.file
        ]
        return files

    def claims(self) -> Iterator[Objects]:
        for component in self.spec.components:
            for volume in component.volumes:
                spec: Objects = {
                    "accessModes": ["ReadWriteOnce"],
                    "resources": {"requests": {"storage": f"{volume.size_mb}Mi"}},
                }
                if self.rules.storage_class:
                    spec["storageClassName"] = self.rules.storage_class
                yield self._object(
                    "v1", "PersistentVolumeClaim", volume.name, component=component, spec=spec
                )

    def deployment(self, component: Component, hosts: Mapping[str, str]) -> Objects:
        labels = {**owner_labels(self.ref), COMPONENT: component.name}
        if self._asked_ports & {*component.ports}:
            labels[GATE] = "true"
        return self._object(
            "apps/v1",
            "Deployment",
            component.name,
            component=component,
            spec={
                "replicas": 1,
                # Two at the same time would write to the same volume.
                "strategy": {"type": "Recreate"},
                "selector": {"matchLabels": {COMPONENT: component.name}},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": self._pod(component, hosts),
                },
            },
        )

    def _pod(self, component: Component, hosts: Mapping[str, str]) -> Objects:
        uid, gid = numbers(component.user)
        security: Objects = {"seccompProfile": {"type": "RuntimeDefault"}}
        if uid is not None:
            group = uid if gid is None else gid
            security |= {"runAsUser": uid, "runAsGroup": group, "fsGroup": group}
            if uid:
                security["runAsNonRoot"] = True
        pod: Objects = {
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": STOP_SECONDS,
            "securityContext": security,
            "hostAliases": [
                {"ip": address, "hostnames": [name]}
                for name, address in sorted(hosts.items())
                if name != component.name
            ],
            "containers": [self._container(component, hosts)],
            "volumes": self._volumes(component),
        }
        if self.spec.egress == Egress.NONE:
            # A resolver would carry words to the outside: components know each other by hostAliases.
            pod |= {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["127.0.0.1"]}}
        return pod

    def _container(self, component: Component, hosts: Mapping[str, str]) -> Objects:
        values = self.values(component, hosts)
        env: list[Objects] = [
            {"name": name, "value": fill(text, values)} for name, text in component.env
        ]
        env += [
            {
                "name": use.env,
                "valueFrom": {"secretKeyRef": {"name": component.name, "key": use.env}},
            }
            for use in component.secrets
            if use.env
        ]
        limits = component.limits
        container: Objects = {
            "name": component.name,
            "image": component.image,
            "imagePullPolicy": "IfNotPresent",
            "env": env,
            "ports": [
                {"containerPort": port.number, "protocol": "TCP"} for port in component.listens
            ],
            "resources": {
                "limits": {"memory": f"{limits.memory_mb}Mi", "cpu": f"{limits.cpu_millis}m"},
                "requests": {
                    "memory": f"{limits.memory_mb}Mi",
                    "cpu": f"{max(1, limits.cpu_millis // 4)}m",
                },
            },
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "privileged": False,
                "readOnlyRootFilesystem": component.read_only,
                "capabilities": {"drop": ["ALL"], "add": sorted(component.capabilities)},
            },
            "volumeMounts": self._mounts(component),
        }
        if component.command:
            container["command"] = [fill(word, values) for word in component.command]
        if component.args:
            container["args"] = [fill(word, values) for word in component.args]
        if component.readiness is not None:
            container["readinessProbe"] = {
                "periodSeconds": 5,
                "timeoutSeconds": 5,
                **_probe(component.readiness, self._number(component.readiness.port)),
            }
        return container

    def _mounts(self, component: Component) -> list[Objects]:
        mounts: list[Objects] = [
            {"name": f"data-{volume.name}", "mountPath": volume.path}
            for volume in component.volumes
        ]
        mounts += [
            {"name": f"tmp-{number}", "mountPath": path}
            for number, path in enumerate(component.tmpfs)
        ]
        if _has_files(component):
            mounts.append({"name": "home", "mountPath": component.home, "readOnly": True})
        return mounts

    def _volumes(self, component: Component) -> list[Objects]:
        volumes: list[Objects] = [
            {"name": f"data-{v.name}", "persistentVolumeClaim": {"claimName": v.name}}
            for v in component.volumes
        ]
        volumes += [
            {
                "name": f"tmp-{number}",
                "emptyDir": {"medium": "Memory", "sizeLimit": f"{TMPFS_MB}Mi"},
            }
            for number, _path in enumerate(component.tmpfs)
        ]
        if _has_files(component):
            paths = [file.path for file in component.files]
            paths += [use.file for use in component.secrets if use.file]
            items = [{"key": f"file-{number}", "path": path} for number, path in enumerate(paths)]
            source = {"secretName": component.name, "defaultMode": 0o444, "items": items}
            volumes.append({"name": "home", "secret": source})
        return volumes

    def values(self, component: Component, hosts: Mapping[str, str]) -> dict[str, str]:
        """What the placeholders of the texts stand for."""
        own = "/".join(self.address(hosts).split("/", 3)[:3])
        origin = self.ref.origin or own
        return {
            "home": component.home,
            "host": origin.partition("://")[2],
            "scheme": origin.partition("://")[0],
            "address": f"{origin}{self.spec.endpoint.path}",
            **{f"port.{p.name}": str(p.number) for c in self.spec.components for p in c.listens},
        }

    def _object(
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


def problems_of(spec: EnvSpec, rules: Rules) -> list[str]:
    """What of it a cluster cannot do, or would do otherwise."""
    found: list[str] = []
    for component in spec.components:
        if component.program:
            found.append(f"{component.name}: programs need another engine")
            continue
        if component.image.startswith("localhost/"):
            found.append(f"{component.name}: a cluster pulls by digest from a registry")
        if component.user and numbers(component.user)[0] is None:
            found.append(f"{component.name}: write the user as numbers, such as 1000:1000")
        names = [component.name, *component.ports, *(volume.name for volume in component.volumes)]
        found += [f"{name}: a name must not end with a hyphen" for name in names if name[-1] == "-"]
    for endpoint in spec.endpoints if rules.domain else ():
        if len(f"osk-00000000-g99999-{endpoint.port}.{rules.domain}") > 253:
            found.append(f"{endpoint.port}: the host name is too long")
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
    return _has_files(component) or bool(component.secrets)


def _has_files(component: Component) -> bool:
    return bool(component.files) or any(use.file for use in component.secrets)


def _probe(check: Check, number: int) -> Objects:
    """A kubelet takes 200 to 399 for a yes: what answers otherwise is asked by a connection only."""
    if isinstance(check, HttpCheck) and 200 <= check.status < 400:
        return {"httpGet": {"path": check.path, "port": number}}
    return {"tcpSocket": {"port": number}}
