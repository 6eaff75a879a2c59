"""Writing RDF 1.1 Turtle: a few shapes, everything escaped, so that no text of others becomes syntax."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

_LANGUAGE = re.compile(r"[a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ESCAPED = re.compile(r'[\\"\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]')


@dataclass(frozen=True)
class Iri:
    """An address that ``addresses`` has made or checked."""

    value: str

    def __str__(self) -> str:
        return f"<{self.value}>"


@dataclass(frozen=True)
class Name:
    """A name with a prefix, of our own writing: ``dcat:Dataset``."""

    value: str

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Text:
    """A text, with its language where there is one; a moment with its type."""

    value: str | datetime
    language: str = ""

    def __str__(self) -> str:
        if isinstance(self.value, datetime):
            return f'"{self.value.isoformat()}"^^xsd:dateTime'
        quoted = _ESCAPED.sub(_escape, self.value)
        return (
            f'"{quoted}"@{self.language}' if _LANGUAGE.fullmatch(self.language) else f'"{quoted}"'
        )


@dataclass(frozen=True)
class Blank:
    """A node without an address of its own."""

    pairs: tuple[tuple[str, Node], ...]

    def __str__(self) -> str:
        return "[ " + " ; ".join(f"{name} {value}" for name, value in self.pairs) + " ]"


Node = Iri | Name | Text | Blank


def prefixes(known: dict[str, str]) -> Iterator[str]:
    for prefix, address in known.items():
        yield f"@prefix {prefix}: <{address}> .\n"
    yield "\n"


def about(subject: Iri, pairs: Iterable[tuple[str, Node | None]]) -> str:
    """The statements about ``subject``; those with None are left out."""
    said = [f"{name} {value}" for name, value in pairs if value is not None]
    return f"{subject} " + " ;\n    ".join(said) + " .\n\n"


def _escape(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[0]) or f"\\u{ord(found[0]):04X}"
