"""Needs of "Wer hat dasselbe Problem?", as the OSK looks after them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from consulting import queues, services
from consulting.admin.common import page
from consulting.enums import NeedAction
from consulting.models import Need
from consulting.models.need import JOINT_STEP_FROM, NeedQuerySet
from consulting.synergy_forms import JointStepForm, TakeDownForm
from osk_portal.accounts.permissions import is_advisor
from osk_portal.toolkit.access import AuthenticatedRequest, access
from osk_portal.toolkit.admin import OwnPagesAdmin, column
from osk_portal.toolkit.transitions import TransitionNotAllowed


def page_url(need: Need) -> str:
    return reverse("admin:consulting_need_page", args=[need.public_id])


@access(is_advisor)
@require_safe
def need_page(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The need, who has joined, and the forms for the joint step and for taking it down."""
    return _show(request, _find(public_id))


@access(is_advisor)
@require_POST
def need_step(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Write the joint step, or write it anew."""
    need = _find(public_id)
    form = JointStepForm(request.POST)
    if not form.is_valid():
        return _show(request, need, step=form, status=422)
    try:
        services.propose_joint_step(
            need_id=need.pk,
            actor=request.user,
            expected_version=form.cleaned_data["version"],
            text=form.cleaned_data["text"],
            link=form.cleaned_data["link"],
        )
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
        return _show(request, _find(public_id), step=form, status=409)
    messages.success(request, _("The joint step is shown, and everybody who joined is told."))
    return redirect(page_url(need))


@access(is_advisor)
@require_POST
def need_take_down(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    need = _find(public_id)
    form = TakeDownForm(request.POST)
    if not form.is_valid():
        return _show(request, need, down=form, status=422)
    try:
        services.take_down_need(
            need_id=need.pk, actor=request.user, reason=form.cleaned_data["reason"]
        )
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
        return _show(request, _find(public_id), down=form, status=409)
    messages.success(request, _("The need is taken down. The publisher is told."))
    return redirect(page_url(need))


@access(is_advisor)
@require_POST
def need_restore(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    need = _find(public_id)
    try:
        services.restore_need(need_id=need.pk, actor=request.user)
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("The need is shown again."))
    return redirect(page_url(need))


def _find(public_id: UUID) -> Need:
    rows = Need.objects.counted().select_related("organisation", "case__organisation", "author")
    return get_object_or_404(rows, public_id=public_id)


def _show(
    request: AuthenticatedRequest,
    need: Need,
    *,
    step: JointStepForm | None = None,
    down: TakeDownForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """``step``, ``down``: forms with their errors, or with a text that found the need changed."""
    may_write = need.can(NeedAction.PROPOSE)
    if step is not None and status == 409:
        step.data = {**request.POST.dict(), "version": str(need.version)}
    shown = {"version": need.version, "text": need.joint_step, "link": need.joint_link}
    context = {
        "need": need,
        "case_url": queues.case_url(need.case),
        "supports": need.supports.select_related("organisation", "person"),
        "step": step or (JointStepForm(initial=shown) if may_write else None),
        "may_write": may_write,
        "down": down or (TakeDownForm() if need.can(NeedAction.TAKE_DOWN) else None),
        "may_take_down": need.can(NeedAction.TAKE_DOWN),
        "may_restore": need.can(NeedAction.RESTORE),
        "is_wanted": need.joined >= JOINT_STEP_FROM and need.proposed_at is None and may_write,
        "events": need.events.select_related("actor"),
    }
    return page(request, "need.html", context, status=status)


@admin.register(Need)
class NeedAdmin(OwnPagesAdmin):
    list_display = [
        "title",
        column("organisation", gettext_lazy("organisation")),
        "state",
        "joined",
        "proposed_at",
    ]
    list_filter = ["state"]
    list_select_related = ["organisation"]
    search_fields = ["title", "text"]
    ordering = ["-created_at"]
    url_of = staticmethod(page_url)

    def get_queryset(self, request: HttpRequest) -> NeedQuerySet:
        return Need.objects.counted()

    @admin.display(description=gettext_lazy("have joined"), ordering="joined")
    def joined(self, need: Any) -> int:
        return int(need.joined)

    def get_urls(self) -> list[URLPattern]:
        prefix, wrap = "consulting_need", self.admin_site.admin_view
        return [
            path("<uuid:public_id>/", wrap(need_page), name=f"{prefix}_page"),
            path("<uuid:public_id>/step/", wrap(need_step), name=f"{prefix}_step"),
            path("<uuid:public_id>/down/", wrap(need_take_down), name=f"{prefix}_down"),
            path("<uuid:public_id>/restore/", wrap(need_restore), name=f"{prefix}_restore"),
            *super().get_urls(),
        ]
