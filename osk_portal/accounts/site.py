"""The admin site: OSK staff only, with a second factor."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from functools import wraps
from typing import Any, Final, TypeVar, cast

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import SEARCH_VAR
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import get_script_prefix
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from osk_portal import portal
from osk_portal.accounts import second_factor
from osk_portal.toolkit.access import staff_user

MOST_APP_LISTS: Final = 64
"""As many combinations of rights and languages are remembered: the roles of the staff are four."""

V = TypeVar("V", bound=Callable[..., HttpResponseBase])


class OskAdminSite(admin.AdminSite):
    site_title = _("OSK-Portal work area")
    site_header = _("Work area")
    index_title = _("Overview")

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self._app_lists: dict[Hashable, list[dict[str, Any]]] = {}

    def has_permission(self, request: HttpRequest) -> bool:
        """Active staff with a role, whose login has proved a second factor."""
        user = request.user
        if not user.is_authenticated or not super().has_permission(request):
            return False
        return bool(user.is_superuser or user.staff_roles) and second_factor.is_proved(request)

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[dict[str, Any]]:
        """Django's lists by app. Every page shows them, and they are the same for the same rights and language."""
        user = request.user
        if app_label is not None or not user.is_authenticated:
            return super().get_app_list(request, app_label)
        rights = frozenset(user.get_all_permissions())
        key = (user.is_superuser, user.staff_roles, rights, get_language(), get_script_prefix())
        known = self._app_lists.get(key)
        if known is None:
            if len(self._app_lists) >= MOST_APP_LISTS:
                self._app_lists.clear()
            known = self._app_lists[key] = _in_words(super().get_app_list(request))
        return [{**app, "models": list(app["models"])} for app in known]

    def admin_view(self, view: V, cacheable: bool = False) -> V:
        """Refuse what Django's lists hand on unread and fail at: NUL in a filter, a chosen row that is no number.

        What is searched for goes through a form, which says it in words.
        """
        inner: Callable[..., HttpResponseBase] = super().admin_view(view, cacheable)

        @wraps(inner)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            filters = ((n, v) for n, values in request.GET.lists() for v in values)
            if any("\x00" in value for name, value in filters if name != SEARCH_VAR):
                raise BadRequest
            if not all(key.isdecimal() for key in request.POST.getlist(ACTION_CHECKBOX_NAME)):
                raise BadRequest
            return inner(request, *args, **kwargs)

        return cast(V, guarded)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The portal's own sign-in: Django's form would pass second factor and limits by."""
        response: HttpResponse = secure_admin_login(self._enter)(request)
        return response

    def _enter(self, request: HttpRequest) -> HttpResponse:
        if not self.has_permission(request):
            raise PermissionDenied
        target = request.GET.get(REDIRECT_FIELD_NAME, "")
        if not url_has_allowed_host_and_scheme(target, {request.get_host()}):
            return redirect("admin:index")
        return HttpResponseRedirect(target)

    def logout(  # type: ignore[override] # our own page instead of a template
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("account_logout")

    def password_change(  # type: ignore[override] # our own page instead of a template
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("account_change_password")

    def index(  # type: ignore[override] # a redirect is enough
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Straight to the work of a role, where it has one; else Django's overview."""
        home = portal.work_home(staff_user(request))
        return redirect(home) if home else super().index(request, extra_context)


def _in_words(apps: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The names in the language of now, as plain texts."""
    return [
        {
            **app,
            "name": str(app["name"]),
            "models": [{**model, "name": str(model["name"])} for model in app["models"]],
        }
        for app in apps
    ]
