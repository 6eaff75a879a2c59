"""Staff: the operator's texts, and reports of barriers."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from osk_portal.pages import services
from osk_portal.pages.forms import BarrierAnswerForm
from osk_portal.pages.models import BarrierReport, LegalPage
from osk_portal.toolkit.access import staff_user
from osk_portal.toolkit.transitions import TransitionNotAllowed


@admin.register(LegalPage)
class LegalPageAdmin(admin.ModelAdmin[LegalPage]):
    list_display = ["title", "language", "reviewed_on", "is_reviewed", "open_placeholders"]
    list_filter = ["language"]
    search_fields = ["title", "body"]
    readonly_fields = ["slug", "language"]
    fields = ["slug", "language", "title", "body", "reviewed_on"]
    actions = None

    @admin.display(description=_("reviewed within a year"), boolean=True)
    def is_reviewed(self, page: LegalPage) -> bool:
        return not page.is_review_due

    @admin.display(description=_("open placeholders"))
    def open_placeholders(self, page: LegalPage) -> int:
        return len(page.placeholders)

    def has_view_permission(self, request: HttpRequest, obj: LegalPage | None = None) -> bool:
        user = staff_user(request)
        return user.is_superuser or user.is_advisor or user.is_operator

    def has_change_permission(self, request: HttpRequest, obj: LegalPage | None = None) -> bool:
        user = staff_user(request)
        return user.is_superuser or user.is_lead or user.is_operator

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # the portal knows its own pages

    def has_delete_permission(self, request: HttpRequest, obj: LegalPage | None = None) -> bool:
        return False

    def save_model(
        self, request: HttpRequest, obj: LegalPage, form: ModelForm[LegalPage], change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        count = len(obj.placeholders)
        if count:
            messages.warning(
                request,
                ngettext(
                    "%(count)d placeholder is still open: %(names)s",
                    "%(count)d placeholders are still open: %(names)s",
                    count,
                )
                % {"count": count, "names": ", ".join(obj.placeholders)},
            )


@admin.register(BarrierReport)
class BarrierReportAdmin(admin.ModelAdmin[BarrierReport]):
    form = BarrierAnswerForm
    list_display = ["__str__", "created_at", "answer_by", "is_done"]
    list_filter = ["answered_at"]
    search_fields = ["page", "description"]
    readonly_fields = [
        "page", "description", "name", "email", "created_at", "answer_by", "answered_at", "answered_by",
    ]  # fmt: skip
    fields = [*readonly_fields, "answer"]
    actions = None

    @admin.display(description=_("answered"), boolean=True)
    def is_done(self, report: BarrierReport) -> bool:
        return report.is_answered

    def get_queryset(self, request: HttpRequest) -> QuerySet[BarrierReport]:
        return super().get_queryset(request).select_related("answered_by")

    def get_readonly_fields(
        self, request: HttpRequest, obj: BarrierReport | None = None
    ) -> list[str]:
        fields = list(self.readonly_fields)
        return [*fields, "answer"] if obj and obj.is_answered else fields

    def has_view_permission(self, request: HttpRequest, obj: BarrierReport | None = None) -> bool:
        user = staff_user(request)
        return user.is_superuser or user.is_advisor or user.is_operator

    has_change_permission = has_view_permission

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: BarrierReport | None = None) -> bool:
        return False

    def save_model(
        self, request: HttpRequest, obj: BarrierReport, form: ModelForm[BarrierReport], change: bool
    ) -> None:
        try:
            services.answer_barrier_report(
                report_id=obj.pk,
                actor=staff_user(request),
                answer=form.cleaned_data.get("answer", ""),
            )
        except TransitionNotAllowed as error:
            messages.error(request, str(error))
