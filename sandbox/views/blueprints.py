"""Pages about test products."""

from __future__ import annotations

from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.access import PUBLIC, access, no_store
from sandbox.models import Blueprint, Booking, WaitlistEntry
from sandbox.phases import phase_of, state_of
from sandbox.timetable import Timetable
from sandbox.windows import end_after

PAGE_SIZE: Final = 20


@require_GET
@access(PUBLIC)
def blueprint_list(request: HttpRequest) -> HttpResponse:
    context = {
        "blueprints": Blueprint.objects.visible_to(request.user).select_related(
            "solution", "organisation"
        ),
        **_own_bookings(request),
        "waiting": _own_turns(request),
        "crumbs": [(_("Test environment"), None)],
    }
    return render(request, "sandbox/blueprint_list.html", context)


def _own_bookings(request: HttpRequest) -> dict[str, object]:
    """By pages: the proof of deletion is still asked for years later."""
    if not request.user.is_authenticated:
        return {"bookings": [], "page": None}
    now = clock.now()
    rows = Booking.objects.visible_to(request.user).with_details()
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    shown = [
        {"booking": booking, **state_of(booking, phase_of(booking, now=now))} for booking in page
    ]
    return {"bookings": shown, "page": page}


def _own_turns(request: HttpRequest) -> list[WaitlistEntry]:
    """Where one waits; an offer stands among the bookings."""
    if not request.user.is_authenticated:
        return []
    mine = WaitlistEntry.objects.visible_to(request.user).waiting()
    return list(mine.select_related("blueprint", "organisation")[:50])


@require_GET
@access(PUBLIC)
def blueprint_detail(request: HttpRequest, slug: str) -> HttpResponse:
    blueprint = visible_blueprint(request.user, slug)
    now = clock.now()
    end = end_after(now, 1)
    table = Timetable(blueprint.pool, now)
    context = {
        "blueprint": blueprint,
        "free": table.free_places(now, end),
        "next_free": table.next_free(now, end - now),
        "crumbs": [
            (_("Test environment"), reverse("sandbox:blueprint_list")),
            (blueprint.name, None),
        ],
    }
    response = render(request, "sandbox/blueprint_detail.html", context)
    return no_store(response) if blueprint.is_prototype else response


def visible_blueprint(user: User | AnonymousUser, slug: str) -> Blueprint:
    """404 for a prototype of somebody else's, as for what is not there."""
    visible = Blueprint.objects.visible_to(user).select_related("pool", "solution", "organisation")
    return get_object_or_404(visible, slug=slug)
