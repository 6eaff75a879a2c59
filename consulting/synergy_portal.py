"""What introductions and needs offer to the shared pages; registered in portal.py."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.search import clean
from consulting.enums import SideState
from consulting.models import ConsultingRequest, IntroductionSide, Need
from consulting.models.introduction import OPEN
from network.permissions import is_public_sector
from osk_portal import portal
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock

MOST_TASKS = 10
MOST_HITS = 10


def tasks(user: User, writing: Q) -> Iterable[portal.Task]:
    """Introductions that wait for a word of this side. ``writing``: the cases for which ``user`` speaks."""
    mine = ConsultingRequest.objects.shared_with(user).filter(writing)
    asked = IntroductionSide.objects.filter(
        state=SideState.ASKED,
        introduction__state__in=OPEN,
        introduction__expires_on__gte=clock.today(),
        case__in=mine.order_by().values("pk"),
    ).select_related("introduction", "case")
    for side in asked.order_by("introduction__expires_on", "pk")[:MOST_TASKS]:
        yield portal.Task(
            _("May we introduce you to another authority?"),
            f"{side.case.reference} · {side.case.title}",
            side.get_absolute_url(),
            due_on=side.introduction.expires_on,
            badge="info",
            action=_("Decide"),
        )


def search(query: str, request: HttpRequest) -> Iterable[portal.Hit]:
    """Published needs, for members of the administration only."""
    words = clean(query)
    if not words or not request.user.is_authenticated:
        return
    found = Need.objects.published().visible_to(request.user).found(words)
    for need in found.select_related("organisation")[:MOST_HITS]:
        yield portal.Hit(need.title, need.get_absolute_url(), need.published_by)


def at_work(user: User) -> Iterable[portal.WorkEntry]:
    """Needs that wait for a joint step; for the Leitung the results of the survey."""
    if user.is_advisor:
        url = reverse("admin:consulting_need_changelist")
        waiting = Need.objects.awaiting_step
        yield portal.WorkEntry(gettext_lazy("Who has the same problem?"), url, waiting)
    if user.is_lead:
        url = reverse("admin:consulting_consultingrequest_survey")
        yield portal.WorkEntry(gettext_lazy("Results of the survey"), url)


def may_still_read(user: User, kind: str, subject_key: str) -> bool | None:
    """For mails about needs; None for all others."""
    if not kind.startswith("consulting.need_"):
        return None
    return Need.objects.visible_to(user).filter(public_id=subject_key).exists()


def is_inside(user: User) -> bool:
    """Reads "Wer hat dasselbe Problem?"."""
    return is_public_sector(user) or user.is_advisor
