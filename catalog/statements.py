"""Administration statements in the words of the pages: every topic, known or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from catalog.age import is_old
from catalog.enums import StatementAnswer, StatementOrigin, StatementTopic
from catalog.models import Statement
from catalog.presentation import Link, link

# Said only where it fits: most solutions run elsewhere, and that is nothing unknown.
_ONLY_WHEN_STATED = frozenset({StatementTopic.ITDZ})


_COLUMNS: Final = (
    "topic", "answer", "value", "said_by", "stated_on", "evidence", "origin", "organisation__name",
    "organisation__is_published",
)  # fmt: skip


@dataclass(frozen=True)
class StatementRow:
    """``text`` is empty where nothing is stated: that is unknown, never a no."""

    topic: str
    label: str
    text: str = ""
    origin: str = ""
    said_by: str = ""
    stated_on: date | None = None
    evidence: Link | None = None
    document: str = ""
    answer: str = ""
    """In the reader's language; ``value`` beside it, ``said_by`` and ``document`` are German."""
    value: str = ""

    @property
    def is_old(self) -> bool:
        return is_old(self.stated_on)


def row_of(values: Mapping[str, Any], dead: Sequence[str] = ()) -> StatementRow:
    """``values``: _COLUMNS, the date as a date or as ISO 8601. ``dead``: links of the entry that lead nowhere."""
    answer = StatementAnswer(values["answer"]).label if values["answer"] else ""
    origin = str(StatementOrigin(values["origin"]).label)
    body = public_body(values)
    is_named = values["origin"] == StatementOrigin.ORGANISATION
    evidence = link(values["evidence"], dead)
    stated_on = values["stated_on"]
    return StatementRow(
        topic=values["topic"],
        label=str(StatementTopic(values["topic"]).label),
        text=": ".join(str(part) for part in (answer, values["value"]) if part),
        origin=(body if is_named else f"{origin} ({body})") if body else origin,
        said_by=values["said_by"],
        stated_on=date.fromisoformat(stated_on) if isinstance(stated_on, str) else stated_on,
        evidence=evidence,
        document="" if evidence else values["evidence"],
        answer=str(answer),
        value=values["value"],
    )


def row_for(statement: Statement) -> StatementRow:
    values = {name: getattr(statement, name) for name in _COLUMNS if "__" not in name}
    body = statement.organisation
    said = {
        "organisation__name": body.name if body else "",
        "organisation__is_published": bool(body and body.is_published),
    }
    return row_of({**values, **said})


def public_body(values: Mapping[str, Any]) -> str:
    """The name of who says it; "" for one that does not stand in the network."""
    return (values["organisation__is_published"] and values["organisation__name"]) or ""


def table(standing: Iterable[Mapping[str, Any]], dead: Sequence[str] = ()) -> list[StatementRow]:
    """One row a topic, in the order of the topics."""
    by_topic = {values["topic"]: values for values in standing}
    return [
        row_of(by_topic[topic], dead)
        if topic in by_topic
        else StatementRow(topic=topic, label=str(topic.label))
        for topic in StatementTopic
        if topic in by_topic or topic not in _ONLY_WHEN_STATED
    ]


def standing() -> ArraySubquery:
    """What is in force, for a query of solutions: as ``stated`` it costs the page no query of its own."""
    rows = Statement.objects.standing().filter(solution=OuterRef("pk"))
    return ArraySubquery(rows.values(found=JSONObject(**{name: name for name in _COLUMNS})))


def standing_of(keys: Iterable[int]) -> dict[int, list[Mapping[str, Any]]]:
    """What is in force of several entries, each in the order of the topics; one query."""
    rows = Statement.objects.standing().filter(solution__in=list(keys))
    order = list(StatementTopic.values)
    found: dict[int, list[Mapping[str, Any]]] = {}
    for values in sorted(rows.values("solution", *_COLUMNS), key=lambda v: order.index(v["topic"])):
        found.setdefault(values["solution"], []).append(values)
    return found


def of(solution: Any) -> list[StatementRow]:
    """``solution``: annotated with ``stated=standing()``."""
    return table(solution.stated, solution.dead_links)
