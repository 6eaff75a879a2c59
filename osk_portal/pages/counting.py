"""Counting for the public statistics: parts in spans of time, in one query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from osk_portal import portal
from osk_portal.toolkit import clock


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=clock.BERLIN)


def _within(lookup: str, span: portal.Span) -> Q:
    """From the midnight of Berlin on which the span begins up to the one on which it has ended."""
    return Q(
        **{
            f"{lookup}__gte": _midnight(span.starts_on),
            f"{lookup}__lt": _midnight(span.ends_on),
        }
    )


def counted(
    rows: QuerySet[Any],
    parts: Iterable[tuple[object, Q]],
    spans: Sequence[portal.Span],
    at: str,
) -> list[portal.Part]:
    """Each of ``parts`` (label, condition) in each span, by the moment ``at``; spans in their order."""
    wanted = list(parts)
    if not wanted or not spans:
        return [portal.Part(str(label), ()) for label, _is_part in wanted]
    whole = portal.Span(spans[0].starts_on, spans[-1].ends_on)
    numbers = (
        rows.filter(_within(at, whole))
        .order_by()
        .aggregate(
            **{
                f"n{i}_{j}": Count("pk", filter=is_part & _within(at, span))
                for i, (_label, is_part) in enumerate(wanted)
                for j, span in enumerate(spans)
            }
        )
    )
    return [
        portal.Part(str(label), tuple(numbers[f"n{i}_{j}"] for j in range(len(spans))))
        for i, (label, _is_part) in enumerate(wanted)
    ]


def counted_today(
    rows: QuerySet[Any], field: str, labels: Iterable[tuple[str, object]]
) -> list[portal.Part]:
    """How many rows have each value of ``field`` today; of ``labels`` (value, words) those that there are."""
    found = rows.order_by().values_list(field).annotate(Count("pk"))
    numbers = dict(found)
    return [
        portal.Part(str(label), (numbers[value],)) for value, label in labels if value in numbers
    ]
