"""Who tests along: chosen by who booked, answered by who is asked."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from osk_portal.pages.limits import TOO_OFTEN, within_limit
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import permissions
from sandbox.models import Booking, TestParticipant
from sandbox.people_forms import GuestForm, PersonForm
from sandbox.services.participants import (
    CannotInvite,
    answer_invitation,
    invite_guest,
    invite_person,
    remove_participant,
    renew_guest_link,
)
from sandbox.views.bookings import booking_crumbs, visible_booking


@require_http_methods(["GET", "POST"])
@access(LOGIN)
def people_edit(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Two forms on a page; the button that was pressed says which."""
    booking = _changeable(request, public_id)
    is_guest = "guest" in request.POST
    person_form = PersonForm(request.POST if request.method == "POST" and not is_guest else None)
    guest_form = GuestForm(request.POST if is_guest else None)
    form = guest_form if is_guest else person_form
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            status = _invited(request, booking, form)
            if status == 302:
                return redirect("sandbox:people_edit", booking.public_id)
    context = {
        "booking": booking,
        "product": booking.blueprint_version.blueprint,
        "people": list(booking.participants.open().select_related("user")),
        "person_form": person_form,
        "guest_form": guest_form,
        "shown_form": form,
        "crumbs": booking_crumbs(booking, _("Participants")),
    }
    return render(request, "sandbox/people.html", context, status=status)


def _invited(request: AuthenticatedRequest, booking: Booking, form: PersonForm | GuestForm) -> int:
    """The status of the answer: 302 where it went well, else the form says why not."""
    if not within_limit(request, "sandbox_invite", key=str(request.user.pk)):
        form.add_error(None, TOO_OFTEN)
        return 429
    try:
        _invite(request, booking, form)
    except CannotInvite as error:
        form.add_error(error.field or None, str(error.text))
        return 422
    except TransitionNotAllowed as error:
        form.add_error(None, str(error))
        return 409
    return 302


def _changeable(request: AuthenticatedRequest, public_id: UUID) -> Booking:
    booking = visible_booking(request, public_id)
    if not permissions.can_change(request.user, booking):
        raise PermissionDenied
    return booking


def _invite(request: AuthenticatedRequest, booking: Booking, form: PersonForm | GuestForm) -> None:
    if isinstance(form, GuestForm):
        invite_guest(
            booking_id=booking.pk,
            actor=request.user,
            name=form.cleaned_data["name"],
            email=form.cleaned_data["email"],
        )
        messages.success(request, _("The guest gets a personal link by email."))
        return
    invited = invite_person(
        booking_id=booking.pk, actor=request.user, email=form.cleaned_data["email"]
    )
    text = (
        _("The person takes part and is told by email.")
        if invited.is_in
        else _("The person is asked by email.")
    )
    messages.success(request, text)


@require_POST
@access(LOGIN)
def participant_remove(
    request: AuthenticatedRequest, public_id: UUID, participant_id: UUID
) -> HttpResponse:
    booking = _changeable(request, public_id)
    participant = get_object_or_404(booking.participants, public_id=participant_id)
    remove_participant(participant_id=participant.pk, actor=request.user)
    messages.success(request, _("The person no longer takes part."))
    return redirect("sandbox:people_edit", booking.public_id)


@require_POST
@access(LOGIN)
def guest_renew(
    request: AuthenticatedRequest, public_id: UUID, participant_id: UUID
) -> HttpResponse:
    booking = _changeable(request, public_id)
    participant = get_object_or_404(booking.participants, public_id=participant_id, user=None)
    if not within_limit(request, "sandbox_invite", key=str(request.user.pk)):
        return render(request, "429.html", status=429)
    try:
        renew_guest_link(participant_id=participant.pk, actor=request.user)
    except TransitionNotAllowed as error:
        messages.info(request, str(error))
    else:
        messages.success(request, _("The guest gets a new link. The older one is no longer valid."))
    return redirect("sandbox:people_edit", booking.public_id)


@require_POST
@access(LOGIN)
def invitation_answer(request: AuthenticatedRequest, participant_id: UUID) -> HttpResponse:
    """``accept`` or ``decline``, by the button."""
    visible = TestParticipant.objects.visible_to(request.user)
    participant = get_object_or_404(visible, public_id=participant_id)
    accepts = "accept" in request.POST
    try:
        answer_invitation(participant_id=participant.pk, actor=request.user, accepts=accepts)
    except TransitionNotAllowed as error:
        messages.info(request, str(error))
        return redirect("pages:my_area")
    if accepts:
        messages.success(request, _("You take part in the test."))
        return redirect(participant)
    messages.success(request, _("You do not take part in the test."))
    return redirect("pages:my_area")
