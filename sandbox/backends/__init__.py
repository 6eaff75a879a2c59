"""Engines that carry environments, found by the key that a slot names."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.backends.base import BackendUnavailable, SandboxBackend
from sandbox.backends.container import ContainerBackend
from sandbox.backends.kubernetes import KubernetesBackend
from sandbox.backends.manual import ManualBackend
from sandbox.backends.process import ProcessBackend

BACKENDS: dict[str, Callable[[], SandboxBackend]] = {
    ProcessBackend.key: ProcessBackend.from_settings,
    ContainerBackend.key: ContainerBackend.from_settings,
    KubernetesBackend.key: KubernetesBackend.from_settings,
    ManualBackend.key: ManualBackend.from_settings,
}


def get(key: str) -> SandboxBackend:
    """The engine of this name. Raises BackendUnavailable where it is unknown or refused here."""
    try:
        make = BACKENDS[key]
    except KeyError:
        raise BackendUnavailable(f"There is no engine “{key}”.") from None
    return make()
