"""Two texts as one: what stays, what goes, what comes. Bounded, whatever the texts are.

Words first; where there are too many, lines, and words within the lines that differ. The cost of comparing
grows with the number of equal pairs, so that is what is bounded (a text of one word repeated is the worst).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final

_WORDS: Final = re.compile(r"\s+|[\w-]+|[^\w\s]")
_LINES: Final = re.compile(r"[^\n]*\n|[^\n]+")
MOST_WORDS: Final = 8_000
MOST_PAIRS: Final = 250_000
MOST_REPEATED: Final = 40
"""Equal pairs a word on average: a language has about ten, and hundreds make the comparing quadratic."""
FEW_PAIRS: Final = 10_000
CONTEXT: Final = 12
"""Words that an excerpt shows before and after each change."""


class Change(StrEnum):
    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"
    GAP = "gap"


@dataclass(frozen=True)
class Part:
    """A stretch of the merged text; of a GAP, an unchanged one that an excerpt leaves out, the text is empty."""

    text: str
    change: Change


def merged(old: str, new: str) -> list[Part]:
    """Both texts in one: without the parts ADDED it is ``old``, without those REMOVED it is ``new``."""
    parts: list[Part] = []
    budget = [MOST_PAIRS]
    for left, right in _pairs(old, new, _WORDS, budget) or _by_lines(old, new, budget):
        if left == right:
            _append(parts, left, Change.SAME)
        else:
            _append(parts, left, Change.REMOVED)
            _append(parts, right, Change.ADDED)
    return parts


def excerpt(parts: list[Part]) -> list[Part]:
    """The changes with a few words around them; the same parts where nothing would be left out."""
    shown: list[Part] = []
    for i, part in enumerate(parts):
        pieces = _WORDS.findall(part.text) if part.change == Change.SAME else []
        before = 0 if i == 0 else 2 * CONTEXT
        after = 0 if i == len(parts) - 1 else 2 * CONTEXT
        if part.change != Change.SAME or len(pieces) <= before + after + CONTEXT:
            shown.append(part)
            continue
        if before:
            shown.append(Part("".join(pieces[:before]), Change.SAME))
        shown.append(Part("", Change.GAP))
        if after:
            shown.append(Part("".join(pieces[-after:]), Change.SAME))
    return shown


def _by_lines(old: str, new: str, budget: list[int]) -> Iterator[tuple[str, str]]:
    for left, right in _pairs(old, new, _LINES, budget) or [(old, new)]:
        if left == right or not left or not right:
            yield left, right
        else:
            yield from _pairs(left, right, _WORDS, budget) or [(left, right)]


def _pairs(
    old: str, new: str, pieces: re.Pattern[str], budget: list[int]
) -> list[tuple[str, str]] | None:
    """Stretches of both texts, side by side. None where that would cost more than is left."""
    left, right = pieces.findall(old), pieces.findall(new)
    start = _equal_start(left, right)
    end = _equal_start(left[start:][::-1], right[start:][::-1])
    head, tail = "".join(left[:start]), "".join(left[len(left) - end :])
    left, right = left[start : len(left) - end], right[start : len(right) - end]
    if len(left) + len(right) > MOST_WORDS:
        return None
    counts = Counter(right)
    cost = sum(counts[piece] for piece in left if not piece.isspace())
    if cost > budget[0] or cost > max(FEW_PAIRS, MOST_REPEATED * len(left)):
        return None
    budget[0] -= cost
    # Space between words is no match of its own: it goes with the words beside it.
    matcher = SequenceMatcher(str.isspace, left, right, autojunk=False)
    found = [
        ("".join(left[a:b]), "".join(right[c:d])) for _kind, a, b, c, d in matcher.get_opcodes()
    ]
    return [pair for pair in ((head, head), *found, (tail, tail)) if pair != ("", "")]


def _equal_start(left: list[str], right: list[str]) -> int:
    count = 0
    for a, b in zip(left, right, strict=False):
        if a != b:
            break
        count += 1
    return count


def _append(parts: list[Part], text: str, change: Change) -> None:
    if not text:
        return
    if parts and parts[-1].change == change:
        parts[-1] = Part(parts[-1].text + text, change)
    else:
        parts.append(Part(text, change))
