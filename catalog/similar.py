"""Solutions like another: shared areas of use first, then what they replace. Never the solution itself."""

from __future__ import annotations

from functools import reduce
from operator import add

from django.db.models import Case, F, FloatField, Q, Value, When
from django.db.models.functions import Coalesce

from catalog import presentation
from catalog.models import Solution

MOST_SHOWN = 3
MOST_SIGNS = 8
MOST_COMPARED = 300


def to(solution: Solution) -> list[presentation.Row]:
    """At most three rows, the most alike first; one query."""
    categories = solution.categories[:MOST_SIGNS]
    alternatives = solution.alternatives[:MOST_SIGNS]
    if not categories and not alternatives:
        return []
    shared = [_one_if(Q(categories__contains=[value])) for value in categories]
    replaced = [_one_if(Q(alternatives__contains=[value])) for value in alternatives]
    # Shared areas of all areas of the other one: an entry that claims everything is like nothing.
    breadth = Coalesce(F("categories__len"), Value(0)) + Value(2.0)
    others = Solution.objects.published().exclude(pk=solution.pk).order_by().values("pk")
    # A few hundred of each way of being alike: half of a large catalog may share an area of use.
    ways = [Q(alternatives__overlap=alternatives)]
    if categories:
        ways += [Q(categories__contains=categories), Q(categories__overlap=categories)]
    near = [others.filter(fits)[:MOST_COMPARED] for fits in ways]
    found = (
        Solution.objects.filter(pk__in=near[0].union(*near[1:]))
        .annotate(likeness=reduce(add, [*shared, *replaced]) / breadth)
        .order_by("-likeness", "sort_key", "pk")[:MOST_SHOWN]
    )
    return [presentation.row(other) for other in found]


def _one_if(condition: Q) -> Case:
    return Case(When(condition, then=Value(1.0)), default=Value(0.0), output_field=FloatField())
