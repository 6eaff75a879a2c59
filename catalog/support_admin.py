"""The queue of support offers; they are read and decided on their own pages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models import Support
from osk_portal.toolkit.access import staff_user


@admin.register(Support)
class SupportAdmin(admin.ModelAdmin[Any]):
    list_display = ("offer", "state", "offered_at")
    list_filter = ("state",)
    list_select_related = ("solution", "organisation")
    list_display_links = None
    ordering = ("offered_at", "pk")

    @admin.display(description=gettext_lazy("support offer"))
    def offer(self, support: Support) -> SafeString:
        title = _("%(organisation)s for %(solution)s") % {
            "organisation": support.organisation.name,
            "solution": support.solution.name,
        }
        return format_html('<a href="{}">{}</a>', support.get_absolute_url(), title)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return staff_user(request).is_advisor

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return staff_user(request).is_advisor

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
