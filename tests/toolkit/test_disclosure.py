"""A hidden count cannot be computed from what is shown: held against every table that would look the same."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osk_portal.toolkit.disclosure import FEW, Cell, Table, hidden_parts, leeway, to_hide

COUNTS = st.integers(0, 12)


def ranges(counts: list[list[int]], gone: frozenset[Cell]) -> dict[Cell, tuple[int, int]]:
    """Least and greatest value of each hidden cell over every table that agrees with what is shown.

    By trying them all, up to a greatest value: nothing of the code under test is used.
    """
    table = Table(counts)
    inner = [(i, j) for i in range(table.rows) for j in range(table.columns)]
    open_cells = [cell for cell in inner if cell in gone]
    most = sum(map(sum, counts)) + FEW
    found: dict[Cell, tuple[int, int]] = {}
    for values in product(range(most + 1), repeat=len(open_cells)):
        guess = dict(zip(open_cells, values, strict=True))
        tried = [
            [guess.get((i, j), counts[i][j]) for j in range(table.columns)]
            for i in range(table.rows)
        ]
        other = Table(tried).values
        if all(other[cell] == count for cell, count in table.values.items() if cell not in gone):
            for cell in gone:
                low, high = found.get(cell, (other[cell], other[cell]))
                found[cell] = min(low, other[cell]), max(high, other[cell])
    return found


@given(st.lists(st.integers(0, 9), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_no_small_part_of_a_known_whole_can_be_computed(parts: list[int]) -> None:
    counts = [[part] for part in parts]
    table = Table(counts)
    n = len(parts)
    unpublished = [(i, 1) for i in range(n + 1)]
    gone = to_hide(table, unpublished=unpublished)
    assert {(i, 0) for i in range(n) if parts[i] < FEW} <= gone
    shown_total = (n, 0) not in gone
    if sum(1 for part in parts if part < FEW) and shown_total:
        hidden = [parts[i] for i in range(n) if (i, 0) in gone]
        assert len(hidden) >= 2
        assert sum(hidden) >= FEW


@given(st.integers(1, 3), st.integers(1, 2), st.data())
@settings(max_examples=40, deadline=None)
def test_no_small_cell_can_be_told_from_the_sums(
    rows: int, columns: int, data: st.DataObject
) -> None:
    counts = [[data.draw(st.integers(0, 7)) for _ in range(columns)] for _ in range(rows)]
    table = Table(counts)
    gone = to_hide(table)
    hidden_inside = sum(1 for i, j in gone if i < rows and j < columns)
    for cell, count in table.values.items():
        assert cell in gone or count >= FEW
        if count < FEW:
            assert leeway(table, gone, cell) >= FEW
    if hidden_inside <= 3:  # all tables of more cells are too many to try
        for cell, (low, high) in ranges(counts, gone).items():
            if table.values[cell] < FEW:
                assert high - low >= FEW, (counts, sorted(gone), cell)


@given(st.lists(st.lists(COUNTS, min_size=4, max_size=4), min_size=1, max_size=7), st.booleans())
@settings(max_examples=80, deadline=None)
def test_a_year_takes_back_nothing_that_its_quarters_have_shown(
    counts: list[list[int]], adds_up: bool
) -> None:
    n = len(counts)
    quarters = [
        hidden_parts([[row[j]] for row in counts], adds_up=adds_up, has_sum=False) for j in range(4)
    ]
    gone = hidden_parts(counts, adds_up=adds_up, has_sum=True)
    before = {(i, j) for j, found in enumerate(quarters) for i, _ in found}
    assert {cell for cell in gone if cell[1] < 4} == before
    # The total of a table is the one that the table of the whole shows.
    table = Table(counts)
    whole = hidden_parts([[table.values[n, j] for j in range(4)]], adds_up=True, has_sum=True)
    if adds_up:
        assert {j for i, j in gone if i == n} == {j for i, j in whole if i == 0}
        for cell, count in table.values.items():
            if count < FEW:
                assert cell in gone
                assert leeway(table, gone, cell) >= FEW
    else:
        for i, row in enumerate(counts):
            alone = Table([row])
            mine = {(0, j) for k, j in gone if k == i} | {(1, j) for j in range(5)}
            for cell, count in alone.values.items():
                if count < FEW:
                    assert leeway(alone, mine, cell) >= FEW


def test_what_is_shown_already_is_not_taken_back() -> None:
    table = Table([[20, 20], [7, 9]])
    assert to_hide(table) == frozenset()
    with pytest.raises(ValueError, match="shown already"):
        to_hide(Table([[3]]), shown=[(0, 0)])
    with pytest.raises(ValueError, match="nothing is left"):
        to_hide(Table([[3], [9]]), shown=[(1, 0), (2, 0)], unpublished=[(0, 1), (1, 1), (2, 1)])
    with pytest.raises(ValueError, match="below zero"):
        Table([[-1]])


@pytest.mark.parametrize(
    ("parts", "gone"),
    [
        ([], set()),
        ([41, 36, 29], set()),
        ([41, 36, 3], {1, 2}),
        ([41, 3, 4], {1, 2}),
        ([41, 0, 0], {0, 1, 2}),
        ([7], set()),
        ([1, 1], {0, 1, 2}),  # the total is small itself
        ([0, 0, 0], {0, 1, 2, 3}),
    ],
)
def test_parts_of_a_whole(parts: list[int], gone: set[int]) -> None:
    """By hand; the last number is the total."""
    counts = [[part] for part in parts]
    unpublished = [(i, 1) for i in range(len(parts) + 1)] if parts else []
    if not parts:
        assert Table(counts).values == {(0, 0): 0}
        return
    assert {i for i, _ in to_hide(Table(counts), unpublished=unpublished)} == gone
