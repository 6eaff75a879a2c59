"""A booking is changed: extended, moved, restarted, reset; an offer of the waitlist is answered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from osk_portal.notifications.rendering import absolute_url
from osk_portal.templatetags.osk import berlin_datetime
from osk_portal.toolkit import clock, ics
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import capacity, permissions, services
from sandbox.booking_times import error_text, offer_times, show_error
from sandbox.calendar_entries import entry_of
from sandbox.enums import BookingAction, BookingState
from sandbox.forms import ExtendForm, MoveForm
from sandbox.models import Booking
from sandbox.phases import current_environment
from sandbox.views.bookings import booking_crumbs, readable_booking, visible_booking
from sandbox.windows import end_after


def _to_change(request: AuthenticatedRequest, public_id: UUID) -> Booking:
    """404 for a stranger, 403 for who may only read."""
    booking = visible_booking(request, public_id)
    if not permissions.can_change(request.user, booking):
        raise PermissionDenied
    return booking


@require_http_methods(["GET", "POST"])
@access(LOGIN)
def booking_extend(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    booking = _to_change(request, public_id)
    longest, approved = services.latest_by_product(booking), booking.approved_end
    most = days_left(booking.ends_at, longest)
    if not booking.can(BookingAction.EXTEND) or booking.ends_at <= clock.now():
        messages.info(request, _("This booking can no longer be extended."))
        return redirect(booking)
    if not most:
        messages.info(request, _("This booking is as long as it may be already."))
        return redirect(booking)
    form = ExtendForm(
        data=request.POST if request.method == "POST" else None,
        most=most,
        initial={"sequence": booking.sequence},
    )
    if form.is_valid():
        if form.cleaned_data["sequence"] not in (None, booking.sequence):
            # Sent twice, or somebody else was faster: the days would be added to another end.
            messages.info(
                request,
                _("The time has been changed meanwhile. Please look at it first."),
            )
            return redirect(booking)
        end = end_after(booking.ends_at, form.cleaned_data["days"])
        end = min(end, longest)
        asks = approved is not None and end > approved
        act = services.ask_longer if asks else services.extend_booking
        try:
            act(booking_id=booking.pk, actor=request.user, end=end)
        except capacity.CannotBook as error:
            form.add_error("days", error_text(error))
        except TransitionNotAllowed as error:
            messages.info(request, str(error))
            return redirect(booking)
        else:
            text = (
                _("The OSK is asked for more time, until %(end)s.")
                if asks
                else _("Extended until %(end)s.")
            )
            messages.success(request, text % {"end": berlin_datetime(end)})
            return redirect(booking)
    held = booking.allocations.held().select_related("slot__pool").first()
    context = {
        "booking": booking,
        "form": form,
        "longest": longest,
        "approved": approved if approved is not None and approved < longest else None,
        "latest": earlier(capacity.latest_end(held) if held else None, longest),
        "crumbs": booking_crumbs(booking, _("Extend")),
    }
    return render(request, "sandbox/booking_extend.html", context)


def earlier(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)


def days_left(end: datetime, longest: datetime) -> int:
    """Whole days from ``end`` up to ``longest``."""
    days = 0
    while end_after(end, days + 1) <= longest:
        days += 1
    return days


@require_http_methods(["GET", "POST"])
@access(LOGIN)
def booking_move(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    booking = _to_change(request, public_id)
    if not services.can_move(booking, current_environment(booking)):
        messages.info(request, _("The time of this booking can no longer be changed."))
        return redirect(booking)
    blueprint = booking.blueprint_version.blueprint
    form = MoveForm(
        data=request.POST if request.method == "POST" else None,
        blueprint=blueprint,
        organisation=None if booking.is_outside_quota else booking.organisation,
    )
    # Only an application still waits for the OSK (services.move_booking asks the same).
    is_asked = booking.state == BookingState.REQUESTED
    times = offer_times(
        form,
        blueprint,
        is_approved=not is_asked,
        version=booking.blueprint_version,
        asked_at=booking.created_at if is_asked else None,
    )
    form.initial = _present(booking)
    if form.is_valid():
        try:
            services.move_booking(
                booking_id=booking.pk,
                actor=request.user,
                start=form.cleaned_data["start"],
                end=form.cleaned_data["end"],
            )
        except capacity.CannotBook as error:
            show_error(form, error)
        except TransitionNotAllowed as error:
            messages.info(request, str(error))
            return redirect(booking)
        else:
            messages.success(request, _("The time of your booking is changed."))
            return redirect(booking)
    context = {
        "booking": booking,
        "product": blueprint,
        "form": form,
        **times,
        "crumbs": booking_crumbs(booking, _("Change the time")),
    }
    return render(request, "sandbox/booking_move.html", context)


def _present(booking: Booking) -> dict[str, Any]:
    local = booking.starts_at.astimezone(clock.BERLIN)
    return {
        "when": MoveForm.LATER,
        "start_date": local.date(),
        "start_time": local.time().replace(second=0, microsecond=0),
        "days": max(1, (booking.ends_at.astimezone(clock.BERLIN).date() - local.date()).days),
    }


@require_http_methods(["GET", "POST"])
@access(LOGIN)
def booking_restart(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _steer(
        request,
        public_id,
        services.restart_environment,
        "sandbox/booking_restart.html",
        _("Restart"),
        _("We are restarting the environment. Your data stay."),
    )


@require_http_methods(["GET", "POST"])
@access(LOGIN)
def booking_reset(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _steer(
        request,
        public_id,
        services.reset_environment,
        "sandbox/booking_reset.html",
        _("Reset"),
        _("We delete what was entered and set up the environment anew."),
    )


def _steer(
    request: AuthenticatedRequest,
    public_id: UUID,
    act: Callable[..., object],
    template: str,
    name: str,
    done: str,
) -> HttpResponse:
    """A page that asks first, and the act."""
    booking = _to_change(request, public_id)
    status = 200
    if request.method == "POST":
        try:
            act(booking_id=booking.pk, actor=request.user)
        except services.BeingSaved:
            status = 409
        except TransitionNotAllowed as error:
            messages.info(request, str(error))
            return redirect(booking)
        else:
            messages.success(request, done)
            return redirect(booking)
    if not services.can_steer(booking, current_environment(booking)):
        messages.info(request, _("That is possible only while the environment runs."))
        return redirect(booking)
    context = {
        "booking": booking,
        "product": booking.blueprint_version.blueprint,
        "may_take": services.can_take(booking, current_environment(booking)),
        "is_being_saved": services.is_being_saved(booking),
        "crumbs": booking_crumbs(booking, name),
    }
    return render(request, template, context, status=status)


@require_POST
@access(LOGIN)
def offer_accept(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    booking = visible_booking(request, public_id)
    if booking.booked_by_id != request.user.pk:
        raise PermissionDenied
    try:
        services.accept_offer(booking_id=booking.pk, actor=request.user)
    except (TransitionNotAllowed, capacity.CannotBook) as error:
        messages.info(request, str(error))
    else:
        messages.success(request, _("You have accepted the place."))
    return redirect(booking)


@require_safe
@access(LOGIN)
def booking_calendar(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """What was promised, as a file for a calendar."""
    booking = readable_booking(request, public_id)
    if booking.state not in (BookingState.APPROVED, BookingState.ACTIVE):
        raise Http404
    entry = entry_of(booking, absolute_url(booking.get_absolute_url()))
    response = HttpResponse(
        ics.published([entry], at=clock.now()), content_type="text/calendar; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="testumgebung.ics"'
    return response
