"""What a proposal changes, field by field; texts as a difference of words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from catalog.fields import BY_NAME, Field

_WORDS = re.compile(r"\s+|[\w-]+|[^\w\s]")
# Beyond this, comparing word by word costs seconds and tells nobody anything: whole texts are shown.
MOST_WORDS = 4_000


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


def compare(
    changes: Mapping[str, Any], *, base: Mapping[str, Any], published: Mapping[str, Any]
) -> list[FieldDifference]:
    """The changes in the order of the fields. ``base`` is the document that the author saw."""
    return [
        _compare(field, field.of(base), field.of(published), changes[name])
        for name, field in BY_NAME.items()
        if name in changes
    ]


def conflicts(
    changes: Mapping[str, Any], *, base: Mapping[str, Any], published: Mapping[str, Any]
) -> list[str]:
    """Names of the fields that somebody else has changed since."""
    return [d.field.name for d in compare(changes, base=base, published=published) if d.is_conflict]


def _compare(field: Field, base: Any, now: Any, wanted: Any) -> FieldDifference:
    now_text, wanted_text = field.as_text(now), field.as_text(wanted)
    old, new = words(now_text, wanted_text)
    return FieldDifference(
        field=field,
        published=old,
        proposed=new,
        base_text=field.as_text(base),
        published_text=now_text,
        proposed_text=wanted_text,
        is_conflict=now not in (base, wanted),
        is_settled=now == wanted,
    )


def words(old: str, new: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts in pieces; those that differ are marked. Space around a change goes with it."""
    left, right = _WORDS.findall(old), _WORDS.findall(new)
    if len(left) + len(right) > MOST_WORDS:
        same = old == new
        return [Piece(old, not same)], [Piece(new, not same)]
    old_pieces: list[Piece] = []
    new_pieces: list[Piece] = []
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        changed = kind != "equal"
        _add(old_pieces, "".join(left[a:b]), changed)
        _add(new_pieces, "".join(right[c:d]), changed)
    return old_pieces, new_pieces


def _add(pieces: list[Piece], text: str, is_changed: bool) -> None:
    if not text:
        return
    if pieces and pieces[-1].is_changed == is_changed:
        pieces[-1] = Piece(pieces[-1].text + text, is_changed)
    elif pieces and text.isspace() and pieces[-1].is_changed:
        # "a b" → "c d" is one change, not two with an unchanged space between them.
        pieces[-1] = Piece(pieces[-1].text + text, is_changed=True)
    else:
        pieces.append(Piece(text, is_changed))
