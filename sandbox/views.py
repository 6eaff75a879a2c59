"""Pages: products, booking, progress, hand-over, end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from osk_portal.templatetags.osk import berlin_datetime, long_date
from osk_portal.toolkit import clock
from osk_portal.toolkit.access import LOGIN, PUBLIC, AuthenticatedRequest, access
from osk_portal.toolkit.encryption import CannotDecrypt
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import capacity, permissions, progress, services
from sandbox.enums import BookingAction, BookingState, Phase
from sandbox.forms import BookingForm, later_at
from sandbox.models import Blueprint, Booking, Credential
from sandbox.phases import PHASES, current_environment, phase_of
from sandbox.windows import end_after

POLLING = (Phase.PROVISIONING, Phase.REMOVING, Phase.DISTURBED)
"""Phases that pass by themselves within minutes: the page may ask again."""


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
    return [{"booking": booking, **_state(booking, phase_of(booking, now=now))} for booking in rows]


def _state(booking: Booking, phase: Phase) -> dict[str, object]:
    """The words and the badge of a phase."""
    environment = current_environment(booking)
    since = environment.gone_at if environment else booking.ended_at
    shown = PHASES[phase]
    values = {"end": berlin_datetime(booking.ends_at), "since": berlin_datetime(since)}
    return {"phase": phase, "badge": shown.badge, "text": str(shown.text) % values}


@require_GET
@access(PUBLIC)
def blueprint_detail(request: HttpRequest, slug: str) -> HttpResponse:
    blueprint = _blueprint(slug)
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


def _blueprint(slug: str) -> Blueprint:
    published = Blueprint.objects.published().select_related("pool", "solution")
    return get_object_or_404(published, slug=slug)


@require_http_methods(["GET", "POST"])
@access(LOGIN)
def booking_create(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    blueprint = _blueprint(slug)
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


@require_GET
@access(LOGIN)
def booking_detail(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    booking = _booking(request, public_id)
    return render(request, "sandbox/booking_detail.html", _details(request, booking))


def _booking(request: AuthenticatedRequest, public_id: UUID) -> Booking:
    visible = Booking.objects.visible_to(request.user).with_details()
    return get_object_or_404(visible, public_id=public_id)


@dataclass(frozen=True)
class Login:
    """A line of the hand-over; ``secret`` only in the answer to "show"."""

    credential: Credential
    secret: str = ""


def _details(
    request: AuthenticatedRequest, booking: Booking, revealed: Mapping[int, str] | None = None
) -> dict[str, Any]:
    environment = current_environment(booking)
    phase = phase_of(booking, now=clock.now())
    events = list(environment.events.select_related("actor")) if environment else []
    steps = progress.steps_of(booking, events)
    product = booking.blueprint_version.blueprint
    is_open = phase in (Phase.READY, Phase.EXPIRING, Phase.DISTURBED)
    return {
        "booking": booking,
        "product": product,
        "environment": environment,
        "events": events,
        "steps": steps,
        "steps_done": progress.count_done(steps),
        "is_open": is_open,
        "is_polling": phase in POLLING,
        "is_over": phase in (Phase.ENDED, Phase.REMOVING, Phase.CANCELLED),
        "logins": [
            Login(credential, (revealed or {}).get(credential.pk, ""))
            for credential in (environment.credentials.all() if environment and is_open else ())
        ],
        "proofs": list(environment.proofs.all()) if environment and not is_open else [],
        "may_reveal": permissions.can_see_credentials(request.user, booking),
        "may_end": booking.can(BookingAction.CANCEL) and permissions.can_end(request.user, booking),
        "end_in_words": long_date(booking.ends_at),
        "now": clock.now(),
        "crumbs": [
            (_("Test environment"), reverse("sandbox:blueprint_list")),
            (product.name, None),
        ],
        **_state(booking, phase),
    }


@require_GET
@access(LOGIN)
def booking_progress(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The changing part of the page, for htmx; ``seen`` is what it shows already.

    Nothing new: 204, so that nothing is announced. Past the set-up or the removal: load the page anew.
    """
    booking = _booking(request, public_id)
    context = _details(request, booking)
    if not context["is_polling"] or request.GET.get("phase") != context["phase"]:
        response = HttpResponse(status=204)
        response["HX-Refresh"] = "true"
        return response
    if request.GET.get("seen") == str(context["steps_done"]):
        return HttpResponse(status=204)
    return render(request, "sandbox/_progress.html", {**context, "is_update": True})


@require_POST
@access(LOGIN)
def credential_reveal(
    request: AuthenticatedRequest, public_id: UUID, credential_id: UUID
) -> HttpResponse:
    """Answers with the page itself: a redirect could not carry the password anywhere safe."""
    booking = _booking(request, public_id)
    credential = get_object_or_404(
        Credential, public_id=credential_id, environment__booking=booking
    )
    if not permissions.can_see_credentials(request.user, booking):
        raise PermissionDenied
    try:
        plain = services.reveal_credential(credential_id=credential.pk, actor=request.user)
    except TransitionNotAllowed:
        messages.info(request, _("This password no longer exists: the environment has ended."))
        return redirect(booking)
    except CannotDecrypt:
        messages.error(request, _("The password cannot be shown. Ask the OSK for help."))
        return redirect(booking)
    context = _details(request, booking, {credential.pk: plain})
    return render(request, "sandbox/booking_detail.html", context)


@require_http_methods(["GET", "POST"])
@access(LOGIN)
def booking_end(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    booking = _booking(request, public_id)
    if not permissions.can_end(request.user, booking):
        raise PermissionDenied
    if request.method == "POST":
        try:
            services.end_booking(booking_id=booking.pk, actor=request.user)
        except TransitionNotAllowed as error:
            messages.info(request, str(error))
        else:
            messages.success(request, _("The booking has ended. We are deleting the environment."))
        return redirect(booking)
    if not booking.can(BookingAction.CANCEL):
        messages.info(request, _("This booking has ended already."))
        return redirect(booking)
    product = booking.blueprint_version.blueprint
    context = {
        "booking": booking,
        "product": product,
        "was_handed_over": booking.state == BookingState.ACTIVE,
        "crumbs": [
            (_("Test environment"), reverse("sandbox:blueprint_list")),
            (product.name, booking.get_absolute_url()),
            (_("End"), None),
        ],
    }
    return render(request, "sandbox/booking_end.html", context)
