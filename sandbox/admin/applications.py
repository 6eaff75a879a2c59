"""Applications: bookings on which the OSK decides."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from osk_portal.toolkit.access import AuthenticatedRequest, access
from osk_portal.toolkit.admin import OwnPagesAdmin, column
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import permissions, quotas, services
from sandbox.booking_times import error_text
from sandbox.capacity import CannotBook
from sandbox.enums import BookingAction, BookingState
from sandbox.models import Application, Booking
from sandbox.querysets import BookingQuerySet
from sandbox.staff_forms import ApprovalForm, RejectionForm
from sandbox.timetable import Timetable


def page_url(booking: Booking) -> str:
    return reverse("admin:sandbox_application_page", args=[booking.public_id])


@access(permissions.can_decide)
@require_safe
def application_page(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """What is asked for, what the organisation has already, and the two decisions."""
    return _show(request, _find(public_id))


@access(permissions.can_decide)
@require_POST
def application_approve(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _decide(request, _find(public_id), approval=ApprovalForm(request.POST))


@access(permissions.can_decide)
@require_POST
def application_reject(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _decide(request, _find(public_id), rejection=RejectionForm(request.POST))


def _decide(
    request: AuthenticatedRequest,
    booking: Booking,
    *,
    approval: ApprovalForm | None = None,
    rejection: RejectionForm | None = None,
) -> HttpResponse:
    """One of the two; on the booking itself, or on the longer time that it asks for."""
    form = approval or rejection
    if form is None or not form.is_valid():
        return _show(request, booking, approval=approval, rejection=rejection, status=422)
    words, is_longer = form.cleaned_data, booking.state != BookingState.REQUESTED
    try:
        if approval is not None:
            approve = services.approve_longer if is_longer else services.approve_booking
            approve(booking_id=booking.pk, actor=request.user, note=words["note"])
            done = _("The booking is approved, and the person is told.")
        else:
            reject = services.refuse_longer if is_longer else services.reject_booking
            reject(booking_id=booking.pk, actor=request.user, reason=words["reason"])
            done = _("The booking is rejected, and the person is told.")
    except (TransitionNotAllowed, CannotBook) as error:
        messages.warning(request, error_text(error))
        now = _find(booking.public_id)
        return _show(request, now, approval=approval, rejection=rejection, status=409)
    messages.success(request, done)
    return redirect("admin:sandbox_application_changelist")


def _find(public_id: UUID) -> Booking:
    return get_object_or_404(
        Booking.objects.asked_for().select_related(
            "blueprint_version__blueprint__pool",
            "organisation",
            "booked_by",
            "deputy",
            "taken_over_by",
            "decided_by",
        ),
        public_id=public_id,
    )


def _show(
    request: AuthenticatedRequest,
    booking: Booking,
    *,
    approval: ApprovalForm | None = None,
    rejection: RejectionForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """``approval``, ``rejection``: forms with their errors, or with a text that came too late."""
    is_own = request.user in booking.side
    is_longer = booking.is_asked_longer
    may_decide = (is_longer or booking.can(BookingAction.APPROVE)) and not is_own
    end = booking.asked_end or booking.ends_at
    quarters = quotas.days_by_quarter(booking.starts_at, end)
    used = quotas.used_days(booking.organisation, quarters, without=booking)
    table = Timetable(booking.blueprint_version.blueprint.pool, booking.starts_at)
    context = {
        **admin.site.each_context(request),
        "booking": booking,
        "product": booking.blueprint_version.blueprint,
        "may_decide": may_decide,
        "is_longer": is_longer,
        "is_own": is_own,
        "approval": approval or (ApprovalForm() if may_decide else None),
        "rejection": rejection or (RejectionForm() if may_decide else None),
        "used": [(year, quarter, used[year, quarter]) for year, quarter in sorted(quarters)],
        "limit": quotas.limits_of(booking.organisation).days_per_quarter,
        "free": table.free_places(booking.starts_at, end),
        "places": table.places,
        "events": booking.events.select_related("actor"),
    }
    return render(request, "admin/sandbox/application.html", context, status=status)


@admin.register(Application)
class ApplicationAdmin(OwnPagesAdmin):
    """What waits for a decision, the first to run out at the top."""

    list_display = [
        "product",
        column("organisation", gettext_lazy("organisation")),
        column("starts_at", gettext_lazy("begin"), order="window"),
        column("ends_at", gettext_lazy("end"), order="window"),
        "asked_end",
        "hold_expires_at",
    ]
    list_select_related = ["blueprint_version__blueprint", "organisation"]
    ordering = ["hold_expires_at", "pk"]
    url_of = staticmethod(page_url)

    def get_queryset(self, request: HttpRequest) -> BookingQuerySet:
        return Booking.objects.to_approve()

    @admin.display(description=gettext_lazy("test product"))
    def product(self, booking: Any) -> str:
        return str(booking.blueprint_version.blueprint.name)

    def get_urls(self) -> list[URLPattern]:
        prefix, wrap = "sandbox_application", self.admin_site.admin_view
        return [
            path("<uuid:public_id>/", wrap(application_page), name=f"{prefix}_page"),
            path("<uuid:public_id>/approve/", wrap(application_approve), name=f"{prefix}_approve"),
            path("<uuid:public_id>/reject/", wrap(application_reject), name=f"{prefix}_reject"),
            *super().get_urls(),
        ]
