"""Everybody who offers support for a solution, in one list: offers of the network, and the contractors that the
publiccode.yml names. Alphabetical, each organisation once; nobody can pay for a place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from catalog import documents, presentation
from catalog.models import Solution, Support
from network.models import Organisation
from osk_portal.toolkit import clock
from osk_portal.toolkit.search_text import fold, sort_key

ENDS_SOON: Final = timedelta(days=90)
MOST_CONTRACTORS: Final = 50


@dataclass(frozen=True)
class Supporter:
    """``link``: out of the portal; ``url``, ``slug``: of an organisation of the network.

    ``until``: the end of the contract of a contractor.
    """

    name: str
    url: str
    text: str
    kinds: Sequence[str]
    link: presentation.Link | None
    slug: str = ""
    kind_names: Sequence[str] = ()
    is_contractor: bool = False
    is_invented: bool = False
    until: date | None = None

    @property
    def has_ended(self) -> bool:
        return self.until is not None and self.until < clock.today()

    @property
    def ends_soon(self) -> bool:
        return (
            self.until is not None
            and not self.has_ended
            and self.until - ENDS_SOON <= clock.today()
        )


def supporters_of(solution: Solution) -> list[Supporter]:
    """In one query; with contractors in two."""
    offers = solution.supports.shown().filter(organisation__is_published=True)
    named = _contractors(solution)
    known = _organisations([contractor["name"] for contractor in named])
    return _merged(offers.select_related("organisation"), named, known, solution.dead_links)


def supporters_of_each(solutions: Sequence[Solution]) -> dict[int, list[Supporter]]:
    """By the entry's key, in one query. ``solutions``: of ``for_comparison()``."""
    named = {solution.pk: _contractors(solution) for solution in solutions}
    known = _organisations([each["name"] for found in named.values() for each in found])
    return {
        solution.pk: _merged(
            (x for x in solution.supports.all() if x.is_shown and x.organisation.is_published),
            named[solution.pk],
            known,
            solution.dead_links,
        )
        for solution in solutions
    }


def _merged(
    offers: Iterable[Support],
    named: Sequence[Mapping[str, Any]],
    known: Mapping[str, Organisation],
    dead: Sequence[str],
) -> list[Supporter]:
    found: dict[str, Supporter] = {}
    for support in offers:
        organisation = support.organisation
        found[_key(organisation.name)] = Supporter(
            name=organisation.name,
            url=organisation.get_absolute_url(),
            slug=organisation.slug,
            text=support.text,
            kinds=support.kind_labels,
            kind_names=support.kinds,
            link=presentation.link(support.link, dead),
            is_invented=organisation.is_invented,
        )
    for contractor in named:
        at_home = known.get(_key(contractor["name"]))
        name = at_home.name if at_home else contractor["name"]
        supporter = found.get(_key(name)) or Supporter(
            name=name,
            url=at_home.get_absolute_url() if at_home else "",
            slug=at_home.slug if at_home else "",
            text="",
            kinds=(),
            link=presentation.link(str(contractor.get("website") or ""), dead),
            is_invented=bool(at_home and at_home.is_invented),
        )
        until = documents.day(contractor.get("until"))
        if supporter.until and until:
            until = max(supporter.until, until)  # named twice: the later end holds
        found[_key(name)] = replace(supporter, is_contractor=True, until=until or supporter.until)
    return sorted(found.values(), key=lambda supporter: (sort_key(supporter.name), supporter.name))


def _contractors(solution: Solution) -> Sequence[Mapping[str, Any]]:
    """Of an incomplete file also what is no list of mappings may stand there."""
    named = documents.get(solution.document, ("maintenance", "contractors"))
    if not isinstance(named, list):
        return []
    return [
        contractor
        for contractor in named
        if isinstance(contractor, dict) and str(contractor.get("name") or "").strip()
    ][:MOST_CONTRACTORS]


def _organisations(names: Sequence[str]) -> dict[str, Organisation]:
    """Of the network, by the names that contractors go by."""
    if not names:
        return {}
    keys = [sort_key(str(name).strip()) for name in names]
    rows = Organisation.objects.published().filter(sort_key__in=keys)
    return {_key(organisation.name): organisation for organisation in rows}


def _key(name: Any) -> str:
    return " ".join(fold(str(name)).split())
