"""Test products and their versions."""

from __future__ import annotations

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import services
from sandbox.models import (
    Blueprint,
    BlueprintVersion,
)


@admin.register(Blueprint)
class BlueprintAdmin(admin.ModelAdmin[Blueprint]):
    list_display = ["name", "pool", "longest_days", "is_bookable"]
    list_filter = ["is_bookable", "pool"]
    list_select_related = ["pool"]
    search_fields = ["name"]
    raw_id_fields = ["solution"]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(BlueprintVersion)
class BlueprintVersionAdmin(admin.ModelAdmin[BlueprintVersion]):
    """A version is written, published, and from then on only read: bookings were made with it."""

    list_display = ["blueprint", "number", "published_at"]
    list_filter = ["blueprint"]
    list_select_related = ["blueprint"]
    fields = ["blueprint", "number", "spec", "published_at"]
    readonly_fields = ["published_at"]
    actions = ["publish"]

    def has_change_permission(
        self, request: HttpRequest, obj: BlueprintVersion | None = None
    ) -> bool:
        if obj is not None and obj.is_published:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.action(description=gettext_lazy("Publish"), permissions=["change"])
    def publish(self, request: HttpRequest, chosen: QuerySet[BlueprintVersion]) -> None:
        for version in chosen:
            try:
                services.publish_version(version_id=version.pk)
            except TransitionNotAllowed as error:
                self.message_user(request, f"{version}: {error}", messages.WARNING)
            except ValidationError as error:
                text = "; ".join(error.messages)
                self.message_user(request, f"{version}: {text}", messages.ERROR)
            else:
                text = _("%(version)s is published.") % {"version": version}
                self.message_user(request, text, messages.SUCCESS)
