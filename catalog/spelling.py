"""How far a word is from a known one, and what somebody may have meant."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import SequenceMatcher

from rapidfuzz.distance import OSA

ALIKE = 0.6
"""Of two words, so that one may be meant by the other: twice what they share, of all their letters."""


def allowed_errors(word: str) -> int:
    return 1 if len(word) < 8 else 2


def nearest(word: str, known: Iterable[str]) -> int | None:
    """The smallest number of typing errors that makes ``word`` one of ``known``; None beyond a few."""
    allowed = allowed_errors(word)
    near = [d for other in known if (d := distance(word, other, allowed)) is not None]
    return min(near, default=None)


def distance(one: str, other: str, allowed: int) -> int | None:
    """Letters left out, added, changed, or swapped with the next one (optimal string alignment).

    None beyond ``allowed``.
    """
    found = OSA.distance(one, other, score_cutoff=allowed)
    return found if found <= allowed else None


def likest(word: str, known: Collection[str], *, most: int) -> list[str]:
    """The words of ``known`` that ``word`` may stand for, the most alike first; never the word itself.

    The first letter must be right: a long ending in common ("…verwaltung") is no likeness.
    """
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(word)
    ratios: list[tuple[float, str]] = []
    for other in known:
        if other == word or other[:1] != word[:1]:
            continue
        matcher.set_seq1(other)
        if matcher.quick_ratio() >= ALIKE and (ratio := matcher.ratio()) >= ALIKE:
            ratios.append((-ratio, other))
    return [other for _ratio, other in sorted(ratios)[:most]]
