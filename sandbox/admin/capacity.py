"""Where test products run."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from sandbox.backends import BACKENDS
from sandbox.models import (
    Pool,
    Slot,
)


def _engines() -> list[tuple[str, str]]:
    """An engine that is not known here would leave every booking of its place without an environment."""
    return [("", "---------"), *((key, key) for key in sorted(BACKENDS))]


class SlotForm(forms.ModelForm[Slot]):
    backend = forms.ChoiceField(label=_("engine"), choices=_engines)

    class Meta:
        model = Slot
        fields = ("name", "backend", "is_enabled", "is_for_trials")


class SlotInline(admin.TabularInline[Slot, Pool]):
    model = Slot
    form = SlotForm
    extra = 0

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False  # its past allocations point to it: put it out of use instead


@admin.register(Pool)
class PoolAdmin(admin.ModelAdmin[Pool]):
    list_display = ["name", "resource_class", "lead_minutes", "buffer_minutes"]
    inlines = [SlotInline]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
