"""What operators read at a glance: engines, places, states, troubles, strays. From the database alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from django.db.models import Count, Exists, F, Min, OuterRef, Q

from osk_portal.toolkit import clock
from osk_portal.toolkit.clock import DbNow
from sandbox.durations import FEWEST, NEWEST, percentile
from sandbox.enums import EnvironmentEventKind, EnvironmentState, ResourceClass
from sandbox.models import (
    Allocation,
    EngineHealth,
    Environment,
    Measure,
    Slot,
    Stray,
)
from sandbox.timetable import allocation_is_late

HEALTH_IS_OLD: Final = timedelta(minutes=5)
"""Measured every minute: by then the worker stands still."""
MOST_ROWS: Final = 50
DURATIONS_OF: Final = timedelta(days=365)
MOST_DURATIONS: Final = 5000


@dataclass(frozen=True)
class EngineRow:
    key: str
    health: EngineHealth | None
    age: timedelta | None

    @property
    def is_old(self) -> bool:
        return self.age is None or self.age > HEALTH_IS_OLD


@dataclass
class PoolRow:
    """Places of one capacity, at this moment."""

    name: str
    resource_class: str
    """As people read it."""
    engines: list[str] = field(default_factory=list)
    places: int = 0
    taken: int = 0
    blocked: int = 0
    off: int = 0

    @property
    def free(self) -> int:
        return self.places - self.taken - self.blocked


@dataclass(frozen=True)
class DurationRow:
    """How long a set-up of a product takes; no figures where too few are known."""

    product: str
    count: int
    half: timedelta | None
    most: timedelta | None


def capacity() -> tuple[list[PoolRow], list[str]]:
    """The pools, and the engines that they name; one query."""
    held = Allocation.objects.held().filter(slot=OuterRef("pk"))
    now = held.filter(occupies__contains=DbNow())
    slots = (
        Slot.objects.order_by("pool__name", "pool_id", "pk")
        .annotate(
            is_taken=Exists(now.filter(booking__isnull=False))
            | Exists(held.filter(allocation_is_late())),
            is_blocked=Exists(now.filter(blackout__isnull=False)),
        )
        .values(
            "pool_id",
            "pool__name",
            "pool__resource_class",
            "backend",
            "is_enabled",
            "is_taken",
            "is_blocked",
        )
    )
    rows: dict[int, PoolRow] = {}
    engines: set[str] = set()
    for slot in slots:
        resource_class = str(ResourceClass(slot["pool__resource_class"]).label)
        row = rows.setdefault(slot["pool_id"], PoolRow(slot["pool__name"], resource_class))
        if slot["backend"] not in row.engines:
            row.engines.append(slot["backend"])
        engines.add(slot["backend"])
        row.places += slot["is_enabled"]
        row.off += not slot["is_enabled"]
        row.taken += slot["is_taken"]
        row.blocked += slot["is_blocked"] and not slot["is_taken"]
    return list(rows.values()), sorted(engines)


def engines(keys: list[str]) -> list[EngineRow]:
    """Of ``keys``, and of whatever was measured lately; one query, and no engine is asked."""
    known = {health.backend: health for health in EngineHealth.objects.all()}
    now = clock.now()
    return [
        EngineRow(key, health, now - health.checked_at if health else None)
        for key in sorted({*keys, *known})
        for health in [known.get(key)]
    ]


def by_state() -> list[tuple[str, int]]:
    """Label and number of what exists, in the order of a life; states without any are left out."""
    found = dict(
        Environment.objects.existing().order_by().values_list("state").annotate(number=Count("pk"))
    )
    return [(str(state.label), found[state]) for state in EnvironmentState if state in found]


def troubled() -> list[Environment]:
    return list(
        Environment.objects.needing_a_hand()
        .select_related("booking__blueprint_version__blueprint", "booking__organisation")
        .order_by("state_since", "pk")[:MOST_ROWS]
    )


def strays() -> list[Stray]:
    """What is there, and what went in the last days."""
    return list(Stray.objects.all()[:MOST_ROWS])


def measures() -> list[Measure]:
    return list(Measure.objects.select_related("actor", "environment").order_by("-at", "-pk")[:10])


def durations() -> list[DurationRow]:
    """From the begin of the set-up to the first answer, of the newest of each product; one query."""
    rows = (
        Environment.objects.filter(ready_at__gt=clock.now() - DURATIONS_OF)
        .annotate(
            product=F("booking__blueprint_version__blueprint__name"),
            begun_at=Min("events__at", filter=Q(events__kind=EnvironmentEventKind.SECRETS_MADE)),
        )
        .filter(begun_at__isnull=False)
        .order_by("-ready_at")
        .values_list("product", "begun_at", "ready_at")[:MOST_DURATIONS]
    )
    took: dict[str, list[timedelta]] = defaultdict(list)
    for product, begun_at, ready_at in rows:
        if ready_at is not None and len(took[product]) < NEWEST:
            took[product].append(ready_at - begun_at)
    return [_duration(product, sorted(found)) for product, found in sorted(took.items())]


def _duration(product: str, took: list[timedelta]) -> DurationRow:
    if len(took) < FEWEST:
        return DurationRow(product, len(took), None, None)
    return DurationRow(product, len(took), percentile(took, 50), percentile(took, 90))
