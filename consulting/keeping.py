"""What the side list of the staff area shows about keeping: retention, and rights of the Revision."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from consulting.models import RetentionHold, RevisionGrant
from osk_portal import portal
from osk_portal.accounts.models import User


def work_entries(user: User) -> Iterable[portal.WorkEntry]:
    """At most one query: for the Leitung the holds that wait, for the operator the rights to confirm."""
    grants = reverse("admin:consulting_revisiongrant_changelist")
    if user.is_lead:
        url = reverse("admin:consulting_consultingrequest_retention_report")
        yield portal.WorkEntry(_("Retention"), url, RetentionHold.objects.pending().count())
        yield portal.WorkEntry(_("Revision"), grants)
    elif user.is_operator:
        waiting = RevisionGrant.objects.waiting().exclude(proposed_by=user)
        yield portal.WorkEntry(_("Revision"), grants, waiting.count())
