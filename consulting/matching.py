"""What may help before, or instead of, asking."""

from __future__ import annotations

from catalog.models import Solution
from catalog.search import clean, search, similar
from consulting.models import PublishedAnswer

MOST = 3
FOUND = 8


def similar_solutions(text: str, *, most: int = MOST) -> list[Solution]:
    """Published solutions that fit ``text``, the best first. None for an empty text."""
    ids = search(text)[:most]
    found = Solution.objects.published().in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


def matching_solutions(text: str, *, most: int) -> list[Solution]:
    """The same for a page that shows much else: one query, and rougher with typing errors."""
    return similar(text, among=Solution.objects.published(), most=most)


def find_solutions(text: str) -> list[Solution]:
    """For choosing the solutions that a request is about."""
    return similar_solutions(text, most=FOUND)


def similar_answers(text: str, *, most: int = MOST) -> list[PublishedAnswer]:
    """Published answers that fit ``text``, the best first. None for an empty text."""
    words = clean(text)
    if not words:
        return []
    return list(PublishedAnswer.objects.listed().found(words)[:most])
