"""Pages by keyset: each begins behind the last row of the one before, whatever happens in between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.http import HttpRequest
from pyroaring import BitMap

from catalog.api import cursors, rows, schemas
from catalog.facets import MOST_REUSED, NAME, NEWEST, RELEVANCE, SolutionFilter
from catalog.found_memory import remembered
from catalog.models import Solution
from catalog.querysets import SolutionQuerySet
from catalog.state import recent_change


@dataclass(frozen=True)
class Order:
    """Columns with whether they fall; the last one is unique."""

    name: str
    columns: tuple[tuple[str, bool], ...]

    @property
    def by(self) -> list[str]:
        return [f"-{column}" if falls else column for column, falls in self.columns]

    def behind(self, place: Sequence[Any]) -> Q:
        """Rows behind the one whose columns have these values."""
        found, same = Q(), Q()
        for (column, falls), value in zip(self.columns, place, strict=True):
            found |= same & Q(**{f"{column}__{'lt' if falls else 'gt'}": value})
            same &= Q(**{column: value})
        return found

    def place_of(self, row: Any) -> list[Any]:
        values = (getattr(row, column) for column, _falls in self.columns)
        return [
            v.isoformat() if isinstance(v, datetime) else str(v) if isinstance(v, UUID) else v
            for v in values
        ]


BY_NAME = Order(NAME, (("sort_key", False), ("slug", False)))
NEWEST_NOTICE = Order("notices", (("issued_at", True), ("public_id", False)))
BY_REUSE = Order("reuse", (("slug", False),))
_ORDERS = {
    NAME: BY_NAME,
    NEWEST: Order(NEWEST, (("updated_at", True), ("slug", False))),
    MOST_REUSED: Order(MOST_REUSED, (("berlin_count", True), ("sort_key", False), ("slug", False))),
}


def page(
    request: HttpRequest,
    found: QuerySet[Any],
    order: Order,
    wanted: schemas.PageQuery,
    as_row: Callable[[Any], dict[str, Any]],
    *,
    total: int,
) -> dict[str, Any]:
    """One page of ``found``: a query. Raises NoSuchPage for a cursor that is none of ours."""
    place = cursors.read(wanted.cursor, order.name)
    if place is not None:
        found = found.filter(order.behind(place))
    taken = list(found.order_by(*order.by)[: wanted.limit + 1])
    shown = taken[: wanted.limit]
    cursor = (
        cursors.write(order.name, *order.place_of(shown[-1])) if len(taken) > len(shown) else None
    )
    return _answer(request, [as_row(row) for row in shown], cursor, total)


def solutions(request: HttpRequest, wanted: schemas.SolutionQuery) -> dict[str, Any]:
    """A page of the search; the facets of the catalog's page, in its orders."""
    asked = SolutionFilter.from_query(request.GET)
    state = recent_change()
    hits = remembered(asked.query, state).hits if asked.query else None
    keys = asked.listed(hits, state)
    base = Solution.objects.published()
    found = asked.apply(base if hits is None else base.with_keys(hits))
    if hits is not None and asked.order == RELEVANCE:
        if keys is None:
            keys = hits.among(BitMap(found.values_list("pk", flat=True)))
        return _by_relevance(request, keys, wanted)
    total = found.count() if keys is None else len(keys)
    if asked.order == MOST_REUSED:
        found = found.with_reuse_counts()
    return page(request, _whole(found), _ORDERS[asked.order], wanted, rows.solution, total=total)


def _by_relevance(
    request: HttpRequest, ranked: Sequence[int], wanted: schemas.SolutionQuery
) -> dict[str, Any]:
    """The ranking is made anew for each page; a page begins behind the last row, or where that one stood."""
    place = cursors.read(wanted.cursor, RELEVANCE)
    start = 0 if place is None else _behind(ranked, *place)
    shown = ranked[start : start + wanted.limit]
    order = Case(
        *(When(pk=pk, then=Value(i)) for i, pk in enumerate(shown)),
        default=Value(0),
        output_field=IntegerField(),
    )
    page_rows = list(_whole(Solution.objects.published().filter(pk__in=shown)).order_by(order))
    end = start + len(shown)
    cursor = None
    if page_rows and end < len(ranked):
        cursor = cursors.write(RELEVANCE, end, page_rows[-1].slug)
    return _answer(request, [rows.solution(row) for row in page_rows], cursor, len(ranked))


def _behind(ranked: Sequence[int], start: int, last: str) -> int:
    """The place behind the entry ``last``; ``start``: where that was when the page before was made."""
    key = Solution.objects.filter(slug=last).values_list("pk", flat=True).first()
    if key is None or list(ranked[start - 1 : start]) == [key]:
        return start
    return next((place for place, other in enumerate(ranked, start=1) if other == key), start)


def _whole(found: SolutionQuerySet) -> SolutionQuerySet:
    return found.select_related("maintainer", "berlin_body")


def _answer(
    request: HttpRequest, data: list[dict[str, Any]], cursor: str | None, total: int
) -> dict[str, Any]:
    following = None
    if cursor:
        query = request.GET.copy()
        query["cursor"] = cursor
        following = f"{settings.OSK_BASE_URL}{request.path}?{query.urlencode()}"
    return {
        "data": data,
        "total": total,
        "next": following,
        "next_cursor": cursor,
        "data_licence": rows.licence(),
    }
