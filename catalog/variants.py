"""Solutions that build on others: what a file says in ``isBasedOn``, and the entries that it means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Case, Q, When

from catalog import presentation, repositories
from catalog.comparison.wanted import MOST_SOLUTIONS
from catalog.models import Solution
from catalog.presentation import Link
from catalog.querysets import SolutionQuerySet

MOST_VARIANTS: Final = 20


@dataclass(frozen=True)
class Base:
    """``solution`` where it is in the catalog, else the address; ``link`` None: no web address."""

    text: str
    link: Link | None
    solution: Solution | None


@dataclass(frozen=True)
class Kin:
    """What a solution is based on, and what is based on it; ``has_more``: variants that are not listed.

    ``compared``: slugs for a comparison of them with the solution itself; empty where there is nothing to compare.
    """

    bases: list[Base]
    variants: list[Solution]
    has_more: bool
    compared: list[str]


def bases(addresses: Iterable[str], *, among: SolutionQuerySet) -> list[Base]:
    """What a variant is based on, in the file's order; one query, none without addresses."""
    wanted = {address: repositories.normalise(address) for address in addresses}
    known = {identity for identity in wanted.values() if identity}
    return _bases(wanted, among.filter(repository_url__in=known) if known else [])


def kin(solution: Solution, *, among: SolutionQuerySet) -> Kin:
    """Bases and variants in one query, whatever there is."""
    named = solution.document.get("isBasedOn", ())
    wanted = {address: repositories.normalise(address) for address in named}
    known = {identity for identity in wanted.values() if identity}
    is_base = Q(repository_url__in=known)
    is_variant = Q(document__isBasedOn__has_any_keys=_spellings(solution.document.get("url", "")))
    asked = among.filter(is_base | is_variant).exclude(pk=solution.pk)
    marked = asked.annotate(
        is_base=Case(When(is_base, then=True), default=False),
        is_variant=Case(When(is_variant, then=True), default=False),
    )
    first = marked.defer("document").order_by("-is_base", "sort_key", "pk")
    found: list[Any] = list(first[: len(known) + MOST_VARIANTS + 1])
    variants = [each for each in found if each.is_variant]
    shown = variants[:MOST_VARIANTS]
    others = [each for each in found if each.is_base and each not in shown]
    slugs = [each.slug for each in (*others, *shown) if each.is_published]
    return Kin(
        _bases(wanted, [each for each in found if each.is_base], solution.dead_links),
        shown,
        len(variants) > len(shown),
        [solution.slug, *slugs][:MOST_SOLUTIONS] if slugs and solution.is_published else [],
    )


def _bases(
    wanted: Mapping[str, str | None], entries: Iterable[Solution], dead: Sequence[str] = ()
) -> list[Base]:
    found = {entry.repository_url: entry for entry in entries}
    return [
        Base(address, presentation.link(address, dead), found.get(identity))
        for address, identity in wanted.items()
    ]


def _spellings(url: str) -> list[str]:
    """As other files may write the address: an index finds a spelling, and no normalised one."""
    bare = url.strip().rstrip("/").removesuffix(".git")
    plain = dict.fromkeys((bare, bare.lower(), repositories.normalise(url) or bare))
    return [f"{each}{end}" for each in plain if each for end in ("", ".git", "/")]
