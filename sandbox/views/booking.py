"""Booking a test product, or waiting for a place."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from network.models import Organisation
from osk_portal.toolkit import clock
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import capacity, permissions, quotas, services
from sandbox.booking_times import first_choice, offer_times, show_error
from sandbox.forms import BookingForm, WaitForm
from sandbox.models import Blueprint, WaitlistEntry
from sandbox.opening import why_closed
from sandbox.views.blueprints import visible_blueprint


@require_http_methods(["GET", "POST"])
@access(LOGIN)
def booking_create(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """``?tag=2026-12-01``: a day of the month table, chosen already."""
    blueprint = visible_blueprint(request.user, slug)
    organisations = permissions.bookable_organisations(request.user, blueprint)
    refused = _refusal(request, blueprint, organisations)
    if refused is not None:
        return refused
    form = BookingForm(
        data=request.POST if request.method == "POST" else None,
        blueprint=blueprint,
        organisations=organisations,
    )
    times = offer_times(form, blueprint)
    form.initial = first_choice(request.GET.get("tag", ""), times) | {"form_id": uuid4()}
    if form.is_valid():
        try:
            booking = services.book(
                user=request.user,
                organisation=form.cleaned_data["organisation"],
                blueprint=blueprint,
                start=form.cleaned_data["start"],
                end=form.cleaned_data["end"],
                purpose=form.cleaned_data["purpose"],
                goals=form.cleaned_data["goals"],
                form_id=form.cleaned_data["form_id"],
            )
        except capacity.CannotBook as error:
            show_error(form, error)
        except TransitionNotAllowed as error:
            form.add_error(None, str(error))
        else:
            return redirect(booking)
    organisation = organisations[0] if len(organisations) == 1 else None
    context = {
        "form": form,
        "blueprint": blueprint,
        "organisation": organisation,
        "quota": _quota(organisation),
        **times,
        "entry": _entry(request, blueprint),
        "crumbs": crumbs_of(blueprint, _("Book")),
    }
    return render(request, "sandbox/booking_create.html", context)


def crumbs_of(blueprint: Blueprint, last: str) -> list[tuple[str, str | None]]:
    return [
        (_("Test environment"), reverse("sandbox:blueprint_list")),
        (blueprint.name, blueprint.get_absolute_url()),
        (last, None),
    ]


def _refusal(
    request: AuthenticatedRequest, blueprint: Blueprint, organisations: list[Organisation]
) -> HttpResponse | None:
    """Who may not book reads why; what cannot be booked leads back."""
    if not organisations:
        context: dict[str, Any] = {
            "blueprint": blueprint,
            "crumbs": crumbs_of(blueprint, _("Book")),
        }
        return render(request, "sandbox/not_entitled.html", context, status=403)
    # What was typed is not lost to a block: the service refuses it, and the form says why.
    if not blueprint.is_open and request.method != "POST":
        messages.info(request, why_closed(blueprint))
        return redirect(blueprint)
    return None


def _quota(organisation: Organisation | None) -> dict[str, int] | None:
    """How much of its quota the organisation uses now and in this quarter."""
    if organisation is None:
        return None
    quarter = quotas.quarter_of(clock.today())
    limits = quotas.limits_of(organisation)
    return {
        "held": quotas.held_now(organisation),
        "concurrent": limits.concurrent,
        "days": quotas.used_days(organisation, [quarter])[quarter],
        "days_per_quarter": limits.days_per_quarter,
    }


def _entry(request: AuthenticatedRequest, blueprint: Blueprint) -> WaitlistEntry | None:
    mine = WaitlistEntry.objects.visible_to(request.user).open()
    return mine.filter(blueprint=blueprint).select_related("booking").first()


@require_http_methods(["GET", "POST"])
@access(LOGIN)
def waitlist_join(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    blueprint = visible_blueprint(request.user, slug)
    organisations = permissions.bookable_organisations(request.user, blueprint)
    refused = _refusal(request, blueprint, organisations)
    if refused is not None:
        return refused
    form = WaitForm(
        data=request.POST if request.method == "POST" else None,
        blueprint=blueprint,
        organisations=organisations,
    )
    if form.is_valid():
        try:
            services.join_waitlist(
                user=request.user,
                organisation=form.cleaned_data["organisation"],
                blueprint=blueprint,
                days=form.cleaned_data["days"],
                purpose=form.cleaned_data["purpose"],
            )
        except TransitionNotAllowed as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request,
                _("You are on the waitlist. As soon as a place is free, we offer it to you."),
            )
            return redirect("sandbox:blueprint_list")
    context = {
        "form": form,
        "blueprint": blueprint,
        "organisation": organisations[0] if len(organisations) == 1 else None,
        "waiting": WaitlistEntry.objects.waiting().filter(blueprint=blueprint).count(),
        "entry": _entry(request, blueprint),
        "crumbs": crumbs_of(blueprint, _("Waitlist")),
    }
    return render(request, "sandbox/waitlist_join.html", context)


@require_POST
@access(LOGIN)
def waitlist_leave(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Leave every turn that one has for the product; an offer is answered on its own page."""
    blueprint = visible_blueprint(request.user, slug)
    mine = WaitlistEntry.objects.visible_to(request.user).filter(blueprint=blueprint)
    left = 0
    for entry in mine.waiting():
        try:
            services.leave_waitlist(entry_id=entry.pk, actor=request.user)
        except TransitionNotAllowed:
            continue  # has an offer since a moment ago
        left += 1
    if left:
        messages.success(request, _("You have left the waitlist."))
    else:
        messages.info(request, _("You are not on this waitlist."))
    return redirect("sandbox:blueprint_list")
