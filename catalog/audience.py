"""Whom news about an entry concerns: who maintains, uses, tests, asks about, supports or follows it.

Source: product.md 2, Hinweise. Who tests and who asks is known to the floors above (``portal.audiences``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from django.db.models import Exists, OuterRef
from django.utils.functional import lazystr
from django.utils.translation import gettext, pgettext_lazy

from catalog.models import Follow, Reuse, Solution, Support
from catalog.querysets import ReuseQuerySet
from network.enums import MembershipState
from network.models import Membership
from osk_portal import portal

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

PLACE: Final = "catalog.solution"
MAINTAINS, USES, SUPPORTS, FOLLOWS = "maintains", "uses", "supports", "follows"
_OWN: Final[Mapping[str, _StrPromise]] = {
    MAINTAINS: pgettext_lazy("you get this because", "your organisation maintains the entry"),
    USES: pgettext_lazy("you get this because", "your organisation has declared that it uses it"),
    SUPPORTS: pgettext_lazy("you get this because", "your organisation offers support for it"),
    FOLLOWS: pgettext_lazy("you get this because", "you follow this entry"),
}


@dataclass
class Person:
    """Somebody concerned. ``reasons``: keys, the weightiest first. ``organisation_id``: of the first reason
    that belongs to one; whom a person follows is nobody else's business and names none."""

    user_id: int
    reasons: list[str] = field(default_factory=list)
    organisation_id: int | None = None


def concerned_by(solution: Solution) -> dict[int, Person]:
    """By the person's key, each once however many reasons there are."""
    found: dict[int, Person] = {}
    for reason, people in _sources(solution):
        for one in people:
            person = found.setdefault(one.user_id, Person(one.user_id))
            if reason not in person.reasons:
                person.reasons.append(reason)
            person.organisation_id = person.organisation_id or one.organisation_id
    return found


def because(reasons: Sequence[str]) -> _StrPromise:
    """One sentence for the foot of a mail, in its reader's language."""
    return lazystr(_Because(tuple(reasons)))


class _Because:
    def __init__(self, reasons: tuple[str, ...]) -> None:
        self.reasons = reasons

    def __str__(self) -> str:
        offers = {offer.key: offer.reason for offer in portal.audiences}
        words = [str(_OWN.get(key) or offers.get(key, "")) for key in self.reasons]
        said = gettext(", and because ").join(word for word in words if word)
        if not said:  # a reason of an app that is not there any more
            return gettext("You get this mail because this entry concerned you.")
        return gettext("You get this mail because %(reasons)s.") % {"reasons": said}


def _sources(solution: Solution) -> Iterable[tuple[str, Iterable[portal.Concerned]]]:
    users = Reuse.objects.current().filter(solution=solution)
    supporters = Support.objects.shown().filter(solution=solution)
    yield MAINTAINS, _speakers([solution.maintainer_id] if solution.maintainer_id else [])
    yield USES, _speakers(users.order_by().values_list("organisation", flat=True))
    yield USES, _named(users)
    for offer in portal.audiences:
        if offer.place == PLACE:
            yield offer.key, offer.people(solution)
    yield SUPPORTS, _speakers(supporters.order_by().values_list("organisation", flat=True))
    follows = Follow.objects.filter(solution=solution).order_by()
    yield FOLLOWS, (portal.Concerned(pk) for pk in follows.values_list("user", flat=True))


def _named(users: ReuseQuerySet) -> Iterable[portal.Concerned]:
    """Who has declared a reuse, or is its contact, hears of it also without a role; former members do not."""
    active = Membership.objects.filter(
        organisation=OuterRef("organisation"), state=MembershipState.ACTIVE, user__is_active=True
    )
    found: set[tuple[int, int]] = set()
    for role in ("declared_by", "contact"):
        rows = users.filter(Exists(active.filter(user=OuterRef(role))))
        found.update(rows.order_by().values_list(role, "organisation"))
    return [portal.Concerned(user, organisation) for user, organisation in sorted(found)]


def _speakers(organisations: Iterable[int]) -> list[portal.Concerned]:
    """Redaktion and Organisationsverwaltung; where an organisation has neither, all its members."""
    wanted = set(organisations)
    if not wanted:
        return []
    rows = Membership.objects.filter(
        organisation__in=wanted, state=MembershipState.ACTIVE, user__is_active=True
    )
    members = list(rows.order_by().values_list("organisation", "user", "is_editor", "is_manager"))
    spoken_for = {org for org, _user, is_editor, is_manager in members if is_editor or is_manager}
    return [
        portal.Concerned(user, org)
        for org, user, is_editor, is_manager in members
        if is_editor or is_manager or org not in spoken_for
    ]
