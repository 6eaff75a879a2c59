"""Where test products run."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from sandbox.models import (
    Pool,
    Slot,
)


class SlotInline(admin.TabularInline[Slot, Pool]):
    model = Slot
    fields = ["name", "backend", "is_enabled", "is_for_trials"]
    extra = 0

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False  # its past allocations point to it: put it out of use instead


@admin.register(Pool)
class PoolAdmin(admin.ModelAdmin[Pool]):
    list_display = ["name", "lead_minutes", "buffer_minutes"]
    inlines = [SlotInline]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
