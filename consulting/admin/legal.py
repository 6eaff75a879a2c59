"""The legal statements: all advisors read them, the OSK-Leitung writes, checks and replaces them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consulting import legal
from consulting.deadlines import short_date
from consulting.models import LegalStatement
from consulting.models.legal import LegalStatementQuerySet
from consulting.services.legal import WORDS, confirm_legal_statement, save_legal_statement
from osk_portal.toolkit import clock
from osk_portal.toolkit.access import staff_user
from osk_portal.toolkit.admin import ModelAdmin
from osk_portal.toolkit.forms import HttpsURLField
from osk_portal.toolkit.transitions import TransitionNotAllowed


class ToCheckFilter(admin.SimpleListFilter):
    """What nobody has checked for twelve months."""

    title = gettext_lazy("to be checked")
    parameter_name = "check"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("due", gettext_lazy("To be checked")), ("counts", gettext_lazy("May be cited"))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[LegalStatement]
    ) -> QuerySet[LegalStatement]:
        if not isinstance(queryset, LegalStatementQuerySet):
            return queryset
        if self.value() == "due":
            return queryset.to_check()
        return queryset.counting() if self.value() == "counts" else queryset


class LegalStatementForm(forms.ModelForm[LegalStatement]):
    source_url = HttpsURLField(label=gettext_lazy("address of the source"), required=False)

    def clean_checked_on(self) -> Any:
        day = self.cleaned_data["checked_on"]
        if day > clock.today():
            raise forms.ValidationError(_("This date lies in the future."))
        return day


@admin.register(LegalStatement)
class LegalStatementAdmin(ModelAdmin):
    form = LegalStatementForm
    list_display = ["reference", "title", "binds", "checked", "hint"]
    list_filter = [ToCheckFilter]
    search_fields = ["reference", "title", "text", "source", "binds"]
    fields = [
        "reference", "title", "text", "source", "source_url", "binds", "checked_on", "checked_by",
        "replaced_by", "ended_on", "hint",
    ]  # fmt: skip
    readonly_fields = ["reference", "checked_by", "hint"]
    actions = ["confirm_checked"]

    @admin.display(description=gettext_lazy("checked on"), ordering="checked_on")
    def checked(self, statement: LegalStatement) -> str:
        return short_date(statement.checked_on)

    @admin.display(description=gettext_lazy("hint"))
    def hint(self, statement: LegalStatement) -> str:
        return ("" if statement._state.adding else statement.warning) or "–"  # noqa: SLF001 # Django documents it

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fixed = list(self.readonly_fields)
        if isinstance(obj, LegalStatement) and legal.is_cited(obj):
            fixed += sorted(WORDS)  # answers show these words
        return fixed

    def get_queryset(self, request: HttpRequest) -> QuerySet[LegalStatement]:
        return super().get_queryset(request).select_related("replaced_by")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(
        self,
        request: HttpRequest,
        obj: LegalStatement,
        form: forms.ModelForm[LegalStatement],
        change: bool,
    ) -> None:
        save_legal_statement(statement=obj, actor=staff_user(request))

    @admin.action(description=gettext_lazy("Confirm as checked today"), permissions=["change"])
    def confirm_checked(self, request: HttpRequest, queryset: QuerySet[LegalStatement]) -> None:
        for statement in queryset:
            try:
                confirm_legal_statement(statement_id=statement.pk, actor=staff_user(request))
            except TransitionNotAllowed as error:
                messages.warning(request, str(error))
