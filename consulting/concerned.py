"""Whom news about a solution concerns because a request of theirs names it."""

from __future__ import annotations

from collections.abc import Iterable

from catalog.models import Solution
from consulting.models import ConsultingRequest, Participant
from consulting.querysets import NEEDS_SOMEBODY
from network.enums import MembershipState
from network.models import Membership
from osk_portal import portal


def asking(solution: Solution) -> Iterable[portal.Concerned]:
    """Author, deputy and participants of running requests that name the solution.

    Of a confidential request too: what is told names neither it nor its title. Its organisation is left out
    then, since the counts of who was told name organisations. Whose membership has ended hears nothing.
    """
    cases = ConsultingRequest.objects.filter(state__in=NEEDS_SOMEBODY, solutions=solution)
    rows = list(
        cases.order_by().values_list("pk", "organisation", "author", "deputy", "is_confidential")
    )
    of_case = {pk: None if secret else org for pk, org, _author, _deputy, secret in rows}
    belongs_to = {pk: org for pk, org, _author, _deputy, _secret in rows}
    people = {
        (user, pk) for pk, _org, author, deputy, _s in rows for user in (author, deputy) if user
    }
    taking_part = Participant.objects.filter(case__in=of_case).order_by()
    people |= {(user, pk) for user, pk in taking_part.values_list("user", "case")}
    left = set(
        Membership.objects.filter(
            organisation__in={org for org in belongs_to.values() if org},
            state__in=(MembershipState.ENDED, MembershipState.SUSPENDED, MembershipState.REFUSED),
            user__in={user for user, _pk in people},
        ).values_list("user", "organisation")
    )
    back = set(
        Membership.objects.active()
        .filter(user__in={user for user, _org in left})
        .values_list("user", "organisation")
    )
    gone = left - back
    return [
        portal.Concerned(user, of_case[pk])
        for user, pk in sorted(people)
        if (user, belongs_to[pk]) not in gone
    ]
