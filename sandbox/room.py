"""Whether an engine has room for one more environment (sandbox.md section 2).

Asked as a set-up begins, and never again: what runs is repaired, restarted and ended however little is left.
"""

from __future__ import annotations

from django.conf import settings
from django.db import connection

from sandbox.backends.base import Health
from sandbox.enums import EnvironmentState
from sandbox.models import Environment
from sandbox.spec import EnvSpec, SpecError


def shortage(health: Health, *, wanted_mb: int = 0) -> str:
    """What the engine lacks, beside ``wanted_mb`` of memory for somebody; empty where it has enough.

    For operators, in English as everything that engines say. What an engine does not tell is not looked at,
    nor what the settings have at 0.
    """
    needs = (
        ("memory", health.memory_mb, settings.OSK_SANDBOX_LEAST_MEMORY_MB, wanted_mb),
        ("disk", health.disk_mb, settings.OSK_SANDBOX_LEAST_DISK_MB, 0),
    )
    return ", ".join(
        f"{free} MB of {what} free, {least + wanted} MB needed"
        for what, free, least, wanted in needs
        if least and free is not None and free < least + wanted
    )


def lock(engine: str) -> None:
    """Until the end of the transaction nobody else begins a set-up at this engine: several at once, as on the hour
    when bookings begin, would each find the room that only one of them can have. The last lock of all.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"sandbox.room:{engine}"])


def memory_for(environment: Environment, spec: EnvSpec) -> int:
    """What its specification asks for, in MB, and those that are being set up at the same engine just now,
    whose programs do not use theirs yet.
    """
    others = (
        Environment.objects.filter(
            backend=environment.backend,
            state__in=(EnvironmentState.PROVISIONING, EnvironmentState.STARTING),
            ready_at__isnull=True,
        )
        .exclude(pk=environment.pk)
        .select_related("booking__blueprint_version")
    )
    return _memory_of(spec) + sum(_promised(other) for other in others)


def _promised(environment: Environment) -> int:
    try:
        return _memory_of(environment.booking.blueprint_version.parsed)
    except SpecError:
        return 0  # changed past the admin: its own step says so


def _memory_of(spec: EnvSpec) -> int:
    """Of images. What limits a program is its address space, of which it uses a part at most."""
    return sum(component.limits.memory_mb for component in spec.components if component.image)
