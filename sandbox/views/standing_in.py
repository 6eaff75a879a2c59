"""Who stands in for a booking, who goes on with it, and how the Organisationsverwaltung takes it over."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from network.enums import MembershipState
from osk_portal.accounts.models import User
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import permissions, services
from sandbox.models import Booking
from sandbox.people_forms import DeputyForm, SuccessorForm, TakeOverForm
from sandbox.views.bookings import booking_crumbs, may_pass_on, readable_booking, visible_booking


@require_http_methods(["GET", "POST"])
@access(LOGIN)
def booking_deputy(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Two forms on a page; the button that was pressed says which."""
    booking = readable_booking(request, public_id)
    if not permissions.can_name_deputy(request.user, booking):
        raise PermissionDenied
    if not may_pass_on(request.user, booking):
        messages.info(request, _("This booking has ended already."))
        return redirect(booking)
    colleagues = _colleagues(booking)
    gives = "give" in request.POST
    deputy_form = DeputyForm(
        request.POST if request.method == "POST" and not gives else None,
        colleagues=colleagues,
        deputy=booking.deputy,
    )
    successor_form = SuccessorForm(request.POST if gives else None, colleagues=colleagues)
    form = successor_form if gives else deputy_form
    if request.method == "POST" and form.is_valid():
        try:
            return _pass_on(request, booking, form)
        except TransitionNotAllowed as error:
            form.add_error(form.field, str(error))
    context = {
        "booking": booking,
        "product": booking.blueprint_version.blueprint,
        "colleagues": colleagues,
        "deputy_form": deputy_form,
        "successor_form": successor_form,
        "shown_form": form,
        "crumbs": booking_crumbs(booking, _("Deputy and hand-over")),
    }
    status = 422 if form.errors else 200
    return render(request, "sandbox/booking_deputy.html", context, status=status)


def _colleagues(booking: Booking) -> list[User]:
    """Active members of the organisation, without who has booked."""
    members = User.objects.filter(
        memberships__organisation=booking.organisation_id,
        memberships__state=MembershipState.ACTIVE,
        is_active=True,
    )
    return list(members.exclude(pk=booking.booked_by_id).distinct().order_by("name", "email"))


def _pass_on(
    request: AuthenticatedRequest, booking: Booking, form: DeputyForm | SuccessorForm
) -> HttpResponse:
    person = form.person()
    if isinstance(form, DeputyForm):
        services.name_deputy(booking_id=booking.pk, actor=request.user, deputy=person)
        messages.success(
            request,
            _("%(name)s stands in now and is told by email.") % {"name": person}
            if person
            else _("Nobody stands in now."),
        )
        return redirect(booking)
    if person is None:
        raise PermissionDenied
    given = services.hand_over_booking(
        booking_id=booking.pk, person=booking.booked_by, successor=person, actor=request.user
    )
    if given is None:
        messages.info(request, _("The booking was changed meanwhile. Nothing was handed over."))
        return redirect("sandbox:blueprint_list")
    messages.success(
        request,
        _("%(name)s goes on with the test environment and is told by email.") % {"name": person},
    )
    return redirect("sandbox:blueprint_list")


@require_http_methods(["GET", "POST"])
@access(LOGIN)
def booking_take_over(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    booking = visible_booking(request, public_id)
    if permissions.is_on_the_side(request.user, booking):
        messages.info(request, _("You look after this test environment already."))
        return redirect(booking)
    if not permissions.can_take_over(request.user, booking):
        raise PermissionDenied
    form = TakeOverForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        services.take_over_booking(
            booking_id=booking.pk, actor=request.user, reason=form.cleaned_data["reason"]
        )
        messages.success(
            request, _("You look after this test environment now. Who booked it is told.")
        )
        return redirect(booking)
    context = {
        "booking": booking,
        "product": booking.blueprint_version.blueprint,
        "form": form,
        "crumbs": booking_crumbs(booking, _("Take over")),
    }
    status = 422 if form.errors else 200
    return render(request, "sandbox/booking_take_over.html", context, status=status)


@require_POST
@access(LOGIN)
def takeover_end(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    booking = readable_booking(request, public_id)
    services.end_takeover(booking_id=booking.pk, actor=request.user)
    messages.success(request, _("The take-over has ended."))
    return redirect(booking)
