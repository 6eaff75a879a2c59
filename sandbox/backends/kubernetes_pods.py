"""What runs of an environment in a cluster: passwords, deployments and their pods. Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final

from sandbox.backends.container_plan import owner_labels
from sandbox.backends.kubernetes_plan import (
    COMPONENT,
    GATE,
    MAIL,
    Objects,
    Plan,
    has_files,
    numbers,
)
from sandbox.spec import Check, Component, Egress, HttpCheck, fill

STOP_SECONDS: Final = 10
TMPFS_MB: Final = 256


def secret(
    plan: Plan, component: Component, secrets: Mapping[str, str], hosts: Mapping[str, str]
) -> Objects:
    """Its files and its secret variables; a file's key is its number, since keys know no folders."""
    values = plan.values(component, hosts)
    data = {
        f"file-{number}": content
        for number, (_path, content) in enumerate(_files(plan, component, secrets, values))
    }
    for use in component.secrets:
        if use.env:
            data[use.env] = fill(use.text, {**values, "secret": secrets[use.role]})
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
    return {
        **plan.object_of("v1", "Secret", component.name, component=component),
        "type": "Opaque",
        "data": encoded,
    }


def _files(
    plan: Plan, component: Component, secrets: Mapping[str, str], values: Mapping[str, str]
) -> list[tuple[str, str]]:
    files = [(file.path, fill(file.content, values)) for file in component.files]
    files += [
        (use.file, fill(use.text, {**values, "secret": secrets[use.role]}))
        for use in component.secrets
        if use.file
    ]
    return files


def deployment(plan: Plan, component: Component, hosts: Mapping[str, str]) -> Objects:
    labels = {**owner_labels(plan.ref), **plan.version_labels, COMPONENT: component.name}
    if plan.asked_ports & {*component.ports}:
        labels[GATE] = "true"
    if component.mail is not None and plan.rules.mail is not None:
        labels[MAIL] = "true"
    made = plan.object_of(
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
                "spec": _pod(plan, component, hosts),
            },
        },
    )
    made["metadata"]["labels"] |= plan.version_labels
    return made


def _pod(plan: Plan, component: Component, hosts: Mapping[str, str]) -> Objects:
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
        "containers": [_container(plan, component, hosts)],
        "volumes": _volumes(plan, component),
    }
    if plan.spec.egress == Egress.NONE:
        # A resolver would carry words to the outside: components know each other by hostAliases.
        pod |= {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["127.0.0.1"]}}
    return pod


def _container(plan: Plan, component: Component, hosts: Mapping[str, str]) -> Objects:
    values = plan.values(component, hosts)
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
    sink = plan.rules.mail
    if component.mail is not None and sink is not None:
        env += [
            {"name": component.mail.host, "value": sink.address},
            {"name": component.mail.port, "value": str(sink.port)},
        ]
    limits = component.limits
    container: Objects = {
        "name": component.name,
        "image": component.image,
        "imagePullPolicy": "IfNotPresent",
        "env": env,
        "ports": [{"containerPort": port.number, "protocol": "TCP"} for port in component.listens],
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
        "volumeMounts": _mounts(plan, component),
    }
    if component.command:
        container["command"] = [fill(word, values) for word in component.command]
    if component.args:
        container["args"] = [fill(word, values) for word in component.args]
    if component.readiness is not None:
        container["readinessProbe"] = {
            "periodSeconds": 5,
            "timeoutSeconds": 5,
            **_probe(component.readiness, plan.number(component.readiness.port)),
        }
    return container


def _mounts(plan: Plan, component: Component) -> list[Objects]:
    mounts: list[Objects] = [
        {"name": f"data-{volume.name}", "mountPath": volume.path} for volume in component.volumes
    ]
    mounts += [
        {"name": f"tmp-{number}", "mountPath": path} for number, path in enumerate(component.tmpfs)
    ]
    if has_files(component):
        mounts.append({"name": "home", "mountPath": component.home, "readOnly": True})
    return mounts


def _volumes(plan: Plan, component: Component) -> list[Objects]:
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
    if has_files(component):
        paths = [file.path for file in component.files]
        paths += [use.file for use in component.secrets if use.file]
        items = [{"key": f"file-{number}", "path": path} for number, path in enumerate(paths)]
        source = {"secretName": component.name, "defaultMode": 0o444, "items": items}
        volumes.append({"name": "home", "secret": source})
    return volumes


def _probe(check: Check, number: int) -> Objects:
    """A kubelet takes 200 to 399 for a yes: what answers otherwise is asked by a connection only."""
    if isinstance(check, HttpCheck) and 200 <= check.status < 400:
        return {"httpGet": {"path": check.path, "port": number}}
    return {"tcpSocket": {"port": number}}
