"""Rights of the Revision: proposed, confirmed and ended by the OSK-Leitung and the operator together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consulting import services
from consulting.admin.common import page
from consulting.keeping_forms import GrantForm
from consulting.models import AccessRecord, RevisionGrant
from consulting.permissions import can_grant_revision, grants_together
from osk_portal.toolkit.access import AuthenticatedRequest, access, staff_user
from osk_portal.toolkit.admin import ReadOnlyAdmin, column
from osk_portal.toolkit.transitions import TransitionNotAllowed

LATEST = 20


@access(can_grant_revision)
@require_http_methods(["GET", "HEAD", "POST"])
def grant_propose(request: AuthenticatedRequest) -> HttpResponse:
    form = GrantForm(request.POST if request.method == "POST" else None)
    if not form.is_bound or not form.is_valid():
        status = 422 if form.is_bound else 200
        return page(request, "grant_new.html", {"form": form}, status=status)
    try:
        grant = services.propose_grant(actor=request.user, **form.values())
    except TransitionNotAllowed as refusal:
        form.add_error(None, str(refusal))
        return page(request, "grant_new.html", {"form": form}, status=409)
    messages.success(request, _("Proposed. It counts when the other side has confirmed it."))
    return redirect(grant)


@access(can_grant_revision)
@require_safe
def grant_page(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    grant = _find(public_id)
    user = request.user
    accesses = grant.accesses.select_related("case")[:LATEST] if user.is_lead else None
    is_person = grant.person_id == user.pk
    context = {
        "grant": grant,
        "cases": grant.cases.order_by("reference"),
        "accesses": accesses,
        "may_confirm": grant.is_waiting
        and not is_person
        and grants_together(grant.proposed_by, user),
        "may_end": not grant.is_over and not is_person,
    }
    return page(request, "grant.html", context)


@access(can_grant_revision)
@require_POST
def grant_confirm(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _act(
        request, public_id, services.confirm_grant, _("Confirmed. The person has been told.")
    )


@access(can_grant_revision)
@require_POST
def grant_end(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _act(request, public_id, services.end_grant, _("The right has ended."))


def _act(
    request: AuthenticatedRequest,
    public_id: UUID,
    service: Callable[..., RevisionGrant],
    done: str,
) -> HttpResponse:
    grant = _find(public_id)
    try:
        service(grant_id=grant.pk, actor=request.user)
    except TransitionNotAllowed as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, done)
    return redirect(grant)


def _find(public_id: UUID) -> RevisionGrant:
    grants = RevisionGrant.objects.select_related(
        "person", "proposed_by", "confirmed_by", "ended_by"
    )
    return get_object_or_404(grants, public_id=public_id)


class GrantChangeList(ChangeList):
    def url_for_result(  # type: ignore[override] # a list of rights has rights
        self, result: RevisionGrant
    ) -> str:
        return result.get_absolute_url()


@admin.register(RevisionGrant)
class RevisionGrantAdmin(ReadOnlyAdmin):
    list_display = [
        "person",
        "valid_from",
        "valid_until",
        "state",
        column("proposed_by", gettext_lazy("proposed by")),
    ]
    list_select_related = ["person", "proposed_by"]
    change_list_template = "admin/consulting/grants.html"

    @admin.display(description=gettext_lazy("state"))
    def state(self, grant: RevisionGrant) -> str:
        return grant.state_in_words

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return can_grant_revision(staff_user(request))

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return GrantChangeList

    def get_urls(self) -> list[URLPattern]:
        prefix, wrap = "consulting_revisiongrant", self.admin_site.admin_view
        return [
            path("new/", wrap(grant_propose), name=f"{prefix}_new"),
            path("<uuid:public_id>/", wrap(grant_page), name=f"{prefix}_page"),
            path("<uuid:public_id>/confirm/", wrap(grant_confirm), name=f"{prefix}_confirm"),
            path("<uuid:public_id>/end/", wrap(grant_end), name=f"{prefix}_end"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Django's address of a row leads to our page."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        grant = self.get_object(request, object_id)
        if grant is None:
            raise Http404
        return redirect(grant)


@admin.register(AccessRecord)
class AccessRecordAdmin(ReadOnlyAdmin):
    """For the Leitung: who opened what, and when. Rows are never changed."""

    list_display = ["at", "person", "what", "case_reference"]
    list_display_links = None
    list_filter = ["what", ("grant", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["person", "case"]
    search_fields = ["case__reference", "person__name"]

    @admin.display(description=gettext_lazy("request"))
    def case_reference(self, row: AccessRecord) -> str:
        return (row.case.reference if row.case else "") or "–"

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return staff_user(request).is_lead
