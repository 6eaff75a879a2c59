"""The waitlist, to be read: who waits for what, in which order."""

from __future__ import annotations

from django.contrib import admin

from sandbox.admin.environments import ReadOnly
from sandbox.models import WaitlistEntry


@admin.register(WaitlistEntry)
class WaitlistAdmin(ReadOnly):
    list_display = ["blueprint", "organisation", "days", "state", "created_at"]
    list_filter = ["state", "blueprint"]
    list_select_related = ["blueprint", "organisation"]
    fields = [
        "blueprint", "organisation", "person", "days", "purpose", "state", "booking",
        "created_at", "ended_at",
    ]  # fmt: skip
