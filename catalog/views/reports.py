"""Reported statements: anybody sends them, the maintainer answers. The OSK decides in the admin."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from catalog import services
from catalog.enums import ReportAction
from catalog.models import EntryReport, Solution
from catalog.permissions import can_answer_reports
from catalog.report_forms import ReportAnswerForm, ReportForm, ReportObjectionForm
from catalog.services.reports import named_by
from osk_portal.pages.limits import TOO_OFTEN, within_limit
from osk_portal.toolkit.access import LOGIN, PUBLIC, AuthenticatedRequest, access, no_store
from osk_portal.toolkit.transitions import TransitionNotAllowed

PAGE_SIZE = 20


@access(PUBLIC)
def report_create(request: HttpRequest, slug: str) -> HttpResponse:
    """Falsche Angabe melden. ``angabe`` in the address chooses the statement."""
    solution = get_object_or_404(Solution.objects.published(), slug=slug)
    user = request.user if request.user.is_authenticated else None
    is_sent = request.method == "POST"
    form = ReportForm(
        request.POST if is_sent else None,
        is_signed_in=user is not None,
        initial={"field": request.GET.get("angabe", "")},
    )
    is_too_often = False
    if is_sent and form.is_valid():
        words = form.words
        email = words["email"]
        if not within_limit(request, "report_create"):
            is_too_often = True
            form.add_error(None, TOO_OFTEN)
        elif email and not within_limit(request, "report_address", key=email.lower()):
            form.add_error(
                "email",
                _("We have sent this address several links already. Leave it out, or try later."),
            )
        else:
            try:
                report = services.report_entry(
                    solution_id=solution.pk,
                    language=get_language() or "de",
                    reporter=user,
                    **words,
                )
            except TransitionNotAllowed as error:
                form.add_error(None, str(error))
            else:
                return redirect(report.sent_url)
    context = {
        "form": form,
        "solution": solution,
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (solution.name, solution.get_absolute_url()),
            (_("Report a wrong statement"), None),
        ],
    }
    status = 429 if is_too_often else 422 if form.errors else 200
    return no_store(render(request, "catalog/report_form.html", context, status=status))


@require_safe
@access(PUBLIC)
def report_sent(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What becomes of it. Whoever has the address sees the state and the decision, never the report."""
    report = get_object_or_404(EntryReport.objects.select_related("solution"), public_id=public_id)
    context = {
        "report": report,
        "solution": report.solution,
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (_("Report a wrong statement"), None),
        ],
    }
    return no_store(render(request, "catalog/report_sent.html", context))


@access(PUBLIC)
def report_confirm(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows what is confirmed: programs that open links in mails confirm nothing."""
    try:
        if request.method == "POST":
            report = services.confirm_report_address(token=token)
            return redirect(report.sent_url)
        report = named_by(token)
    except services.ReportLinkDead:
        raise Http404 from None
    context = {"report": report, "solution": report.solution}
    return no_store(render(request, "catalog/report_confirm.html", context))


@require_safe
@access(LOGIN)
def report_list(request: AuthenticatedRequest) -> HttpResponse:
    """Reports on the entries that one's organisations maintain."""
    rows = EntryReport.objects.of_maintainer(request.user).select_related("solution")
    context = {
        "page": Paginator(rows.order_by("-submitted_at", "pk"), PAGE_SIZE).get_page(
            request.GET.get("page")
        ),
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (_("Reported statements"), None),
        ],
    }
    return no_store(render(request, "catalog/report_list.html", context))


@require_safe
@access(LOGIN)
def report_detail(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _page(request, _find(request, public_id))


@require_POST
@access(LOGIN)
def report_answer(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    report = _answerable(request, public_id)
    form = ReportAnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, report, answer=form, status=422)
    try:
        services.answer_report(
            report_id=report.pk, actor=request.user, text=form.cleaned_data["answer"]
        )
    except TransitionNotAllowed as error:
        form.add_error(None, str(error))
        return _page(request, _find(request, public_id), answer=form, status=409)
    messages.success(request, _("Thank you. The OSK has received your answer."))
    return redirect(report)


@require_POST
@access(LOGIN)
def report_object(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    report = _answerable(request, public_id)
    form = ReportObjectionForm(request.POST)
    if not form.is_valid():
        return _page(request, report, objection=form, status=422)
    try:
        services.object_to_report(
            report_id=report.pk, actor=request.user, text=form.cleaned_data["objection"]
        )
    except TransitionNotAllowed as error:
        form.add_error(None, str(error))
        return _page(request, _find(request, public_id), objection=form, status=409)
    messages.success(request, _("The OSK has received your objection and checks the statement."))
    return redirect(report)


def _find(request: AuthenticatedRequest, public_id: UUID) -> EntryReport:
    rows = EntryReport.objects.visible_to(request.user).select_related("solution")
    return get_object_or_404(rows.distinct(), public_id=public_id)


def _answerable(request: AuthenticatedRequest, public_id: UUID) -> EntryReport:
    report = _find(request, public_id)
    if not can_answer_reports(request.user, report.solution):
        raise PermissionDenied
    return report


def _page(
    request: AuthenticatedRequest,
    report: EntryReport,
    *,
    answer: ReportAnswerForm | None = None,
    objection: ReportObjectionForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """``answer``, ``objection``: forms with their errors; those of an action that is over keep what was typed."""
    may = can_answer_reports(request.user, report.solution)
    if may and answer is None and report.can(ReportAction.ANSWER):
        answer = ReportAnswerForm(initial={"answer": report.answer})
    if may and objection is None and report.can(ReportAction.OBJECT):
        objection = ReportObjectionForm()
    context = {
        "report": report,
        "solution": report.solution,
        "answer": answer,
        "objection": objection,
        "can_answer": report.can(ReportAction.ANSWER),
        "can_object": report.can(ReportAction.OBJECT),
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (_("Reported statements"), reverse("catalog:report_list")),
            (report.solution.name, None),
        ],
    }
    return no_store(render(request, "catalog/report_detail.html", context, status=status))
