"""What the side list of the staff area shows about keeping: retention, and rights of the Revision."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from consulting.permissions import can_grant_revision
from osk_portal import portal
from osk_portal.accounts.models import User


def work_entries(user: User) -> Iterable[portal.WorkEntry]:
    """Without counts: every page of the staff area would pay a query, and who decides is told by mail."""
    if user.is_lead:
        url = reverse("admin:consulting_consultingrequest_retention_report")
        yield portal.WorkEntry(_("Retention"), url)
    if can_grant_revision(user):
        yield portal.WorkEntry(_("Revision"), reverse("admin:consulting_revisiongrant_changelist"))
