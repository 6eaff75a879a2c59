"""Maintenance of places: entered and lifted by operators."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from osk_portal.accounts.permissions import is_operator
from osk_portal.toolkit.access import AuthenticatedRequest, access, staff_user
from osk_portal.toolkit.admin import OwnPages
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import services
from sandbox.models import Allocation, Blackout
from sandbox.staff_forms import BlackoutForm


@access(is_operator)
@require_http_methods(["GET", "POST"])
def blackout_add(request: AuthenticatedRequest) -> HttpResponse:
    """A new maintenance; where bookings are in the way they are listed and nothing is written."""
    form = BlackoutForm(data=request.POST if request.method == "POST" else None)
    in_the_way: list[Allocation] = []
    if form.is_valid():
        data = form.cleaned_data
        try:
            services.add_blackout(
                actor=request.user,
                pool=data["pool"],
                slots=data["slots"],
                start=data["start"],
                end=data["end"],
                reason=data["reason"],
            )
        except services.PlacesTaken as error:
            in_the_way = list(error.allocations)
            form.add_error("place", str(error))
        else:
            messages.success(
                request, _("The maintenance is entered. Nobody can book in this time.")
            )
            return redirect("admin:sandbox_blackout_changelist")
    context = {
        **admin.site.each_context(request),
        "form": form,
        "in_the_way": in_the_way,
    }
    status = 409 if in_the_way else 422 if form.errors else 200
    return render(request, "admin/sandbox/blackout_form.html", context, status=status)


@access(is_operator)
@require_http_methods(["GET"])
def blackout_page(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    blackout = get_object_or_404(
        Blackout.objects.select_related("pool", "created_by", "lifted_by"), public_id=public_id
    )
    context = {
        **admin.site.each_context(request),
        "blackout": blackout,
        "slots": [a.slot for a in blackout.allocations.select_related("slot").order_by("pk")],
    }
    return render(request, "admin/sandbox/blackout.html", context)


@access(is_operator)
@require_POST
def blackout_lift(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    blackout = get_object_or_404(Blackout, public_id=public_id)
    try:
        services.lift_blackout(blackout_id=blackout.pk, actor=request.user)
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("The maintenance is lifted. The places can be booked."))
    return redirect("admin:sandbox_blackout_page", blackout.public_id)


def _page_of(blackout: Blackout) -> str:
    return reverse("admin:sandbox_blackout_page", args=[blackout.public_id])


@admin.register(Blackout)
class BlackoutAdmin(OwnPages):
    url_of = staticmethod(_page_of)
    list_display = ["reason", "pool", "begin", "end", "lifted_at"]
    list_filter = ["pool"]
    list_select_related = ["pool"]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return staff_user(request).is_operator

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @admin.display(description=gettext_lazy("begin"), ordering="during")
    def begin(self, blackout: Blackout) -> Any:
        return blackout.starts_at

    @admin.display(description=gettext_lazy("end"))
    def end(self, blackout: Blackout) -> Any:
        return blackout.ends_at

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("add/", wrap(blackout_add), name="sandbox_blackout_add"),
            path("<uuid:public_id>/", wrap(blackout_page), name="sandbox_blackout_page"),
            path("<uuid:public_id>/lift/", wrap(blackout_lift), name="sandbox_blackout_lift"),
            *super().get_urls(),
        ]
