"""The OSK books for an event, outside the quota. For a request: consulting/admin/bookings.py."""

from __future__ import annotations

from uuid import uuid4

from django.contrib import admin, messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from network.models import Organisation
from osk_portal.toolkit.access import AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import capacity, permissions, services
from sandbox.booking_times import first_choice, offer_times, show_error
from sandbox.models import Blueprint
from sandbox.services.blueprints import TRIAL_ORGANISATION
from sandbox.staff_forms import EventBookingForm


@access(permissions.can_decide)
@require_safe
def event_products(request: AuthenticatedRequest) -> HttpResponse:
    """Which product?"""
    context = {
        **admin.site.each_context(request),
        "products": list(Blueprint.objects.bookable().order_by("name")),
    }
    return render(request, "admin/sandbox/event_products.html", context)


@access(permissions.can_decide)
@require_http_methods(["GET", "HEAD", "POST"])
def event_booking(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """``organisation``: who holds the event."""
    blueprint = get_object_or_404(
        Blueprint.objects.bookable().select_related("pool", "solution"), slug=slug
    )
    form = EventBookingForm(
        data=request.POST if request.method == "POST" else None,
        blueprint=blueprint,
        organisations=list(Organisation.objects.exclude(slug=TRIAL_ORGANISATION).order_by("name")),
    )
    times = offer_times(form, blueprint, is_approved=True)
    form.initial = first_choice("", times) | {"form_id": uuid4()}
    if form.is_valid():
        data = form.cleaned_data
        try:
            booking = services.book(
                user=request.user,
                organisation=data["organisation"],
                blueprint=blueprint,
                start=data["start"],
                end=data["end"],
                purpose=data["purpose"],
                goals=data["goals"],
                by_osk=True,
                occasion=data["occasion"],
                form_id=data["form_id"],
            )
        except capacity.CannotBook as error:
            show_error(form, error)
        except TransitionNotAllowed as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The test environment is booked."))
            return redirect(booking)
    context = {**admin.site.each_context(request), "form": form, "blueprint": blueprint, **times}
    status = 422 if form.errors else 200
    return render(request, "admin/sandbox/event_booking.html", context, status=status)
