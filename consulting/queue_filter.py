"""The filter of a queue: labels, topics and words, as they stand in its address.

An address is kept for long: what has become unknown in it is left out, never an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from consulting.enums import Topic
from consulting.models import SavedFilter, Tag
from consulting.querysets import CaseQuerySet
from consulting.queues import BY_NAME, HOME, Queue

NAMES: Final = ("tag", "topic", "q")
LONGEST: Final = 200


@dataclass(frozen=True)
class QueueFilter:
    tag: Tag | None = None
    topic: str = ""
    words: str = ""
    is_complete: bool = True
    """False when something in the address is not known any more."""

    @property
    def values(self) -> dict[str, str]:
        """The parameters of the address."""
        tag = str(self.tag.public_id) if self.tag else ""
        pairs = zip(NAMES, (tag, self.topic, self.words), strict=True)
        return {name: value for name, value in pairs if value}

    @property
    def query(self) -> str:
        return urlencode(self.values)

    @property
    def label(self) -> str:
        """What is filtered for, in words."""
        topic = str(Topic(self.topic).label) if self.topic else ""
        parts = (self.tag.name if self.tag else "", topic, self.words)
        return " · ".join(filter(None, parts))

    def __bool__(self) -> bool:
        return bool(self.values)

    def of(self, cases: CaseQuerySet) -> CaseQuerySet:
        if self.tag is not None:
            cases = cases.filter(tags=self.tag)
        if self.topic:
            cases = cases.filter(topics__contains=[self.topic])
        return cases.matching(self.words) if self.words else cases


def read(values: Mapping[str, str], tags: Iterable[Tag]) -> QueueFilter:
    """The filter that ``values`` (an address, or what was saved) stand for; ``tags``: all there are."""
    typed = {name: str(values.get(name) or "").replace("\x00", "") for name in NAMES}
    tag = next((tag for tag in tags if str(tag.public_id) == typed["tag"]), None)
    topic = typed["topic"] if typed["topic"] in Topic.values else ""
    words = " ".join(typed["q"].split())[:LONGEST]
    return QueueFilter(
        tag, topic, words, (bool(tag), topic) == (bool(typed["tag"]), typed["topic"])
    )


def url_of(queue: Queue, values: QueueFilter) -> str:
    """The address of the filtered queue."""
    return f"{queue.url}?{values.query}" if values else queue.url


def opened(saved: SavedFilter, tags: Iterable[Tag]) -> tuple[Queue, QueueFilter]:
    """Queue and filter of a saved one; the first queue where its own is gone."""
    known = saved.values if isinstance(saved.values, dict) else {}
    return BY_NAME.get(saved.queue, HOME), read(known, tags)
