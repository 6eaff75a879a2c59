"""What happened to a claim and to an entry's maintainers, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalog.models import Claim, MaintainershipEvent, Solution

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from osk_portal.accounts.models import User

CLAIM: Final[dict[str, _StrPromise]] = {
    "submitted": _("Claimed"),
    "ready": _("Proof is there: decision promised"),
    "code_found": _("Code found in the repository"),
    "letter_received": _("Letter received"),
    "letter_infected": _("Malware found in the letter"),
    "contested": _("The present maintainer was asked"),
    "answered": _("The present maintainer has answered"),
    "accepted": _("Accepted"),
    "refused": _("Refused"),
    "withdrawn": _("Withdrawn"),
    "lapsed": _("Ended: the proof has not come in time"),
    "settled": _("Ended: the organisation maintains the entry by now"),
    "closed": _("Ended: the organisation exists no more"),
    "handed_over": _("Handed over to a colleague"),
}
MAINTAINERSHIP: Final[dict[str, _StrPromise]] = {
    "started": _("maintains the entry"),
    "contested": _("was contested"),
    "active": _("is contested no more"),
    "offered": _("has offered the entry to another organisation"),
    "offer_withdrawn": _("has taken the offer back"),
    "declined": _("was declined by the other organisation"),
    "handed_over": _("has handed the entry over"),
    "lost": pgettext_lazy("maintainership", "no longer maintains the entry"),
}


@dataclass(frozen=True)
class Entry:
    """``who``: the organisation that it is about, "" where that is clear. ``actor`` None: the portal."""

    at: datetime
    who: str
    text: _StrPromise
    actor: User | None


def of_claim(claim: Claim) -> list[Entry]:
    events = claim.events.select_related("actor")
    return [Entry(event.at, "", CLAIM[event.kind], event.actor) for event in events]


def of_entry(solution: Solution) -> list[Entry]:
    """All that have maintained it, the latest first."""
    events = MaintainershipEvent.objects.filter(maintainership__solution=solution)
    found = events.select_related("actor", "maintainership__organisation").order_by("-at", "-pk")
    return [
        Entry(e.at, e.maintainership.organisation.name, MAINTAINERSHIP[e.kind], e.actor)
        for e in found
    ]
