"""Who uses a solution, as far as this reader may know: the one policy of the page's lists.

Everybody: kind of organisation, stage, the year since when, the name where the organisation says so. Members of
administrations and the OSK: version, scale, hosting, and the contact that agrees to be asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from catalog.enums import ReuseStage
from catalog.models import Reuse, Solution
from catalog.permissions import can_keep_reuse, can_read_reuse_details
from network.enums import OrganisationKind
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit.disclosure import FEW

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

MOST_SHOWN: Final = 50
_ORDER: Final = (ReuseStage.PRODUCTION, ReuseStage.PILOT, ReuseStage.TEST)
# Everybody reads these too (product.md 2, Reuse), after those in use; nobody counts them.
_NOT_IN_USE: Final = (ReuseStage.INTEREST, ReuseStage.REPLACED)


@dataclass(frozen=True)
class Details:
    """What members of administrations read. ``mail``: of the contact that agrees; ``own_url``: for its members."""

    version: str
    users: int | None
    hosting: str
    contact: str
    mail: str
    own_url: str


@dataclass(frozen=True)
class Line:
    """One reuse. ``name`` is empty where it is not public, ``url`` where there is no page."""

    kind: str
    stage: str
    year: int | None
    name: str
    url: str
    unconfirmed_since: date | None
    successor: str
    successor_url: str
    details: Details | None


@dataclass(frozen=True)
class ReuseSummary:
    """Berlin and elsewhere apart; ``stages`` count Berlin's that are in use. ``more_…``: how many are not listed."""

    stages: list[tuple[str, int]]
    berlin: list[Line]
    more_in_berlin: int
    elsewhere: list[Line]
    more_elsewhere: int
    reads_details: bool


def reuse_of(solution: Solution, user: User | AnonymousUser) -> ReuseSummary:
    """In one query, whoever reads. In use first; what nobody has confirmed after it, and not counted; then those
    that are interested, and those that have replaced it."""
    found = (
        solution.reuses.filter(withdrawn_at=None)
        .select_related("organisation", "contact", "replaced_by")
        .annotate(peers=_peers())
        .order_by("unconfirmed_since", "since", "pk")
    )
    reuses = sorted(found, key=_place)
    berlin = [r for r in reuses if r.organisation.kind == OrganisationKind.BERLIN_ADMINISTRATION]
    elsewhere = [r for r in reuses if r not in berlin]
    counts = Counter(reuse.stage for reuse in berlin if reuse.is_counted)
    reads = can_read_reuse_details(user)
    return ReuseSummary(
        [(str(stage.label), counts[stage]) for stage in _ORDER if counts[stage]],
        _lines(berlin, user, reads),
        max(len(berlin) - MOST_SHOWN, 0),
        _lines(elsewhere, user, reads),
        max(len(elsewhere) - MOST_SHOWN, 0),
        reads,
    )


def _place(reuse: Reuse) -> tuple[int, bool]:
    late = _NOT_IN_USE.index(ReuseStage(reuse.stage)) + 1 if reuse.stage in _NOT_IN_USE else 0
    return late, reuse.unconfirmed_since is not None


def _peers() -> Any:
    """How many organisations are of the same kind in detail: of few, the kind would tell which one it is."""
    same = Organisation.objects.published().filter(
        kind=OuterRef("organisation__kind"), subkind=OuterRef("organisation__subkind")
    )
    counted = same.order_by().values("subkind").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


def _lines(reuses: Iterable[Any], user: User | AnonymousUser, reads_details: bool) -> list[Line]:
    return [_line(reuse, user, reads_details) for reuse in list(reuses)[:MOST_SHOWN]]


def _line(reuse: Any, user: User | AnonymousUser, reads_details: bool) -> Line:
    organisation = reuse.organisation
    may_be_exact = organisation.subkind and (reuse.show_name or reuse.peers >= FEW)
    kind = organisation.subkind if may_be_exact else organisation.get_kind_display()
    shows_page = reuse.show_name and organisation.is_published
    return Line(
        kind=str(kind)[:1].upper() + str(kind)[1:],
        stage=reuse.get_stage_display(),
        year=reuse.since.year if reuse.since else None,
        name=organisation.name if reuse.show_name else "",
        url=organisation.get_absolute_url() if shows_page else "",
        unconfirmed_since=reuse.unconfirmed_since,
        successor=_successor(reuse, user),
        successor_url=_page_of(reuse.replaced_by),
        details=_details(reuse, user) if reads_details else None,
    )


def _successor(reuse: Reuse, user: User | AnonymousUser) -> str:
    """An entry that is not public (any more) is named to who has declared the reuse, and to the OSK."""
    found = reuse.replaced_by
    if found is None or found.is_published or _is_own(reuse, user):
        return reuse.successor
    return ""


def _is_own(reuse: Reuse, user: User | AnonymousUser) -> bool:
    return user.is_authenticated and can_keep_reuse(user, reuse)


def _page_of(successor: Solution | None) -> str:
    return successor.get_absolute_url() if successor and successor.is_published else ""


def _details(reuse: Reuse, user: User | AnonymousUser) -> Details:
    contact, mail = contact_of(reuse)
    return Details(
        reuse.version,
        reuse.users,
        reuse.get_hosting_display(),
        contact,
        mail,
        reuse.get_absolute_url() if _is_own(reuse, user) else "",
    )


def contact_of(reuse: Reuse) -> tuple[str, str]:
    """Name and address of whom others may ask; empty where nobody has agreed. An address of a function is its
    own name, and goes before a person's."""
    if not reuse.contact_agrees:
        return "", ""
    if reuse.contact_address:
        return reuse.contact_address, reuse.contact_address
    if reuse.contact is None or not reuse.contact.is_active:
        return "", ""
    return str(reuse.contact), reuse.contact.email
