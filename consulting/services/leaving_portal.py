"""Somebody deletes the own account: what becomes of that person's part in cases (product.md, 6).

A request is the organisation's and stays with what was written in it, until it is anonymised; the name goes
with the person's row (``accounts.own_data``). What is the person's alone goes now.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from consulting import permissions
from consulting.anonymising import TEXT
from consulting.enums import CaseAction, SideState
from consulting.models import (
    Absence,
    CaseLink,
    ConsultingRequest,
    IntroductionSide,
    NeedSupport,
    SavedFilter,
)
from consulting.models.introduction import OPEN
from consulting.querysets import UNCONFIRMED, CaseQuerySet
from consulting.services.attachments import forget_staged_of
from consulting.services.common import locked
from consulting.services.departures import end_share
from consulting.services.drafts import delete_draft
from consulting.services.ending import withdraw
from consulting.services.introductions import take_back_consent
from network.models import Membership
from osk_portal.accounts.models import User


@transaction.atomic
def leave_portal(user: User) -> None:
    """Idempotent. Before the memberships end: until then it is the person who withdraws."""
    for pk in _keys(ConsultingRequest.objects.drafts().filter(author=user)):
        delete_draft(case_id=pk, actor=user)
    _withdraw_unconfirmed(user)
    _take_back_introductions(user)
    for pk in _keys(ConsultingRequest.objects.filter(Q(deputy=user) | Q(participants__user=user))):
        end_share(pk, user, user)
    forget_staged_of(user)
    NeedSupport.objects.filter(person=user).update(shows_contact=False)
    CaseLink.objects.filter(person=user).delete()
    SavedFilter.objects.filter(owner=user).delete()
    Absence.objects.filter(user=user).delete()


def _keys(cases: CaseQuerySet) -> list[int]:
    return list(cases.order_by("pk").values_list("pk", flat=True).distinct())


def _withdraw_unconfirmed(user: User) -> None:
    """Of an organisation that has not confirmed the person: nobody else there may read it or go on."""
    never = Membership.objects.filter(user=user, state__in=UNCONFIRMED, confirmed_at=None).values(
        "organisation"
    )
    for pk in _keys(ConsultingRequest.objects.open().filter(author=user, organisation__in=never)):
        case = locked(pk)
        if case.can(CaseAction.WITHDRAW) and permissions.may(user, CaseAction.WITHDRAW, case):
            withdraw(case_id=pk, actor=user)


def _take_back_introductions(user: User) -> None:
    """A consent that waits for the other side is taken back; of a finished one the contact details go."""
    mine = IntroductionSide.objects.filter(contact=user, case__anonymised_at=None)
    for side in mine.filter(introduction__state__in=OPEN).select_related("case").order_by("pk"):
        if permissions.is_requester_side(user, side.case):
            take_back_consent(side_id=side.pk, actor=user)
    IntroductionSide.objects.filter(contact=user, state=SideState.AGREED).update(released=TEXT)
