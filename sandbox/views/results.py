"""What came out: given to the OSK for the request, shown on the page of the solution, taken back."""

from __future__ import annotations

from typing import TypedDict
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from osk_portal.toolkit import clock
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import permissions
from sandbox.models import Booking, PublishedResult
from sandbox.people_forms import PublishForm
from sandbox.public_results import PublicResult
from sandbox.results import summary_of
from sandbox.services.publishing import give_result, publish_result, withdraw_result
from sandbox.views.bookings import booking_crumbs, files_at, readable_booking


class Chosen(TypedDict):
    text: str
    names_organisation: bool
    names_tasks: bool


@require_http_methods(["GET", "POST"])
@access(LOGIN)
def booking_result(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Two ways on, each with its own button: ``give``, ``take`` (to the OSK, back), ``preview`` and ``publish``.

    Published is only what stood in the preview (``consent``); anything else leads to a new preview.
    """
    booking = readable_booking(request, public_id)
    summary = summary_of(booking, list(booking.tasks.all()))
    if not summary.reports:
        messages.info(request, _("No test report is handed in yet."))
        return redirect(booking)
    published = PublishedResult.objects.filter(booking=booking).first()
    is_text = not request.POST.keys().isdisjoint({"preview", "publish"})
    form = PublishForm(
        request.POST if is_text else None,
        result=published,
        reports=summary.reports,
        is_by_osk=booking.is_by_osk,
        has_tasks=bool(summary.tasks),
    )
    moved, preview = "", None
    if request.method == "POST":
        try:
            if not is_text:
                return _give(request, booking)
            if form.is_valid():
                if "publish" in request.POST:
                    return _publish(request, booking, form)
                preview = PublicResult.made_of(booking, summary, **_chosen(form))
        except TransitionNotAllowed as error:
            moved = str(error)
            if is_text:
                preview = PublicResult.made_of(booking, summary, **_chosen(form))
    product = booking.blueprint_version.blueprint
    context = {
        "booking": booking,
        "product": product,
        "summary": summary,
        "published": published,
        "files_at": files_at(booking),
        "form": form,
        "preview": preview,
        "today": clock.now(),
        "moved": moved,
        "crumbs": booking_crumbs(booking, _("Test result")),
    }
    status = 409 if moved else 422 if form.errors else 200
    return render(request, "sandbox/booking_result.html", context, status=status)


def _give(request: AuthenticatedRequest, booking: Booking) -> HttpResponse:
    gives = "take" not in request.POST
    give_result(booking_id=booking.pk, actor=request.user, gives=gives)
    messages.success(
        request,
        _("The OSK can read the result in your request.")
        if gives
        else _("The OSK can no longer read the result."),
    )
    return redirect("sandbox:booking_result", booking.public_id)


def _publish(request: AuthenticatedRequest, booking: Booking, form: PublishForm) -> HttpResponse:
    publish_result(
        booking_id=booking.pk,
        actor=request.user,
        consent=request.POST.get("consent", ""),
        **_chosen(form),
    )
    messages.success(request, _("The result stands on the page of the solution."))
    return redirect("sandbox:booking_result", booking.public_id)


def _chosen(form: PublishForm) -> Chosen:
    data = form.cleaned_data
    return {
        "text": data["text"],
        "names_organisation": data.get("names_organisation", False),
        "names_tasks": data.get("names_tasks", False),
    }


@require_POST
@access(LOGIN)
def result_withdraw(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Back to where the button stood: the booking, or for who cannot read that, the solution."""
    shown = PublishedResult.objects.shown().select_related("booking__organisation", "solution")
    visible = Booking.objects.visible_to(request.user).values("pk")
    if not request.user.is_advisor:
        shown = shown.filter(booking__in=visible)
    result = get_object_or_404(shown, public_id=public_id)
    withdraw_result(booking_id=result.booking_id, actor=request.user)
    messages.success(request, _("The result no longer stands on the page of the solution."))
    if permissions.can_read(request.user, result.booking):
        return redirect(result.booking)
    return redirect(result.solution)
