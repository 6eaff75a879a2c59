"""Whose message it is that reaches the mail sink."""

from __future__ import annotations

import ipaddress
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from sandbox import backends
from sandbox.backends import container_plan
from sandbox.backends.container import ContainerBackend
from sandbox.backends.kubernetes import KubernetesBackend
from sandbox.backends.mail_host import mail_host
from sandbox.backends.process import ProcessBackend
from sandbox.models import Environment


def environment_of(peer: str, local: str, since: datetime) -> int | None:
    """Whose program asks, by the address it comes from and the one it has asked; None for anybody else.

    Containers have a network of their own each, and nobody answers in another's name there. Programs all come
    from the loopback: each environment is told an address of its own to ask at. Pods are known by the address
    that the cluster says they have had ``since`` the conversation began; Retryable where it cannot tell.
    """
    try:
        source, target = ipaddress.IPv4Address(peer), ipaddress.IPv4Address(local)
    except ValueError:
        return None
    if source in ipaddress.IPv4Network(settings.OSK_SANDBOX_NETWORK):
        network = ipaddress.IPv4Network((source, container_plan.PREFIX), strict=False)
        return next((pk for pk, address in _of_containers() if address in network), None)
    if source.is_loopback:
        rows = _existing(ProcessBackend.key).values_list("pk", "backend_key")
        return next((pk for pk, name in rows if mail_host(name) == str(target)), None)
    if settings.OSK_SANDBOX_KUBERNETES_MAIL:
        return _of_a_pod(str(source), since)
    return None


def _of_a_pod(address: str, since: datetime) -> int | None:
    backend = backends.get(KubernetesBackend.key)
    if not isinstance(backend, KubernetesBackend):
        return None
    ref = backend.sender_at(address, since)
    if ref is None or ref.instance != settings.OSK_SANDBOX_INSTANCE:
        return None
    rows = _existing(KubernetesBackend.key).filter(backend_key=ref.name)
    try:
        return rows.filter(public_id=ref.env).values_list("pk", flat=True).first()
    except ValidationError:
        return None  # a label that is no id


def _of_containers() -> list[tuple[int, ipaddress.IPv4Address]]:
    rows = _existing(ContainerBackend.key).exclude(endpoint="").values_list("pk", "endpoint")
    return [(pk, ipaddress.IPv4Address(urlsplit(endpoint).hostname or "")) for pk, endpoint in rows]


def _existing(backend: str) -> QuerySet[Environment]:
    """The newest first: only it can have an address that an older one has given back."""
    return Environment.objects.existing().filter(backend=backend).order_by("-pk")
