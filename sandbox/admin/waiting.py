"""The waitlist, to be read by operators: who waits for what, in which order. What for is the person's."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy

from osk_portal.toolkit.admin import column
from sandbox.admin.environments import ReadOnly
from sandbox.models import WaitlistEntry


@admin.register(WaitlistEntry)
class WaitlistAdmin(ReadOnly):
    list_display = [
        column("blueprint", gettext_lazy("test product")),
        column("organisation", gettext_lazy("organisation")),
        "days",
        "state",
        column("created_at", gettext_lazy("since")),
    ]
    list_filter = ["state", "blueprint"]
    list_select_related = ["blueprint", "organisation"]
    fields = [
        "blueprint", "organisation", "person", "days", "state", "booking",
        "created_at", "ended_at",
    ]  # fmt: skip
