"""What the network offers to the shared pages."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from network import demo_world
from network.models import Membership, Organisation
from network.permissions import active_memberships
from osk_portal import portal
from osk_portal.accounts.enums import StaffRole
from osk_portal.accounts.models import User

MOST_HITS = 10


def _search(query: str, request: HttpRequest) -> Iterable[portal.Hit]:
    for organisation in Organisation.objects.published().matching(query)[:MOST_HITS]:
        yield portal.Hit(
            organisation.name,
            organisation.get_absolute_url(),
            organisation.localised_description or str(organisation.get_kind_display()),
        )


def _tasks(user: User) -> Iterable[portal.Task]:
    """Memberships that a manager has to confirm; advisors find them in the work area."""
    if not any(m.is_manager for m in active_memberships(user)):
        return
    managed = [m.organisation_id for m in active_memberships(user) if m.is_manager]
    pending = Membership.objects.pending().filter(organisation__in=managed)
    for membership in pending.decidable_by(user):
        yield portal.Task(
            gettext("Confirm a membership"),
            f"{membership.user} · {membership.organisation}",
            reverse("network:membership_decide", args=[membership.public_id]),
        )


portal.my_areas.register(portal.MyArea("network", 10, _tasks))
portal.staff_rights.register(
    portal.StaffRights(
        "network",
        order=10,
        app_label="network",
        rights={
            StaffRole.ADVISOR: ("view", "add", "change", "delete"),
            StaffRole.LEAD: ("view", "add", "change", "delete"),
            StaffRole.OPERATOR: ("view",),
        },
    )
)
portal.figures.register(
    portal.Figure(
        "network",
        30,
        _("Organisations in the network"),
        lambda: Organisation.objects.published().count(),
        "network:organisation_list",
    )
)
portal.search_sources.register(portal.SearchSource("network", 30, _("Network"), _search))
portal.demo_steps.register(portal.DemoStep("network", 10, demo_world.load))
