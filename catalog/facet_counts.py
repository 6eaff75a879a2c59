"""How many published entries each choice of a facet has: counted in memory, from a picture of the catalog.

Counting in SQL reads every entry once a facet, for each page; at 50,000 entries that alone takes longer than a page
may. Here each choice is a number whose bits are the entries that it fits, so a count under other filters is an
"and" and a bit count. As long as nothing has changed since (``Picture.state``), the picture also says which entries a
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
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any, Final, overload

from django.conf import settings
from django.db import connections

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
    """``choices``: by facet and value, the entries as bits. ``places``: which bit an entry is, by primary key.

    ``orders``: by name, the bits in that order. ``state``: what the catalog was like before it was read.
    """

    places: Mapping[int, int]
    choices: Mapping[str, Mapping[str, int]]
    orders: Mapping[str, array[int]] = field(default_factory=dict)
    state: Hashable = None

    @property
    def everything(self) -> int:
        return (1 << len(self.places)) - 1

    def of(self, keys: Iterable[int]) -> int:
        """The entries with these primary keys; those that came later are left out."""
        return _bits((self.places[key] for key in keys if key in self.places), len(self.places))

    def having(self, facet: str, values: Collection[str]) -> int:
        """Entries that have one of ``values``."""
        found = 0
        for value in values:
            found |= self.choices[facet].get(value, 0)
        return found

    def passing(self, among: int, *, chosen: Mapping[str, Collection[str]], signs: str) -> int:
        """The entries ``among`` that fit everything chosen; see ``count``."""
        for name, values in chosen.items():
            for together in ([value] for value in values) if name == signs else [values]:
                among &= self.having(name, together)
        return among

    def of_these(self, keys: Sequence[int], entries: int) -> list[int]:
        """Those of ``keys`` that are among ``entries``, in their order."""
        held = entries.to_bytes(len(self.places) // 8 + 1, "little")
        placed = ((key, self.places.get(key)) for key in keys)
        return [
            key
            for key, place in placed
            if place is not None and held[place >> 3] >> (place & 7) & 1
        ]

    def ordered(self, entries: int, order: str) -> Ordered:
        return Ordered(self, entries, order)

    @cached_property
    def keys(self) -> array[int]:
        """By bit."""
        return array("q", self.places)

    @cached_property
    def ranks(self) -> Mapping[str, array[int]]:
        """By order and bit, the how manieth."""
        found = {}
        for name, order in self.orders.items():
            found[name] = ranks = array("l", bytes(len(order) * array("l").itemsize))
            for rank, place in enumerate(order):
                ranks[place] = rank
        return found

    def count(
        self,
        among: int,
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
            among &= self.having(signs, [value])
        counts: dict[str, dict[str, int]] = {}
        for facet, choices in self.choices.items():
            left = among
            for name, bits in passing.items():
                if name != facet:
                    left &= bits
            counts[facet] = {
                value: number
                for value, bits in choices.items()
                if (number := (left & bits).bit_count())
            }
        return counts


class Ordered(Sequence[int]):
    """Primary keys of ``entries`` (bits) in an order; what is not asked for is not looked up."""

    def __init__(self, picture: Picture, entries: int, order: str) -> None:
        self._picture = picture
        self._entries = entries
        self._order = order

    def __len__(self) -> int:
        return self._entries.bit_count()

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
            places: Iterable[int] = order[start:stop]
        elif len(self) <= FEW:
            ranks = self._picture.ranks[self._order]
            places = sorted(_places(self._entries), key=ranks.__getitem__)[start:stop]
        else:
            held = self._entries.to_bytes(len(order) // 8 + 1, "little")
            fitting = (place for place in order if held[place >> 3] >> (place & 7) & 1)
            places = islice(fitting, start, stop)
        keys = self._picture.keys
        return [keys[place] for place in places]


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
        places: dict[int, int] = {}
        ends: list[Sequence[Any]] = []
        found: dict[str, dict[str, list[int]]] = {name: defaultdict(list) for name in self._facets}
        for place, (key, row, end) in enumerate(self._read()):
            places[key] = place
            ends.append(end)
            for name, values in zip(self._facets, row, strict=True):
                for value in values:
                    found[name][value].append(place)
        choices = {
            name: {value: _bits(where, len(places)) for value, where in by_value.items()}
            for name, by_value in found.items()
        }
        orders = {
            name: array("l", sorted(range(len(ends)), key=lambda place: goes_by(ends[place])))
            for name, goes_by in self._orders.items()
        }
        picture = Picture(places, choices, orders, state)
        _ready = picture.keys, picture.ranks  # rather now than while somebody waits
        self._picture = picture
        self._made_at = self._read_at = time.monotonic()
        self._took = self._made_at - start
        return picture


def _places(bits: int) -> Iterator[int]:
    for at, byte in enumerate(bits.to_bytes((bits.bit_length() + 7) // 8, "little")):
        while byte:
            lowest = byte & -byte
            yield at * 8 + lowest.bit_length() - 1
            byte ^= lowest


def _bits(places: Iterable[int], size: int) -> int:
    found = bytearray(size // 8 + 1)
    for place in places:
        found[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(found, "little")
