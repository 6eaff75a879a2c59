"""Engines that carry environments, found by the key that a slot names."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings

from sandbox.backends.base import BackendUnavailable, SandboxBackend
from sandbox.backends.process import ProcessBackend


def _container() -> SandboxBackend:
    if not settings.OSK_SANDBOX_ENGINE:
        raise BackendUnavailable("OSK_SANDBOX_ENGINE names no engine.", after=60)
    # Its library is read only where an engine is named: most commands need neither.
    from sandbox.backends.container import ContainerBackend

    return ContainerBackend.from_settings()


BACKENDS: dict[str, Callable[[], SandboxBackend]] = {
    ProcessBackend.key: ProcessBackend.from_settings,
    "container": _container,
}


def get(key: str) -> SandboxBackend:
    """The engine of this name. Raises BackendUnavailable where it is unknown or refused here."""
    try:
        make = BACKENDS[key]
    except KeyError:
        raise BackendUnavailable(f"There is no engine “{key}”.") from None
    return make()
