"""The OSK's side of consulting: queues, the page of a case, and one page a larger step."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from consulting import queues
from consulting.admin import (  # noqa: F401 # register their lists
    procurement,  # registers its lists
    revision,
    succession,
    tools,
)
from consulting.admin.appointments import appointment_cancel, appointment_move, appointment_offer
from consulting.admin.belonging import author_confirm, author_correct, author_refuse
from consulting.admin.bookings import (
    booking_file,
    booking_link,
    booking_new,
    booking_products,
    booking_result,
    booking_unlink,
)
from consulting.admin.bulk import queue_bulk
from consulting.admin.case import case_page, message_add, note_add
from consulting.admin.export import ListExportAdmin, queue_export, search_export
from consulting.admin.incoming import IncomingMailAdmin as IncomingMailAdmin
from consulting.admin.legal import LegalStatementAdmin as LegalStatementAdmin
from consulting.admin.messages import message_edit
from consulting.admin.needs import NeedAdmin as NeedAdmin
from consulting.admin.partners import partner_reply
from consulting.admin.published import PublishedAnswerAdmin as PublishedAnswerAdmin
from consulting.admin.queue import queue_page, search_page
from consulting.admin.recording import call_add, link_renew, record_page
from consulting.admin.relations import relate, relation_end
from consulting.admin.retention import (
    case_keeping,
    contract_end,
    hold_ask,
    hold_lift,
    hold_set,
    retention_report,
)
from consulting.admin.step import step_page
from consulting.admin.survey import survey_page
from consulting.admin.synergy import introduce, introduction_call_off
from consulting.admin.text_module import TextModuleAdmin
from consulting.models import ConsultingRequest, ListExport, TextModule
from consulting.presentation import Standing
from consulting.querysets import CaseQuerySet
from osk_portal.toolkit.access import staff_user
from osk_portal.toolkit.admin import OwnPagesAdmin

admin.site.register(TextModule, TextModuleAdmin)
admin.site.register(ListExport, ListExportAdmin)


@admin.register(ConsultingRequest)
class ConsultingRequestAdmin(OwnPagesAdmin):
    """A plain list of all requests, to look something up; the work is done in queue and case page."""

    list_display = ["reference_on_one_line", "title", "organisation", "state_in_words", "assignee"]
    list_filter = ["state", "kind"]
    list_select_related = ["organisation", "assignee"]
    search_fields = ["reference", "title", "own_reference", "organisation__name"]
    ordering = ["-submitted_at", "-pk"]
    url_of = staticmethod(queues.case_url)

    def get_queryset(self, request: HttpRequest) -> CaseQuerySet:
        return queues.all_cases(staff_user(request))

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
            path("survey/", wrap(survey_page), name=f"{prefix}_survey"),
            path(
                "introduction/<uuid:public_id>/call-off/",
                wrap(introduction_call_off),
                name=f"{prefix}_introduction_call_off",
            ),
            path(
                "<uuid:public_id>/introduce/<uuid:other_id>/",
                wrap(introduce),
                name=f"{prefix}_introduce",
            ),
            path("<uuid:public_id>/relate/<uuid:other_id>/", wrap(relate), name=f"{prefix}_relate"),
            path(
                "relation/<uuid:public_id>/end/", wrap(relation_end), name=f"{prefix}_relation_end"
            ),
            path("absence/", wrap(tools.absence_page), name="consulting_absence"),
            path("absence/other/", wrap(tools.absence_other), name="consulting_absence_other"),
            path("hand-over/", wrap(succession.succession_list), name="consulting_handover"),
            path(
                "hand-over/<uuid:public_id>/",
                wrap(succession.succession_page),
                name="consulting_succession",
            ),
            path(
                "filter/<uuid:public_id>/",
                wrap(tools.filter_open),
                name="consulting_savedfilter_open",
            ),
            path(
                "filter/<uuid:public_id>/edit/",
                wrap(tools.filter_edit),
                name="consulting_savedfilter_edit",
            ),
            path(
                "queue/<slug:name>/filter/", wrap(tools.filter_save), name=f"{prefix}_queue_filter"
            ),
            path("<uuid:public_id>/booking/", wrap(booking_link), name=f"{prefix}_booking"),
            path(
                "<uuid:public_id>/booking/new/",
                wrap(booking_products),
                name=f"{prefix}_booking_products",
            ),
            path(
                "<uuid:public_id>/booking/new/<slug:slug>/",
                wrap(booking_new),
                name=f"{prefix}_booking_new",
            ),
            path(
                "<uuid:public_id>/booking/<uuid:booking_id>/result/",
                wrap(booking_result),
                name=f"{prefix}_booking_result",
            ),
            path(
                "<uuid:public_id>/booking/<uuid:booking_id>/result/file/<uuid:file_id>/",
                wrap(booking_file),
                name=f"{prefix}_booking_file",
            ),
            path(
                "<uuid:public_id>/booking/<uuid:booking_id>/remove/",
                wrap(booking_unlink),
                name=f"{prefix}_booking_unlink",
            ),
            path("<uuid:public_id>/label/", wrap(tools.tag_add), name=f"{prefix}_tag"),
            path(
                "<uuid:public_id>/label/<uuid:tag_id>/remove/",
                wrap(tools.tag_remove),
                name=f"{prefix}_tag_remove",
            ),
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
            path(
                "<uuid:public_id>/partner/<uuid:question_id>/",
                wrap(partner_reply),
                name=f"{prefix}_partner_reply",
            ),
            path("<uuid:public_id>/appointment/", wrap(appointment_offer), name=f"{prefix}_offer"),
            path(
                "<uuid:public_id>/appointment-move/",
                wrap(appointment_move),
                name=f"{prefix}_appointment_move",
            ),
            path(
                "<uuid:public_id>/appointment-cancel/",
                wrap(appointment_cancel),
                name=f"{prefix}_appointment_cancel",
            ),
            path("retention/", wrap(retention_report), name=f"{prefix}_retention_report"),
            path("<uuid:public_id>/retention/", wrap(case_keeping), name=f"{prefix}_keeping"),
            path("<uuid:public_id>/hold/ask/", wrap(hold_ask), name=f"{prefix}_hold_ask"),
            path("<uuid:public_id>/hold/set/", wrap(hold_set), name=f"{prefix}_hold_set"),
            path("<uuid:public_id>/hold/lift/", wrap(hold_lift), name=f"{prefix}_hold_lift"),
            path("<uuid:public_id>/contract/", wrap(contract_end), name=f"{prefix}_contract_end"),
            path("<uuid:public_id>/author/", wrap(author_correct), name=f"{prefix}_author_correct"),
            path(
                "<uuid:public_id>/author/confirm/",
                wrap(author_confirm),
                name=f"{prefix}_author_confirm",
            ),
            path(
                "<uuid:public_id>/author/refuse/",
                wrap(author_refuse),
                name=f"{prefix}_author_refuse",
            ),
            path("<uuid:public_id>/<slug:name>/", wrap(step_page), name=f"{prefix}_step"),
            *super().get_urls(),
        ]
