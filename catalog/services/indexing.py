"""The search text of a solution, gathered from everything that says something about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import translation

from catalog import vocabulary_labels
from catalog.models import Solution, SolutionDocument
from network.models import OrganisationEvent
from osk_portal.toolkit import clock
from osk_portal.toolkit.search_text import fold, sort_key

# Enough for the trigrams of any honest entry; a file with 10,000 features must not fill the index.
LONGEST_SHORT = 4_000
LONGEST_LONG = 40_000


def index_solution(solution: Solution) -> SolutionDocument:
    """Write the search text of ``solution``; called in the transaction that changed it."""
    supports = solution.supports.shown().filter(organisation__is_published=True)
    supporters = supports.values_list("organisation__name", flat=True)
    values = texts_of(solution, supporters=supporters)
    found, _created = SolutionDocument.objects.update_or_create(solution=solution, defaults=values)
    return found


def index_renamed() -> int:
    """Organisations that were renamed or hidden of late: what names them is found by that. How many entries.

    The network knows nothing of the catalog, so a daily job asks; the second day is for a job that was late.
    """
    changed = OrganisationEvent.objects.filter(at__gte=clock.now() - timedelta(days=2))
    organisations = list(changed.order_by().values_list("organisation", flat=True).distinct())
    if not organisations:
        return 0
    named = (
        Q(maintainer__in=organisations)
        | Q(berlin_body__in=organisations)
        | Q(supports__organisation__in=organisations)
    )
    keys = Solution.objects.filter(named).order_by("pk").values_list("pk", flat=True).distinct()
    for pk in keys:
        with transaction.atomic():
            index_solution(Solution.objects.select_for_update(of=("self",)).get(pk=pk))
    return len(keys)


def texts_of(solution: Solution, *, supporters: Iterable[str]) -> dict[str, str]:
    """What ``SolutionDocument`` keeps of ``solution``; ``supporters``: names of who offers support."""
    document: Mapping[str, Any] = solution.document
    descriptions = list((document.get("description") or {}).values())
    names = _unique(
        [
            solution.name,
            *_texts(descriptions, "localisedName"),
            document.get("applicationSuite") or "",
        ]
    )
    labels = _unique([*_labels(document), *solution.keywords])
    short = _unique(_texts(descriptions, "shortDescription"))
    features = [f for description in descriptions for f in description.get("features") or ()]
    long = [*_texts(descriptions, "longDescription"), *features]
    organisations = _organisations(solution, document, supporters)
    return {
        "names": _join(names, LONGEST_SHORT),
        "short": _join(short, LONGEST_SHORT),
        "long": _join(long, LONGEST_LONG),
        "labels": _join(labels, LONGEST_SHORT),
        "organisations": _join(organisations, LONGEST_SHORT),
        "alternatives": _join(solution.alternatives, LONGEST_SHORT),
        "folded_names": _folded(names, LONGEST_SHORT),
        "folded": _folded(
            [*names, *solution.alternatives, *labels, *short, *organisations, *features],
            LONGEST_LONG,
        ),
    }


def _texts(descriptions: Iterable[Mapping[str, Any]], key: str) -> list[str]:
    return [text for description in descriptions if (text := description.get(key))]


def _labels(document: Mapping[str, Any]) -> list[str]:
    """Categories and scopes in both languages, so that either finds the entry."""
    scopes = (document.get("intendedAudience") or {}).get("scope") or []
    labels: list[str] = []
    for language in ("de", "en"):
        with translation.override(language):
            labels += [vocabulary_labels.category(c) for c in document.get("categories") or ()]
            labels += [vocabulary_labels.scope(s) for s in scopes]
    return labels


def _organisations(
    solution: Solution, document: Mapping[str, Any], supporters: Iterable[str]
) -> list[str]:
    legal = document.get("legal") or {}
    named = [
        (document.get("organisation") or {}).get("name"),
        legal.get("mainCopyrightOwner"),
        legal.get("repoOwner"),
        *(body.name for body in (solution.public_maintainer, solution.public_berlin_body) if body),
        *supporters,
    ]
    return _unique([name for name in named if name])


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text))


def _join(texts: Iterable[str], longest: int) -> str:
    return "\n".join(texts)[:longest]


def _folded(texts: Iterable[str], longest: int) -> str:
    """Both ways of writing umlauts without them: ``buergerbuero`` and ``burgerburo``."""
    written_out: list[str] = []
    dropped: list[str] = []
    for text in texts:
        one, other = fold(text), sort_key(text)
        written_out.append(one)
        if other != one and len(text) <= 200:
            dropped.append(other)
    return " | ".join([*written_out, *dropped])[:longest]
