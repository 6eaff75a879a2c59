"""Notices as the OSK issues and looks after them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from catalog.models import Notice, NoticeReceipt, Solution
from catalog.notice_forms import (
    NoticeCorrectionForm,
    NoticeForm,
    NoticeWithdrawalForm,
    initial_of,
)
from catalog.permissions import can_issue_notices
from catalog.services import correct_notice, issue_notice, withdraw_notice
from osk_portal.toolkit import clock
from osk_portal.toolkit.access import AuthenticatedRequest, access
from osk_portal.toolkit.admin import OwnPagesAdmin
from osk_portal.toolkit.transitions import TransitionNotAllowed


def page_url(notice: Notice) -> str:
    return reverse("admin:catalog_notice_page", args=[notice.public_id])


@access(can_issue_notices)
def notice_issue(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """A new notice on a published entry."""
    solution = get_object_or_404(Solution.objects.published(), slug=slug)
    if request.method == "POST":
        form = NoticeForm(request.POST, solution=solution)
    else:
        form = NoticeForm(solution=solution, initial={"valid_from": clock.today()})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                notice = issue_notice(solution_id=solution.pk, actor=request.user, **form.words)
            except TransitionNotAllowed as error:
                form.add_error(None, str(error))
                status = 409
            else:
                messages.success(
                    request, _("The notice stands. Everybody whom it concerns is being told.")
                )
                return redirect(page_url(notice))
    return _page(request, "notice_form.html", {"solution": solution, "form": form}, status)


@access(can_issue_notices)
@require_safe
def notice_page(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The notice, how many were told and have confirmed, and the forms to correct and withdraw it."""
    return _show(request, _find(public_id))


@access(can_issue_notices)
@require_POST
def notice_correct(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    notice = _find(public_id)
    form = NoticeCorrectionForm(request.POST, solution=notice.solution)
    if not form.is_valid():
        return _show(request, notice, correction=form, status=422)
    try:
        event = correct_notice(
            notice_id=notice.pk,
            actor=request.user,
            expected_version=form.cleaned_data["version"],
            reason=form.cleaned_data["reason"],
            tell_again=form.cleaned_data["tell_again"],
            **form.words,
        )
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
        return _show(request, _find(public_id), correction=form, status=409)
    if event is None:
        messages.info(request, _("The notice says that already."))
    else:
        messages.success(request, _("The notice is corrected."))
    return redirect(page_url(notice))


@access(can_issue_notices)
@require_POST
def notice_withdraw(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    notice = _find(public_id)
    form = NoticeWithdrawalForm(request.POST)
    if not form.is_valid():
        return _show(request, notice, withdrawal=form, status=422)
    try:
        withdraw_notice(
            notice_id=notice.pk,
            actor=request.user,
            expected_version=form.cleaned_data["version"],
            reason=form.cleaned_data["withdrawal_reason"],
        )
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
        return _show(request, _find(public_id), withdrawal=form, status=409)
    messages.success(
        request, _("The notice is withdrawn. Everybody who was told of it hears that.")
    )
    return redirect(page_url(notice))


def _find(public_id: UUID) -> Notice:
    rows = Notice.objects.select_related("solution", "successor", "issued_by")
    return get_object_or_404(rows, public_id=public_id)


def _show(
    request: AuthenticatedRequest,
    notice: Notice,
    *,
    correction: NoticeCorrectionForm | None = None,
    withdrawal: NoticeWithdrawalForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """``correction``, ``withdrawal``: forms with their errors, or with a text that found the notice changed."""
    for form in (correction, withdrawal):
        if form is not None and status == 409:
            form.data = {**request.POST.dict(), "version": str(notice.version)}
    counts = list(_counts(notice))
    context = {
        "notice": notice,
        "solution": notice.solution,
        "counts": counts,
        "told": sum(row["told"] for row in counts),
        "confirmed": sum(row["confirmed"] for row in counts),
        "is_being_told": notice.tellings.filter(done_at=None).exists(),
        "events": notice.events.select_related("actor"),
        "versions": notice.versions.select_related("successor"),
        "correction": correction,
        "withdrawal": withdrawal,
    }
    if notice.is_standing:
        context["correction"] = correction or NoticeCorrectionForm(
            solution=notice.solution, initial=initial_of(notice)
        )
        context["withdrawal"] = withdrawal or NoticeWithdrawalForm(
            initial={"version": notice.version}
        )
    return _page(request, "notice_page.html", context, status)


def _counts(notice: Notice) -> Any:
    """By organisation, never by person; who follows for herself is counted without one."""
    return (
        NoticeReceipt.objects.filter(notice=notice)
        .order_by("organisation__sort_key", "organisation")
        .values("organisation__name")
        .annotate(told=Count("pk"), confirmed=Count("pk", filter=Q(confirmed_at__isnull=False)))
    )


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], status: int
) -> HttpResponse:
    shell = admin.site.each_context(request)
    return render(request, f"admin/catalog/{template}", {**shell, **context}, status=status)


@admin.register(Notice)
class NoticeAdmin(OwnPagesAdmin):
    url_of = staticmethod(page_url)
    list_display = ["entry", "kind", "state", "issued_on", "told", "confirmed"]
    list_filter = ["state", "kind"]
    list_select_related = ["solution"]
    search_fields = ["solution__name", "text_de", "text_en"]
    ordering = ["-issued_at"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return Notice.objects.annotate(
            told=Count("receipts"),
            confirmed=Count("receipts", filter=Q(receipts__confirmed_at__isnull=False)),
        )

    @admin.display(description=gettext_lazy("Solution"), ordering="solution__sort_key")
    def entry(self, notice: Notice) -> str:
        return notice.solution.name

    @admin.display(description=gettext_lazy("issued at"), ordering="issued_at")
    def issued_on(self, notice: Notice) -> Any:
        return notice.issued_at

    @admin.display(description=gettext_lazy("told"), ordering="told")
    def told(self, notice: Any) -> int:
        return int(notice.told)

    @admin.display(description=gettext_lazy("confirmed"), ordering="confirmed")
    def confirmed(self, notice: Any) -> int:
        return int(notice.confirmed)

    def get_urls(self) -> list[URLPattern]:
        prefix, wrap = "catalog_notice", self.admin_site.admin_view
        return [
            path("neu/<slug:slug>/", wrap(notice_issue), name=f"{prefix}_issue"),
            path("<uuid:public_id>/", wrap(notice_page), name=f"{prefix}_page"),
            path("<uuid:public_id>/correct/", wrap(notice_correct), name=f"{prefix}_correct"),
            path("<uuid:public_id>/withdraw/", wrap(notice_withdraw), name=f"{prefix}_withdraw"),
            *super().get_urls(),
        ]
