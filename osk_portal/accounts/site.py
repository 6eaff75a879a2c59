"""The admin site: OSK staff only, with a second factor."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from osk_portal import portal
from osk_portal.accounts import second_factor
from osk_portal.toolkit.access import staff_user


class OskAdminSite(admin.AdminSite):
    site_title = _("OSK-Portal work area")
    site_header = _("Work area")
    index_title = _("Overview")

    def has_permission(self, request: HttpRequest) -> bool:
        """Active staff with a role, whose login has proved a second factor."""
        user = request.user
        if not user.is_authenticated or not super().has_permission(request):
            return False
        return bool(user.is_superuser or user.staff_roles) and second_factor.is_proved(request)

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
