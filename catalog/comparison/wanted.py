"""What a reader compares: up to four solutions and own rows. All of it fits into an address that can be shared.

``?loesung=a&loesung=b&zeile=muss.jt.Balkenplan&notiz=F%C3%BCr+den+Nachweis&nur=unterschiede``: the letters of a
row are its answers in the order of the solutions; the n-th ``notiz`` belongs to the n-th ``zeile``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

from django.http import QueryDict
from django.utils.http import urlencode

from catalog.enums import OwnAnswer, OwnWeight

MOST_SOLUTIONS: Final = 4
MOST_ROWS: Final = 20
LONGEST_TEXT: Final = 200
LONGEST_NOTE: Final = 500
LONGEST_QUERY: Final = 3_000
"""Of an address: servers and proxies take lines of 4,094 octets (gunicorn) and more."""
ONLY_DIFFERENCES: Final = "unterschiede"

_SLUG: Final = re.compile(r"[-a-zA-Z0-9_]{1,100}")
_LETTERS: Final = {
    OwnAnswer.YES: "j",
    OwnAnswer.PARTLY: "t",
    OwnAnswer.NO: "n",
    OwnAnswer.UNKNOWN: "-",
}
_ANSWERS: Final = {letter: answer for answer, letter in _LETTERS.items()}


@dataclass(frozen=True)
class OwnRow:
    """A row of the reader. A solution without an answer is unknown, never a no."""

    text: str
    weight: OwnWeight = OwnWeight.MUST
    note: str = ""
    answers: Mapping[str, OwnAnswer] = field(default_factory=dict)

    def answer(self, slug: str) -> OwnAnswer:
        return self.answers.get(slug, OwnAnswer.UNKNOWN)


@dataclass(frozen=True)
class Wanted:
    """``has_more``: the address named more than can be compared; the first are."""

    slugs: tuple[str, ...] = ()
    rows: tuple[OwnRow, ...] = ()
    only_differences: bool = False
    has_more: bool = False

    @classmethod
    def from_query(cls, query: QueryDict) -> Self:
        """Whatever the address says: what cannot be understood is left out."""
        named = dict.fromkeys(s for s in query.getlist("loesung") if _SLUG.fullmatch(s))
        slugs = tuple(named)[:MOST_SOLUTIONS]
        notes = query.getlist("notiz")
        texts = query.getlist("zeile")
        rows = (
            _row(text, notes[n] if n < len(notes) else "", slugs)
            for n, text in enumerate(texts[:MOST_ROWS])
        )
        return cls(
            slugs=slugs,
            rows=tuple(row for row in rows if row is not None),
            only_differences=query.get("nur") == ONLY_DIFFERENCES,
            has_more=len(named) > MOST_SOLUTIONS or len(texts) > MOST_ROWS,
        )

    @classmethod
    def from_json(cls, slugs: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> Self:
        """As ``rows_as_json`` has written it."""
        return cls(
            tuple(slugs),
            tuple(
                OwnRow(
                    row["text"],
                    OwnWeight(row["weight"]),
                    row["note"],
                    {slug: OwnAnswer(answer) for slug, answer in row["answers"].items()},
                )
                for row in rows
            ),
        )

    def rows_as_json(self) -> list[dict[str, Any]]:
        return [
            {
                "text": row.text,
                "weight": row.weight.value,
                "note": row.note,
                "answers": {
                    slug: row.answer(slug).value
                    for slug in self.slugs
                    if row.answer(slug) != OwnAnswer.UNKNOWN
                },
            }
            for row in self.rows
        ]

    @property
    def query(self) -> str:
        """The address after its question mark; the same for the same comparison."""
        pairs = [("loesung", slug) for slug in self.slugs]
        for row in self.rows:
            letters = "".join(_LETTERS[row.answer(slug)] for slug in self.slugs)
            pairs.append(("zeile", f"{row.weight}.{letters}.{row.text}"))
        if any(row.note for row in self.rows):
            pairs += [("notiz", row.note) for row in self.rows]
        if self.only_differences:
            pairs.append(("nur", ONLY_DIFFERENCES))
        return urlencode(pairs)

    @property
    def is_too_long(self) -> bool:
        return len(self.query) > LONGEST_QUERY

    @property
    def is_full(self) -> bool:
        return len(self.slugs) >= MOST_SOLUTIONS

    def adding(self, slug: str) -> Self:
        """Beyond four, and what is there already, change nothing."""
        if self.is_full or slug in self.slugs or not _SLUG.fullmatch(slug):
            return self
        return replace(self, slugs=(*self.slugs, slug))

    def without(self, slug: str) -> Self:
        return replace(self, slugs=tuple(s for s in self.slugs if s != slug))

    def keeping(self, slugs: Iterable[str]) -> Self:
        kept = set(slugs)
        return replace(self, slugs=tuple(s for s in self.slugs if s in kept))

    def with_rows(self, rows: Iterable[OwnRow]) -> Self:
        return replace(self, rows=tuple(rows)[:MOST_ROWS])

    def showing(self, *, only_differences: bool) -> Self:
        return replace(self, only_differences=only_differences)


def one_line(text: str, longest: int) -> str:
    """Without line breaks, and without characters that show nothing or turn the text around."""
    shown = "".join(c for c in " ".join(text.split()) if c.isprintable())
    return " ".join(shown.split())[:longest].strip()


def _row(text: str, note: str, slugs: tuple[str, ...]) -> OwnRow | None:
    weight, _dot, rest = text.partition(".")
    letters, dot, words = rest.partition(".")
    shown = one_line(words, LONGEST_TEXT)
    if weight not in OwnWeight.values or not dot or not shown:
        return None
    answers = {
        slug: _ANSWERS[letter]
        for slug, letter in zip(slugs, letters, strict=False)
        if letter in _ANSWERS and letter != _LETTERS[OwnAnswer.UNKNOWN]
    }
    return OwnRow(shown, OwnWeight(weight), one_line(note, LONGEST_NOTE), answers)
