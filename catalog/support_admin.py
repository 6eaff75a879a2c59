"""The queue of support offers; they are read and decided on their own pages."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models import Support
from osk_portal.toolkit.admin import AdvisorsRead


@admin.register(Support)
class SupportAdmin(AdvisorsRead):
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
