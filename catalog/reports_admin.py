"""Reported statements as the OSK decides them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from catalog import services
from catalog.enums import ReportAction
from catalog.fields import BY_NAME
from catalog.models import EntryReport
from catalog.permissions import can_decide
from catalog.promises import due_badge
from catalog.report_forms import ReportAcceptForm, ReportRejectForm
from catalog.services import ProposalConflict
from osk_portal.toolkit.access import AuthenticatedRequest, access
from osk_portal.toolkit.admin import OwnPagesAdmin
from osk_portal.toolkit.transitions import TransitionNotAllowed


def page_url(report: EntryReport) -> str:
    return reverse("admin:catalog_entryreport_page", args=[report.public_id])


@access(can_decide)
@require_safe
def report_page(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The report, what the entry says now, the maintainer's word, and the forms that decide."""
    return _show(request, _find(public_id))


@access(can_decide)
@require_POST
def report_check(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    report = _find(public_id)
    try:
        services.check_report(report_id=report.pk, actor=request.user)
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("The entry says at this statement that it is being checked."))
    return redirect(page_url(report))


@access(can_decide)
@require_POST
def report_accept(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Mend the entry, or say that it was mended elsewhere."""
    report = _find(public_id)
    form = ReportAcceptForm(request.POST, report=report, solution=report.solution)
    if not form.is_valid():
        return _show(request, report, accept=form, status=422)
    try:
        services.accept_report(
            report_id=report.pk,
            actor=request.user,
            decision=form.cleaned_data["decision"],
            changes=form.changes,
            seen_revision=form.cleaned_data["seen_revision"],
        )
    except (ProposalConflict, TransitionNotAllowed) as error:
        return _conflict(request, public_id, form, error, "accept")
    messages.success(request, _("Accepted. Maintainer and reporter hear of it."))
    return redirect(page_url(report))


@access(can_decide)
@require_POST
def report_reject(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    report = _find(public_id)
    form = ReportRejectForm(request.POST)
    if not form.is_valid():
        return _show(request, report, reject=form, status=422)
    try:
        services.reject_report(
            report_id=report.pk, actor=request.user, decision=form.cleaned_data["reason"]
        )
    except TransitionNotAllowed as error:
        return _conflict(request, public_id, form, error, "reject")
    messages.success(request, _("The statement stays. Maintainer and reporter hear of it."))
    return redirect(page_url(report))


def _find(public_id: UUID) -> EntryReport:
    rows = EntryReport.objects.select_related("solution__maintainer", "decided_by")
    return get_object_or_404(rows, public_id=public_id)


def _conflict(
    request: AuthenticatedRequest,
    public_id: UUID,
    form: forms.Form,
    error: Exception,
    name: str,
) -> HttpResponse:
    """Somebody was faster, or the entry would break: nothing was written, what was typed is kept."""
    report = _find(public_id)
    form.add_error(None, str(error))
    data = request.POST.copy()
    data["seen_revision"] = str(report.solution.revision)
    form.data = data
    shown: dict[str, Any] = {name: form}
    return _show(request, report, status=409, **shown)


def _show(
    request: AuthenticatedRequest,
    report: EntryReport,
    *,
    accept: ReportAcceptForm | None = None,
    reject: ReportRejectForm | None = None,
    status: int = 200,
) -> HttpResponse:
    solution = report.solution
    can_accept, can_reject = (
        report.can(ReportAction.ACCEPT),
        report.can(ReportAction.REJECT),
    )
    if accept is None and can_accept:
        accept = ReportAcceptForm(report=report, solution=solution)
    if reject is None and can_reject:
        reject = ReportRejectForm()
    field = BY_NAME.get(report.field)
    context = {
        **admin.site.each_context(request),
        "report": report,
        "due": None if report.is_decided else due_badge(report.promised_on),
        "solution": solution,
        "present": field.as_text(field.of(solution.document)) if field else "",
        "has_field": field is not None,
        "accept": accept,
        "reject": reject,
        "can_check": report.can(ReportAction.CHECK),
        "can_accept": can_accept,
        "can_reject": can_reject,
        "events": report.events.select_related("actor"),
    }
    return render(request, "admin/catalog/report_page.html", context, status=status)


@admin.register(EntryReport)
class EntryReportAdmin(OwnPagesAdmin):
    url_of = staticmethod(page_url)
    list_display = ["entry", "statement", "state", "submitted_at", "promised_on", "is_answered"]
    list_filter = ["state"]
    list_select_related = ["solution"]
    search_fields = ["solution__name", "wrong", "right"]
    ordering = ["-submitted_at"]

    @admin.display(description=gettext_lazy("Solution"), ordering="solution__sort_key")
    def entry(self, report: EntryReport) -> str:
        return report.solution.name

    @admin.display(description=gettext_lazy("Statement"), ordering="field")
    def statement(self, report: EntryReport) -> str:
        return report.field_label

    @admin.display(description=gettext_lazy("Answer of the maintainer"), boolean=True)
    def is_answered(self, report: EntryReport) -> bool:
        return report.answered_at is not None or report.objected_at is not None

    def get_urls(self) -> list[URLPattern]:
        prefix, wrap = "catalog_entryreport", self.admin_site.admin_view
        return [
            path("<uuid:public_id>/", wrap(report_page), name=f"{prefix}_page"),
            path("<uuid:public_id>/check/", wrap(report_check), name=f"{prefix}_check"),
            path("<uuid:public_id>/accept/", wrap(report_accept), name=f"{prefix}_accept"),
            path("<uuid:public_id>/reject/", wrap(report_reject), name=f"{prefix}_reject"),
            *super().get_urls(),
        ]
