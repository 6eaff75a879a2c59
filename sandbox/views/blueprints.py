"""Pages about test products."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from osk_portal.toolkit import clock
from osk_portal.toolkit.access import PUBLIC, access
from sandbox import capacity
from sandbox.models import Blueprint, Booking
from sandbox.phases import phase_of
from sandbox.views.bookings import state_of
from sandbox.windows import end_after


@require_GET
@access(PUBLIC)
def blueprint_list(request: HttpRequest) -> HttpResponse:
    context = {
        "blueprints": Blueprint.objects.published().select_related("solution"),
        "bookings": _own_bookings(request),
        "crumbs": [(_("Test environment"), None)],
    }
    return render(request, "sandbox/blueprint_list.html", context)


def _own_bookings(request: HttpRequest) -> list[dict[str, object]]:
    if not request.user.is_authenticated:
        return []
    now = clock.now()
    rows = Booking.objects.visible_to(request.user).with_details()[:50]
    return [
        {"booking": booking, **state_of(booking, phase_of(booking, now=now))} for booking in rows
    ]


@require_GET
@access(PUBLIC)
def blueprint_detail(request: HttpRequest, slug: str) -> HttpResponse:
    blueprint = published_blueprint(slug)
    now = clock.now()
    end = end_after(now, 1)
    context = {
        "blueprint": blueprint,
        "free": capacity.free_slots(blueprint.pool, now, end),
        "next_free": capacity.next_free(blueprint.pool, now, end),
        "crumbs": [
            (_("Test environment"), reverse("sandbox:blueprint_list")),
            (blueprint.name, None),
        ],
    }
    return render(request, "sandbox/blueprint_detail.html", context)


def published_blueprint(slug: str) -> Blueprint:
    published = Blueprint.objects.published().select_related("pool", "solution")
    return get_object_or_404(published, slug=slug)
