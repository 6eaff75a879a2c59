"""Test environments of a case: link one of the authority's, or take the link away."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from consulting import queues, services
from consulting.admin.common import case_frame, find_case, page, queue_of
from consulting.booking_forms import LinkBookingForm
from osk_portal.accounts.permissions import is_advisor
from osk_portal.toolkit.access import AuthenticatedRequest, access
from sandbox.models import Booking


@access(is_advisor)
@require_http_methods(["GET", "HEAD", "POST"])
def booking_link(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    case = find_case(request.user, public_id)
    form = LinkBookingForm(case=case, data=request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        services.link_booking(
            case_id=case.pk, actor=request.user, booking=form.cleaned_data["booking"]
        )
        messages.success(request, _("The test environment is linked."))
        return redirect(queues.case_url(case, queue_of(request)))
    status = 422 if form.is_bound else 200
    context = {**case_frame(request, case), "form": form}
    return page(request, "booking_link.html", context, status=status)


@access(is_advisor)
@require_POST
def booking_unlink(
    request: AuthenticatedRequest, public_id: UUID, booking_id: UUID
) -> HttpResponse:
    case = find_case(request.user, public_id)
    booking = Booking.objects.filter(public_id=booking_id).first()
    if booking is not None:  # gone already: that is what was wanted
        services.unlink_booking(case_id=case.pk, actor=request.user, booking=booking)
    return redirect(queues.case_url(case, queue_of(request)))
