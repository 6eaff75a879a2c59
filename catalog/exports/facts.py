"""What the OSK adds to an entry, for every format that gives it out: one policy for all of them.

Only what stands in public: statements in force, the published Einschätzung, badges as they were fetched, notices
that stand, which statements are being checked. No person, no draft, nothing internal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Prefetch, QuerySet

from catalog import badges, reports, statements
from catalog.exports import addresses
from catalog.models import Assessment, Badge, CriterionFinding, Notice, Solution
from catalog.notices import notices_of
from catalog.statements import StatementRow

CHUNK = 500


@dataclass(frozen=True)
class Facts:
    statements: list[Mapping[str, Any]] = field(default_factory=list)
    """Values in the order of the topics (``statements.standing_of``)."""
    assessment: Assessment | None = None
    """With ``criteria_list``, ``reply_of`` and ``findings`` at hand."""
    badges: list[Badge] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    """Names of the statements that somebody has reported as wrong and the OSK is checking."""

    @property
    def changed_at(self) -> datetime | None:
        """Of what is fetched again without any change of the entry: its date is given out too."""
        return max((badge.fetched_at for badge in self.badges), default=None)

    @property
    def rows(self) -> list[StatementRow]:
        """The statements in words."""
        return [statements.row_of(values) for values in self.statements]

    @property
    def checked_words(self) -> list[str]:
        return reports.labels_of(self.checked)


def of(solutions: Sequence[Solution]) -> dict[int, Facts]:
    """By the entry's key; in a handful of queries, however many entries there are."""
    keys = [solution.pk for solution in solutions]
    stated = statements.standing_of(keys)
    findings = CriterionFinding.objects.select_related("criterion").order_by("criterion__position")
    rows = Assessment.objects.published().filter(solution__in=keys)
    assessed = {
        assessment.solution_id: assessment
        for assessment in rows.select_related("criteria_list", "reply_of").prefetch_related(
            Prefetch("findings", findings)
        )
    }
    badged: defaultdict[int, list[Badge]] = defaultdict(list)
    for badge in Badge.objects.filter(solution__in=keys).order_by("badge"):
        badged[badge.solution_id].append(badge)
    noticed = notices_of(solutions)
    return {
        solution.pk: Facts(
            statements=stated.get(solution.pk, []),
            assessment=assessed.get(solution.pk),
            badges=badged.get(solution.pk, []),
            notices=noticed.get(solution.pk, []),
            checked=list(solution.checked_fields),
        )
        for solution in solutions
    }


def of_one(solution: Solution) -> Facts:
    return of([solution])[solution.pk]


def with_facts(found: QuerySet[Solution]) -> Iterator[tuple[Solution, Facts]]:
    """All of an ordered query, a chunk at a time."""
    chunk: list[Solution] = []
    for solution in found.iterator(chunk_size=CHUNK):
        chunk.append(solution)
        if len(chunk) == CHUNK:
            yield from _paired(chunk)
            chunk = []
    yield from _paired(chunk)


def _paired(chunk: Sequence[Solution]) -> Iterator[tuple[Solution, Facts]]:
    facts = of(chunk)
    for solution in chunk:
        yield solution, facts[solution.pk]


def reply_of(assessment: Assessment) -> dict[str, Any] | None:
    """The maintainer's reply, in the name of an organisation that stands in the network."""
    text = assessment.public_reply
    if not text or assessment.replied_at is None:
        return None
    body = assessment.reply_of
    return {
        "text": text,
        "organisation": body.name if body and body.is_published else None,
        "replied_at": assessment.replied_at,
    }


def badge_name(badge: Badge) -> str:
    return badges.name_of(badge.badge)


def assessment_page(solution: Solution) -> str:
    return addresses.of("assessment_current", solution.slug)


def notice_page(notice: Notice) -> str:
    return addresses.of("notice_detail", str(notice.public_id))


def osk() -> str:
    return str(settings.OSK_SITE_NAME)
