"""Which cells of a table of counts must be hidden so that nobody computes a small one from the others.

Rows are the parts of a whole, columns are spans of time, with a total for each row, each column and all.
Whoever reads the table knows these sums and that no count is below zero, and has every cell that is shown. The
cells are then the arcs of a circulation (Bacharach, "Matrix rounding problems", Management Science 12, 1966;
Willenborg and de Waal, "Elements of Statistical Disclosure Control", 2001, chapter on tables): how far a hidden
count can move while all sums hold is a greatest flow. A small count is safe when it can move by FEW at least.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from typing import Final

FEW: Final = 5
"""Counts below it are never shown (product.md 5)."""

Cell = tuple[int, int]
"""Row and column; one more than the last is the total."""
_Node = tuple[str, int]


class Table:
    """Counts with their totals. ``counts``: row by row, each as long as the others."""

    def __init__(self, counts: Sequence[Sequence[int]]) -> None:
        self.rows, self.columns = len(counts), len(counts[0]) if counts else 0
        self.values: dict[Cell, int] = {}
        for i, row in enumerate(counts):
            for j, count in enumerate(row):
                if count < 0:
                    raise ValueError("a count below zero")
                self.values[i, j] = count
            self.values[i, self.columns] = sum(row)
        for j in range(self.columns + 1):
            self.values[self.rows, j] = sum(self.values[i, j] for i in range(self.rows))

    def arc(self, cell: Cell) -> tuple[_Node, _Node]:
        """Every sum of the table is a node: what flows in flows out."""
        row, column = ("row", cell[0]), ("column", cell[1])
        is_total = (cell[0] == self.rows, cell[1] == self.columns)
        return (row, column) if is_total in ((False, False), (True, True)) else (column, row)

    def in_line(self, cell: Cell) -> set[Cell]:
        """The cells that share a sum with ``cell``."""
        return {other for other in self.values if other[0] == cell[0] or other[1] == cell[1]}


def to_hide(
    table: Table,
    *,
    unpublished: Collection[Cell] = (),
    hidden: Collection[Cell] = (),
    shown: Collection[Cell] = (),
) -> frozenset[Cell]:
    """The published cells to hide: those below FEW, and as many others as keep these safe.

    ``unpublished``: totals that the reader is never told. ``hidden`` and ``shown``: settled before, in a table
    that is out already. Deterministic. Raises ValueError where ``shown`` names a small count, or leaves none
    to hide that would help.
    """
    settled = set(shown)
    if any(table.values[cell] < FEW for cell in settled):
        raise ValueError("a small count is shown already")
    gone = {cell for cell, count in table.values.items() if count < FEW} | set(hidden)
    gone |= set(unpublished)
    while (exposed := _exposed(table, gone)) is not None:
        line = table.in_line(exposed)
        free = table.values.keys() - gone - settled
        if not free:
            raise ValueError("nothing is left to hide")
        # The smallest near by costs the reader least.
        gone.add(min(free, key=lambda cell: (cell not in line, table.values[cell], cell)))
    return frozenset(gone - set(unpublished))


def hidden_parts(
    counts: Sequence[Sequence[int]], *, adds_up: bool, has_sum: bool
) -> frozenset[Cell]:
    """What to hide of parts over spans that are told one after the other, and of their sum over all spans.

    Each column is settled for itself, since it is out before the next one can be counted; of the sums at the
    end (column ``len(counts[0])``, with ``has_sum``) as many go as give nothing of it away. ``adds_up``: the
    totals of the columns (row ``len(counts)``) are told, too, here or elsewhere; a total is hidden only when it is
    small itself, so that it is the same in every table of the same whole.
    """
    if not counts:
        return frozenset()
    if not adds_up:
        found: set[Cell] = set()
        for i, row in enumerate(counts):
            found |= {(i, j) for _, j in _with_sum([row], _small([row]), frozenset(), has_sum)}
        return frozenset(found)
    table = Table(counts)
    totals = [[table.values[table.rows, j] for j in range(table.columns)]]
    of_totals = {
        (table.rows, j) for _, j in _with_sum(totals, _small(totals), frozenset(), has_sum)
    }
    hidden = set(of_totals)
    for j in range(table.columns):
        column = Table([[row[j]] for row in counts])
        total, elsewhere = (column.rows, 0), [(i, 1) for i in range(column.rows + 1)]
        shown = () if (table.rows, j) in of_totals else (total,)
        hidden |= {(i, j) for i, _ in to_hide(column, unpublished=elsewhere, shown=shown)}
    whole = (table.rows, table.columns)
    settled = frozenset() if whole in of_totals else frozenset({whole})
    return _with_sum(counts, hidden, settled, has_sum)


def _small(counts: Sequence[Sequence[int]]) -> set[Cell]:
    return {(i, j) for i, row in enumerate(counts) for j, count in enumerate(row) if count < FEW}


def _with_sum(
    counts: Sequence[Sequence[int]], hidden: set[Cell], shown: frozenset[Cell], has_sum: bool
) -> frozenset[Cell]:
    """``hidden`` before the sums of the rows are told, and what has to go of these."""
    if not has_sum:
        return frozenset(hidden)
    table = Table(counts)
    inner = {cell for cell in table.values if cell[1] < table.columns}
    # The total of a single row repeats it: it is no table of its own.
    copies = {(1, j) for j in range(table.columns + 1)} if table.rows == 1 else set()
    gone = to_hide(
        table,
        unpublished=copies,
        hidden=hidden - copies,
        shown=(inner - hidden - copies) | (shown - copies),
    )
    return gone | (hidden & copies) | ({(1, j) for i, j in gone if i == 0} & copies)


def _exposed(table: Table, gone: set[Cell]) -> Cell | None:
    """The first small count that readers can tell too exactly."""
    small = (cell for cell in sorted(gone) if table.values[cell] < FEW)
    return next((cell for cell in small if leeway(table, gone, cell) < FEW), None)


def leeway(table: Table, gone: Collection[Cell], cell: Cell) -> int:
    """By how much the hidden count of ``cell`` can differ while everything shown holds; at most FEW is told."""
    start, end = table.arc(cell)
    up = _flow(table, gone, cell, end, start, FEW)
    down = _flow(table, gone, cell, start, end, min(table.values[cell], FEW))
    return min(up + down, FEW)


def _flow(
    table: Table, gone: Collection[Cell], without: Cell, source: _Node, sink: _Node, most: int
) -> int:
    """The greatest flow from ``source`` to ``sink`` over the hidden cells but one; ``most`` is enough."""
    change = dict.fromkeys(gone, 0)
    change.pop(without, None)
    total = 0
    while total < most:
        way = _shortest_way(table, change, source, sink)
        if not way:
            break
        room = most - total
        for cell, is_forward in way:
            if not is_forward:
                room = min(room, table.values[cell] + change[cell])
        for cell, is_forward in way:
            change[cell] += room if is_forward else -room
        total += room
    return total


def _shortest_way(
    table: Table, change: dict[Cell, int], source: _Node, sink: _Node
) -> list[tuple[Cell, bool]]:
    """Cells to raise (True) or to lower (False) one after the other; empty where there is no way."""
    nobody = ((-1, -1), False)
    came: dict[_Node, tuple[_Node, Cell, bool]] = {source: (source, *nobody)}
    waiting = deque([source])
    while waiting and sink not in came:
        node = waiting.popleft()
        for cell, by in change.items():
            start, end = table.arc(cell)
            if start == node and end not in came:
                came[end] = (node, cell, True)
                waiting.append(end)
            elif end == node and table.values[cell] + by > 0 and start not in came:
                came[start] = (node, cell, False)
                waiting.append(start)
    way: list[tuple[Cell, bool]] = []
    node = sink
    while node != source:
        if node not in came:
            return []
        node, cell, is_forward = came[node]
        way.append((cell, is_forward))
    return way
