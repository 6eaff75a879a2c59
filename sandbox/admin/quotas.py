"""What single organisations may book."""

from __future__ import annotations

from django.contrib import admin

from sandbox.models import OrganisationQuota


@admin.register(OrganisationQuota)
class OrganisationQuotaAdmin(admin.ModelAdmin[OrganisationQuota]):
    """Operators set it; an empty number means the portal's setting. Django's log says who."""

    list_display = ["organisation", "concurrent", "days_per_quarter", "horizon_days", "reason"]
    list_select_related = ["organisation"]
    search_fields = ["organisation__name"]
    raw_id_fields = ["organisation"]
