"""Bookings and what exists of them. Credentials are not here at all."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from osk_portal.toolkit.access import staff_user
from osk_portal.toolkit.admin import column
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import permissions, services
from sandbox.admin import operations
from sandbox.admin.osk_bookings import event_booking, event_products
from sandbox.capacity import CannotBook
from sandbox.enums import EnvironmentAction
from sandbox.forms import ForgetForm
from sandbox.models import Booking, Environment
from sandbox.querysets import BookingQuerySet


class ReadOnly(admin.ModelAdmin[Any]):
    """Every change goes through a service."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def _may_operate(request: HttpRequest) -> bool:
    return permissions.operates(staff_user(request))


@admin.register(Booking)
class BookingAdmin(ReadOnly):
    """Operators see that a booking exists, advisors what the OSK has booked (README, who may do what)."""

    list_display = [
        "product",
        column("organisation", gettext_lazy("organisation")),
        "state",
        column("starts_at", gettext_lazy("begin"), order="window"),
        column("ends_at", gettext_lazy("end"), order="window"),
    ]
    list_filter = ["state"]
    list_select_related = ["blueprint_version__blueprint", "organisation"]
    fields = [
        "blueprint_version", "organisation", "booked_by", "occasion", "state", "window",
        "created_at", "ended_at", "ended_by",
    ]  # fmt: skip

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        user = staff_user(request)
        return permissions.can_decide(user) or permissions.operates(user)

    def get_queryset(self, request: HttpRequest) -> BookingQuerySet:
        return Booking.objects.listed_for(staff_user(request))

    def get_fields(self, request: HttpRequest, obj: Booking | None = None) -> Any:
        """Without what it is for, where the person may not read the booking."""
        may_read = obj is not None and permissions.can_read(staff_user(request), obj)
        return [name for name in super().get_fields(request, obj) if may_read or name != "occasion"]

    @admin.display(description=gettext_lazy("test product"))
    def product(self, booking: Booking) -> str:
        return booking.blueprint_version.blueprint.name

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("event/", wrap(event_products), name="sandbox_booking_event_products"),
            path("event/<slug:slug>/", wrap(event_booking), name="sandbox_booking_event"),
            *super().get_urls(),
        ]


@admin.register(Environment)
class EnvironmentAdmin(ReadOnly):
    list_display = [
        "backend_key",
        "product",
        "state",
        "state_since",
        "expires_at",
        "way_on",
    ]
    list_filter = ["state", "backend"]
    list_select_related = ["booking__blueprint_version__blueprint", "slot"]
    fields = [
        "backend_key", "booking", "slot", "generation", "state", "state_since", "desired",
        "attempts", "next_action_at", "lease_owner", "lease_until", "endpoint", "ready_at",
        "checked_at", "gone_at", "error_for_user", "error_for_operator", "abandoned_reason",
    ]  # fmt: skip
    actions = ["retry"]

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _may_operate(request)

    @admin.display(description=gettext_lazy("test product"))
    def product(self, environment: Environment) -> str:
        return environment.booking.blueprint_version.blueprint.name

    @admin.display(description=gettext_lazy("way on"))
    def way_on(self, environment: Environment) -> SafeString | str:
        page = reverse("admin:sandbox_environment_page", args=[environment.public_id])
        if environment.state not in Environment.ALLOWED[EnvironmentAction.ABANDON]:
            return format_html('<a href="{}">{}</a>', page, _("Actions"))
        forget = reverse("admin:sandbox_environment_forget", args=[environment.pk])
        return format_html(
            '<a href="{}">{}</a>, <a href="{}">{}</a>', page, _("Actions"), forget, _("Forget")
        )

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return _may_operate(request)

    @admin.action(description=gettext_lazy("Try the booking again"), permissions=["operate"])
    def retry(self, request: HttpRequest, chosen: QuerySet[Environment]) -> None:
        for booking_id in sorted(set(chosen.values_list("booking_id", flat=True))):
            try:
                environment = services.retry_booking(
                    booking_id=booking_id, actor=staff_user(request)
                )
            except (TransitionNotAllowed, CannotBook) as error:
                self.message_user(request, str(error), messages.WARNING)
            else:
                text = _("%(name)s is being set up.") % {"name": environment.backend_key}
                self.message_user(request, text, messages.SUCCESS)

    def get_urls(self) -> list[URLPattern]:
        forget = path(
            "<int:pk>/vergessen/",
            self.admin_site.admin_view(self.forget),
            name="sandbox_environment_forget",
        )
        own = operations.addresses(self.admin_site.admin_view)
        return [forget, *own, *super().get_urls()]

    def forget(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Give up a removal that never ends, with a reason; nothing is proved then."""
        if not _may_operate(request):
            raise PermissionDenied
        environment = get_object_or_404(Environment, pk=pk)
        form = ForgetForm(data=request.POST if request.method == "POST" else None)
        status = 422 if form.errors else 200
        if form.is_valid():
            try:
                services.forget_environment(
                    environment_id=environment.pk,
                    actor=staff_user(request),
                    reason=form.cleaned_data["reason"],
                )
            except TransitionNotAllowed as error:
                # The reason stays: it may belong to what comes next.
                form.add_error(None, str(error))
                status = 409
            else:
                messages.success(request, _("Forgotten. The place is free again."))
                return redirect("admin:sandbox_environment_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Forget an environment"),
            "of": environment.backend_key,
            "text": _(
                "The portal stops removing this environment. The place is free again, and no proof of deletion is "
                "written. Do this only when the engine is gone for good."
            ),
            "detail": environment.error_for_operator,
            "button": _("Forget"),
            "back": reverse("admin:sandbox_environment_changelist"),
            "form": form,
        }
        return render(request, "admin/sandbox/measure.html", context, status=status)
