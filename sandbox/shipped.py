"""The test products that come with the portal: one JSON file each in ``blueprints/``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from catalog.models import Solution
from osk_portal.toolkit import clock
from sandbox import spec
from sandbox.models import Blueprint, BlueprintVersion, Pool

FOLDER = Path(__file__).parent / "blueprints"


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
    """The product with its newest specification; a changed one becomes a new version.

    What nobody has run yet stays a draft: an operator tries it and publishes it.
    """
    data = read(slug)
    blueprint, _created = Blueprint.objects.update_or_create(
        slug=data["slug"],
        defaults={
            **{
                name: data[name]
                for name in ("name", "summary", "description", "first_steps", "longest_days")
            },
            "pool": pool,
            "solution": Solution.objects.filter(slug=data["solution"]).first(),
        },
        create_defaults=None,
    )
    spec.parse(data["spec"])
    newest = blueprint.versions.order_by("-number").first()
    if newest is None or newest.spec != data["spec"]:
        BlueprintVersion.objects.create(
            blueprint=blueprint,
            number=(newest.number if newest else 0) + 1,
            spec=data["spec"],
            published_at=clock.now() if data.get("is_tried", True) else None,
        )
    return blueprint
