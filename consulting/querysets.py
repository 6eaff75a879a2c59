from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Exists, OuterRef, Q

from consulting.enums import CaseState, Visibility
from network.enums import MembershipState
from network.models import Membership

if TYPE_CHECKING:
    from consulting.models import (  # named in the type parameters
        ConsultingRequest,
        PartnerQuestion,
    )
    from osk_portal.accounts.models import User
    from osk_portal.toolkit.prepared import Parameter

OPEN_STATES = (
    CaseState.SUBMITTED,
    CaseState.TRIAGE,
    CaseState.ASSIGNED,
    CaseState.IN_PROGRESS,
    CaseState.WAITING_REQUESTER,
    CaseState.WAITING_THIRD,
)
WITH_OSK_STATES = tuple(s for s in OPEN_STATES if s != CaseState.WAITING_REQUESTER)
AT_WORK = Q(state__in=(*OPEN_STATES, CaseState.ANSWERED)) | Q(snoozed_until__isnull=False)
"""Whatever can stand in a queue of the OSK; the index ``case_at_work`` holds just these."""

NEEDS_SOMEBODY = (*OPEN_STATES, CaseState.ANSWERED)
"""Somebody of the authority still has to read, reply or say that it is settled."""
# Of the author's memberships in the organisation of the request; permissions.py asks the same.
UNCONFIRMED = frozenset({MembershipState.PENDING, MembershipState.REFUSED})
ENDED = frozenset({MembershipState.SUSPENDED, MembershipState.ENDED})
# A membership that was confirmed once stays so for what it stood for, even when it is refused later.
_WAS_CONFIRMED = ~Q(state__in=UNCONFIRMED) | Q(confirmed_at__isnull=False)
_IS_OVER = Q(state__in=ENDED) | Q(state=MembershipState.REFUSED, confirmed_at__isnull=False)

MOST_WORDS = 8
_LONG = (
    "description",
    "software_in_use",
    "urgency_reason",
    "urgency_answer",
    "organisation__folded",
)
"""Texts that no list shows."""


class CaseQuerySet(models.QuerySet["ConsultingRequest"]):
    def drafts(self) -> CaseQuerySet:
        return self.filter(state=CaseState.DRAFT)

    def sent(self) -> CaseQuerySet:
        """Everything that ever reached the OSK: all but drafts."""
        return self.exclude(state=CaseState.DRAFT)

    def open(self) -> CaseQuerySet:
        return self.filter(state__in=OPEN_STATES)

    def to_hand_over(self, author: Any, organisation: Any) -> CaseQuerySet:
        """What needs a successor when ``author`` leaves ``organisation``; keys or outer references.

        A draft was never the organisation's. What has ended stays with it; its managers take it over.
        """
        return self.filter(author=author, organisation=organisation, state__in=NEEDS_SOMEBODY)

    def deputised_by(self, deputy: Any, organisation: Any) -> CaseQuerySet:
        """What needs a new deputy when ``deputy`` leaves ``organisation``; as ``to_hand_over``."""
        return self.filter(deputy=deputy, organisation=organisation, state__in=NEEDS_SOMEBODY)

    def with_osk(self) -> CaseQuerySet:
        """The OSK must act, its clock runs."""
        return self.filter(state__in=WITH_OSK_STATES)

    def unassigned(self) -> CaseQuerySet:
        return self.open().filter(assignee=None)

    def assigned_to(self, user: User) -> CaseQuerySet:
        return self.filter(assignee=user)

    def overdue(self, today: date) -> CaseQuerySet:
        return self.with_osk().filter(answer_due_on__lt=today)

    def in_order_of_promise(self) -> CaseQuerySet:
        return self.order_by(models.F("answer_due_on").asc(nulls_last=True), "pk")

    def matching(self, words: str) -> CaseQuerySet:
        """Each word in the title (in any German form), in a reference, or in the authority's name."""
        cases = self
        for word in words.split()[:MOST_WORDS]:
            cases = cases.filter(
                Q(title__search=word)
                | Q(title__icontains=word)
                | Q(reference__icontains=word)
                | Q(own_reference__icontains=word)
                | Q(organisation__name__icontains=word)
                | Q(organisation__short_name__icontains=word)
            )
        return cases

    def for_list(self) -> CaseQuerySet:
        """With what one row of a list shows."""
        return self.select_related("organisation", "author", "assignee__absence").defer(*_LONG)

    def visible_to(self, user: User) -> CaseQuerySet:
        """What ``user`` may read *with its content*: the one policy for page, list, search, mail.

        Advisors: all but drafts. The author: as long as the membership has not ended. Colleagues (the
        deputy, those who take part, the organisation when it is shared): active members, once the
        author's own membership was confirmed (product.md, Belonging: until then author and OSK only).
        """
        if user.is_authenticated and user.is_advisor:
            return self.visible_to_advisor(user)
        return self.shared_with(user)

    def visible_to_advisor(self, advisor: User | Parameter) -> CaseQuerySet:
        """As ``visible_to``, for somebody known to be an advisor."""
        return self.filter(~Q(state=CaseState.DRAFT) | Q(author=advisor))

    def shared_with(self, user: User) -> CaseQuerySet:
        """What ``user`` may read as a member of the requester's side: written, joined or shared."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.shared_with_active(user)

    def shared_with_active(self, user: User | Parameter) -> CaseQuerySet:
        """As ``shared_with``, for somebody known to be signed in and active."""
        own = Q(author=user) & (Q(state=CaseState.DRAFT) | ~_has_left(user))
        takes_part = CaseQuerySet(self.model).filter(participants__user=user)
        colleague = (
            ~Q(state=CaseState.DRAFT)
            & (
                Q(deputy=user)
                | Q(pk__in=takes_part.values("pk"))
                | Q(visibility=Visibility.ORGANISATION)
            )
            & _is_active_member(user)
            & _author_is_confirmed()
        )
        return self.filter(own | colleague)

    def of_managed_organisations(self, user: User) -> CaseQuerySet:
        """Requests of which ``user`` as Organisationsverwaltung sees reference, author, state, date.

        Never pass them to a page that shows content: that is what ``visible_to`` is for.
        """
        managed = Membership.objects.active().filter(user=user, is_manager=True)
        return (
            self.sent()
            .filter(organisation__in=managed.values("organisation"))
            .filter(_author_is_confirmed())
        )


class PartnerQuestionQuerySet(models.QuerySet["PartnerQuestion"]):
    def of_members(self, user: User) -> PartnerQuestionQuerySet:
        """Asked of an organisation of which ``user`` is an active member, with or without a role."""
        return self._asked(user, Membership.objects.active())

    def visible_to(self, user: User) -> PartnerQuestionQuerySet:
        """Those that ``user`` may read and answer for the partner (product.md 1.5)."""
        return self._asked(user, Membership.objects.active().answering())

    def _asked(
        self, user: User, memberships: models.QuerySet[Membership]
    ) -> PartnerQuestionQuerySet:
        if not user.is_authenticated or not user.is_active:
            return self.none()
        mine = memberships.filter(user=user).order_by()
        return self.filter(organisation__in=mine.values("organisation"))


def _memberships_here() -> models.QuerySet[Membership]:
    return Membership.objects.filter(organisation=OuterRef("organisation")).order_by()


def _is_active_member(user: User | Parameter) -> Q:
    here = Membership.objects.filter(user=user, state=MembershipState.ACTIVE).order_by()
    return Q(organisation__in=here.values("organisation"))


def _has_left(user: User | Parameter) -> Q:
    """The author's membership is over. Asking for a new one gives nothing back until it is confirmed,
    but for what was sent since it was asked for (product.md, Belonging and Leaving)."""
    mine = _memberships_here().filter(user=user)
    stands = Q(state=MembershipState.ACTIVE) | Q(created_at__lte=OuterRef("submitted_at"))
    return Q(Exists(mine.filter(_IS_OVER))) & ~Q(Exists(mine.filter(~_IS_OVER & stands)))


def _author_is_confirmed() -> Q:
    """A membership that ended later was confirmed once: its requests stay with the organisation."""
    return Q(Exists(_memberships_here().filter(_WAS_CONFIRMED, user=OuterRef("author"))))


def looked_after_by(user: User | Parameter, today: date | Parameter) -> Q:
    """Assigned to ``user``, or to somebody absent for whom ``user`` stands in."""
    away = {"starts_on__lte": today, "ends_on__gte": today}
    there = {f"assignee__absence__{name}": value for name, value in away.items()}
    return Q(assignee=user) | Q(assignee__absence__deputy=user, **there)
