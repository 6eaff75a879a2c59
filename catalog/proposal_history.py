"""What happened to a proposal, in words: its events, for its author's side and the OSK."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from catalog.models import Proposal, ProposalEvent

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_WORDS: Final[Mapping[str, _StrPromise]] = {
    "submitted": pgettext_lazy("proposal happened", "Submitted"),
    "accepted": pgettext_lazy("proposal happened", "Accepted"),
    "returned": pgettext_lazy("proposal happened", "Returned with a comment"),
    "refused": pgettext_lazy("proposal happened", "Refused"),
    "withdrawn": pgettext_lazy("proposal happened", "Withdrawn"),
    "handed_over": pgettext_lazy("proposal happened", "Handed over to a colleague"),
    "commented": pgettext_lazy("proposal happened", "Comment of who maintains the entry"),
    "objected": pgettext_lazy("proposal happened", "Objection to the Leitung"),
    "objection_withdrawn": pgettext_lazy("proposal happened", "Objection taken back"),
    "objection_granted": pgettext_lazy("proposal happened", "Objection granted, taken over"),
    "objection_rejected": pgettext_lazy("proposal happened", "Objection rejected"),
}
_BY_OSK: Final = frozenset(
    {"accepted", "returned", "refused", "objection_granted", "objection_rejected"}
)


@dataclass(frozen=True)
class Happened:
    at: datetime
    text: str
    who: str
    """The OSK decides as one: whom of its people it was, nobody else needs to know."""


def history(proposal: Proposal) -> list[Happened]:
    """The oldest first. ``who`` is empty for what no person did."""
    events = proposal.events.select_related("actor")
    return [
        Happened(event.at, str(_WORDS.get(event.kind, event.kind)), _who(event)) for event in events
    ]


def _who(event: ProposalEvent) -> str:
    if event.kind in _BY_OSK:
        return _("OSK")
    if event.kind == "commented" or event.actor is None:
        return ""
    return str(event.actor)
