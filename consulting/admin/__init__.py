"""The OSK's side of consulting: queues, the page of a case, and one page a larger step."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from consulting import queues
from consulting.admin import procurement  # noqa: F401 # registers its lists
from consulting.admin.bulk import queue_bulk
from consulting.admin.case import case_page, message_add, note_add
from consulting.admin.export import ListExportAdmin, queue_export, search_export
from consulting.admin.messages import message_edit
from consulting.admin.published import PublishedAnswerAdmin as PublishedAnswerAdmin
from consulting.admin.queue import queue_page, search_page
from consulting.admin.recording import call_add, link_renew, record_page
from consulting.admin.step import step_page
from consulting.admin.text_module import TextModuleAdmin
from consulting.models import ConsultingRequest, ListExport, TextModule
from consulting.presentation import Standing
from consulting.querysets import CaseQuerySet
from osk_portal.accounts.models import User
from osk_portal.toolkit.access import staff_user
from osk_portal.toolkit.admin import ReadOnlyAdmin

admin.site.register(TextModule, TextModuleAdmin)
admin.site.register(ListExport, ListExportAdmin)


class CaseChangeList(ChangeList):
    def url_for_result(  # type: ignore[override] # a list of requests has requests
        self, result: ConsultingRequest
    ) -> str:
        """The page of the case: Django's form of all fields is for nobody."""
        return queues.case_url(result)


@admin.register(ConsultingRequest)
class ConsultingRequestAdmin(ReadOnlyAdmin):
    """A plain list of all requests, to look something up; the work is done in queue and case page."""

    list_display = ["reference_on_one_line", "title", "organisation", "state_in_words", "assignee"]
    list_filter = ["state", "kind"]
    list_select_related = ["organisation", "assignee"]
    search_fields = ["reference", "title", "own_reference", "organisation__name"]
    ordering = ["-submitted_at", "-pk"]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return isinstance(request.user, User) and request.user.is_advisor

    def get_queryset(self, request: HttpRequest) -> CaseQuerySet:
        return queues.all_cases(staff_user(request))

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return CaseChangeList

    @admin.display(description=_("reference"), ordering="reference")
    def reference_on_one_line(self, case: ConsultingRequest) -> str:
        return format_html('<span class="osk-nowrap osk-num">{}</span>', case.reference)

    @admin.display(description=_("state"), ordering="state")
    def state_in_words(self, case: ConsultingRequest) -> str:
        return Standing(case).staff_badge

    def get_urls(self) -> list[URLPattern]:
        prefix = "consulting_consultingrequest"
        wrap = self.admin_site.admin_view
        return [
            path("queue/<slug:name>/", wrap(queue_page), name=f"{prefix}_queue"),
            path("queue/<slug:name>/bulk/", wrap(queue_bulk), name=f"{prefix}_queue_bulk"),
            path("queue/<slug:name>/export/", wrap(queue_export), name=f"{prefix}_queue_export"),
            path("record/", wrap(record_page), name=f"{prefix}_record"),
            path("search/", wrap(search_page), name=f"{prefix}_search"),
            path("search/export/", wrap(search_export), name=f"{prefix}_search_export"),
            path("<uuid:public_id>/", wrap(case_page), name=f"{prefix}_case"),
            path("<uuid:public_id>/message/", wrap(message_add), name=f"{prefix}_message"),
            path("<uuid:public_id>/note/", wrap(note_add), name=f"{prefix}_note"),
            path(
                "<uuid:public_id>/edit/<uuid:message_id>/",
                wrap(message_edit),
                name=f"{prefix}_edit",
            ),
            path("<uuid:public_id>/call/", wrap(call_add), name=f"{prefix}_call"),
            path("<uuid:public_id>/link/", wrap(link_renew), name=f"{prefix}_link"),
            path("<uuid:public_id>/<slug:name>/", wrap(step_page), name=f"{prefix}_step"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Django's address of a row leads to the page of the case."""
        case = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if case is None:
            raise Http404
        return redirect(queues.case_url(case))
