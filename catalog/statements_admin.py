"""Administration statements as advisors enter, decide and take them off."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from catalog.enums import StatementAction, StatementOrigin, StatementTopic
from catalog.models import Solution, Statement
from catalog.permissions import can_decide
from catalog.promises import due_badge
from catalog.services import (
    accept_statement,
    enter_statement,
    refuse_statement,
    retract_statement,
)
from catalog.services.statements import WordsRefused
from catalog.statement_forms import EnterStatementForm, StatementReasonForm, initial_of
from catalog.statements import row_for, table
from osk_portal.toolkit.access import AuthenticatedRequest, access
from osk_portal.toolkit.admin import OwnPagesAdmin
from osk_portal.toolkit.transitions import TransitionNotAllowed


def page_url(statement: Statement) -> str:
    return reverse("admin:catalog_statement_page", args=[statement.public_id])


@access(can_decide)
@require_safe
def statement_overview(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Every topic of an entry: what stands, and where to say it anew."""
    solution = get_object_or_404(Solution, slug=slug)
    rows = Statement.objects.standing().filter(solution=solution).select_related("organisation")
    stated = {statement.topic: statement for statement in rows}
    shown = {row.topic: row for row in table(())}
    context = {
        "solution": solution,
        "rows": [
            (
                row_for(stated[topic]) if topic in stated else shown.get(topic),
                StatementTopic(topic),
                page_url(stated[topic]) if topic in stated else "",
            )
            for topic in StatementTopic
        ],
    }
    return _page(request, "statement_overview.html", context, 200)


@access(can_decide)
def statement_enter(request: AuthenticatedRequest, slug: str, topic: str) -> HttpResponse:
    """Say something on a topic, in the place of what stands."""
    solution = get_object_or_404(Solution.objects.select_related("maintainer"), slug=slug)
    wanted = topic_or_404(topic)
    standing = Statement.objects.standing().filter(solution=solution, topic=wanted)
    present = standing.select_related("organisation").first()
    if request.method != "POST":
        initial = initial_of(present)
        if initial["origin"] == StatementOrigin.FILE:
            initial["origin"] = StatementOrigin.OSK
        form = EnterStatementForm(topic=wanted, solution=solution, initial=initial)
        return _enter_page(request, solution, form, wanted, present, 200)
    form = EnterStatementForm(request.POST, topic=wanted, solution=solution)
    if not form.is_valid():
        return _enter_page(request, solution, form, wanted, present, 422)
    try:
        enter_statement(
            solution_id=solution.pk,
            actor=request.user,
            words=form.words,
            origin=StatementOrigin(form.cleaned_data["origin"]),
            organisation=form.cleaned_data["body"],
            seen=form.seen_id,
        )
    except WordsRefused as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return _enter_page(request, solution, form, wanted, present, 422)
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
        # What was typed stays, now against what stands.
        seen = str(present.public_id) if present else ""
        form.data = {**request.POST.dict(), "seen": seen}
        return _enter_page(request, solution, form, wanted, present, 409)
    messages.success(request, _("The statement stands on the entry."))
    return redirect(overview_url(solution))


@access(can_decide)
@require_safe
def statement_page(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """One statement, what it would replace, and the decision."""
    return _show(request, _find(public_id))


@access(can_decide)
@require_POST
def statement_accept(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    statement = _find(public_id)
    try:
        accept_statement(statement_id=statement.pk, actor=request.user)
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
    else:
        if statement.author is None:
            messages.success(request, _("The statement stands on the entry."))
        else:
            messages.success(request, _("The statement stands on the entry. The author is told."))
    return redirect(page_url(statement))


@access(can_decide)
@require_POST
def statement_refuse(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    statement = _find(public_id)
    form = StatementReasonForm(request.POST)
    if not form.is_valid():
        return _show(request, statement, form=form, status=422)
    try:
        refuse_statement(
            statement_id=statement.pk, actor=request.user, comment=form.cleaned_data["comment"]
        )
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
        return _show(request, _find(public_id), form=form, status=409)
    if statement.author is None:
        messages.success(request, _("Refused. The entry stays as it is."))
    else:
        messages.success(request, _("Refused. The author has been told."))
    return redirect(page_url(statement))


@access(can_decide)
@require_POST
def statement_retract(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    statement = _find(public_id)
    form = StatementReasonForm(request.POST)
    if not form.is_valid():
        return _show(request, statement, form=form, status=422)
    try:
        retract_statement(
            statement_id=statement.pk, actor=request.user, comment=form.cleaned_data["comment"]
        )
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
        return _show(request, _find(public_id), form=form, status=409)
    messages.success(request, _("The statement is taken off the entry."))
    return redirect(page_url(statement))


def topic_or_404(topic: str) -> StatementTopic:
    try:
        return StatementTopic(topic)
    except ValueError as error:
        raise Http404(topic) from error


def overview_url(solution: Solution) -> str:
    return reverse("admin:catalog_statement_overview", args=[solution.slug])


def _find(public_id: UUID) -> Statement:
    rows = Statement.objects.select_related("solution", "organisation", "author", "decided_by")
    return get_object_or_404(rows, public_id=public_id)


def _show(
    request: AuthenticatedRequest,
    statement: Statement,
    *,
    form: StatementReasonForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """``form``: with its errors, or with a reason that found the statement decided."""
    standing = Statement.objects.standing().filter(
        solution=statement.solution_id, topic=statement.topic
    )
    present = standing.exclude(pk=statement.pk).select_related("organisation").first()
    may_decide = statement.can(StatementAction.ACCEPT)
    may_retract = statement.can(StatementAction.RETRACT)
    if form is None and (may_decide or may_retract):
        form = StatementReasonForm()
    context = {
        "statement": statement,
        "solution": statement.solution,
        "row": row_for(statement),
        "present": row_for(present) if present and may_decide else None,
        "may_decide": may_decide,
        "due": due_badge(statement.promised_on) if may_decide and statement.promised_on else None,
        "may_retract": may_retract,
        "form": form,
        "overview_url": overview_url(statement.solution),
        "events": statement.events.select_related("actor"),
    }
    return _page(request, "statement_page.html", context, status)


def _enter_page(
    request: HttpRequest,
    solution: Solution,
    form: EnterStatementForm,
    topic: StatementTopic,
    present: Statement | None,
    status: int,
) -> HttpResponse:
    context = {
        "solution": solution,
        "form": form,
        "topic": topic,
        "present": row_for(present) if present else None,
        "overview_url": overview_url(solution),
    }
    return _page(request, "statement_form.html", context, status)


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], status: int
) -> HttpResponse:
    shell = admin.site.each_context(request)
    return render(request, f"admin/catalog/{template}", {**shell, **context}, status=status)


@admin.register(Statement)
class StatementAdmin(OwnPagesAdmin):
    url_of = staticmethod(page_url)
    list_display = ["entry", "topic", "state", "origin", "stated_on", "promised_on"]
    list_filter = ["state", "topic", "origin"]
    list_select_related = ["solution"]
    search_fields = ["solution__name", "value"]
    ordering = ["promised_on", "-created_at"]

    @admin.display(description=gettext_lazy("Solution"), ordering="solution__sort_key")
    def entry(self, statement: Statement) -> str:
        return statement.solution.name

    def get_urls(self) -> list[URLPattern]:
        prefix, wrap = "catalog_statement", self.admin_site.admin_view
        return [
            path("von/<slug:slug>/", wrap(statement_overview), name=f"{prefix}_overview"),
            path("von/<slug:slug>/<slug:topic>/", wrap(statement_enter), name=f"{prefix}_enter"),
            path("<uuid:public_id>/", wrap(statement_page), name=f"{prefix}_page"),
            path("<uuid:public_id>/accept/", wrap(statement_accept), name=f"{prefix}_accept"),
            path("<uuid:public_id>/refuse/", wrap(statement_refuse), name=f"{prefix}_refuse"),
            path("<uuid:public_id>/retract/", wrap(statement_retract), name=f"{prefix}_retract"),
            *super().get_urls(),
        ]
