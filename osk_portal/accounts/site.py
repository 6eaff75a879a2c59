"""The admin site: OSK staff only, with a second factor."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class OskAdminSite(admin.AdminSite):
    site_title = _("OSK-Portal work area")
    site_header = _("Work area")
    index_title = _("Overview")

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request)
