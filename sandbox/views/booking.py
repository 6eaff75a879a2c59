"""Booking a test product."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from osk_portal.templatetags.osk import berlin_datetime
from osk_portal.toolkit import clock
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import capacity, permissions, services
from sandbox.forms import BookingForm, later_at
from sandbox.views.blueprints import published_blueprint
from sandbox.windows import end_after


@require_http_methods(["GET", "POST"])
@access(LOGIN)
def booking_create(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    blueprint = published_blueprint(slug)
    crumbs = [
        (_("Test environment"), reverse("sandbox:blueprint_list")),
        (blueprint.name, blueprint.get_absolute_url()),
        (_("Book"), None),
    ]
    organisations = permissions.bookable_organisations(request.user)
    if not organisations:
        context: dict[str, Any] = {"blueprint": blueprint, "crumbs": crumbs}
        return render(request, "sandbox/not_entitled.html", context, status=403)
    if not blueprint.is_bookable:
        messages.info(request, _("This test product cannot be booked at the moment."))
        return redirect(blueprint)
    now = clock.now()
    free = capacity.next_free(blueprint.pool, now, end_after(now, 1))
    form = BookingForm(
        data=request.POST if request.method == "POST" else None,
        blueprint=blueprint,
        organisations=organisations,
        initial={"when": BookingForm.NOW} if free in (None, now) else later_at(free),
    )
    if form.is_valid():
        try:
            booking = services.book(
                user=request.user,
                organisation=form.cleaned_data["organisation"],
                blueprint=blueprint,
                start=form.cleaned_data["start"],
                end=form.cleaned_data["end"],
                purpose=form.cleaned_data["purpose"],
            )
        except capacity.NoFreeSlot as error:
            form.add_error("when", _no_free_slot(error))
        except (capacity.QuotaExceeded, TransitionNotAllowed) as error:
            form.add_error(None, str(error))
        else:
            return redirect(booking)
    context = {
        "form": form,
        "blueprint": blueprint,
        "organisation": organisations[0] if len(organisations) == 1 else None,
        "next_free": free if free not in (None, now) else None,
        "has_place": free is not None,
        "crumbs": crumbs,
    }
    return render(request, "sandbox/booking_create.html", context)


def _no_free_slot(error: capacity.NoFreeSlot) -> str:
    if error.next_free is None:
        return _("This time is no longer free. Choose another one.")
    return _("This time is no longer free. Choose another one. The next free time is %(next)s.") % {
        "next": berlin_datetime(error.next_free)
    }
