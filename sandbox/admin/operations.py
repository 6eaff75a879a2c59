"""The operators' page: what runs, what hurts, and what they do about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from osk_portal.accounts.permissions import is_operator
from osk_portal.toolkit.access import AuthenticatedRequest, access
from osk_portal.toolkit.clock import BERLIN
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import operations, services
from sandbox.capacity import CannotBook
from sandbox.enums import BookingAction, Desired, EnvironmentAction, EnvironmentState
from sandbox.models import Environment, Restore, Stray
from sandbox.staff_forms import MeasureForm, QuarantineForm

BADGES = {
    EnvironmentState.READY: "success",
    EnvironmentState.DEGRADED: "warning",
    EnvironmentState.FAILED: "danger",
    EnvironmentState.TEARING_DOWN: "warning",
    EnvironmentState.QUARANTINED: "warning",
    EnvironmentState.GONE: "none",
    EnvironmentState.ABANDONED: "none",
}


@access(is_operator)
@require_safe
def operations_page(request: AuthenticatedRequest) -> HttpResponse:
    """At a glance; everything from rows that a task keeps, so that no engine can hold the page up."""
    pools, keys = operations.capacity()
    context = {
        **admin.site.each_context(request),
        "restore": Restore.objects.open().first(),
        "engines": operations.engines(keys),
        "pools": pools,
        "states": operations.by_state(),
        "troubled": [
            (e, BADGES.get(EnvironmentState(e.state), "info")) for e in operations.troubled()
        ],
        "strays": operations.strays(),
        "durations": operations.durations(),
        "measures": operations.measures(),
    }
    return render(request, "admin/sandbox/operations.html", context)


@access(is_operator)
@require_safe
def environment_page(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _show(request, _find(public_id))


@access(is_operator)
@require_POST
def environment_retry(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    environment = _find(public_id)
    try:
        made = services.retry_booking(booking_id=environment.booking_id, actor=request.user)
    except (TransitionNotAllowed, CannotBook) as error:
        messages.warning(request, str(error))
        return redirect("admin:sandbox_environment_page", public_id)
    messages.success(request, _("%(name)s is being set up.") % {"name": made.backend_key})
    return redirect("admin:sandbox_environment_page", made.public_id)


@access(is_operator)
@require_POST
def environment_end(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    done = _("The environment is being removed.")
    return _measured(request, public_id, "end", services.end_environment, done)


@access(is_operator)
@require_POST
def environment_quarantine(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    environment = _find(public_id)
    form = QuarantineForm(request.POST, prefix="quarantine")
    if not form.is_valid():
        return _show(request, environment, quarantine_form=form, status=422)
    day = form.cleaned_data["until"]
    until = datetime.combine(day + timedelta(days=1), time(), tzinfo=BERLIN)
    try:
        services.quarantine_environment(
            environment_id=environment.pk,
            actor=request.user,
            reason=form.cleaned_data["reason"],
            until=until,
        )
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
        return _show(request, _find(public_id), quarantine_form=form, status=409)
    messages.success(
        request, _("The environment is being stopped and cut off. It is kept until then.")
    )
    return redirect("admin:sandbox_environment_page", public_id)


@access(is_operator)
@require_POST
def environment_release(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    done = _("The environment is given back to its booking and is being started again.")
    return _measured(request, public_id, "release", services.release_quarantine, done)


def _measured(
    request: AuthenticatedRequest,
    public_id: UUID,
    name: str,
    measure: Callable[..., object],
    done: str,
) -> HttpResponse:
    """A measure that needs nothing but a reason. ``name``: of its form on the page; ``done``: said afterwards."""
    environment = _find(public_id)
    form = MeasureForm(request.POST, prefix=name)
    typed: dict[str, Any] = {f"{name}_form": form}
    if not form.is_valid():
        return _show(request, environment, status=422, **typed)
    try:
        measure(
            environment_id=environment.pk, actor=request.user, reason=form.cleaned_data["reason"]
        )
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
        return _show(request, _find(public_id), status=409, **typed)
    messages.success(request, done)
    return redirect("admin:sandbox_environment_page", public_id)


@access(is_operator)
@require_POST
def restore_confirm(request: AuthenticatedRequest) -> HttpResponse:
    try:
        services.confirm_restore(actor=request.user)
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("Confirmed. The portal removes and ends again what is due."))
    return redirect("admin:sandbox_operations")


@access(is_operator)
@require_http_methods(["GET", "HEAD", "POST"])
def stray_settle(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """What the engine keeps is deleted there by hand, and that is said here."""
    stray = get_object_or_404(Stray, pk=pk)
    form = MeasureForm(request.POST if request.method == "POST" else None)
    status = 422 if form.errors else 200
    if form.is_valid():
        try:
            services.settle_remains(
                stray_id=stray.pk, actor=request.user, reason=form.cleaned_data["reason"]
            )
        except TransitionNotAllowed as error:
            # The reason stays: it may belong to what comes next.
            form.add_error(None, str(error))
            status = 409
        else:
            messages.success(request, _("Confirmed. The proof of deletion says when."))
            return redirect("admin:sandbox_operations")
    context = {
        **admin.site.each_context(request),
        "title": _("Confirm the deletion"),
        "of": stray.name,
        "text": _(
            "The engine keeps data of this environment and the portal may not delete it. Delete it at the engine "
            "first. What you confirm stands in the proof of deletion."
        ),
        "detail": stray.detail,
        "button": _("Its data is deleted"),
        "back": reverse("admin:sandbox_operations"),
        "form": form,
    }
    return render(request, "admin/sandbox/measure.html", context, status=status)


def _find(public_id: UUID) -> Environment:
    return get_object_or_404(
        Environment.objects.select_related(
            "booking__blueprint_version__blueprint", "booking__organisation", "slot__pool"
        ),
        public_id=public_id,
    )


def _show(
    request: AuthenticatedRequest,
    environment: Environment,
    *,
    end_form: MeasureForm | None = None,
    quarantine_form: QuarantineForm | None = None,
    release_form: MeasureForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """``end_form``, ``quarantine_form``, ``release_form``: with their errors, or with a text that came too late."""
    state = EnvironmentState(environment.state)
    allowed = Environment.ALLOWED
    is_kept = state == EnvironmentState.QUARANTINED
    may_end = not environment.is_final and (environment.desired == Desired.PRESENT or is_kept)
    may_quarantine = state in allowed[EnvironmentAction.QUARANTINE] and not environment.is_by_hand
    why_not_released = services.why_not_released(environment) if is_kept else ""
    may_release = is_kept and not why_not_released
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "environment": environment,
        "booking": environment.booking,
        "product": environment.booking.blueprint_version.blueprint,
        "badge": BADGES.get(state, "info"),
        "events": environment.events.select_related("actor"),
        "measures": environment.measures.select_related("actor"),
        "may_retry": environment.is_final and environment.booking.can(BookingAction.RETRY),
        "may_forget": state in allowed[EnvironmentAction.ABANDON],
        "end_form": end_form or (MeasureForm(prefix="end") if may_end else None),
        "quarantine_form": quarantine_form
        or (QuarantineForm(prefix="quarantine") if may_quarantine else None),
        "release_form": release_form or (MeasureForm(prefix="release") if may_release else None),
        "why_not_released": why_not_released,
        "faulty_form": end_form or quarantine_form or release_form,
    }
    return render(request, "admin/sandbox/environment.html", context, status=status)


def addresses(wrap: Callable[..., Any]) -> list[URLPattern]:
    """Below the list of environments. ``wrap``: the admin's, which asks for the second factor."""
    one = "<uuid:public_id>/"
    prefix = "sandbox_environment"
    return [
        path("operations/", wrap(operations_page), name="sandbox_operations"),
        path("operations/strays/<int:pk>/", wrap(stray_settle), name="sandbox_stray_settle"),
        path("operations/confirm/", wrap(restore_confirm), name="sandbox_restore_confirm"),
        path(one, wrap(environment_page), name=f"{prefix}_page"),
        path(f"{one}retry/", wrap(environment_retry), name=f"{prefix}_retry"),
        path(f"{one}end/", wrap(environment_end), name=f"{prefix}_end"),
        path(f"{one}quarantine/", wrap(environment_quarantine), name=f"{prefix}_quarantine"),
        path(f"{one}release/", wrap(environment_release), name=f"{prefix}_release"),
    ]
