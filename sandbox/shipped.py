"""The test products that come with the portal: one JSON file each in ``blueprints/``."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.db import transaction

from catalog.models import Solution
from osk_portal.toolkit import clock
from sandbox import spec
from sandbox.enums import BlueprintEventKind
from sandbox.models import Blueprint, BlueprintVersion, Pool
from sandbox.services.blueprints import digest_of

FOLDER = Path(__file__).parent / "blueprints"
_TEXTS: Final = ("name", "summary", "description", "first_steps", "demo_data", "longest_days")


def read(slug: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((FOLDER / f"{slug}.json").read_text(encoding="utf-8"))
    return data


def slugs(engine: str = "") -> list[str]:
    """All, or those for ``engine``: what a person sets up is for no other."""
    every = sorted(path.stem for path in FOLDER.glob("*.json"))
    if not engine:
        return every
    return [slug for slug in every if _is_by_hand(slug) == (engine == "manual")]


def _is_by_hand(slug: str) -> bool:
    return "runbook" in read(slug)["spec"]


def ensure(slug: str, pool: Pool) -> Blueprint:
    """The product as it comes with the portal; ``pool`` is of a new one.

    A new product gets its texts and is published, unless nobody has run it yet. One that is there belongs to
    the operators: its texts, its capacity and what is published stay, and what is new in the portal becomes
    a draft that they try. What they had once, or have withdrawn, never comes back; over a draft of theirs
    nothing is laid.
    """
    data = read(slug)
    spec.check(data["spec"])
    with transaction.atomic():
        blueprint, is_new = Blueprint.objects.select_for_update(of=("self",)).get_or_create(
            slug=data["slug"],
            defaults={
                **{name: data[name] for name in _TEXTS if name in data},
                "pool": pool,
                "solution": Solution.objects.filter(slug=data["solution"]).first(),
            },
        )
        if is_new:
            _first_version(blueprint, data)
        else:
            _offer(blueprint, data["spec"])
    return blueprint


def has_news(blueprint: Blueprint) -> bool:
    """The portal brings a specification that this product has never had."""
    return not _was_had(blueprint, read(blueprint.slug)["spec"])


def _first_version(blueprint: Blueprint, data: dict[str, Any]) -> None:
    is_tried = data.get("is_tried", True)
    _write(blueprint, 1, data["spec"], published_at=clock.now() if is_tried else None)
    if is_tried:
        blueprint.record(BlueprintEventKind.PUBLISHED, actor=None, version=1)


def _offer(blueprint: Blueprint, data: dict[str, Any]) -> None:
    newest = blueprint.versions.order_by("-number").first()
    if _was_had(blueprint, data):
        return
    if newest is None:
        _write(blueprint, 1, data)
    elif newest.is_published:
        _write(blueprint, newest.number + 1, data)
    elif digest_of(newest.spec) in _given(blueprint):
        # A draft of ours that nobody has touched: written anew, or followed where it was tried.
        if newest.bookings.exists():
            _write(blueprint, newest.number + 1, data)
        else:
            newest.delete()
            _write(blueprint, newest.number, data)


def _was_had(blueprint: Blueprint, data: dict[str, Any]) -> bool:
    if digest_of(data) in _given(blueprint):
        return True
    return any(known == data for known in blueprint.versions.values_list("spec", flat=True))


def _given(blueprint: Blueprint) -> set[str]:
    """What we have brought before, also where a draft was written over since."""
    events = blueprint.events.filter(kind=BlueprintEventKind.DRAFTED, data__has_key="shipped")
    return {str(given) for given in events.values_list("data__shipped", flat=True)}


def _write(
    blueprint: Blueprint, number: int, data: dict[str, Any], *, published_at: datetime | None = None
) -> None:
    BlueprintVersion.objects.create(
        blueprint=blueprint, number=number, spec=data, published_at=published_at
    )
    blueprint.record(
        BlueprintEventKind.DRAFTED, actor=None, version=number, shipped=digest_of(data)
    )
