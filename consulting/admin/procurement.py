"""The dated lists of the procurement block: kept by the OSK-Leitung, ended instead of deleted."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consulting.deadlines import short_date
from consulting.models import ContractType, ValueBand
from consulting.models.procurement import DatedModel
from osk_portal.toolkit.admin import ModelAdmin


class _DatedAdmin(ModelAdmin):
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("as of"))
    def stand(self, row: DatedModel) -> str:
        """When it was last known to be right, with a hint when that is over twelve months ago."""
        day = short_date(row.stands_on)
        if not row.needs_check:
            return day
        return _("%(date)s – older than twelve months, please check") % {"date": day}


@admin.register(ContractType)
class ContractTypeAdmin(_DatedAdmin):
    list_display = ["name", "version_on", "valid_from", "valid_until", "stand", "position"]
    search_fields = ["name"]


@admin.register(ValueBand)
class ValueBandAdmin(_DatedAdmin):
    list_display = ["__str__", "valid_from", "valid_until", "stand", "note"]
