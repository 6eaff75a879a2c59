"""Keeping the network: organisations and memberships. Profiles are saved through the service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from network.forms import DomainForm
from network.models import (
    Expertise,
    Membership,
    Organisation,
    OrganisationDomain,
    OrganisationExpertise,
)
from network.permissions import can_appoint_editor, can_appoint_manager
from network.profile import save_expertise, save_organisation
from network.querysets import MembershipQuerySet
from network.services import confirm_membership, refuse_membership, set_member_roles
from osk_portal.toolkit.access import staff_user
from osk_portal.toolkit.admin import column
from osk_portal.toolkit.forms import HttpsURLField
from osk_portal.toolkit.transitions import TransitionNotAllowed


class DomainInline(admin.TabularInline[OrganisationDomain, Organisation]):
    model = OrganisationDomain
    form = DomainForm
    extra = 0


class ExpertiseInline(admin.TabularInline[OrganisationExpertise, Organisation]):
    model = OrganisationExpertise
    extra = 0


@admin.register(Organisation)
class OrganisationAdmin(admin.ModelAdmin[Organisation]):
    list_display = [
        "name", "kind", column("place", _("place"), order="city"), "is_entitled", "is_published",
    ]  # fmt: skip
    list_filter = ["kind", "is_entitled", "is_published", "land"]
    search_fields = ["name", "short_name", "domains__domain"]
    inlines = [DomainInline, ExpertiseInline]
    fields = [
        "name", "short_name", "slug", "kind", "subkind", "is_entitled", "is_published",
        "land", "city", "district", "description", "description_en", "website",
    ]  # fmt: skip
    prepopulated_fields = {"slug": ["name"]}
    formfield_overrides = {models.URLField: {"form_class": HttpsURLField}}

    def save_model(
        self, request: HttpRequest, obj: Organisation, form: ModelForm[Organisation], change: bool
    ) -> None:
        save_organisation(obj, actor=staff_user(request), changed=form.changed_data)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # requests, bookings and reuse belong to it: it is unpublished instead


@admin.register(Expertise)
class ExpertiseAdmin(admin.ModelAdmin[Expertise]):
    list_display = ["name_de", "name_en", "slug"]
    search_fields = ["name_de", "name_en"]
    fields = ["slug", "name_de", "name_en"]

    def get_readonly_fields(self, request: HttpRequest, obj: Expertise | None = None) -> list[str]:
        return ["slug"] if obj else []  # another slug would be another topic

    def save_model(
        self, request: HttpRequest, obj: Expertise, form: ModelForm[Expertise], change: bool
    ) -> None:
        saved = save_expertise(slug=obj.slug, name_de=obj.name_de, name_en=obj.name_en)
        obj.pk = saved.pk


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin[Membership]):
    list_display = [
        column("user", _("person")),
        column("organisation", _("organisation")),
        "state",
        "is_editor",
        "is_manager",
    ]
    list_filter = ["state", "is_editor", "is_manager"]
    search_fields = ["user__email", "user__name", "organisation__name"]
    list_select_related = ["user", "organisation"]
    readonly_fields = ["user", "organisation", "state", "created_at", "confirmed_at"]
    actions = ["confirm", "refuse"]

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> list[str]:
        actor = staff_user(request)
        may_change = {
            "is_editor": obj is not None and can_appoint_editor(actor, obj),
            "is_manager": obj is not None and can_appoint_manager(actor, obj),
        }
        return [*self.readonly_fields, *(name for name, may in may_change.items() if not may)]

    def save_model(
        self, request: HttpRequest, obj: Membership, form: ModelForm[Membership], change: bool
    ) -> None:
        set_member_roles(
            membership_id=obj.pk,
            actor=staff_user(request),
            is_editor=obj.is_editor,
            is_manager=obj.is_manager,
        )

    @admin.action(description=_("Confirm"), permissions=["change"])
    def confirm(self, request: HttpRequest, queryset: MembershipQuerySet) -> None:
        self._decide(request, queryset, confirm_membership)

    @admin.action(description=_("Refuse"), permissions=["change"])
    def refuse(self, request: HttpRequest, queryset: MembershipQuerySet) -> None:
        self._decide(request, queryset, refuse_membership)

    def _decide(
        self, request: HttpRequest, queryset: MembershipQuerySet, decide: Callable[..., object]
    ) -> None:
        """Each row by the service; what has moved on or is one's own is told, not changed."""
        refused = 0
        for membership_id in queryset.values_list("pk", flat=True):
            try:
                decide(membership_id=membership_id, actor=staff_user(request))
            except (TransitionNotAllowed, PermissionDenied):
                refused += 1
        if refused:
            text = ngettext(
                "%d membership was left as it is.", "%d memberships were left as they are.", refused
            )
            self.message_user(request, text % refused, messages.WARNING)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
