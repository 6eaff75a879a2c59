"""Who is told about a proposal; written in the transaction that decided it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalog.all_fields import EVERY
from catalog.audience import because
from catalog.enums import (
    IntakeState,
    PromiseSubject,
    ProposalDeadline,
    ProposalKind,
    ProposalState,
    ReportState,
    StatementState,
)
from catalog.models import (
    Assessment,
    AssessmentEvent,
    Claim,
    EntryReport,
    EntryReportEvent,
    Link,
    Notice,
    Objection,
    Proposal,
    ProposalEvent,
    Solution,
    SolutionEvent,
    SolutionRevision,
    Source,
    Statement,
    StatementEvent,
)
from catalog.permissions import objection_deciders, stands_in
from network.enums import MembershipState
from osk_portal.accounts.models import User
from osk_portal.notifications import rendering
from osk_portal.notifications.services import Message, notify, notify_address, post_secret
from osk_portal.toolkit import clock

INTAKE_PUBLISHED: Final = "catalog.intake_published"
SOURCE_FAILING: Final = "catalog.source_failing"
SOURCE_STALE: Final = "catalog.source_stale"
ASSESSMENT: Final = "catalog.assessment"
LINK_DEAD: Final = "catalog.link_dead"
CORRECTED: Final = "catalog.corrected"
TAKEN_OUT: Final = "catalog.taken_out"
STATEMENT: Final = "catalog.statement"
NOTICE: Final = "catalog.notice"
NOTICE_SECURITY: Final = "catalog.notice_security"
REPORT_RECEIVED: Final = "catalog.report_received"
REPORT_MOVED: Final = "catalog.report_moved"
REPORT_OBJECTION: Final = "catalog.report_objection"
REPORT_OUTCOME: Final = "catalog.report_outcome"
REPORT_ADDRESS: Final = "catalog.report_address"
_DECIDED_AT: Final = {
    PromiseSubject.STATEMENT: ("statement_page", "statement"),
    PromiseSubject.REPORT: ("entryreport_page", "report"),
    PromiseSubject.CLAIM: ("claim_review", "claim"),
    PromiseSubject.CORRECTION: ("assessment_page", "assessment"),
}
"""The page of the admin, and what the kinds of such mails begin with (portal._may_still_read)."""
REPORTER_KEY: Final = "reporter-"
"""Before the report's id in the key of what its sender is sent: retention deletes that, and only that."""


def tell_advisors(event: ProposalEvent) -> None:
    """A proposal waits for a decision."""
    proposal = event.proposal
    name = {
        ProposalKind.CHANGE: "proposal_submitted",
        ProposalKind.NEW: "proposal_of_new",
        ProposalKind.WITHDRAWAL: "proposal_of_withdrawal",
    }[ProposalKind(proposal.kind)]
    if proposal.is_of_file:
        name = "proposal_of_file"
    notify(_message(name, event, _review_url(proposal)), User.objects.advisors())


def tell_author(event: ProposalEvent) -> None:
    """A proposal was accepted, returned or refused: ``event.kind`` says which."""
    proposal = event.proposal
    if proposal.author is None:  # a changed file has nobody to tell
        return
    name = f"proposal_{event.kind}"
    if event.kind == ProposalState.ACCEPTED and not proposal.is_change:
        name += f"_{proposal.kind}"  # published, or out of the catalog
    notify(_message(name, event, proposal.get_absolute_url()), [proposal.author])


def tell_maintainer_of_proposal(event: ProposalEvent) -> None:
    """Somebody else proposes to correct an entry: the Redaktion of who maintains it may comment."""
    _tell_maintaining(event, "proposal_by_others", event.proposal.get_absolute_url())


def tell_maintainer_of_outcome(event: ProposalEvent) -> None:
    """What somebody else has proposed was taken over."""
    _tell_maintaining(event, "proposal_of_others_accepted", event.proposal.get_absolute_url())


def tell_of_proposal_objection(event: ProposalEvent, objection: Objection) -> None:
    """Who may decide about it hears of it: the Leitung, or who stands in for it."""
    proposal = event.proposal
    message = _message(
        "proposal_objected",
        event,
        _review_url(proposal),
        objection=objection.reason,
        promised_on=objection.promised_on,
        stands_in=stands_in(proposal),
    )
    notify(message, objection_deciders(proposal))


def tell_author_of_objection(event: ProposalEvent, objection: Objection) -> None:
    """It is decided: ``event.kind`` says how."""
    message = _message(
        f"proposal_{event.kind}",
        event,
        event.proposal.get_absolute_url(),
        answer=objection.answer,
    )
    notify(message, [objection.author])


def tell_proposal_deadline(proposal: Proposal, kind: ProposalDeadline) -> None:
    _tell_deadline(proposal, proposal.promised_on, kind, "proposal", User.objects.advisors())


def tell_objection_deadline(objection: Objection, kind: ProposalDeadline) -> None:
    proposal = objection.proposal
    _tell_deadline(proposal, objection.promised_on, kind, "objection", objection_deciders(proposal))


def tell_promise_deadline(
    about: PromiseSubject,
    row: Statement | EntryReport | Claim | Assessment,
    promised_on: date,
    kind: ProposalDeadline,
) -> None:
    """A statement, report, claim or correction that the OSK has to decide. Once for each day that was promised."""
    page, area = _DECIDED_AT[about]
    name = f"{area}_{kind}"
    message = Message(
        kind=f"catalog.{name}",
        template=f"catalog/email/promise_{kind}",
        url=reverse(f"admin:catalog_{page}", args=[row.public_id]),
        dedupe=f"catalog.{name}:{row.pk}:{promised_on:%Y%m%d}",
        subject_key=str(row.public_id),
        context={"solution": row.solution.name, "about": about, "promised_on": promised_on},
    )
    notify(message, User.objects.advisors())


def _tell_deadline(
    proposal: Proposal,
    promised_on: date,
    kind: ProposalDeadline,
    what: str,
    recipients: Iterable[User],
) -> None:
    """``what``: proposal or objection. Once for each day that was promised."""
    name = f"proposal_{kind}"
    message = Message(
        kind=f"catalog.{name}",
        template=f"catalog/email/{name}",
        url=_review_url(proposal),
        dedupe=f"catalog.{name}:{what}:{proposal.pk}:{promised_on:%Y%m%d}",
        subject_key=str(proposal.public_id),
        context={
            "solution": proposal.solution.name,
            "promised_on": promised_on,
            "is_objection": what == "objection",
        },
    )
    notify(message, recipients)


def tell_of_publication(solution: Solution, *, besides: User | None = None) -> None:
    """Who has suggested an entry hears that it is published; once, however often it is.

    ``besides`` hears it from the decision about the own proposal.
    """
    taken = solution.intakes.filter(state=IntakeState.TAKEN).select_related("requester")
    for intake in taken.exclude(requester=besides).order_by("pk"):
        message = Message(
            kind=INTAKE_PUBLISHED,
            template="catalog/email/intake_published",
            url=solution.get_absolute_url(),
            dedupe=f"{INTAKE_PUBLISHED}:{solution.pk}",
            subject_key=str(intake.public_id),
            context={"solution": solution.name},
        )
        notify(message, [intake.requester])


def tell_of_failure(source: Source) -> None:
    """The entry's file has not been usable for days."""
    _tell_editors(
        source,
        source.solution.maintainer_id,
        SOURCE_FAILING,
        f"{source.failing_since:%Y%m%d%H%M%S}",
        {"since": source.failing_since, "problem": source.last_error},
    )


def tell_of_age(solution: Solution) -> None:
    """Neither the entry nor its file has changed for long."""
    since, is_watched = solution.last_change, hasattr(solution, "source")
    once, words = f"{since:%Y%m%d%H%M%S}", {"since": since, "is_watched": is_watched}
    _tell_editors(solution, solution.maintainer_id, SOURCE_STALE, once, words)


def tell_of_dead_link(link: Link, *, to: int | None, places: Sequence[str]) -> None:
    """A link of the entry has led nowhere for a week and more. ``to``: the organisation that set it; None: the OSK.

    ``places``: where it stands (services/links.py). Who is told of a place by two organisations is told once.
    """
    since = link.failing_since
    once = f"{since:%Y%m%d%H%M%S}:{places[0]}"
    _tell_editors(link, to, LINK_DEAD, once, {"since": since, "places": places})


def tell_of_correction(
    solution: Solution, revision: SolutionRevision, *, fields: Iterable[str], reason: str
) -> None:
    """The Redaktion of who maintains the entry hears what the OSK has changed in it."""
    message = Message(
        kind=CORRECTED,
        template="catalog/email/corrected",
        url=solution.get_absolute_url(),
        dedupe=f"{CORRECTED}:{revision.pk}",
        subject_key=str(solution.public_id),
        context={
            "solution": solution.name,
            "labels": [EVERY[name].label for name in fields],
            "said": reason,
        },
    )
    notify(message, editors_of(solution.maintainer_id) if solution.is_published else [])


def tell_of_withdrawal(
    solution: Solution, event: SolutionEvent, *, besides: User | None = None
) -> None:
    """The Redaktion of who maintains an entry hears that it has left the catalog."""
    message = Message(
        kind=TAKEN_OUT,
        template="catalog/email/taken_out",
        url=solution.get_absolute_url(),
        dedupe=f"{TAKEN_OUT}:{event.pk}",
        subject_key=str(solution.public_id),
        context={"solution": solution.name},
    )
    told = {event.actor_id, besides.pk if besides else None}
    notify(message, [each for each in editors_of(solution.maintainer_id) if each.pk not in told])


def tell_of_notice(
    notice: Notice,
    news: str,
    version: int,
    reasons: Sequence[str],
    recipients: Iterable[User],
) -> None:
    """One piece of news (NoticeNews) of a notice to people who are told for the same ``reasons``.

    Each person hears each news of each version once. Security has a kind of its own: it always goes at once,
    whatever somebody prefers.
    """
    message = Message(
        kind=NOTICE_SECURITY if notice.is_security else NOTICE,
        template=f"catalog/email/notice_{news}",
        url=notice.get_absolute_url(),
        dedupe=f"{NOTICE}:{notice.pk}:{news}:{version}",
        subject_key=str(notice.public_id),
        context={
            "solution": notice.solution.name,
            "notice": notice,
        },
        reason=because(reasons),
    )
    notify(message, recipients)


def tell_of_report(report: EntryReport) -> None:
    """The maintainer's Redaktion hears of reports on an entry once a day at most: anybody can send them."""
    solution = report.solution
    message = Message(
        kind=REPORT_RECEIVED,
        template="catalog/email/report_received",
        url=reverse("catalog:report_list"),
        dedupe=f"{REPORT_RECEIVED}:{solution.pk}:{clock.today().isoformat()}",
        subject_key=str(report.public_id),
        context={"solution": solution.name},
    )
    notify(message, editors_of(solution.maintainer_id))


def tell_of_step(event: EntryReportEvent) -> None:
    """The maintainer's Redaktion hears that a statement is being checked, and how it was decided."""
    report = event.report
    message = _of_report(event, REPORT_MOVED, "report_moved", report.get_absolute_url())
    notify(message, editors_of(report.solution.maintainer_id))


def tell_of_objection(event: EntryReportEvent) -> None:
    """The maintainer objects: the OSK decides anew."""
    url = reverse("admin:catalog_entryreport_page", args=[event.report.public_id])
    notify(_of_report(event, REPORT_OBJECTION, "report_objection", url), User.objects.advisors())


def ask_for_address(report: EntryReport, token: str, lifetime: timedelta) -> None:
    """A link to the address that somebody has typed: only who reads that mailbox hears more."""
    path = reverse("catalog:report_confirm", args=[token])
    rendered = rendering.render(
        "catalog/email/report_address",
        {"recipient": None, "solution": report.solution.name},
        language=report.language,
        url=path,
    )
    post_secret(
        kind=REPORT_ADDRESS,
        address=report.email,
        user=None,
        language=report.language,
        subject=rendered.subject,
        body=rendered.body,
        lifetime=lifetime,
        subject_key=f"{REPORTER_KEY}{report.public_id}",
    )


def tell_reporter(report: EntryReport) -> None:
    """How it was decided; to the account, or to an address whose link was opened. Otherwise nobody."""
    decided = report.decided_at or clock.now()
    message = Message(
        kind=REPORT_OUTCOME,
        template="catalog/email/report_outcome",
        url=report.sent_url,
        dedupe=f"{REPORT_OUTCOME}:{report.pk}:{decided:%Y%m%d%H%M%S%f}",
        subject_key=f"{REPORTER_KEY}{report.public_id}",
        context={
            "solution": report.solution.name,
            "report": report,
            "is_mended": report.state == ReportState.ACCEPTED,
        },
        reason=_("You have reported a statement of this entry as wrong."),
    )
    if report.reported_by is not None:
        notify(message, [report.reported_by])
    elif report.email_confirmed_at is not None:
        notify_address(message, address=report.email, language=report.language)


def _of_report(event: EntryReportEvent, kind: str, name: str, url: str) -> Message:
    report = event.report
    return Message(
        kind=kind,
        template=f"catalog/email/{name}",
        url=url,
        dedupe=f"{kind}:{event.pk}",
        subject_key=str(report.public_id),
        context={
            "solution": report.solution.name,
            "report": report,
            "is_mended": report.state == ReportState.ACCEPTED,
            "is_checking": report.state == ReportState.CHECKING,
        },
    )


def tell_maintainer_of_assessment(event: AssessmentEvent) -> None:
    """Sent, taken back, a correction refused, a reply taken off: ``event.kind`` says which."""
    assessment = event.assessment
    _tell_of_assessment(
        event, editors_of(assessment.solution.maintainer_id), assessment.get_absolute_url()
    )


def tell_of_published_assessment(event: AssessmentEvent) -> None:
    """The maintainer, where there is one."""
    tell_maintainer_of_assessment(event)


def tell_advisors_of_assessment(event: AssessmentEvent) -> None:
    """The maintainer has replied, or asks for a correction."""
    url = reverse("admin:catalog_assessment_page", args=[event.assessment.public_id])
    _tell_of_assessment(event, User.objects.advisors(), url)


def _tell_of_assessment(event: AssessmentEvent, people: Iterable[User], url: str) -> None:
    assessment = event.assessment
    message = Message(
        kind=f"{ASSESSMENT}_{event.kind}",
        template=f"catalog/email/assessment_{event.kind}",
        url=url,
        dedupe=f"{ASSESSMENT}:{event.pk}",
        subject_key=str(assessment.public_id),
        context={"solution": assessment.solution.name, "assessment": assessment},
    )
    notify(message, people)


def editors_of(organisation_id: int | None) -> QuerySet[User]:
    """The Redaktion of an organisation; nobody where an entry has none and the OSK looks after it."""
    return User.objects.filter(
        memberships__organisation=organisation_id,
        memberships__organisation__isnull=False,
        memberships__state=MembershipState.ACTIVE,
        memberships__is_editor=True,
        is_active=True,
    ).distinct()


def tell_of_proposed_statement(event: StatementEvent) -> None:
    """A Redaktion, or a file, has stated something: an advisor decides."""
    url = reverse("admin:catalog_statement_page", args=[event.statement.public_id])
    name = "of_file" if event.statement.is_of_file else "proposed"
    notify(_statement_message(name, event, url), User.objects.advisors())


def tell_author_of_statement(event: StatementEvent) -> None:
    """What was proposed is in force, or refused with a reason."""
    statement = event.statement
    if statement.author is not None:
        name = "accepted" if event.kind == StatementState.STANDING else "refused"
        message = _statement_message(name, event, statement.get_absolute_url())
        notify(message, [statement.author])


def _statement_message(name: str, event: StatementEvent, url: str) -> Message:
    statement = event.statement
    return Message(
        kind=f"{STATEMENT}_{name}",
        template=f"catalog/email/statement_{name}",
        url=url,
        dedupe=f"{STATEMENT}:{event.pk}",
        subject_key=str(statement.public_id),
        context={"solution": statement.solution.name, "statement": statement},
    )


def _tell_editors(
    row: Source | Link | Solution,
    organisation_id: int | None,
    kind: str,
    once: str,
    words: Mapping[str, object],
) -> None:
    """The Redaktion of the organisation; where there is nobody, the OSK's advisors."""
    solution = row if isinstance(row, Solution) else row.solution
    editors = editors_of(organisation_id)
    message = Message(
        kind=kind,
        template=f"catalog/email/{kind.partition('.')[2]}",
        url=solution.get_absolute_url(),
        dedupe=f"{kind}:{row.pk}:{once}",
        subject_key=str(solution.public_id),
        context={"solution": solution.name, "address": str(row), **words},
    )
    notify(message, list(editors) or User.objects.advisors())


def _tell_maintaining(event: ProposalEvent, name: str, url: str) -> None:
    proposal = event.proposal
    maintainer_id = proposal.solution.maintainer_id
    is_of_others = proposal.is_change and not proposal.is_of_file
    if is_of_others and maintainer_id not in (None, proposal.organisation_id):
        notify(_message(name, event, url), editors_of(maintainer_id))


def _review_url(proposal: Proposal) -> str:
    return reverse("admin:catalog_proposal_review", args=[proposal.public_id])


def _message(name: str, event: ProposalEvent, url: str, **words: object) -> Message:
    proposal: Proposal = event.proposal
    return Message(
        kind=f"catalog.{name}",
        template=f"catalog/email/{name}",
        url=url,
        dedupe=f"catalog.{name}:{event.pk}",
        subject_key=str(proposal.public_id),
        context={
            "solution": proposal.solution.name,
            "organisation": str(proposal.organisation or ""),
            "author": str(proposal.author or ""),
            "promised_on": proposal.promised_on,
            "comment": proposal.comment,
            "reason": proposal.reason,
            **words,
        },
    )
