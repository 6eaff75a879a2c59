"""Whether an engine has room for one more environment (sandbox.md section 2).

Asked before a set-up begins, and never again: what runs is repaired, restarted and ended however little is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from sandbox.backends.base import CapacityExhausted, Health
from sandbox.enums import EnvironmentState
from sandbox.models import Environment
from sandbox.spec import EnvSpec, SpecError

_LOCK: Final = 7_203_442  # of this check, among PostgreSQL's advisory locks; the engine's name is its second key


@dataclass(frozen=True)
class Need:
    """In MB."""

    memory: int = 0
    disk: int = 0

    def __add__(self, other: Need) -> Need:
        return Need(self.memory + other.memory, self.disk + other.disk)


def shortage(health: Health, *, wanted: Need | None = None) -> str:
    """What the engine lacks, beside what is ``wanted`` for somebody; empty where it has enough.

    For operators. What an engine does not tell is not looked at, nor what the settings have at 0.
    """
    wanted = wanted or Need()
    memory = _shortage_of(
        health.memory_mb,
        settings.OSK_SANDBOX_LEAST_MEMORY_MB,
        wanted.memory,
        _("%(free)d MB of memory free, %(needed)d MB needed"),
    )
    disk = _shortage_of(
        health.disk_mb,
        settings.OSK_SANDBOX_LEAST_DISK_MB,
        wanted.disk,
        _("%(free)d MB of disk free, %(needed)d MB needed"),
    )
    return ", ".join(lack for lack in (memory, disk) if lack)


def _shortage_of(free: int | None, least: int, wanted: int, words: str) -> str:
    if free is None or not least or free >= least + wanted:
        return ""
    return words % {"free": free, "needed": least + wanted}


def reserve(environment: Environment, spec: EnvSpec, health: Health, *, asked_at: datetime) -> None:
    """Room for ``environment``, which begins in this transaction; whoever begins at the same engine meanwhile
    waits here and then sees it. The last lock of all (README). ``asked_at``: no later than ``health`` was measured.

    Raises CapacityExhausted.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, environment.backend]
        )
    lacks = shortage(health, wanted=need_for(environment, spec, asked_at=asked_at))
    if lacks:
        raise CapacityExhausted(lacks, after=30)


def need_for(environment: Environment, spec: EnvSpec, *, asked_at: datetime) -> Need:
    """What its specification asks for, and those that were being set up at the same engine when that was asked
    for its room, or are since: their programs did not use theirs yet.
    """
    others = (
        Environment.objects.filter(
            Q(
                state__in=(EnvironmentState.PROVISIONING, EnvironmentState.STARTING),
                ready_at__isnull=True,
            )
            | Q(ready_at__gte=asked_at),
            backend=environment.backend,
        )
        .exclude(pk=environment.pk)
        .select_related("booking__blueprint_version")
    )
    return sum((_promised(other) for other in others), _need_of(spec))


def _promised(environment: Environment) -> Need:
    try:
        return _need_of(environment.booking.blueprint_version.parsed)
    except SpecError:
        return Need()  # changed past the admin: its own step says so


def _need_of(spec: EnvSpec) -> Need:
    """Of images. What limits a program is its address space, of which it uses a part at most; it has no volumes."""
    return Need(
        memory=sum(component.limits.memory_mb for component in spec.components if component.image),
        disk=sum(volume.size_mb for component in spec.components for volume in component.volumes),
    )
