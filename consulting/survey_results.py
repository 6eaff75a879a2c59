"""What the survey says, per topic and in numbers; nothing beside a name (product.md, Staff data).

A cell under five is hidden, and the next one with it when the rest would give it away. One year at a time:
the difference of two overlapping periods would show what is hidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Count, F, Func
from django.db.models.functions import ExtractYear

from consulting.enums import Topic
from consulting.models import SurveyAnswer

FEWEST: Final = 5
GRADES: Final = (4, 3, 2, 1)


@dataclass(frozen=True)
class TopicResult:
    """One topic. ``answers``: None when there are fewer than five; a cell is None when it is hidden."""

    topic: str
    answers: int | None
    helped: Sequence[int | None]
    clear: Sequence[int | None]

    @property
    def label(self) -> str:
        return str(Topic(self.topic).label)


def hide_small(cells: Sequence[int]) -> list[int | None]:
    """``cells`` of a row whose sum is known, without what could be traced to a few people.

    Hidden are cells under five; then the smallest others, until what is hidden is at least five together
    and more than one cell.
    """
    hidden = {place for place, number in enumerate(cells) if number < FEWEST}
    shown = sorted(set(range(len(cells))) - hidden, key=lambda place: cells[place])
    while hidden and shown and (len(hidden) < 2 or sum(cells[p] for p in hidden) < FEWEST):
        hidden.add(shown.pop(0))
    return [None if place in hidden else number for place, number in enumerate(cells)]


def years() -> list[int]:
    """Years with answers, the latest first."""
    found = SurveyAnswer.objects.annotate(year=ExtractYear("month")).values_list("year", flat=True)
    return sorted(set(found.order_by()), reverse=True)


def results(year: int) -> list[TopicResult]:
    """Each topic that somebody has answered about in ``year``; one query."""
    rows = (
        SurveyAnswer.objects.filter(month__gte=date(year, 1, 1), month__lte=date(year, 12, 31))
        .annotate(topic=Func(F("topics"), function="unnest"))
        .order_by()
        .values_list("topic", "helped", "clear")
        .annotate(number=Count("pk"))
    )
    helped: dict[str, dict[int, int]] = {}
    clear: dict[str, dict[int, int]] = {}
    for topic, help_grade, clear_grade, number in rows:
        for grades, grade in ((helped, help_grade), (clear, clear_grade)):
            by_grade = grades.setdefault(topic, dict.fromkeys(GRADES, 0))
            by_grade[grade] += number
    return [
        _result(topic, helped[topic], clear[topic]) for topic in Topic.values if topic in helped
    ]


def _result(topic: str, helped: dict[int, int], clear: dict[int, int]) -> TopicResult:
    total = sum(helped.values())
    if total < FEWEST:
        nothing = [None] * len(GRADES)
        return TopicResult(topic, None, nothing, nothing)
    return TopicResult(
        topic,
        total,
        hide_small([helped[grade] for grade in GRADES]),
        hide_small([clear[grade] for grade in GRADES]),
    )
