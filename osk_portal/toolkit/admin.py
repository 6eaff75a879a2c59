"""Bases for the admin."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from osk_portal.toolkit.access import staff_user

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


def column(name: str, heading: StrPromise, *, order: str = "") -> Callable[[Any], Any]:
    """``name`` of a row under a heading in the reader's language, where field or property have none of their own."""

    @admin.display(description=heading, ordering=order or name)
    def show(row: Any) -> Any:
        return getattr(row, name)

    return show


class ReadOnlyAdmin(ModelAdmin):
    """Shows rows; what changes them is a service, behind an action or a button."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AdvisorsRead(ReadOnlyAdmin):
    """Advisors look; every change goes through a service."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return staff_user(request).is_advisor


class OwnPages(ReadOnlyAdmin):
    """A list whose rows lead to pages of our own. ``url_of``: the page of a row, as a static method."""

    url_of: Callable[[Any], str]

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        url_of = type(self).url_of

        class Leading(ChangeList):
            def url_for_result(self, result: Any) -> str:
                return url_of(result)

        return Leading

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Django's address of a row leads to its page."""
        found = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if found is None:
            raise Http404
        return redirect(type(self).url_of(found))


class OwnPagesAdmin(OwnPages, AdvisorsRead):
    """One that advisors read."""
