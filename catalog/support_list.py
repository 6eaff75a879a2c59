"""Everybody who offers support for a solution, in one list: offers of the network, and the contractors that the
publiccode.yml names. Alphabetical, each organisation once; nobody can pay for a place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from catalog import documents, presentation
from catalog.models import Solution
from network.models import Organisation
from osk_portal.toolkit import clock
from osk_portal.toolkit.search_text import fold, sort_key

ENDS_SOON: Final = timedelta(days=90)
MOST_CONTRACTORS: Final = 50


@dataclass(frozen=True)
class Supporter:
    """``link``: out of the portal. ``until``: the end of the contract of a contractor."""

    name: str
    url: str
    text: str
    kinds: Sequence[str]
    link: presentation.Link | None
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
    found: dict[str, Supporter] = {}
    offers = solution.supports.shown().filter(organisation__is_published=True)
    for support in offers.select_related("organisation"):
        organisation = support.organisation
        found[_key(organisation.name)] = Supporter(
            name=organisation.name,
            url=organisation.get_absolute_url(),
            text=support.text,
            kinds=support.kind_labels,
            link=presentation.link(support.link, solution.dead_links),
            is_invented=organisation.is_invented,
        )
    named = _contractors(solution)
    known = _organisations([contractor["name"] for contractor in named])
    for contractor in named:
        at_home = known.get(_key(contractor["name"]))
        name = at_home.name if at_home else contractor["name"]
        supporter = found.get(_key(name)) or Supporter(
            name=name,
            url=at_home.get_absolute_url() if at_home else "",
            text="",
            kinds=(),
            link=presentation.link(str(contractor.get("website") or ""), solution.dead_links),
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
