"""People for leads and operators: who is who, roles, locks, sign-ins. No passwords, not even their hashes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from osk_portal import portal
from osk_portal.accounts import services
from osk_portal.accounts.enums import StaffRole
from osk_portal.accounts.forms import RolesForm
from osk_portal.accounts.models import User
from osk_portal.accounts.permissions import can_manage_account
from osk_portal.toolkit.access import staff_user
from osk_portal.toolkit.admin import ReadOnlyAdmin


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    list_display = ["person", "email", "roles", "is_active", "last_login"]
    list_display_links = None
    list_filter = ["is_staff", "is_active"]
    search_fields = ["name", "email"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description=gettext_lazy("person"), ordering="name")
    def person(self, user: User) -> str:
        return format_html('<a href="{}">{}</a>', person_url(user), user)

    @admin.display(description=gettext_lazy("roles"))
    def roles(self, user: User) -> str:
        labels = dict(StaffRole.choices)
        return ", ".join(str(labels[g.name]) for g in user.groups.all() if g.name in labels) or "–"

    def get_urls(self) -> list[URLPattern]:
        page = path(
            "<uuid:public_id>/konto/",
            self.admin_site.admin_view(self.account),
            name="accounts_user_account",
        )
        return [page, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Django's own address of a person leads to our page."""
        user = self.get_object(request, object_id)
        if user is None or not self.has_view_permission(request, user):
            raise PermissionDenied
        return redirect(person_url(user))

    def account(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        user = get_object_or_404(User, public_id=public_id)
        actor = staff_user(request)
        may_manage = can_manage_account(actor, user)
        data = request.POST if request.POST.get("action") == "roles" else None
        form = RolesForm(data, initial={"roles": sorted(user.staff_roles)})
        if request.method == "POST":
            if not may_manage:
                raise PermissionDenied
            if self._act(request, user, actor, form):
                messages.success(request, _("Saved."))
                return redirect(person_url(user))
        context = {
            **self.admin_site.each_context(request),
            "title": str(user),
            "person": user,
            "form": form,
            "may_manage": may_manage,
            "has_second_factor": Authenticator.objects.filter(user=user).exists(),
            "session_count": UserSession.objects.filter(user=user).count(),
            "events": user.events.select_related("actor").order_by("-at", "-pk")[:20],
            "panels": portal.panels_for("accounts.user", user, request),
        }
        return render(request, "admin/accounts/user_account.html", context)

    def _act(self, request: HttpRequest, user: User, actor: User, form: RolesForm) -> bool:
        match request.POST.get("action"):
            case "roles" if form.is_valid():
                services.set_roles(user_id=user.pk, roles=form.cleaned_data["roles"], actor=actor)
            case "lock":
                services.lock(user_id=user.pk, actor=actor)
            case "unlock":
                services.unlock(user_id=user.pk, actor=actor)
            case "end_sessions":
                services.end_sessions(user_id=user.pk, actor=actor)
            case _:
                return False
        return True


def person_url(user: User) -> str:
    return reverse("admin:accounts_user_account", args=[user.public_id])
