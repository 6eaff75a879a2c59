"""Tasks for operators: what they set up and remove by hand, with the runbook beside it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from osk_portal.accounts.permissions import is_operator
from osk_portal.templatetags.osk import badge
from osk_portal.toolkit.access import AuthenticatedRequest, access, staff_user
from osk_portal.toolkit.admin import OwnPages
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import runbooks, services
from sandbox.by_hand_forms import RefusalForm, RemovalForm, SetUpForm
from sandbox.enums import TaskState
from sandbox.models import OperatorTask
from sandbox.querysets import TaskQuerySet

BADGES = {
    TaskState.OPEN: "warning",
    TaskState.BEGUN: "info",
    TaskState.DONE: "success",
    TaskState.REFUSED: "danger",
    TaskState.WITHDRAWN: "none",
}


@access(is_operator)
@require_safe
def task_page(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """What is to be done, by which steps, and the word that it is done."""
    return _show(request, _find(public_id))


@access(is_operator)
@require_POST
def task_begin(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    task = _find(public_id)
    try:
        services.begin_task(task_id=task.pk, actor=request.user)
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
    return redirect(task)


@access(is_operator)
@require_POST
def task_tick(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    task = _find(public_id)
    numbers = range(len(_steps_of(task)))
    steps = [number for number in numbers if str(number) in request.POST.getlist("step")]
    try:
        services.tick_steps(task_id=task.pk, actor=request.user, steps=steps)
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("Saved. Others see which steps are done."))
    return redirect(task)


@access(is_operator)
@require_POST
def task_ready(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    task = _find(public_id)
    form = SetUpForm(request.POST, logins=_logins_of(task))
    if not form.is_valid():
        return _show(request, task, form=form, status=422)
    data = form.cleaned_data
    try:
        services.report_set_up(
            task_id=task.pk,
            actor=request.user,
            endpoint=data["endpoint"],
            things=data["things"],
            logins=data["logins"],
        )
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
        return _show(request, _find(public_id), form=form, status=409)
    messages.success(request, _("Reported. The person gets address and passwords now."))
    return redirect("admin:sandbox_operatortask_changelist")


@access(is_operator)
@require_POST
def task_refuse(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    task = _find(public_id)
    form = RefusalForm(request.POST)
    if not form.is_valid():
        return _show(request, task, refusal=form, status=422)
    try:
        services.refuse_set_up(task_id=task.pk, actor=request.user, **form.cleaned_data)
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
        return _show(request, _find(public_id), refusal=form, status=409)
    messages.success(request, _("Reported. The booking has failed, and the person is told."))
    return redirect("admin:sandbox_operatortask_changelist")


@access(is_operator)
@require_POST
def task_removed(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    task = _find(public_id)
    form = RemovalForm(request.POST, things=services.things_of(task.environment))
    if not form.is_valid():
        return _show(request, task, form=form, status=422)
    data = form.cleaned_data
    try:
        services.report_removal(
            task_id=task.pk,
            actor=request.user,
            removed=data["removed"],
            further=data["further"],
        )
    except services.NotEverything as error:
        words = _("Not confirmed yet: %(things)s.") % {"things": ", ".join(error.missing)}
        form.add_error(None, words)
        return _show(request, _find(public_id), form=form, status=409)
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
        return _show(request, _find(public_id), form=form, status=409)
    messages.success(request, _("Confirmed. The time of this goes into the proof of deletion."))
    return redirect("admin:sandbox_operatortask_changelist")


def _find(public_id: UUID) -> OperatorTask:
    return get_object_or_404(
        OperatorTask.objects.with_booking().select_related(
            "done_by", "environment__booking__booked_by"
        ),
        public_id=public_id,
    )


def _runbook_of(task: OperatorTask) -> str:
    spec = task.environment.booking.blueprint_version.parsed
    return str(spec.runbook if task.is_set_up else spec.removal_runbook)


def _steps_of(task: OperatorTask) -> list[runbooks.Step]:
    return runbooks.steps_of(_runbook_of(task))


def _logins_of(task: OperatorTask) -> list[Any]:
    return list(task.environment.credentials.shown())


def _show(
    request: AuthenticatedRequest,
    task: OperatorTask,
    *,
    form: Form | None = None,
    refusal: RefusalForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """``form``, ``refusal``: with their errors, or with what was typed too late."""
    things = [] if task.is_set_up else services.things_of(task.environment)
    if task.is_open and form is None:
        form = SetUpForm(logins=_logins_of(task)) if task.is_set_up else RemovalForm(things=things)
    if task.is_open and task.is_set_up and refusal is None:
        refusal = RefusalForm()
    booking = task.environment.booking
    context = {
        **admin.site.each_context(request),
        "task": task,
        "booking": booking,
        "product": booking.blueprint_version.blueprint,
        "badge": BADGES[TaskState(task.state)],
        "introduction": runbooks.introduction(_runbook_of(task)),
        "steps": [
            (number, step, number in task.steps_done) for number, step in enumerate(_steps_of(task))
        ],
        "is_mine": task.assignee_id == request.user.pk,
        "form": form,
        "refusal": refusal,
    }
    return render(request, "admin/sandbox/operator_task.html", context, status=status)


class OpenOnly(admin.SimpleListFilter):
    """Without a choice only what somebody has to do."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("all", _("All")), *((value, str(label)) for value, label in TaskState.choices)]

    def choices(self, changelist: Any) -> Any:
        first, *rest = super().choices(changelist)
        yield {**first, "display": _("To do")}
        yield from rest

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case None:
                return queryset.open()
            case "all":
                return queryset
            case value:
                return queryset.filter(state=value)


@admin.register(OperatorTask)
class OperatorTaskAdmin(OwnPages):
    """What is to be done by hand, the first to become due at the top."""

    url_of = staticmethod(OperatorTask.get_absolute_url)
    list_display = ["product", "kind", "organisation", "due", "assignee", "state_shown"]
    list_filter = [OpenOnly, "kind"]
    ordering = ["due_at", "pk"]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return staff_user(request).is_operator

    def get_queryset(self, request: HttpRequest) -> TaskQuerySet:
        return OperatorTask.objects.with_booking()

    @admin.display(description=gettext_lazy("test product"))
    def product(self, task: OperatorTask) -> str:
        return str(task.environment.booking.blueprint_version.blueprint.name)

    @admin.display(description=gettext_lazy("organisation"))
    def organisation(self, task: OperatorTask) -> str:
        return str(task.environment.booking.organisation)

    @admin.display(description=gettext_lazy("due"), ordering="due_at")
    def due(self, task: OperatorTask) -> Any:
        return task.due_at

    @admin.display(description=gettext_lazy("state"))
    def state_shown(self, task: OperatorTask) -> SafeString:
        if task.is_overdue:
            return badge("danger", _("Overdue"))
        return badge(BADGES[TaskState(task.state)], task.get_state_display())

    def get_urls(self) -> list[URLPattern]:
        prefix, wrap = "sandbox_operatortask", self.admin_site.admin_view
        page = "<uuid:public_id>/"
        return [
            path(page, wrap(task_page), name=f"{prefix}_page"),
            path(f"{page}begin/", wrap(task_begin), name=f"{prefix}_begin"),
            path(f"{page}steps/", wrap(task_tick), name=f"{prefix}_tick"),
            path(f"{page}ready/", wrap(task_ready), name=f"{prefix}_ready"),
            path(f"{page}refuse/", wrap(task_refuse), name=f"{prefix}_refuse"),
            path(f"{page}removed/", wrap(task_removed), name=f"{prefix}_removed"),
            *super().get_urls(),
        ]
