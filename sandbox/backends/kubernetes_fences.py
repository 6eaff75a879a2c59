"""What keeps an environment in a cluster small and closed. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sandbox.backends.kubernetes_plan import GATE, MAIL, MAIL_SINK, MailSink, Objects, Plan
from sandbox.spec import Egress

QUARANTINED: Final = "osk.quarantined"
"""Label that no pod has."""
_OF_A_PORT = ("name", "port", "targetPort", "protocol")
_NOT_THE_INTERNET = (
    "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
)  # fmt: skip


def fences(plan: Plan) -> Iterator[Objects]:
    """What keeps it small and closed; stands before the first program does."""
    limits = [component.limits for component in plan.spec.components]
    memory = sum(limit.memory_mb for limit in limits)
    cpu = sum(limit.cpu_millis for limit in limits)
    volumes = [volume for component in plan.spec.components for volume in component.volumes]
    yield plan.object_of(
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
    yield plan.object_of(
        "v1",
        "LimitRange",
        "environment",
        spec={"limits": [{"type": "Container", "max": most, "default": most}]},
    )
    yield from _policies(plan)


def _policies(plan: Plan) -> Iterator[Objects]:
    yield _policy(plan, "closed", {"policyTypes": ["Ingress", "Egress"]})
    among: list[Objects] = [{"podSelector": {}}]
    yield _policy(
        plan,
        "within",
        {
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": among}],
            "egress": [{"to": among}],
        },
    )
    ports = sorted({plan.number(name) for name in plan.asked_ports})
    peers: list[Objects] = [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}
        for name in plan.rules.from_namespaces
    ]
    peers += [{"ipBlock": {"cidr": cidr}} for cidr in plan.rules.from_addresses]
    # Rules that name nobody, or no port, would let everybody in: then there is no rule.
    entry = {
        "from": peers,
        "ports": [{"port": number, "protocol": "TCP"} for number in ports],
    }
    yield _policy(
        plan,
        "gate",
        {
            "podSelector": {"matchLabels": {GATE: "true"}},
            "policyTypes": ["Ingress"],
            "ingress": [entry] if peers and ports else [],
        },
    )
    if any(component.mail is not None for component in plan.spec.components):
        out: Objects = {"podSelector": {"matchLabels": {MAIL: "true"}}, "policyTypes": ["Egress"]}
        # Without a sink as well: what was open before it was taken away is closed by the same name.
        sink = plan.rules.mail
        yield _policy(plan, "mail", {**out, "egress": [] if sink is None else [_to(sink)]})
    if plan.spec.egress == Egress.INTERNET:
        resolver = {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}
        }
        dns = [{"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")]
        anywhere = {"ipBlock": {"cidr": "0.0.0.0/0", "except": list(_NOT_THE_INTERNET)}}
        yield _policy(
            plan,
            "internet",
            {
                "policyTypes": ["Egress"],
                "egress": [{"to": [anywhere]}, {"to": [resolver], "ports": dns}],
            },
        )


def _to(sink: MailSink) -> Objects:
    return {
        "to": [
            {
                "namespaceSelector": {
                    "matchLabels": {"kubernetes.io/metadata.name": sink.namespace}
                },
                "podSelector": {"matchLabels": {MAIL_SINK: "true"}},
            }
        ],
        "ports": [{"port": sink.port, "protocol": "TCP"}],
    }


def shut(policy: Objects) -> Objects:
    """The same policy with nothing open: under its name, so that it replaces what was open."""
    spec = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    return {**_bare(policy), "spec": spec}


def cut_off(service: Objects) -> Objects:
    """The same service with a selector that no pod fits: without one its old addresses would stay."""
    spec = service.get("spec") or {}
    ports = [{name: port[name] for name in _OF_A_PORT if name in port} for port in spec["ports"]]
    selector = {**spec["selector"], QUARANTINED: "true"}
    return {**_bare(service), "spec": {"type": "ClusterIP", "selector": selector, "ports": ports}}


def _bare(thing: Objects) -> Objects:
    """What the portal has written of an object's head; server-side apply would take away what is missing."""
    meta = thing["metadata"]
    ours = {name: value for name, value in meta["labels"].items() if name.startswith("osk.")}
    return {
        "apiVersion": thing["apiVersion"],
        "kind": thing["kind"],
        "metadata": {"name": meta["name"], "namespace": meta["namespace"], "labels": ours},
    }


def _policy(plan: Plan, name: str, spec: Objects) -> Objects:
    return plan.object_of(
        "networking.k8s.io/v1", "NetworkPolicy", name, spec={"podSelector": {}, **spec}
    )
