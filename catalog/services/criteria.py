"""The lists of criteria that the portal ships with, put in place after each migrate."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any, Final

from django.db import transaction

from catalog.models import CriteriaList
from catalog.services.assessments import CriterionWords, save_criteria_list

SHIPPED: Final = Path(__file__).parent.parent / "criteria.json"


@transaction.atomic
def ensure_lists() -> None:
    """A list that is there stays as it is, whatever a release ships: advisors may have gone on from it."""
    rows: list[dict[str, Any]] = json.loads(SHIPPED.read_text(encoding="utf-8"))
    there = set(CriteriaList.objects.values_list("key", flat=True))
    new = [row for row in rows if row["key"] not in there]
    for row in new:
        save_criteria_list(
            actor=None,
            key=row["key"],
            name=row["name"],
            publisher=row["publisher"],
            version_name=row["version"],
            issued_on=date.fromisoformat(row["issued_on"]),
            source=row["source"],
            criteria=[CriterionWords(c["title"], c["text"]) for c in row["criteria"]],
        )
