"""How many published entries each choice of a facet has: counted in memory, from a picture of the catalog.

Counting in SQL reads every entry once a facet, for each page; at 50,000 entries that alone takes longer than a page
may. Here each choice is the set of the entries that it fits, as a compressed bitmap of primary keys (roaring bitmaps,
Lemire and others, Software: Practice and Experience 48, 2018), so a count under other filters takes a few
microseconds. As long as nothing has changed since (``Picture.state``), the picture also says which entries a
page of the list shows. The picture is made anew when it is a hundred times older than its reading took, at the
latest after ``OSK_FACETS_SECONDS``: of a small catalog it is never older than a moment. After a change the list comes
from the database until then, so an entry is found at once, and only the figure beside a choice may lag behind.
"""

from __future__ import annotations

import logging
import threading
import time
from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any, Final, overload

from django.conf import settings
from django.db import connections
from pyroaring import BitMap

logger = logging.getLogger(__name__)

SHARE: Final = 100
"""The reading takes at most one of so many seconds of a process."""
READ_ANYWAY: Final = 20
"""After so many times the age that a picture may have it is read again even if nothing seems to have changed."""
QUICK_SECONDS: Final = 0.2
"""What is read so fast is read while somebody waits; a larger catalog is read beside, and the old picture serves on."""


Row = tuple[int, Sequence[Sequence[str]], Sequence[Any]]
"""Primary key, by facet the values, by order what it goes by."""
FEW: Final = 2_000
"""So many entries are put into order one by one; of more, the whole order is gone through up to the page."""


@dataclass(frozen=True)
class Picture:
    """``everything``: the entries that it knows. ``choices``: by facet and value, entries. ``orders``: by name, all
    primary keys in that order. ``state``: what the catalog was like before it was read.
    """

    everything: BitMap
    choices: Mapping[str, Mapping[str, BitMap]]
    orders: Mapping[str, array[int]] = field(default_factory=dict)
    state: Hashable = None

    def having(self, facet: str, values: Collection[str]) -> BitMap:
        """Entries that have one of ``values``."""
        choices = self.choices[facet]
        return BitMap().union(*(choices[value] for value in values if value in choices))

    def passing(
        self, among: BitMap, *, chosen: Mapping[str, Collection[str]], signs: str
    ) -> BitMap:
        """The entries ``among`` that fit everything chosen; see ``count``."""
        for name, values in chosen.items():
            for together in ([value] for value in values) if name == signs else [values]:
                among = among & self.having(name, together)
        return among

    def ordered(self, entries: BitMap, order: str) -> Ordered:
        return Ordered(self, entries, order)

    @cached_property
    def ranks(self) -> Mapping[str, array[int]]:
        """By order and place among all primary keys, the how manieth."""
        found = {}
        for name, order in self.orders.items():
            found[name] = ranks = array("l", bytes(len(order) * array("l").itemsize))
            for rank, key in enumerate(order):
                ranks[self.everything.rank(key) - 1] = rank
        return found

    def count(
        self,
        among: BitMap,
        *,
        chosen: Mapping[str, Collection[str]],
        signs: str,
    ) -> dict[str, dict[str, int]]:
        """Of each facet the numbers of entries ``among`` that the other facets let through.

        Values of one facet widen it, but of ``signs``, each of which narrows.
        """
        passing = {
            name: self.having(name, values) for name, values in chosen.items() if name != signs
        }
        for value in chosen.get(signs, ()):
            among = among & self.having(signs, [value])
        counts: dict[str, dict[str, int]] = {}
        for facet, choices in self.choices.items():
            left = among.intersection(*(bits for name, bits in passing.items() if name != facet))
            counts[facet] = {
                value: number
                for value, entries in choices.items()
                if (number := left.intersection_cardinality(entries))
            }
        return counts


class Ordered(Sequence[int]):
    """Primary keys of ``entries`` in an order; what is not asked for is not looked up."""

    def __init__(self, picture: Picture, entries: BitMap, order: str) -> None:
        self._picture = picture
        self._entries = entries
        self._order = order

    def __len__(self) -> int:
        return len(self._entries)

    @overload
    def __getitem__(self, index: int) -> int: ...

    @overload
    def __getitem__(self, index: slice) -> list[int]: ...

    def __getitem__(self, index: int | slice) -> int | list[int]:
        if isinstance(index, int):
            return self[index : index + 1 or None][0]
        start, stop, _step = index.indices(len(self))
        order = self._picture.orders[self._order]
        if len(self) == len(order):
            return list(order[start:stop])
        if len(self) <= FEW:
            ranks, place = self._picture.ranks[self._order], self._picture.everything.rank
            return sorted(self._entries, key=lambda key: ranks[place(key) - 1])[start:stop]
        return list(islice(filter(self._entries.__contains__, order), start, stop))


class Pictures:
    """The present picture of a process.

    ``orders``: by name, what puts two rows in order, given the last part of each. ``state``: see ``Picture``;
    while it is as it was, a picture is read again only after READ_ANYWAY times the age it may have.
    """

    def __init__(
        self,
        facets: Sequence[str],
        read: Callable[[], Iterable[Row]],
        *,
        orders: Mapping[str, Callable[[Sequence[Any]], Any]] | None = None,
        state: Callable[[], Hashable] = lambda: None,
    ) -> None:
        self._facets = facets
        self._read = read
        self._orders = orders or {}
        self._state = state
        self._read_at = 0.0
        self._lock = threading.Lock()
        self._picture: Picture | None = None
        self._made_at = 0.0
        self._took = 0.0

    def present(self, state: Hashable = None) -> Picture:
        """As old as the head of this module says, and as the reading of the next one takes.

        ``state``: of the catalog, where somebody has just asked for it.
        """
        picture = self._picture
        if picture is not None and self._is_fresh():
            return picture
        if picture is None or self._took < QUICK_SECONDS:
            with self._lock:
                # Whoever has waited here finds what another one has read meanwhile.
                if self._picture is None or not self._is_fresh():
                    return self._renew(state)
                return self._picture
        if self._lock.acquire(blocking=False):
            self._begin_beside()
        return picture

    def _is_fresh(self) -> bool:
        oldest = min(settings.OSK_FACETS_SECONDS, self._took * SHARE)
        return time.monotonic() - self._made_at < oldest

    def _begin_beside(self) -> None:
        """The lock is held; the thread gives it back."""
        try:
            threading.Thread(target=self._renew_beside, daemon=True).start()
        except RuntimeError:  # the process may have no further thread: the old picture serves on
            logger.warning("facets are not counted anew: no thread can be started")
            self._lock.release()

    def _renew_beside(self) -> None:
        try:
            if self._is_as_it_was():
                self._made_at = time.monotonic()
            else:
                self._renew(None)
        finally:
            connections.close_all()  # those of this thread
            self._lock.release()

    def _is_as_it_was(self) -> bool:
        """A small query in the place of reading everything."""
        oldest = settings.OSK_FACETS_SECONDS * READ_ANYWAY
        if self._picture is None or time.monotonic() - self._read_at > oldest:
            return False
        return self._picture.state is not None and self._picture.state == self._state()

    def _renew(self, state: Hashable) -> Picture:
        """``state`` must be read before the rows: what changes in between makes the picture an old one."""
        start = time.monotonic()
        state = state or self._state()
        keys: list[int] = []
        ends: list[Sequence[Any]] = []
        found: dict[str, dict[str, list[int]]] = {name: defaultdict(list) for name in self._facets}
        for key, row, end in self._read():
            keys.append(key)
            ends.append(end)
            for name, values in zip(self._facets, row, strict=True):
                for value in values:
                    found[name][value].append(key)
        choices = {
            name: {value: BitMap(theirs) for value, theirs in by_value.items()}
            for name, by_value in found.items()
        }
        orders = {
            name: array(
                "q",
                (
                    keys[place]
                    for place in sorted(range(len(ends)), key=lambda place: goes_by(ends[place]))
                ),
            )
            for name, goes_by in self._orders.items()
        }
        picture = Picture(BitMap(keys), choices, orders, state)
        _ready = picture.ranks  # rather now than while somebody waits
        self._picture = picture
        self._made_at = self._read_at = time.monotonic()
        self._took = self._made_at - start
        return picture
