"""An invented entry as a publiccode.yml: always the same for the same number."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any, Final, TypeVar

from catalog.documents import Json
from catalog.enums import ReuseStage
from catalog.invented import words
from catalog.invented.words import TASKS, Task
from catalog.publiccode.vocabulary import SCOPES

REPOSITORIES: Final = "https://git.beispiel.example/katalog/"
"""No such host can exist (RFC 2606): by this an invented entry is known."""
LATEST: Final = date(2026, 11, 1)
_TASK_WEIGHTS: Final = [1 / (rank + 1) for rank in range(len(TASKS))]
_SCOPES: Final = sorted(SCOPES)
_LICENCES: Final = {
    "EUPL-1.2": 22, "AGPL-3.0-or-later": 18, "GPL-3.0-or-later": 16, "MIT": 15, "Apache-2.0": 14,
    "LGPL-3.0-or-later": 5, "MPL-2.0": 5, "BSD-3-Clause": 4, "CC0-1.0": 1,
}  # fmt: skip
_STATUS: Final = {"stable": 60, "beta": 15, "development": 12, "concept": 4, "obsolete": 9}
_TYPES: Final = {
    "standalone/web": 62, "standalone/backend": 10, "standalone/desktop": 9, "standalone/mobile": 6,
    "library": 6, "addon": 5, "configurationFiles": 2,
}  # fmt: skip
_MAINTENANCE: Final = {"community": 45, "internal": 25, "contract": 22, "none": 8}
_PLATFORMS: Final = {"web": 60, "linux": 20, "windows": 15, "android": 8, "ios": 6, "mac": 5}
_USERS: Final = {0: 70, 1: 14, 2: 7, 3: 5, 6: 3, 12: 1}
_NAMES: Final = len(words.BEGINNINGS) * len(words.ENDINGS)
V = TypeVar("V")


@dataclass(frozen=True)
class Invented:
    """What stands in the file, and what the OSK adds."""

    number: int
    document: Json
    alternatives: Sequence[str]
    uses: Sequence[tuple[int, ReuseStage, date]]
    """Of whom, as any number; the stage; since when."""
    changed_days_ago: int


def invent(number: int) -> Invented:
    """``number`` from 0; names and texts differ, categories and licences are as unequal as in real catalogs."""
    chance = random.Random(number)  # noqa: S311 # the same entry each time, no secret
    [task] = chance.choices(TASKS, _TASK_WEIGHTS)
    drawn = _drawn(chance)
    name = drawn if number in _first_names() else _name(number)
    features = chance.sample(words.FEATURES, chance.randint(3, 8))
    german = _description(chance, name, task.german, words.GERMAN_SHORT, words.GERMAN_LONG)
    english = _description(chance, name, task.english, words.ENGLISH_SHORT, words.ENGLISH_LONG)
    document: Json = {
        "publiccodeYmlVersion": "0",
        "name": name,
        "url": f"{REPOSITORIES}eintrag-{number}",
        "landingURL": f"https://www.beispiel.example/eintrag-{number}",
        "softwareVersion": f"{chance.randint(0, 9)}.{chance.randint(0, 30)}.{chance.randint(0, 9)}",
        "releaseDate": str(LATEST - timedelta(days=int(chance.expovariate(1 / 300)))),
        "platforms": _some(chance, _PLATFORMS, 3),
        "categories": _categories(chance, task),
        "developmentStatus": _one(chance, _STATUS),
        "softwareType": _one(chance, _TYPES),
        "intendedAudience": {
            "scope": chance.sample(_SCOPES, chance.randint(0, 3)) or ["government"],
        },
        "description": {
            "de": {**german, "features": [feature for feature, _english in features]},
            "en": {**english, "features": [feature for _german, feature in features]},
        },
        "legal": {"license": _one(chance, _LICENCES)},
        "maintenance": _maintenance(chance),
        "localisation": {
            "localisationReady": True,
            "availableLanguages": ["de", *chance.sample(["en", "fr", "pl", "tr"], 2)],
        },
        "usedBy": chance.sample(words.BODIES, chance.randint(0, 3)),
    }
    if chance.random() < 0.1:
        del document["description"]["de"]
    if not document["usedBy"]:
        del document["usedBy"]
    stages = [ReuseStage.PRODUCTION, ReuseStage.PILOT, ReuseStage.TEST, ReuseStage.INTEREST]
    uses = [
        (
            chance.randrange(10_000),
            chance.choices(stages, [6, 2, 2, 1])[0],
            LATEST - timedelta(days=chance.randint(30, 2_000)),
        )
        for _ in range(_one(chance, _USERS))
    ]
    return Invented(number, document, task.replaces, uses, int(chance.expovariate(1 / 200)) + 1)


FIRST: Final = 500
"""As many have a drawn name, where no earlier one has it; all others one of their own."""


def _drawn(chance: random.Random) -> str:
    parts = (words.BEGINNINGS, words.ENDINGS, words.KINDS)
    return "".join(chance.choice(part) for part in parts)


@cache
def _first_names() -> frozenset[int]:
    """The numbers whose drawn name no earlier entry has."""
    taken: dict[str, int] = {}
    for number in range(FIRST):
        chance = random.Random(number)  # noqa: S311 # as in invent()
        chance.choices(TASKS, _TASK_WEIGHTS)
        taken.setdefault(_drawn(chance), number)
    return frozenset(taken.values())


def _name(number: int) -> str:
    """Never twice: the beginning and the ending by turns, then the line of the product, then its edition."""
    place = number * 1_009  # has no factor in common with the number of names: all come, mixed
    rest, first = divmod(place % _NAMES, len(words.BEGINNINGS))
    edition, line = divmod(number // _NAMES, len(words.LINES))
    name = f"{words.BEGINNINGS[first]}{words.ENDINGS[rest]} {words.LINES[line]}"
    return f"{name} {edition + 1}" if edition else name


def _description(
    chance: random.Random, name: str, task: str, short: Sequence[str], long: Sequence[str]
) -> Json:
    first, *others = long
    sentences = [first, *chance.sample(others, chance.randint(3, 7))]
    return {
        "localisedName": name,
        "shortDescription": chance.choice(short).format(task=task),
        "longDescription": " ".join(sentences).format(name=name, task=task),
    }


def _categories(chance: random.Random, task: Task) -> list[str]:
    found = list(task.categories)
    if chance.random() < 0.3:
        [other] = chance.choices(TASKS, _TASK_WEIGHTS)
        found += [category for category in other.categories if category not in found]
    return found[:4]


def _maintenance(chance: random.Random) -> Json:
    kind = _one(chance, _MAINTENANCE)
    body = chance.choice(words.BODIES)
    if kind == "contract":
        until = LATEST + timedelta(days=chance.randint(-200, 900))
        return {"type": kind, "contractors": [{"name": body, "until": str(until)}]}
    if kind == "none":
        return {"type": kind}
    return {"type": kind, "contacts": [{"name": f"Redaktion {body}"}]}


def _one(chance: random.Random, weighted: dict[V, int]) -> V:
    return chance.choices(list(weighted), list(weighted.values()))[0]


def _some(chance: random.Random, weighted: dict[V, int], most: int) -> list[V]:
    found: dict[Any, None] = {_one(chance, weighted): None for _ in range(chance.randint(1, most))}
    return list(found)
