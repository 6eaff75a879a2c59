"""What a search found: the best of it in order, the others as a set that costs next to nothing, however large."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import overload

from pyroaring import BitMap

__all__ = ["Hits", "unpacked"]


class Hits(Sequence[int]):
    """Primary keys: those of ``best`` in their order, each once, then the others of ``entries`` by number.

    ``entries``: all of them; it holds those of ``best`` too, whether or not they were given.
    """

    def __init__(self, best: Iterable[int] = (), entries: BitMap | None = None) -> None:
        self.best = array("I", dict.fromkeys(best))
        self.entries = BitMap(self.best)
        if entries is not None:
            self.entries |= entries

    def among(self, entries: BitMap) -> Hits:
        """Those that are among ``entries``, in the same order."""
        return Hits((key for key in self.best if key in entries), self.entries & entries)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Hits):
            return NotImplemented
        return self.best == other.best and self.entries == other.entries

    __hash__ = None  # type: ignore[assignment]  # as of a list: compared, not looked up

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[int]:
        yield from self.best
        yield from self.entries - BitMap(self.best)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, int) and key in self.entries

    @overload
    def __getitem__(self, index: int) -> int: ...

    @overload
    def __getitem__(self, index: slice) -> list[int]: ...

    def __getitem__(self, index: int | slice) -> int | list[int]:
        if isinstance(index, int):
            return self[index : index + 1 or None][0]
        start, stop, step = index.indices(len(self))
        if stop <= len(self.best):
            return list(self.best[start:stop:step])
        return list(islice(self, start, stop, step))


def unpacked(sent: bytes) -> BitMap:
    """Tens of thousands of keys as PostgreSQL's array_send writes them, without a step in Python for each.

    Five numbers about the array (none about an empty one), then of each key its length, upper and lower half, all in
    four bytes, the highest first. Raises OverflowError for keys of more than 32 bits, which a bitmap cannot hold.
    """
    numbers = array("I", sent[20:])
    if sys.byteorder == "little":
        numbers.byteswap()
    if any(numbers[1::3]):
        raise OverflowError("a primary key of the catalog needs more than 32 bits")
    return BitMap(numbers[2::3])
