"""The text modules: advisors write and change them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from consulting.models import TextModule
from osk_portal.toolkit import clock
from osk_portal.toolkit.access import staff_user


class TextModuleAdmin(admin.ModelAdmin[TextModule]):
    """A module that is not wanted any more is no longer offered, or deleted: nothing refers to it."""

    list_display = ["name", "is_active", "updated_at"]
    search_fields = ["name", "text"]
    fields = ["name", "text", "is_active"]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return staff_user(request).is_authenticated and staff_user(request).is_advisor

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def save_model(
        self,
        request: HttpRequest,
        obj: TextModule,
        form: forms.ModelForm[TextModule],
        change: bool,
    ) -> None:
        obj.updated_at = clock.now()
        super().save_model(request, obj, form, change)
