"""What the pages of a case show of other tables, read in one query.

One line a noun: a new section names its rows in ``NOUNS`` and reads ``case.<noun>.all()``. It costs no query,
whether there are rows or not (issue of consulting: at most 12 queries a page).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import BigIntegerField, F, Q

from catalog.models import Solution
from consulting import legal, permissions
from consulting.contacts import IS_USED
from consulting.models import (
    Appointment,
    AppointmentSlot,
    CaseEvent,
    CaseFile,
    CaseMessage,
    CaseRelation,
    CaseResult,
    ConsultingRequest,
    IntroductionSide,
    MessageVersion,
    Participant,
    PartnerConsent,
    PartnerContact,
    PartnerQuestion,
    ProcurementOutcome,
    Recommendation,
    Tag,
    TextModule,
)
from consulting.partner_proposals import PROPOSED, Proposals, proposals, proposed_for
from network.models import Membership
from osk_portal.accounts.models import User
from osk_portal.toolkit.prepared import USER, Parameter
from osk_portal.toolkit.together import ANCHOR, Lists, Rows, hold
from sandbox.models import Blueprint, Booking

_SHARED: Final[Mapping[str, Rows[Any]]] = {
    "events": Rows(CaseEvent.objects.all(), ("actor",)),
    "results": Rows(CaseResult.objects.all(), ("author",)),
    "partner_questions": Rows(PartnerQuestion.objects.all(), ("organisation", "consent")),
    "participants": Rows(Participant.objects.all(), ("user",)),
    "solutions": Rows(Solution.objects.all()),
    "bookings": Rows(
        Booking.objects.annotate(product=F("blueprint_version__blueprint__name")), (), ("product",)
    ),
    "consents": Rows(
        PartnerConsent.objects.annotate(is_used=IS_USED), ("decided_by", "asked_by"), ("is_used",)
    ),
    "appointments": Rows(Appointment.objects.all(), ("picked_by", "offered_by")),
}
NOUNS: Final[Mapping[str, Rows[Any]]] = {
    **_SHARED,
    "messages": Rows(CaseMessage.objects.all(), ("author", "mailbox_of")),
    "files": Rows(CaseFile.objects.all()),
    "tags": Rows(Tag.objects.all()),
    "procured": Rows(ProcurementOutcome.objects.all()),
    "relations": Rows(CaseRelation.objects.filter(ended_at=None), ("other",)),
    "relations_to": Rows(CaseRelation.objects.filter(ended_at=None), ("case",)),
}
"""For the OSK: name of the related manager → its rows, with the foreign keys that are shown."""
PUBLIC_NOUNS: Final[Mapping[str, Rows[Any]]] = {
    **_SHARED,
    "messages": Rows(CaseMessage.objects.filter(is_internal=False), ("author", "mailbox_of")),
    "files": Rows(CaseFile.objects.filter(is_internal=False)),
}
"""For the requester's side: what is internal is not even read."""


@dataclass(frozen=True)
class Offers:
    """What the forms of the page offer to choose from."""

    modules: list[TextModule]
    tags: list[Tag]
    partners: Proposals
    introductions: list[IntroductionSide]
    """The other side of each introduction of the case."""


_CASE: Final = ANCHOR
OTHER_SIDES: Final = Rows(
    IntroductionSide.objects.filter(
        introduction__in=IntroductionSide.objects.filter(case=_CASE).values("introduction")
    )
    .exclude(case=_CASE)
    .annotate(
        other_id=F("case__public_id"),
        other_reference=F("case__reference"),
        other_authority=F("case__organisation__name"),
    )
    .order_by("-introduction"),
    ("introduction",),
    ("other_id", "other_reference", "other_authority"),
)
"""The other side of each introduction of a case, the latest first."""
_RECOMMENDATIONS: Final = Recommendation.objects.filter(result__case=_CASE)
_COMMON: Final[Mapping[str, Rows[Any]]] = {
    "recommendations": Rows(_RECOMMENDATIONS, ("solution", "blueprint", "organisation")),
    "contacts": Rows(PartnerContact.objects.filter(question__case=_CASE), ("actor",)),
    "statements": Rows(legal.cited_by_case(_CASE), ("replaced_by",)),
    "slots": Rows(AppointmentSlot.objects.filter(appointment__case=_CASE)),
    # Of the author and of who looks.
    "memberships": Rows(
        Membership.objects.filter(
            Q(user=USER) | Q(user=Parameter("author", BigIntegerField())),
            organisation=Parameter("organisation", BigIntegerField()),
        ).order_by()
    ),
}
_FOR_OSK: Final = Lists(
    ConsultingRequest,
    NOUNS,
    **_COMMON,
    modules=Rows(TextModule.objects.filter(is_active=True)),
    all_tags=Rows(Tag.objects.all()),
    partners=PROPOSED,
    versions=Rows(MessageVersion.objects.filter(message__case=_CASE)),
    introductions=OTHER_SIDES,
)
_PUBLIC: Final = Lists(
    ConsultingRequest,
    PUBLIC_NOUNS,
    **_COMMON,
    versions=Rows(MessageVersion.objects.filter(message__case=_CASE, message__is_internal=False)),
    blueprints=Rows(
        Blueprint.objects.bookable().filter(solution__in=_RECOMMENDATIONS.values("solution"))
    ),
)


def load(case: ConsultingRequest, user: User) -> Offers:
    """Read the nouns of ``case`` for the OSK, and what its forms offer."""
    found = _read(case, user, _FOR_OSK)
    return Offers(
        found["modules"],
        found["all_tags"],
        proposals(case, found["partners"]),
        found["introductions"],
    )


def load_public(case: ConsultingRequest, user: User) -> None:
    """Read the nouns of ``case`` for the requester's side, with the test environments that can be booked for a
    recommended solution."""
    blueprints = _read(case, user, _PUBLIC)["blueprints"]
    for result in case.results.all():
        for advice in result.recommendations.all():
            if advice.solution is not None:
                fitting = [b for b in blueprints if b.solution_id == advice.solution_id]
                advice.solution.bookable_blueprints = fitting  # type: ignore[attr-defined] # as a prefetch does


def _read(case: ConsultingRequest, user: User, lists: Lists) -> dict[str, list[Any]]:
    found = lists.attach(case, user=user.pk, author=case.author_id, **proposed_for(case))
    for result in case.results.all():
        advice = [row for row in found["recommendations"] if row.result_id == result.pk]
        hold(result, "recommendations", advice)
    for question in case.partner_questions.all():
        contacts = [row for row in found["contacts"] if row.question_id == question.pk]
        hold(question, "contacts", contacts)
    legal.know_statements(case, found["statements"])
    for message in case.messages.all():
        versions = [row for row in found["versions"] if row.message_id == message.pk]
        hold(message, "versions", versions)
    for appointment in case.appointments.all():
        slots = [row for row in found["slots"] if row.appointment_id == appointment.pk]
        hold(appointment, "slots", slots)
    permissions.know_memberships(case, {case.author_id, user.pk}, found["memberships"])
    return found
