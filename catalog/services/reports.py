"""Reported statements: sent by anybody, answered by the maintainer, decided by an advisor.

All raise ``PermissionDenied`` when the actor may not, and ``TransitionNotAllowed`` (its text is for people)
when the report has moved on.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from catalog import grants
from catalog.enums import ReportAction, ReportState, RevisionOrigin
from catalog.fields import BY_NAME
from catalog.models import EntryReport, EntryReportEvent, Solution
from catalog.notifications import (
    REPORTER_KEY,
    ask_for_address,
    tell_of_objection,
    tell_of_report,
    tell_of_step,
    tell_reporter,
)
from catalog.permissions import can_answer_reports, can_decide
from catalog.promises import promised_date
from catalog.services.changing import change_fields
from catalog.services.grants import grant_texts, need_grant
from catalog.services.proposals import ProposalConflict
from osk_portal.accounts.models import User
from osk_portal.notifications.services import forget
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed

LINK_LIFETIME: Final = timedelta(days=14)
MOST_OPEN: Final = 50
"""Of one entry at the same time: whoever floods it finds a closed door, and the OSK still a readable list."""
_SALT: Final = "catalog.report"


class ReportLinkDead(Exception):
    """The token opens nothing: forged, too old, or the address is deleted."""


@transaction.atomic
def report_entry(
    *,
    solution_id: int,
    field: str,
    wrong: str,
    right: str = "",
    evidence: str = "",
    email: str = "",
    language: str = "de",
    reporter: User | None = None,
    wording: str = "",
) -> EntryReport:
    """Keep a report, tell the maintainer, and ask an address to confirm itself.

    ``wording``: the version of the words by which the person has put a text that may go into the entry
    (``right``) under CC0; what is said beside it is the OSK's to read only. The same words of the same sender a
    second time are the report that waits. Raises TransitionNotAllowed for an entry that is not published, or
    has too many reports, and without the grant that the text needs.
    """
    needs_grant = grants.needs_grant({field: right})
    if needs_grant:
        need_grant(wording)
    solution = _locked_solution(solution_id)
    if not solution.is_published:
        raise TransitionNotAllowed("report", solution.state)
    email = "" if reporter else email
    waiting = EntryReport.objects.undecided().filter(solution=solution)
    same = waiting.filter(
        field=field, wrong=wrong, right=right, evidence=evidence, email=email, reported_by=reporter
    ).first()
    if same is not None:
        return same
    if waiting.count() >= MOST_OPEN:
        raise TransitionNotAllowed(
            "report",
            solution.state,
            _("There are many reports on this entry already. Please write to us by e-mail."),
        )
    report = EntryReport.objects.create(
        solution=solution,
        field=field,
        wrong=wrong,
        right=right,
        evidence=evidence,
        email=email,
        language=language,
        reported_by=reporter,
        promised_on=promised_date(),
    )
    if needs_grant:
        grant_texts(person=reporter, wording=wording, report=report)
    report.submitted()
    tell_of_report(report)
    if report.email:
        ask_for_address(report, token_of(report), LINK_LIFETIME)
    return report


def token_of(report: EntryReport) -> str:
    """Without the address itself: addresses of pages stand in logs."""
    return signing.dumps([report.public_id.hex, _mark(report.email)], salt=_SALT)


def named_by(token: str) -> EntryReport:
    """The report that a link is about. Raises ReportLinkDead."""
    try:
        key, mark = signing.loads(token, salt=_SALT)
        found = EntryReport.objects.select_related("solution").get(public_id=UUID(key))
    except (signing.BadSignature, EntryReport.DoesNotExist):
        raise ReportLinkDead from None
    is_late = clock.now() > found.submitted_at + LINK_LIFETIME
    if is_late or not found.email or _mark(found.email) != mark:
        raise ReportLinkDead
    return found


@transaction.atomic
def confirm_report_address(*, token: str) -> EntryReport:
    """Who reads the mailbox wants to hear the outcome. Twice is once. Raises ReportLinkDead."""
    _solution, report = _begin(named_by(token).pk)
    if not report.email:  # deleted in this moment
        raise ReportLinkDead
    if report.email_confirmed_at is None:
        report.email_confirmed_at = clock.now()
        report.save(update_fields=["email_confirmed_at"])
        if report.is_decided:
            tell_reporter(report)
    return report


@transaction.atomic
def check_report(*, report_id: int, actor: User) -> EntryReportEvent:
    """Mark it: the entry says "Angabe wird geprüft" at this statement until it is decided."""
    _advisors_only(actor)
    solution, report = _begin(report_id)
    event = report.begin_check(actor=actor)
    _repeat(solution)
    tell_of_step(event)
    return event


@transaction.atomic
def accept_report(
    *,
    report_id: int,
    actor: User,
    decision: str = "",
    changes: dict[str, Any] | None = None,
    seen_revision: int,
) -> EntryReportEvent:
    """The report is right. ``changes``: the field's new value, written with a revision of its own; none
    where nothing of the file changes.

    Raises ProposalConflict when the entry has moved on since ``seen_revision``, or would break the standard.
    """
    _advisors_only(actor)
    solution, report = _begin(report_id)
    if not report.can(ReportAction.ACCEPT):
        raise TransitionNotAllowed(ReportAction.ACCEPT, report.state)
    if changes:
        if solution.revision != seen_revision:
            raise ProposalConflict(
                _("The entry has changed while you were looking at it. Please compare again.")
            )
        if set(changes) != {report.field} or report.field not in BY_NAME:
            raise ProposalConflict(_("Only the reported statement can be changed here."))
        change_fields(solution, changes, list(changes), origin=RevisionOrigin.OSK, author=actor)
    event = report.accept(actor=actor, decision=decision)
    _repeat(solution)
    _tell_outcome(event)
    return event


@transaction.atomic
def reject_report(*, report_id: int, actor: User, decision: str) -> EntryReportEvent:
    """The entry stays as it is, with a reason that reporter and maintainer read."""
    _advisors_only(actor)
    if not decision.strip():
        raise ProposalConflict(_("Give the reason for the refusal."))
    solution, report = _begin(report_id)
    event = report.reject(actor=actor, decision=decision)
    _repeat(solution)
    _tell_outcome(event)
    return event


@transaction.atomic
def answer_report(*, report_id: int, actor: User, text: str) -> EntryReportEvent | None:
    """The maintainer says something to it before it is decided. None for the same words again."""
    _solution, report = _begin(report_id)
    _maintainer_only(actor, report)
    if report.answer == text and report.can(ReportAction.ANSWER):
        return None
    return report.answer_it(actor=actor, text=text)


@transaction.atomic
def object_to_report(*, report_id: int, actor: User, text: str) -> EntryReportEvent:
    """The maintainer does not agree that the statement is wrong; once. The OSK checks it (again)."""
    solution, report = _begin(report_id)
    _maintainer_only(actor, report)
    event = report.object_to_it(actor=actor, text=text, promised_on=promised_date())
    _repeat(solution)
    tell_of_objection(event)
    return event


def forget_report_addresses() -> int:
    """Delete addresses OSK_REPORT_ADDRESS_DAYS after the decision, and those whose link nobody opened.

    With them go the mails that were sent to them. How many addresses.
    """
    now = clock.now()
    decided_before = now - timedelta(days=settings.OSK_REPORT_ADDRESS_DAYS)
    kept = EntryReport.objects.exclude(email="")
    decided = kept.filter(decided_at__lt=decided_before)
    unopened = kept.filter(email_confirmed_at=None, submitted_at__lt=now - LINK_LIFETIME)
    with transaction.atomic():
        rows = (decided | unopened).select_for_update(of=("self",)).order_by("pk")
        keys = [REPORTER_KEY + str(report.public_id) for report in rows]
        rows.model.objects.filter(pk__in=[report.pk for report in rows]).update(
            email="", email_confirmed_at=None
        )
        forget(keys)
    return len(keys)


def _mark(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:16]


def _tell_outcome(event: EntryReportEvent) -> None:
    tell_of_step(event)
    tell_reporter(event.report)


def _begin(report_id: int) -> tuple[Solution, EntryReport]:
    """The entry's row first, as everywhere, then the report's."""
    solution = _locked_solution(
        EntryReport.objects.values_list("solution_id", flat=True).get(pk=report_id)
    )
    report = EntryReport.objects.select_for_update(of=("self",)).get(pk=report_id)
    report.solution = solution
    return solution, report


def _locked_solution(solution_id: int) -> Solution:
    return Solution.objects.select_for_update(of=("self",)).get(pk=solution_id)


def _advisors_only(actor: User) -> None:
    if not can_decide(actor):
        raise PermissionDenied("reported statements are decided by advisors")


def _maintainer_only(actor: User, report: EntryReport) -> None:
    if not can_answer_reports(actor, report.solution):
        raise PermissionDenied("only the maintainer's Redaktion answers")


def _repeat(solution: Solution) -> None:
    """Which statements are being checked, in the entry's own row."""
    checking = EntryReport.objects.filter(solution=solution, state=ReportState.CHECKING)
    found = sorted(set(checking.order_by().values_list("field", flat=True)))
    if found != solution.checked_fields:
        solution.checked_fields = found
        solution.updated_at = clock.now()
        solution.save(update_fields=["checked_fields", "updated_at"])
