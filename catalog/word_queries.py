"""What is asked of the words of entries, as an expression: PostgreSQL reads it whole, catalog.common_words its parts.

``SearchEntry.words`` holds lexemes behind one letter each. An expression is a lexeme, the beginning of lexemes, or what
holds every or any one of others; None stands for what can stand nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

__all__ = ["Kind", "WordQuery", "any_of", "every_of", "lexeme", "marked", "text_of"]

_LONGEST = 250  # as the trigger cuts them


class Kind(Enum):
    LEXEME = "lexeme"
    BEGINNING = "beginning"
    EVERY = "every"
    ANY = "any"


class WordQuery:
    """``text``: as PostgreSQL's tsquery. ``lexeme``: of the first two kinds. ``parts``: of the others.

    Two that are written the same are equal.
    """

    __slots__ = ("kind", "lexeme", "parts", "text")

    def __init__(
        self, text: str, kind: Kind, lexeme: str = "", parts: Sequence[WordQuery] = ()
    ) -> None:
        self.text = text
        self.kind = kind
        self.lexeme = lexeme
        self.parts = parts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WordQuery) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"WordQuery({self.text})"


def lexeme(word: str, marks: str, *, is_beginning: bool = False) -> WordQuery | None:
    """``word`` behind one of ``marks``. Quoted: nothing in it is an operator."""
    return any_of([marked(mark + word, is_beginning=is_beginning) for mark in marks])


def marked(lexeme: str, *, is_beginning: bool = False) -> WordQuery:
    """``lexeme``: with its mark in front."""
    lexeme = lexeme[: _LONGEST + 1]
    quoted = lexeme.replace("\\", "\\\\").replace("'", "''")
    if is_beginning:
        return WordQuery(f"'{quoted}':*", Kind.BEGINNING, lexeme)
    return WordQuery(f"'{quoted}'", Kind.LEXEME, lexeme)


def every_of(parts: Sequence[WordQuery | None]) -> WordQuery | None:
    """None where one of them can stand nowhere."""
    needed = [part for part in dict.fromkeys(parts) if part is not None]
    if not needed or None in parts:
        return None
    return _joined(needed, " & ", Kind.EVERY)


def any_of(parts: Sequence[WordQuery | None]) -> WordQuery | None:
    possible = [part for part in dict.fromkeys(parts) if part is not None]
    return _joined(possible, " | ", Kind.ANY) if possible else None


def _joined(parts: Sequence[WordQuery], sign: str, kind: Kind) -> WordQuery:
    if len(parts) == 1:
        return parts[0]
    return WordQuery(f"({sign.join(part.text for part in parts)})", kind, parts=parts)


def text_of(query: WordQuery | None) -> str | None:
    return None if query is None else query.text
