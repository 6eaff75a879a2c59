"""What the network offers to the shared pages."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from network import demo_world, own_data, presence, statistics
from network.models import Membership, Organisation, PresenceQuestion
from network.permissions import active_memberships
from osk_portal import portal
from osk_portal.accounts.enums import StaffRole
from osk_portal.accounts.models import User
from osk_portal.toolkit.prepared import USER

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
    for membership in Membership.objects.unsettled_for(user).filter(organisation__in=managed):
        yield portal.Task(
            gettext("Choose a successor"),
            f"{membership.user} · {membership.organisation}",
            reverse("network:membership_end", args=[membership.public_id]),
        )
    for question in presence.waiting_for(user).filter(membership__organisation__in=managed):
        yield portal.Task(
            gettext("Still there?"),
            f"{question.membership.user} · {question.membership.organisation}",
            reverse("network:presence", args=[question.membership.public_id]),
            badge="warning",
            action=pgettext("verb", "Answer"),
        )


def _panel(user: User) -> dict[str, object]:
    return {"memberships": active_memberships(user)}


def _left_behind() -> QuerySet[Membership]:
    return Membership.objects.unsettled_for_osk(USER).select_related(None)


def _perhaps_gone() -> QuerySet[PresenceQuestion]:
    return presence.waiting_for_osk(USER).select_related(None)


def _succession(user: User) -> Iterable[portal.WorkEntry]:
    """What people have left behind in organisations that nobody manages, and who is perhaps gone there."""
    if user.is_advisor:
        yield portal.WorkEntry(
            _("Successors to choose"),
            reverse("network:succession_list"),
            _left_behind,
        )
        yield portal.WorkEntry(
            _("Still there?"),
            reverse("network:presence_list"),
            _perhaps_gone,
        )


portal.my_areas.register(portal.MyArea("network", 10, _tasks, _panel, "network/_my_area.html"))
portal.daily_jobs.register(portal.DailyJob("network", 50, presence.run))
portal.work_lists.register(portal.WorkList("network", 70, _("Network"), _succession))
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
portal.personal_data.register(own_data.OFFER)
portal.statistics.register(statistics.ORGANISATIONS)
