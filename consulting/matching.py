"""What may help before, or instead of, asking."""

from __future__ import annotations

from catalog.models import Solution
from catalog.search import search

MOST = 3
FOUND = 8


def similar_solutions(text: str, *, most: int = MOST) -> list[Solution]:
    """Published solutions that fit ``text``, the best first. None for an empty text."""
    published = Solution.objects.published()
    ids = search(text, among=published)[:most]
    found = published.in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


def find_solutions(text: str) -> list[Solution]:
    """For choosing the solutions that a request is about."""
    return similar_solutions(text, most=FOUND)
