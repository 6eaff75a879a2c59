"""Saving the configuration of an environment, and taking along what was saved."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from osk_portal.toolkit import clock
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access
from osk_portal.toolkit.downloads import download
from osk_portal.toolkit.encryption import CannotDecrypt
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import permissions, services
from sandbox.models import Booking, Snapshot
from sandbox.phases import phase_of
from sandbox.views.bookings import snapshots_of, visible_booking


def _booking(request: AuthenticatedRequest, public_id: UUID) -> Booking:
    """404 for a stranger, 403 for who only sees that it exists."""
    booking = visible_booking(request, public_id)
    if not permissions.can_take_along(request.user, booking):
        raise PermissionDenied
    return booking


def _snapshot(booking: Booking, snapshot_id: UUID) -> Snapshot:
    return get_object_or_404(Snapshot.objects.of(booking), public_id=snapshot_id)


def _to_the_list(booking: Booking) -> HttpResponse:
    return redirect(f"{booking.get_absolute_url()}#sicherung")


@require_POST
@access(LOGIN)
def snapshot_ask(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    booking = _booking(request, public_id)
    try:
        services.ask_snapshot(booking_id=booking.pk, actor=request.user)
    except services.TooManySnapshots:
        messages.info(
            request, _("As many copies as possible are kept already. Delete one of them first.")
        )
    except TransitionNotAllowed:
        messages.info(
            request,
            _("The configuration is being saved already, or cannot be saved at the moment."),
        )
    else:
        messages.success(request, _("We save the configuration. That takes a moment."))
    return _to_the_list(booking)


@require_GET
@access(LOGIN)
def snapshot_progress(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The list, for htmx; ``seen`` is what the page shows already. Nothing new: 204."""
    booking = _booking(request, public_id)
    context = snapshots_of(request.user, booking, phase_of(booking, now=clock.now()))
    if request.GET.get("seen") == context["snapshots_seen"]:
        return HttpResponse(status=204)
    return render(request, "sandbox/_snapshots.html", {"booking": booking, **context})


@require_POST
@access(LOGIN)
def snapshot_fetch(
    request: AuthenticatedRequest, public_id: UUID, snapshot_id: UUID
) -> HttpResponseBase:
    """Saved, never shown; a line of the history says who has it."""
    booking = _booking(request, public_id)
    snapshot = _snapshot(booking, snapshot_id)
    try:
        content = services.fetch_snapshot(snapshot_id=snapshot.pk, actor=request.user)
    except TransitionNotAllowed:
        messages.info(request, _("This copy is not there at the moment, or no longer."))
        return _to_the_list(booking)
    except CannotDecrypt:
        messages.error(request, _("This copy cannot be read any more. Ask the OSK for help."))
        return _to_the_list(booking)
    moment = (snapshot.taken_at or snapshot.asked_at).astimezone(clock.BERLIN)
    slug = booking.blueprint_version.blueprint.slug
    response = download(content, f"{slug}-{moment:%Y-%m-%d-%H%M}.zip")
    response["Content-Length"] = str(snapshot.size)
    return response


@require_POST
@access(LOGIN)
def snapshot_delete(
    request: AuthenticatedRequest, public_id: UUID, snapshot_id: UUID
) -> HttpResponse:
    booking = _booking(request, public_id)
    snapshot = _snapshot(booking, snapshot_id)
    try:
        services.delete_snapshot(snapshot_id=snapshot.pk, actor=request.user)
    except TransitionNotAllowed:
        messages.info(request, _("This copy has been deleted already."))
    else:
        messages.success(request, _("The copy is deleted."))
    return _to_the_list(booking)
