"""All support offers beside an answer, in an order that favours nobody (product.md 1.5).

By name; the first is the one that the number of the request falls on: its remainder when divided by how many
there are. So each comes first as often as any other, and anybody can compute the order again.

The list is frozen with the answer: it stays what the authority was shown, whoever joins or leaves the network.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models import Solution, Support
from consulting.deadlines import short_date
from osk_portal.toolkit import clock

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from consulting.models import ConsultingRequest
    from network.models import Organisation

RULE: Final = "by-number"
"""The rule by which lists are ordered now; a frozen one names its own."""
_RULES: Final[Mapping[str, _StrPromise]] = {
    RULE: gettext_lazy(
        "The list is complete as far as the network knew it on that day. It is sorted by name. The number of"
        " the request decides which name stands first: its remainder when divided by how many there are."
        " The order says nothing about quality."
    )
}
_SUPPORT: Final = "support"
_KINDS: Final[Mapping[str, _StrPromise]] = {_SUPPORT: gettext_lazy("Support offer")}


@dataclass(frozen=True)
class Offering:
    """One organisation of the list; ``items``: what it offers, in words."""

    name: str
    slug: str
    items: Sequence[str]


@dataclass(frozen=True)
class OfferList:
    """What was listed with one answer. ``solutions``: for what; ``offerings`` may be empty: none was known."""

    day: date
    rule: str
    solutions: Sequence[str]
    offerings: Sequence[Offering]

    @property
    def as_of(self) -> str:
        return _("As of %(date)s, for: %(solutions)s.") % {
            "date": short_date(self.day),
            "solutions": ", ".join(self.solutions),
        }

    @property
    def nothing(self) -> str:
        """Instead of the list, where nobody offers anything."""
        return _("The network knew of no support offer for these solutions.")


def neutral_order(
    organisations: Iterable[Organisation], case: ConsultingRequest
) -> list[Organisation]:
    """``organisations`` by name, beginning where the number of ``case`` falls."""
    by_name = sorted(
        organisations, key=lambda organisation: (organisation.sort_key, organisation.pk)
    )
    if not by_name:
        return []
    number = int(str(case.reference or "0").rpartition("-")[2])
    start = number % len(by_name)
    return by_name[start:] + by_name[:start]


def list_offers(case: ConsultingRequest, recommended: Iterable[int]) -> dict[str, Any] | None:
    """The list to keep with an answer: every published organisation with an offer for a recommended solution,
    or, where none is, for those that the request is about. ``recommended``: their ids.

    None for a request that is not confidential (product.md 1.5), and where no solution is named at all.
    """
    if not case.is_confidential:
        return None
    wanted = set(recommended)
    about: dict[int, str] = dict(
        _solutions(wanted)
        if wanted
        else case.solutions.order_by("sort_key").values_list("pk", "name")
    )
    if not about:
        return None
    supports = (
        Support.objects.filter(solution__in=about, organisation__is_published=True)
        .select_related("organisation", "solution")
        .order_by("solution__sort_key", "pk")
    )
    found: dict[Organisation, list[Support]] = {}
    for support in supports:
        found.setdefault(support.organisation, []).append(support)
    return {
        "day": clock.today().isoformat(),
        "rule": RULE,
        "solutions": list(about.values()),
        "offers": [
            {
                "name": organisation.name,
                "slug": organisation.slug,
                "items": [
                    {"kind": _SUPPORT, "solution": row.solution.name, "text": row.text}
                    for row in found[organisation]
                ],
            }
            for organisation in neutral_order(found, case)
        ],
    }


def read_offers(kept: Mapping[str, Any] | None) -> OfferList | None:
    """What ``list_offers`` has kept, in words of the active language. None for an answer without a list, and
    for one from before lists were kept: nothing is computed afterwards."""
    if not kept:
        return None
    return OfferList(
        date.fromisoformat(kept["day"]),
        str(_RULES.get(kept["rule"], "")),
        kept["solutions"],
        [
            Offering(row["name"], row["slug"], [_in_words(item) for item in row["items"]])
            for row in kept["offers"]
        ],
    )


def _in_words(item: Mapping[str, str]) -> str:
    words = _("%(kind)s for %(solution)s") % {
        "kind": _KINDS.get(item["kind"], item["kind"]),
        "solution": item["solution"],
    }
    return f"{words}: {item['text']}" if item["text"] else words


def _solutions(ids: Iterable[int]) -> Any:
    return Solution.objects.filter(pk__in=ids).order_by("sort_key").values_list("pk", "name")
