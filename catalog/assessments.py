"""The published Einschätzung in the words of the entry: what it is and where it stands, never a mark."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Count, OuterRef, Q, When
from django.db.models.functions import JSONObject

from catalog.age import is_old
from catalog.models import Assessment
from osk_portal.toolkit import clock


@dataclass(frozen=True)
class AssessmentSummary:
    """``checked``: how many criteria were looked at; not how many are met."""

    summary: str
    number: int
    criteria: str
    checked: int
    published_at: datetime
    has_reply: bool

    @property
    def is_old(self) -> bool:
        return is_old(self.published_at.astimezone(clock.BERLIN).date())


def current() -> ArraySubquery:
    """For a query of solutions, as ``assessed``: it costs the page no query of its own."""
    rows = Assessment.objects.published().filter(solution=OuterRef("pk"))
    checked = Count("findings", filter=~Q(findings__answer="not_checked"))
    found = JSONObject(
        summary="summary",
        number="number",
        criteria="criteria_list__name",
        checked="checked",
        published_at="published_at",
        has_reply=Case(When(~Q(reply="") & Q(hidden_reason=""), then=True), default=False),
    )
    return ArraySubquery(rows.annotate(checked=checked).values(found=found).order_by())


def of(solution: Any) -> AssessmentSummary | None:
    """``solution``: annotated with ``assessed=current()``."""
    if not solution.assessed:
        return None
    values = dict(solution.assessed[0])
    values["published_at"] = datetime.fromisoformat(values["published_at"])
    return AssessmentSummary(**values)
