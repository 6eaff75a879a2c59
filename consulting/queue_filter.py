"""The filter of a queue: state, topic, who must act, authority, label and words, as they stand in its address.

An address is kept for long: what has become unknown in it is left out, never an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.db.models import Q
from django.utils.translation import gettext as _

from consulting.enums import CaseState, Topic
from consulting.models import SavedFilter, Tag
from consulting.presentation import FACES
from consulting.querysets import MOST_WORDS, WITH_OSK_STATES, CaseQuerySet
from consulting.queues import BY_NAME, HOME, Queue
from osk_portal.toolkit.search_text import fold

NAMES: Final = ("state", "topic", "turn", "body", "tag", "q")
LONGEST: Final = 200


_STATES: Final[Mapping[str, tuple[CaseState, ...]]] = {
    **{s.value: (s,) for s in CaseState if s not in (CaseState.DRAFT, CaseState.ASSIGNED)},
    CaseState.TRIAGE.value: (CaseState.TRIAGE, CaseState.ASSIGNED),
}
"""What stands under the same words in lists is one choice."""
_ASKED_AGAIN: Final = Q(follow_up_at__isnull=False)
_TURNS: Final = {
    "osk": Q(state__in=WITH_OSK_STATES) | _ASKED_AGAIN,
    "authority": Q(state__in=(CaseState.WAITING_REQUESTER, CaseState.ANSWERED)) & ~_ASKED_AGAIN,
}
"""Who must act (product.md 1.3), with the words of the lists: ``Standing.staff_must_act``."""


def state_choices() -> list[tuple[str, str]]:
    return [(state, str(FACES[CaseState(state)].staff_badge)) for state in _STATES]


def turn_choices() -> list[tuple[str, str]]:
    return [
        ("osk", str(FACES[CaseState.SUBMITTED].staff_must_act)),
        ("authority", str(FACES[CaseState.WAITING_REQUESTER].staff_must_act)),
    ]


@dataclass(frozen=True)
class QueueFilter:
    tag: Tag | None = None
    topic: str = ""
    words: str = ""
    state: str = ""
    turn: str = ""
    body: str = ""
    """Words of the authority's name, place or kind."""
    is_complete: bool = True
    """False when something in the address is not known any more."""

    @property
    def values(self) -> dict[str, str]:
        """The parameters of the address."""
        tag = str(self.tag.public_id) if self.tag else ""
        given = (self.state, self.topic, self.turn, self.body, tag, self.words)
        pairs = zip(NAMES, given, strict=True)
        return {name: value for name, value in pairs if value}

    @property
    def query(self) -> str:
        return urlencode(self.values)

    @property
    def label(self) -> str:
        """What is filtered for, in words."""
        topic = str(Topic(self.topic).label) if self.topic else ""
        state = dict(state_choices()).get(self.state, "")
        turn = dict(turn_choices()).get(self.turn, "")
        turn = _("Must act: %(who)s") % {"who": turn} if turn else ""
        label = self.tag.name if self.tag else ""
        parts = (state, topic, turn, self.body, label, self.words)
        return " · ".join(filter(None, parts))

    def __bool__(self) -> bool:
        return bool(self.values)

    def of(self, cases: CaseQuerySet) -> CaseQuerySet:
        if self.tag is not None:
            cases = cases.filter(tags=self.tag)
        if self.topic:
            cases = cases.filter(topics__contains=[self.topic])
        if self.state:
            cases = cases.filter(state__in=_STATES[self.state])
        if self.turn:
            cases = cases.filter(_TURNS[self.turn])
        for word in self.body.split()[:MOST_WORDS]:
            cases = cases.filter(
                Q(organisation__folded__contains=fold(word))
                | Q(organisation__subkind__icontains=word)
                | Q(organisation__district__icontains=word)
            )
        return cases.matching(self.words) if self.words else cases


def read(values: Mapping[str, str], tags: Iterable[Tag]) -> QueueFilter:
    """The filter that ``values`` (an address, or what was saved) stand for; ``tags``: all there are."""
    typed = {name: str(values.get(name) or "").replace("\x00", "") for name in NAMES}
    tag = next((tag for tag in tags if str(tag.public_id) == typed["tag"]), None)
    known = {
        "topic": typed["topic"] if typed["topic"] in Topic.values else "",
        "state": typed["state"] if typed["state"] in _STATES else "",
        "turn": typed["turn"] if typed["turn"] in _TURNS else "",
    }
    return QueueFilter(
        tag,
        words=_line(typed["q"]),
        body=_line(typed["body"]),
        is_complete=bool(tag) == bool(typed["tag"])
        and all(value == typed[name] for name, value in known.items()),
        **known,
    )


def _line(text: str) -> str:
    return " ".join(text.split())[:LONGEST]


def url_of(queue: Queue, values: QueueFilter) -> str:
    """The address of the filtered queue."""
    return f"{queue.url}?{values.query}" if values else queue.url


def opened(saved: SavedFilter, tags: Iterable[Tag]) -> tuple[Queue, QueueFilter]:
    """Queue and filter of a saved one; the first queue where its own is gone."""
    known = saved.values if isinstance(saved.values, dict) else {}
    return BY_NAME.get(saved.queue, HOME), read(known, tags)
