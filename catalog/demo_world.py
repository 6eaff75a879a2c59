"""The catalog's part of the demo world, from the files in catalog/demo/ and network/demo/."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction

from catalog import demo_stories
from catalog.importing import import_publiccode, read_file
from catalog.models import Reuse, Solution
from catalog.services import set_additions
from network.models import Organisation
from osk_portal.toolkit import clock

FOLDER = Path(__file__).parent / "demo"
ORGANISATIONS = Path(__file__).parent.parent / "network" / "demo" / "organisations.json"


@transaction.atomic
def load() -> str:
    """Entries that are there already stay as they are: people may have changed them since."""
    known = {solution.slug: solution for solution in Solution.objects.all()}
    new: dict[str, Solution] = {}
    for path in sorted(FOLDER.glob("solutions/*/publiccode.yml")):
        slug = path.parent.name
        if slug not in known:
            with _in_its_time(slug):
                outcome = import_publiccode(
                    read_file(path), slug=slug, publish=True, publish_incomplete=True
                )
            if outcome.solution is not None:
                new[slug] = outcome.solution
    organisations = _organisations()
    for slug, extra in _read(FOLDER / "solutions-extra.json").items():
        if slug in new:
            set_additions(
                new[slug].pk,
                alternatives=extra["alternatives"],
                keywords=extra["keywords"],
                berlin_body=organisations.get(extra["berlin_body"]),
            )
    for entry in _read(ORGANISATIONS):
        _ties(entry, organisations[entry["slug"]], new)
    for entry in _read(FOLDER / "reuse.json"):
        _reuse(entry, organisations, {**known, **new})
    told = demo_stories.load()
    return f"{len(known) + len(new)} solutions, {Reuse.objects.count()} reuses, {told} steps told"


def _in_its_time(slug: str) -> AbstractContextManager[None]:
    """An entry with a story is older than that."""
    entered_at = demo_stories.entered_at(slug)
    return nullcontext() if entered_at is None else clock.moved_to(entered_at)


def _ties(
    entry: dict[str, Any], organisation: Organisation, solutions: dict[str, Solution]
) -> None:
    """Which entries an organisation maintains, and for which it offers support."""
    for slug in entry["maintains"]:
        if slug in solutions:
            with _in_its_time(slug):
                set_additions(solutions[slug].pk, maintainer=organisation)
    for slug in entry["supports"]:
        if slug in solutions:
            set_additions(solutions[slug].pk, supports={organisation: ""})


def _reuse(
    entry: dict[str, Any], organisations: dict[str, Organisation], solutions: dict[str, Solution]
) -> None:
    since = entry["since"]
    reuse, is_new = Reuse.objects.get_or_create(
        solution=solutions[entry["solution"]],
        organisation=organisations[entry["organisation"]],
        defaults={
            "stage": entry["stage"],
            "since": date.fromisoformat(f"{since}-01") if since else None,
            "show_name": entry["show_name"],
        },
    )
    if is_new:
        reuse.declared()


def _organisations() -> dict[str, Organisation]:
    """By slug and by short name: authorities are named by the latter."""
    found: dict[str, Organisation] = {}
    for organisation in Organisation.objects.all():
        found[organisation.slug] = organisation
        if organisation.short_name:
            found.setdefault(organisation.short_name, organisation)
    return found


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
