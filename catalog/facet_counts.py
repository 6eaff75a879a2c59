"""How many published entries each choice of a facet has: counted in memory, from a picture of the catalog.

Counting in SQL reads every entry once a facet, for each page; at 50,000 entries that alone takes longer than a page
may. Here each choice is a number whose bits are the entries that it fits, so a count under other filters is an
"and" and a bit count. The picture is made anew when it is a hundred times older than its reading took, at the
latest after ``OSK_FACETS_SECONDS``: of a small catalog it is never older than a moment. The list itself always comes
from the database, so an entry is found at once, and only the figure beside a choice may lag behind for so long.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db import connections

logger = logging.getLogger(__name__)

SHARE: Final = 100
"""The reading takes at most one of so many seconds of a process."""
QUICK_SECONDS: Final = 0.2
"""What is read so fast is read while somebody waits; a larger catalog is read beside, and the old picture serves on."""


@dataclass(frozen=True)
class Picture:
    """``choices``: by facet and value, the entries as bits. ``places``: which bit an entry is, by primary key."""

    places: Mapping[int, int]
    choices: Mapping[str, Mapping[str, int]]

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


class Pictures:
    """The present picture of a process. ``read``: rows of primary key and, by facet, the values."""

    def __init__(
        self, facets: Sequence[str], read: Callable[[], Iterable[tuple[int, Sequence[Any]]]]
    ) -> None:
        self._facets = facets
        self._read = read
        self._lock = threading.Lock()
        self._picture: Picture | None = None
        self._made_at = 0.0
        self._took = 0.0

    def present(self) -> Picture:
        """As old as the head of this module says, and as the reading of the next one takes."""
        picture = self._picture
        if picture is not None and self._is_fresh():
            return picture
        if picture is None or self._took < QUICK_SECONDS:
            with self._lock:
                # Whoever has waited here finds what another one has read meanwhile.
                if self._picture is None or not self._is_fresh():
                    return self._renew()
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
            self._renew()
        finally:
            connections.close_all()  # those of this thread
            self._lock.release()

    def _renew(self) -> Picture:
        start = time.monotonic()
        places: dict[int, int] = {}
        found: dict[str, dict[str, list[int]]] = {name: defaultdict(list) for name in self._facets}
        for place, (key, row) in enumerate(self._read()):
            places[key] = place
            for name, values in zip(self._facets, row, strict=True):
                for value in values:
                    found[name][value].append(place)
        choices = {
            name: {value: _bits(where, len(places)) for value, where in by_value.items()}
            for name, by_value in found.items()
        }
        self._picture = picture = Picture(places, choices)
        self._made_at = time.monotonic()
        self._took = self._made_at - start
        return picture


def _bits(places: Iterable[int], size: int) -> int:
    found = bytearray(size // 8 + 1)
    for place in places:
        found[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(found, "little")
