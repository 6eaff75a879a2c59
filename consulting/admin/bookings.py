"""Test environments of a case: book one, link one of the authority's, or take the link away; what came out."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consulting import booked, permissions, queues, services
from consulting.admin.common import case_frame, find_case, page, queue_of
from consulting.booking_forms import CaseBookingForm, LinkBookingForm
from osk_portal.accounts.permissions import is_advisor
from osk_portal.toolkit.access import AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import capacity
from sandbox.booking_times import first_choice, offer_times, show_error
from sandbox.enums import FileState
from sandbox.file_answers import given_out
from sandbox.models import Blueprint, Booking, ReportFile
from sandbox.results import summary_of


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
@require_safe
def booking_products(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Which product? Those of the solutions that the request is about come first."""
    case = find_case(request.user, public_id)
    about = {solution.pk for solution in case.solutions.all()}
    products = list(Blueprint.objects.bookable().order_by("name"))
    products.sort(key=lambda product: product.solution_id not in about)
    context = {**case_frame(request, case), "products": products, "about": about}
    return page(request, "booking_products.html", context)


@access(is_advisor)
@require_http_methods(["GET", "HEAD", "POST"])
def booking_new(request: AuthenticatedRequest, public_id: UUID, slug: str) -> HttpResponse:
    """Outside the authority's quota; shown to both sides on the page of the request."""
    case = find_case(request.user, public_id)
    blueprint = get_object_or_404(Blueprint.objects.bookable().select_related("pool"), slug=slug)
    if not permissions.can_tag(request.user, case) or case.organisation is None:
        raise PermissionDenied
    form = CaseBookingForm(
        data=request.POST if request.method == "POST" else None,
        blueprint=blueprint,
        organisations=[case.organisation],
    )
    times = offer_times(form, blueprint, is_approved=True)
    form.initial = first_choice("", times) | {"form_id": uuid4(), "invite": True}
    if form.is_valid():
        data = form.cleaned_data
        try:
            is_invited = services.book_for_case(
                case_id=case.pk,
                actor=request.user,
                blueprint=blueprint,
                window=(data["start"], data["end"]),
                purpose=data["purpose"],
                goals=data["goals"],
                invites=data["invite"],
                form_id=data["form_id"],
            )
        except capacity.CannotBook as error:
            show_error(form, error)
        except TransitionNotAllowed as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The test environment is booked and linked."))
            if data["invite"] and not is_invited:
                messages.warning(request, _("Who asked is no member yet and could not be invited."))
            return redirect(queues.case_url(case, queue_of(request)))
    status = 422 if form.errors else 200
    context = {**case_frame(request, case), "form": form, "blueprint": blueprint, **times}
    return page(request, "booking_new.html", context, status=status)


@access(is_advisor)
@require_safe
def booking_result(
    request: AuthenticatedRequest, public_id: UUID, booking_id: UUID
) -> HttpResponse:
    """What came out of a linked test, once the authority has given it."""
    case = find_case(request.user, public_id)
    booking = get_object_or_404(
        case.bookings.filter(result_given_at__isnull=False).select_related(
            "blueprint_version__blueprint"
        ),
        public_id=booking_id,
    )
    context = {
        **case_frame(request, case),
        "booking": booking,
        "words": booked.booking_in_words(booking),
        "summary": summary_of(booking, list(booking.tasks.all())),
    }
    return page(request, "booking_result.html", context)


@access(is_advisor)
@require_safe
def booking_file(
    request: AuthenticatedRequest, public_id: UUID, booking_id: UUID, file_id: UUID
) -> HttpResponseBase:
    """A file of a report that was given to the request."""
    case = find_case(request.user, public_id)
    given = case.bookings.filter(result_given_at__isnull=False, public_id=booking_id)
    files = ReportFile.objects.filter(
        report__booking__in=given, report__submitted_at__isnull=False, state=FileState.CLEAN
    )
    return given_out(get_object_or_404(files, public_id=file_id))


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
