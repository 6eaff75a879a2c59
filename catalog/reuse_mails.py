"""Who is told about reuses and support offers; written in the transaction that decided it."""

from __future__ import annotations

from typing import Final

from django.db.models import Q

from catalog.models import Reuse, Support, SupportEvent
from network.models import Membership
from osk_portal.accounts.models import User
from osk_portal.notifications.services import Message, notify, notify_address

REUSE_ASKED: Final = "catalog.reuse_asked"
SUPPORT_OFFERED: Final = "catalog.support_offered"
SUPPORT_DECIDED: Final = "catalog.support_decided"


def ask_about_reuse(reuse: Reuse) -> None:
    """The contact and who declared it, as long as they belong to the organisation; where neither is there any
    more, those who speak for it, and where nobody does, all members. A function address gets a copy."""
    members = Membership.objects.active().filter(
        organisation=reuse.organisation_id, user__is_active=True
    )
    people = members.filter(Q(user=reuse.contact_id) | Q(user=reuse.declared_by_id))
    if not people.exists():
        people = members.answering()
    if not people.exists():
        people = members
    message = Message(
        kind=REUSE_ASKED,
        template="catalog/email/reuse_asked",
        url=reuse.get_absolute_url(),
        dedupe=f"{REUSE_ASKED}:{reuse.pk}:{reuse.confirmed_on.isoformat()}",
        subject_key=str(reuse.public_id),
        context={
            "solution": reuse.solution.name,
            "organisation": reuse.organisation.name,
            "stage": reuse.get_stage_display,
            "confirmed_on": reuse.confirmed_on,
        },
    )
    notify(message, User.objects.filter(pk__in=people.values("user")).order_by("pk"))
    if reuse.contact_address:
        notify_address(message, address=reuse.contact_address)


def tell_of_support(support: Support, event: SupportEvent) -> None:
    """A company's offer waits for a check."""
    notify(_about_support(SUPPORT_OFFERED, support, event), User.objects.advisors())


def tell_of_decided_support(support: Support, event: SupportEvent) -> None:
    if support.offered_by is not None:
        notify(_about_support(SUPPORT_DECIDED, support, event), [support.offered_by])


def _about_support(kind: str, support: Support, event: SupportEvent) -> Message:
    return Message(
        kind=kind,
        template=f"catalog/email/{kind.partition('.')[2]}",
        url=support.get_absolute_url(),
        dedupe=f"{kind}:{event.pk}",
        subject_key=str(support.pk),
        context={
            "solution": support.solution.name,
            "organisation": support.organisation.name,
            "is_shown": support.is_shown,
            "comment": support.comment,
        },
    )
