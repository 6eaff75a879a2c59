"""The dated lists of the procurement block: kept by the OSK-Leitung, ended instead of deleted."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from consulting.models import ContractType, ValueBand
from osk_portal.toolkit.admin import ModelAdmin


class _DatedAdmin(ModelAdmin):
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ContractType)
class ContractTypeAdmin(_DatedAdmin):
    list_display = ["name", "version_on", "valid_from", "valid_until", "position"]
    search_fields = ["name"]


@admin.register(ValueBand)
class ValueBandAdmin(_DatedAdmin):
    list_display = ["__str__", "valid_from", "valid_until", "note"]
