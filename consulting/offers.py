"""All support offers for what an answer recommends, in an order that favours nobody (product.md 1.5).

By name; the first is the one that the number of the request falls on: its remainder when divided by how many
there are. So each comes first as often as any other, and anybody can compute the order again.
"""

from __future__ import annotations

from collections.abc import Iterable

from catalog.models import Support
from consulting.models import ConsultingRequest, Recommendation
from network.models import Organisation


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


def matching_offers(
    case: ConsultingRequest, recommendations: Iterable[Recommendation]
) -> list[tuple[Organisation, list[Support]]]:
    """Every published organisation with an offer for a recommended solution, and its offers."""
    solutions = {item.solution_id for item in recommendations if item.solution_id is not None}
    if not solutions:
        return []
    supports = (
        Support.objects.filter(solution__in=solutions, organisation__is_published=True)
        .select_related("organisation", "solution")
        .order_by("solution__name", "pk")
    )
    offers: dict[Organisation, list[Support]] = {}
    for support in supports:
        offers.setdefault(support.organisation, []).append(support)
    return [(organisation, offers[organisation]) for organisation in neutral_order(offers, case)]
