"""What a proposal changes, field by field; texts as a difference of words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from catalog.all_fields import EVERY
from catalog.fields import Field, Kind
from catalog.word_differences import Change, Part, excerpt, merged

MOST_ITEMS = 400
LONG_TEXT = 300
"""Longer texts are shown as one with the differences inside of it, shorter ones side by side."""


@dataclass(frozen=True)
class Piece:
    """A stretch of text that is the same on both sides, or not."""

    text: str
    is_changed: bool


@dataclass(frozen=True)
class FieldDifference:
    """One field: what stands now, what is proposed, and where both started."""

    field: Field
    published: list[Piece]
    proposed: list[Piece]
    base_text: str
    published_text: str
    proposed_text: str
    is_conflict: bool
    """Changed by somebody else since the proposal's base, to something else than is proposed."""
    is_settled: bool
    """What is proposed stands there already."""
    parts: list[Part]
    """Both texts in one; of a list its values, one a part."""
    excerpt: list[Part]
    """Of a long text the changes and what is near them; empty where the whole text is as short."""

    @property
    def is_list(self) -> bool:
        return self.field.kind in (Kind.LINES, Kind.CHOICES)

    @property
    def is_long(self) -> bool:
        """Read in one column, not in two."""
        return (
            not self.is_list and max(len(self.published_text), len(self.proposed_text)) > LONG_TEXT
        )


def compare(
    changes: Mapping[str, Any], *, base: Mapping[str, Any], published: Mapping[str, Any]
) -> list[FieldDifference]:
    """The changes in the order of the fields. ``base`` is the document that the author saw."""
    return [
        _compare(field, field.of(base), field.of(published), changes[name])
        for name, field in EVERY.items()
        if name in changes
    ]


def conflicts(
    changes: Mapping[str, Any], *, base: Mapping[str, Any], published: Mapping[str, Any]
) -> list[str]:
    """Names of the fields that somebody else has changed since."""
    return [d.field.name for d in compare(changes, base=base, published=published) if d.is_conflict]


def _compare(field: Field, base: Any, now: Any, wanted: Any) -> FieldDifference:
    now_text, wanted_text = field.as_text(now), field.as_text(wanted)
    both = merged(now_text, wanted_text)
    old, new = _sides(both)
    near = excerpt(both)
    return FieldDifference(
        field=field,
        published=old,
        proposed=new,
        base_text=field.as_text(base),
        published_text=now_text,
        proposed_text=wanted_text,
        is_conflict=now not in (base, wanted),
        is_settled=now == wanted,
        parts=_items(field, now, wanted) if field.kind in (Kind.LINES, Kind.CHOICES) else both,
        excerpt=near if near != both else [],
    )


def words(old: str, new: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts in pieces; those that differ are marked."""
    return _sides(merged(old, new))


def _sides(parts: list[Part]) -> tuple[list[Piece], list[Piece]]:
    left = [Piece(p.text, p.change != Change.SAME) for p in parts if p.change != Change.ADDED]
    right = [Piece(p.text, p.change != Change.SAME) for p in parts if p.change != Change.REMOVED]
    return left, right


def _items(field: Field, now: Any, wanted: Any) -> list[Part]:
    """The values of both lists in the order of the proposed one; what goes stands where it stood."""
    old = [field.item_text(value) for value in now or ()]
    new = [field.item_text(value) for value in wanted or ()]
    found: list[Part] = []
    if len(old) + len(new) > MOST_ITEMS:
        kept = set(old) & set(new)
        found = [Part(text, Change.REMOVED) for text in old if text not in kept]
        return found + [Part(t, Change.SAME if t in kept else Change.ADDED) for t in new]
    for _kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if old[a:b] == new[c:d]:
            found += [Part(text, Change.SAME) for text in new[c:d]]
        else:
            found += [Part(text, Change.REMOVED) for text in old[a:b]]
            found += [Part(text, Change.ADDED) for text in new[c:d]]
    return found
