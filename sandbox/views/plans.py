"""The test plan of a booking."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import permissions
from sandbox.enums import Outcome
from sandbox.models import TestTask
from sandbox.people_forms import PlanForm
from sandbox.results import Check
from sandbox.services.testing import PLAN_CLOSED, is_plan_open, set_plan
from sandbox.views.bookings import booking_crumbs, visible_booking


@require_http_methods(["GET", "POST"])
@access(LOGIN)
def plan_edit(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """All tasks in one form; ``more``: saved, and shown again with empty rows."""
    booking = visible_booking(request, public_id)
    if not permissions.can_change(request.user, booking):
        raise PermissionDenied
    if request.method != "POST" and not is_plan_open(booking):
        messages.info(request, PLAN_CLOSED)
        return redirect(booking)
    form = PlanForm(
        request.POST if request.method == "POST" else None, tasks=list(booking.tasks.all())
    )
    status, moved, now = 200, "", list[TestTask]()
    can_save = True
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                set_plan(
                    booking_id=booking.pk,
                    actor=request.user,
                    tasks=form.planned(),
                    base=form.cleaned_data["base"],
                )
            except TransitionNotAllowed as error:
                booking.refresh_from_db()
                moved, status, now = str(error), 409, list(booking.tasks.all())
                form.send_again_from(now)
                can_save = is_plan_open(booking)
            else:
                messages.success(request, _("The test plan is saved."))
                if "more" in request.POST:
                    return redirect("sandbox:plan_edit", booking.public_id)
                return redirect(booking)
    context = {
        "form": form,
        "booking": booking,
        "product": booking.blueprint_version.blueprint,
        "moved": moved,
        "can_save": can_save,
        "checks": [Check(task, Outcome.UNTESTED) for task in now],
        "crumbs": booking_crumbs(booking, _("Test plan")),
    }
    return render(request, "sandbox/plan_edit.html", context, status=status)
