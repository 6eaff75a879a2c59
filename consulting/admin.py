"""The OSK's side of consulting."""

from __future__ import annotations

from django.contrib import admin

from consulting.models import ConsultingRequest


@admin.register(ConsultingRequest)
class ConsultingRequestAdmin(admin.ModelAdmin[ConsultingRequest]):
    """Read-only; the queue and the case page write through the services."""
