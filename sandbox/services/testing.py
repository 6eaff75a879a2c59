"""The test plan of a booking, and the reports of those who test."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import permissions
from sandbox.deadlines import takes_reports
from sandbox.enums import Outcome, ParticipantState
from sandbox.models import Booking, TaskResult, TestParticipant, TestReport, TestTask
from sandbox.services.report_files import Upload, added, remove

MOST_TASKS: Final = 30


@dataclass(frozen=True)
class PlannedTask:
    """``key``: of the task that the form showed in this row."""

    task: str
    expected: str = ""
    key: UUID | None = None


@dataclass(frozen=True)
class Written:
    """A report as its form says it. ``results``: task's key → (outcome, note)."""

    results: Mapping[int, tuple[Outcome, str]]
    findings: str
    overall: str
    files: Sequence[Upload] = ()
    removed: Sequence[UUID] = ()


PLAN_CLOSED: Final = gettext_lazy(
    "The test plan can no longer be changed: the test is over or a report is handed in."
)


def is_plan_open(booking: Booking) -> bool:
    """The plan can be changed until it ends or somebody has handed in what came out of it."""
    if not (booking.is_holding or booking.is_undecided):
        return False
    return not booking.reports.filter(submitted_at__isnull=False).exists()


def plan_digest(tasks: Iterable[TestTask]) -> str:
    """What a form was made from, so that it overwrites nothing that came in between."""
    rows = [(task.public_id.hex, task.task, task.expected) for task in tasks]
    return hashlib.sha256(json.dumps(rows).encode("utf-8", errors="replace")).hexdigest()[:16]


@transaction.atomic
def set_plan(
    *, booking_id: int, actor: User, tasks: Sequence[PlannedTask], base: str
) -> list[TestTask]:
    """The tasks in this order, instead of the ones before. A task known by its key or its words keeps its results.

    ``base``: ``plan_digest`` of what the form showed. The same plan again is nothing new.
    Raises TransitionNotAllowed (over, a report is handed in, or somebody else has changed it meanwhile),
    PermissionDenied, ValueError (too many).
    """
    booking = Booking.objects.select_for_update(of=("self",)).get(pk=booking_id)
    if not permissions.can_change(actor, booking):
        raise PermissionDenied("change the test plan")
    if not is_plan_open(booking):
        raise TransitionNotAllowed(
            "plan",
            booking.state,
            str(PLAN_CLOSED),
        )
    if len(tasks) > MOST_TASKS:
        raise ValueError("too many tasks")
    before = list(booking.tasks.all())
    if [(row.task, row.expected) for row in before] == [(p.task, p.expected) for p in tasks]:
        return before
    if base != plan_digest(before):
        raise TransitionNotAllowed(
            "plan",
            "written",
            _("Somebody has changed the test plan meanwhile. Compare it with your text."),
        )
    kept = _matched(booking, before, tasks)
    for row in before:
        if row not in kept:
            _take_out(row)
    for row in kept:
        row.save()
    booking.record("plan", actor=actor)
    return kept


def _matched(
    booking: Booking, before: Sequence[TestTask], tasks: Sequence[PlannedTask]
) -> list[TestTask]:
    """A row for each planned task: the one of its key, else the one of its words, else a new one."""
    left = {row.public_id: row for row in before}
    of_key = [left.pop(planned.key, None) if planned.key else None for planned in tasks]
    by_words = {row.task: row for row in left.values()}
    kept: list[TestTask] = []
    for position, (planned, known) in enumerate(zip(tasks, of_key, strict=True), start=1):
        row = known or by_words.pop(planned.task, None) or TestTask(booking=booking)
        row.position, row.task, row.expected = position, planned.task, planned.expected
        kept.append(row)
    return kept


def _take_out(task: TestTask) -> None:
    """What somebody has noted about it in a draft goes to the other words of the draft."""
    for result in task.results.exclude(note="").select_related("report"):
        report = result.report
        report.findings = f"{report.findings}\n\n{task.task}: {result.note}".strip()
        report.save(update_fields=["findings"])
    task.delete()


def save_report(
    *,
    booking_id: int,
    written: Written,
    submit: bool,
    author: User | None = None,
    guest: TestParticipant | None = None,
) -> TestReport:
    """The one report of ``author`` or ``guest``: a draft, or handed in, changed until the deadline.

    Raises TransitionNotAllowed (too early, too late), PermissionDenied (takes no part, or no longer), and
    uploads.Refused for a file: then nothing at all was written.
    """
    with added(written.files) as kept, transaction.atomic():
        booking = Booking.objects.select_for_update(of=("self",)).get(pk=booking_id)
        _refuse_strangers(booking, author, guest)
        if not takes_reports(booking):
            raise TransitionNotAllowed(
                "report", booking.state, _("The time for this test report is over.")
            )
        report, _is_new = TestReport.objects.get_or_create(
            booking=booking, author=author, guest=guest
        )
        report.findings, report.overall = written.findings, written.overall
        report.updated_at = clock.now()
        if submit and report.submitted_at is None:
            report.submitted_at = report.updated_at
            booking.record("report", actor=author)
        report.save()
        remove(report, written.removed)
        kept.put(report)
        tasks = {task.pk for task in booking.tasks.all()}
        for task_id, (outcome, note) in written.results.items():
            if task_id in tasks:
                TaskResult.objects.update_or_create(
                    report=report, task_id=task_id, defaults={"outcome": outcome, "note": note}
                )
        return report


@transaction.atomic
def withdraw_draft(*, report_id: int) -> None:
    """A draft goes with its files, as its author does. Handed in meanwhile, it stays."""
    booking_id = TestReport.objects.values_list("booking", flat=True).get(pk=report_id)
    Booking.objects.select_for_update(of=("self",)).get(pk=booking_id)
    draft = TestReport.objects.filter(pk=report_id, submitted_at=None).first()
    if draft is not None:
        remove(draft, draft.files.values_list("public_id", flat=True))
        draft.delete()


def may_report(booking: Booking, author: User) -> bool:
    """Who has the rights of the booking, and who takes part with an account."""
    if permissions.is_on_the_side(author, booking):
        return True
    return booking.participants.filter(user=author, state=ParticipantState.ACTIVE).exists()


def _refuse_strangers(booking: Booking, author: User | None, guest: TestParticipant | None) -> None:
    if author is not None:
        allowed = may_report(booking, author)
    else:
        allowed = (
            guest is not None
            and booking.participants.filter(
                pk=guest.pk, user=None, state=ParticipantState.ACTIVE
            ).exists()
        )
    if not allowed:
        raise PermissionDenied("write a test report")
