"""The reports of a booking, added up (product.md 3, Afterwards)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from osk_portal.accounts.models import User
from sandbox.enums import Outcome
from sandbox.models import Booking, TaskResult, TestParticipant, TestReport, TestTask


@dataclass(frozen=True)
class TaskSum:
    """How many came to which result; ``notes``: who said what about it."""

    task: TestTask
    met: int
    partly: int
    failed: int
    untested: int
    notes: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Summary:
    reports: Sequence[TestReport]
    tasks: Sequence[TaskSum]


@dataclass(frozen=True)
class Check:
    """A task as one person ticks it off; without a badge where nothing is noted yet."""

    task: TestTask
    outcome: Outcome

    @property
    def badge(self) -> str:
        return _BADGES.get(self.outcome, "")

    @property
    def label(self) -> str:
        return str(self.outcome.label)


_BADGES = {Outcome.MET: "success", Outcome.PARTLY: "warning", Outcome.FAILED: "danger"}


def checklist_of(
    tasks: Sequence[TestTask],
    *,
    author: User | None = None,
    guest: TestParticipant | None = None,
) -> dict[str, object]:
    """The tasks with what this one person has noted, a draft included; one query, none without tasks."""
    noted = {}
    if tasks:
        mine = TaskResult.objects.filter(task__in=tasks, report__author=author, report__guest=guest)
        noted = dict(mine.values_list("task", "outcome"))
    checks = [Check(task, Outcome(noted.get(task.pk, Outcome.UNTESTED))) for task in tasks]
    return {"checks": checks, "checked": sum(bool(check.badge) for check in checks)}


def summary_of(booking: Booking, tasks: Sequence[TestTask]) -> Summary:
    """Of what was handed in; drafts are nobody else's. Three queries, however many there are; none without."""
    handed_in = booking.reports.filter(submitted_at__isnull=False)
    reports = (
        list(handed_in.select_related("author", "guest").prefetch_related("results", "files"))
        if booking.has_reports
        else []
    )
    return Summary(reports, [_sum_of(task, reports) for task in tasks])


def _sum_of(task: TestTask, reports: Sequence[TestReport]) -> TaskSum:
    found: Counter[str] = Counter()
    notes = []
    for report in reports:
        result = next((r for r in report.results.all() if r.task_id == task.pk), None)
        found[Outcome.UNTESTED if result is None else result.outcome] += 1
        if result is not None and result.note:
            notes.append((report.shown_name, result.note))
    return TaskSum(
        task,
        found[Outcome.MET],
        found[Outcome.PARTLY],
        found[Outcome.FAILED],
        found[Outcome.UNTESTED],
        notes,
    )
