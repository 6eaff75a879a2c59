"""What the pages of a case show of other tables, read in one query.

One line a noun: a new section names its rows in ``NOUNS`` and reads ``case.<noun>.all()``. It costs no query,
whether there are rows or not (issue of consulting: at most 12 queries a page).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from catalog.models import Solution
from consulting import permissions
from consulting.models import (
    CaseEvent,
    CaseFile,
    CaseMessage,
    CaseResult,
    ConsultingRequest,
    Participant,
    PartnerQuestion,
    ProcurementOutcome,
    Recommendation,
    Tag,
    TextModule,
)
from consulting.partner_proposals import Proposals, proposals, rows_for
from network.models import Membership
from osk_portal.accounts.models import User
from osk_portal.toolkit.together import Rows, attach, hold
from sandbox.models import Blueprint

_SHARED: Final[Mapping[str, Rows[Any]]] = {
    "events": Rows(CaseEvent.objects.all(), ("actor",)),
    "results": Rows(CaseResult.objects.all(), ("author",)),
    "partner_questions": Rows(PartnerQuestion.objects.all(), ("organisation", "consent")),
    "participants": Rows(Participant.objects.all(), ("user",)),
    "solutions": Rows(Solution.objects.all()),
}
NOUNS: Final[Mapping[str, Rows[Any]]] = {
    **_SHARED,
    "messages": Rows(CaseMessage.objects.all(), ("author",)),
    "files": Rows(CaseFile.objects.all()),
    "tags": Rows(Tag.objects.all()),
    "procured": Rows(ProcurementOutcome.objects.all()),
}
"""For the OSK: name of the related manager → its rows, with the foreign keys that are shown."""
PUBLIC_NOUNS: Final[Mapping[str, Rows[Any]]] = {
    **_SHARED,
    "messages": Rows(CaseMessage.objects.filter(is_internal=False), ("author",)),
    "files": Rows(CaseFile.objects.filter(is_internal=False)),
}
"""For the requester's side: what is internal is not even read."""


@dataclass(frozen=True)
class Offers:
    """What the forms of the page offer to choose from."""

    modules: list[TextModule]
    tags: list[Tag]
    partners: Proposals


def load(case: ConsultingRequest, user: User) -> Offers:
    """Read the nouns of ``case`` for the OSK, and what its forms offer."""
    found = _read(
        case,
        user,
        NOUNS,
        modules=Rows(TextModule.objects.filter(is_active=True)),
        all_tags=Rows(Tag.objects.all()),
        partners=rows_for(case),
    )
    return Offers(found["modules"], found["all_tags"], proposals(case, found["partners"]))


def load_public(case: ConsultingRequest, user: User) -> None:
    """Read the nouns of ``case`` for the requester's side, with the test environments that can be booked for a
    recommended solution."""
    solutions = Recommendation.objects.filter(result__case=case.pk).values("solution")
    bookable = Rows(Blueprint.objects.bookable().filter(solution__in=solutions))
    blueprints = _read(case, user, PUBLIC_NOUNS, blueprints=bookable)["blueprints"]
    for result in case.results.all():
        for advice in result.recommendations.all():
            if advice.solution is not None:
                fitting = [b for b in blueprints if b.solution_id == advice.solution_id]
                advice.solution.bookable_blueprints = fitting  # type: ignore[attr-defined] # as a prefetch does


def _read(
    case: ConsultingRequest, user: User, nouns: Mapping[str, Rows[Any]], **more: Rows[Any]
) -> dict[str, list[Any]]:
    people = {case.author_id, user.pk}
    recommendations = Recommendation.objects.filter(result__case=case.pk)
    memberships = Membership.objects.filter(organisation=case.organisation_id, user__in=people)
    found = attach(
        case,
        nouns,
        recommendations=Rows(recommendations, ("solution", "blueprint", "organisation")),
        memberships=Rows(memberships.order_by()),
        **more,
    )
    for result in case.results.all():
        advice = [row for row in found["recommendations"] if row.result_id == result.pk]
        hold(result, "recommendations", advice)
    permissions.know_memberships(case, people, found["memberships"])
    return found
