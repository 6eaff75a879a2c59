"""Declaring a reuse, and what an organisation does with its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from catalog import services
from catalog.enums import ReuseStage
from catalog.models import Reuse, Solution
from catalog.permissions import can_confirm_reuse, can_report_reuse, reporting_organisations
from catalog.reuse_forms import CorrectForm, DeclareForm, DetailsForm, MoveForm, WithdrawForm
from osk_portal.toolkit import clock
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access, no_store
from osk_portal.toolkit.transitions import TransitionNotAllowed

PAGE_SIZE = 20


@access(can_report_reuse)
def reuse_declare(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Three fields; the rest can follow on the next page."""
    solution = get_object_or_404(Solution.objects.published(), slug=slug)
    mine = reporting_organisations(request.user)
    declared = {
        reuse.organisation_id: reuse
        for reuse in Reuse.objects.current().filter(solution=solution, organisation__in=mine)
    }
    free = [organisation for organisation in mine if organisation.pk not in declared]
    if request.method != "POST" and not free:
        messages.info(request, _("Your organisation has declared its reuse already."))
        return redirect(declared[mine[0].pk])
    # A form that is sent twice names an organisation that has declared by now: the service tells them apart.
    form = DeclareForm(
        organisations=mine if request.method == "POST" else free,
        data=_sent(request),
        initial={"since": clock.today(), "stage": request.GET.get("stage", "")},
    )
    if request.method == "POST" and form.is_valid():
        try:
            reuse = services.declare_reuse(
                solution_id=solution.pk,
                organisation=form.organisation,
                actor=request.user,
                stage=ReuseStage(form.cleaned_data["stage"]),
                since=form.cleaned_data["since"],
            )
        except TransitionNotAllowed as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request,
                _("Thank you. The reuse of %(name)s is declared.") % {"name": solution.name},
            )
            return redirect("catalog:reuse_details", reuse.public_id)
    context = {
        "form": form,
        "title": _("Declare a reuse"),
        "solution": solution,
        "lead": _(
            "Everybody sees the kind of your organisation, the stage and the year. The name is "
            "shown only when you say so."
        ),
        "submit": _("Declare the reuse"),
        "cancel_url": solution.get_absolute_url(),
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (solution.name, solution.get_absolute_url()),
            (_("Declare a reuse"), None),
        ],
    }  # fmt: skip
    status = 422 if form.errors else 200
    return no_store(render(request, "catalog/reuse_form.html", context, status=status))


@require_safe
@access(LOGIN)
def reuse_list(request: AuthenticatedRequest) -> HttpResponse:
    """Those of the person's organisations; what waits for an answer first."""
    found = (
        Reuse.objects.of_member(request.user)
        .filter(withdrawn_at=None)
        .select_related("solution", "organisation")
        .order_by("asked_on", "organisation__sort_key", "solution__sort_key", "pk")
    )
    context = {
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (_("Reuses of my organisation"), None),
        ],
    }
    return no_store(render(request, "catalog/reuse_list.html", context))


@require_safe
@access(LOGIN)
def reuse_detail(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    reuse = _reuse(request, public_id)
    context = {
        "reuse": reuse,
        "steps": reuse.steps.select_related("recorded_by"),
        "may_confirm": can_confirm_reuse(request.user, reuse),
        "crumbs": _crumbs(request, reuse),
    }
    return no_store(render(request, "catalog/reuse_detail.html", context))


@access(LOGIN)
def reuse_details(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    reuse = _reuse(request, public_id)
    return _change(
        request,
        reuse,
        DetailsForm(reuse=reuse, user=request.user, data=_sent(request)),
        lambda form: services.describe_reuse(
            reuse.pk, actor=request.user, seen=form.cleaned_data["seen"], details=form.details
        ),
        title=_("Further information on the reuse"),
        lead=_(
            "All fields are optional. Version, number and operation are seen by signed-in members "
            "of administrations, the IT procedure only by your organisation and the OSK."
        ),
        submit=_("Save"),
    )  # fmt: skip


@access(LOGIN)
def reuse_move(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    reuse = _reuse(request, public_id)
    return _change(
        request,
        reuse,
        MoveForm(reuse=reuse, data=_sent(request)),
        lambda form: services.move_reuse(
            reuse.pk,
            actor=request.user,
            seen=form.cleaned_data["seen"],
            stage=ReuseStage(form.cleaned_data["stage"]),
            since=form.cleaned_data["since"],
            successor=form.cleaned_data["successor"],
        ),
        title=_("Enter a new stage"),
        lead=_("Stages can be skipped. With the stage Replaced the reuse ends."),
        submit=_("Save"),
        is_open=reuse.is_current,
    )


@access(LOGIN)
def reuse_correct(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    reuse = _reuse(request, public_id)
    return _change(
        request,
        reuse,
        CorrectForm(reuse=reuse, data=_sent(request)),
        lambda form: services.correct_reuse(
            reuse.pk,
            actor=request.user,
            seen=form.cleaned_data["seen"],
            stage=ReuseStage(form.cleaned_data["stage"]),
            since=form.cleaned_data["since"],
            reason=form.cleaned_data["reason"],
        ),
        title=_("Correct the last stage"),
        lead=_(
            "What stood there before stays in the history, with your reason. Your organisation and "
            "the OSK see it."
        ),
        submit=_("Correct"),
    )  # fmt: skip


@access(LOGIN)
def reuse_withdraw(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    reuse = _reuse(request, public_id)
    return _change(
        request,
        reuse,
        WithdrawForm(reuse=reuse, data=_sent(request)),
        lambda form: services.withdraw_reuse(
            reuse.pk,
            actor=request.user,
            seen=form.cleaned_data["seen"],
            reason=form.cleaned_data["reason"],
        ),
        title=_("Withdraw the reuse"),
        lead=_(
            "Withdraw what was declared by mistake. If your organisation has stopped using the "
            "solution, enter the stage Replaced instead."
        ),
        submit=_("Withdraw the reuse"),
    )  # fmt: skip


@require_POST
@access(LOGIN)
def reuse_confirm(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    reuse = _reuse(request, public_id)
    try:
        services.confirm_reuse(reuse.pk, actor=request.user)
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("Thank you. The reuse is confirmed."))
    return redirect(reuse)


def _reuse(request: AuthenticatedRequest, public_id: UUID) -> Reuse:
    found = Reuse.objects.visible_to(request.user).select_related(
        "solution", "organisation", "contact", "declared_by", "replaced_by"
    )
    return get_object_or_404(found, public_id=public_id)


def _change(
    request: AuthenticatedRequest,
    reuse: Reuse,
    form: Any,
    act: Callable[[Any], object],
    *,
    title: str,
    lead: str,
    submit: str,
    is_open: bool = True,
) -> HttpResponse:
    """Show a form, or do what was sent. Where the reuse has moved on, the typed text stays (409)."""
    if request.method != "POST" and (reuse.is_withdrawn or not is_open):
        messages.info(request, _("This reuse has ended."))
        return redirect(reuse)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                act(form)
            except TransitionNotAllowed as error:
                status = _refused(form, error, reuse)
            else:
                messages.success(request, _("Saved."))
                return redirect(reuse)
    context = {
        "form": form,
        "title": title,
        "lead": lead,
        "submit": submit,
        "solution": reuse.solution,
        "cancel_url": reuse.get_absolute_url(),
        "crumbs": [*_crumbs(request, reuse)[:-1], (reuse.solution.name, reuse.get_absolute_url()), (title, None)],
    }  # fmt: skip
    return no_store(render(request, "catalog/reuse_form.html", context, status=status))


def _sent(request: AuthenticatedRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _refused(form: Any, error: TransitionNotAllowed, reuse: Reuse) -> int:
    """The status. After a conflict the form says so once; sent again, it is meant."""
    if error.action == "since":
        form.add_error("since", str(error))
        return 422
    form.add_error(None, str(error))
    revision = Reuse.objects.values_list("revision", flat=True).get(pk=reuse.pk)
    form.data = {**form.data.dict(), "seen": str(revision)}
    return 409


def _crumbs(request: AuthenticatedRequest, reuse: Reuse) -> list[tuple[str, str | None]]:
    return [
        (_("Solutions"), reverse("catalog:solution_list")),
        (_("Reuses of my organisation"), reverse("catalog:reuse_list")),
        (reuse.solution.name, None),
    ]
