"""The test plan of a booking, and the reports of those who test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import permissions
from sandbox.enums import BookingState, Outcome, ParticipantState
from sandbox.models import Booking, TaskResult, TestParticipant, TestReport, TestTask
from sandbox.services.report_files import Upload, added, remove

MOST_TASKS: Final = 30
REPORT_DAYS: Final = 14


@dataclass(frozen=True)
class PlannedTask:
    task: str
    expected: str = ""


@dataclass(frozen=True)
class Written:
    """A report as its form says it. ``results``: task's key → (outcome, note)."""

    results: Mapping[int, tuple[Outcome, str]]
    findings: str
    overall: str
    files: Sequence[Upload] = ()
    removed: Sequence[UUID] = ()


def report_deadline(booking: Booking) -> datetime:
    """Until when reports can be written: 14 days after the end, however it came."""
    return (booking.ended_at or booking.ends_at) + timedelta(days=REPORT_DAYS)


def takes_reports(booking: Booking) -> bool:
    """From the begin until the deadline; never of what did not come about."""
    if booking.state not in (BookingState.ACTIVE, BookingState.ENDED, BookingState.CANCELLED):
        return False
    return booking.starts_at <= clock.now() <= report_deadline(booking)


def is_plan_open(booking: Booking) -> bool:
    """The plan can be changed until it ends or somebody has handed in what came out of it."""
    if not (booking.is_holding or booking.is_undecided):
        return False
    return not booking.reports.filter(submitted_at__isnull=False).exists()


@transaction.atomic
def set_plan(*, booking_id: int, actor: User, tasks: Sequence[PlannedTask]) -> list[TestTask]:
    """The tasks in this order, instead of the ones before. A task with the same words keeps its results.

    Raises TransitionNotAllowed (over, or a report is handed in), PermissionDenied, ValueError (too many).
    """
    booking = Booking.objects.select_for_update(of=("self",)).get(pk=booking_id)
    if not permissions.can_change(actor, booking):
        raise PermissionDenied("change the test plan")
    if not is_plan_open(booking):
        raise TransitionNotAllowed(
            "plan",
            booking.state,
            _("The test plan can no longer be changed: the test is over or a report is handed in."),
        )
    if len(tasks) > MOST_TASKS:
        raise ValueError("too many tasks")
    before = list(booking.tasks.all())
    known = {task.task: task for task in before}
    kept: list[TestTask] = []
    for position, planned in enumerate(tasks, start=1):
        row = known.pop(planned.task, None) or TestTask(booking=booking, task=planned.task)
        row.position, row.expected = position, planned.expected
        row.save()
        kept.append(row)
    booking.tasks.exclude(pk__in=[row.pk for row in kept]).delete()
    booking.record("plan", actor=actor)
    return kept


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
