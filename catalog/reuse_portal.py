"""What reuses and support offers give to the shared pages; catalog.portal registers it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models import Reuse, Support
from catalog.reuse_mails import REUSE_ASKED, SUPPORT_DECIDED, SUPPORT_OFFERED
from catalog.services import confirming
from catalog.services.reuse import hand_over_reuse, silence_contact
from osk_portal import portal
from osk_portal.accounts.models import User

MOST_TASKS: Final = 10


def tasks(user: User) -> Iterable[portal.Task]:
    """Reuses that somebody of the organisation is asked about."""
    waiting = Reuse.objects.filter(pk__in=Reuse.objects.waiting_for(user).values("pk"))
    found = waiting.select_related("solution", "organisation").order_by("asked_on", "pk")
    for reuse in found[:MOST_TASKS]:
        yield portal.Task(
            _("Does your organisation still use %(name)s?") % {"name": reuse.solution.name},
            reuse.organisation.name,
            reuse.get_absolute_url(),
            badge="warning",
            action=_("Confirm or change"),
        )


def work(user: User) -> Iterable[portal.WorkEntry]:
    yield portal.WorkEntry(
        gettext_lazy("Support offers to check"),
        reverse("admin:catalog_support_changelist") + "?state__exact=waiting",
        Support.objects.waiting,
    )


def may_still_read(user_id: int, kind: str, subject_key: str) -> bool | None:
    """None for mails of other things. What somebody has answered is nothing to ask any more."""
    if kind not in (REUSE_ASKED, SUPPORT_OFFERED, SUPPORT_DECIDED):
        return None
    user = User.objects.filter(pk=user_id).first() or AnonymousUser()
    if kind == REUSE_ASKED:
        asked = Reuse.objects.visible_to(user).filter(asked_on__isnull=False)
        return asked.filter(public_id=subject_key).exists()
    return Support.objects.visible_to(user).filter(pk=subject_key).exists()


def _rows(person: User, organisation: Any, viewer: User) -> Iterable[portal.HandoverRow]:
    found = Reuse.objects.to_hand_over(person, organisation).select_related("solution")
    for reuse in found.order_by("pk"):
        yield portal.HandoverRow(reuse.public_id, reuse.solution.name)


def _end(person: User, organisation: Any, actor: User | None) -> None:
    silence_contact(person=person, organisation=organisation, actor=actor)


def every_day() -> None:
    confirming.lapse()


HANDOVER: Final = portal.Handover(
    "catalog_reuse",
    30,
    gettext_lazy("Contact of a reuse"),
    Reuse.objects.to_hand_over,
    _rows,
    hand_over_reuse,
)
DEPARTURE: Final = portal.Departure("catalog_reuse", 30, _end)
