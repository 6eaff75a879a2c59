"""A publiccode.yml checked for its author: what was found, beside the numbered lines. Nothing is kept."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from catalog import publiccode
from catalog.publiccode import Finding
from catalog.publiccode.invisible import HIDDEN
from catalog.publiccode.nodes import MAX_BYTES, lines_of
from catalog.publiccode.reader import MAX_FINDINGS

__all__ = ["MAX_BYTES", "Check", "Line", "Piece", "Remark", "as_json", "check", "visible"]

# Of a longer file only the lines around what was found are shown.
MOST_LINES = 2_000
LINES_AROUND = 3
LONGEST_LINE = 1_000
# Of files that the reader refuses so, no lines are shown.
_NO_TEXT = frozenset({"utf-16", "not-a-text"})


@dataclass(frozen=True)
class Piece:
    """Part of a line; a hidden character stands in it by its number."""

    text: str
    is_hidden: bool = False


@dataclass(frozen=True)
class Remark:
    """A finding for the page. ``number`` counts errors and hints through, and is its anchor.

    ``line`` is 0 where there is no line to go to.
    """

    number: int
    is_error: bool
    line: int
    column: int
    key: str
    text: str
    hint: str


@dataclass
class Line:
    """A line of the file with what was found in it; ``skipped`` lines before it are not shown."""

    number: int
    pieces: list[Piece]
    is_cut: bool
    skipped: int
    remarks: list[Remark] = field(default_factory=list)


@dataclass(frozen=True)
class Check:
    """``text`` is the file as it can stand in a text field, None where it is no text."""

    is_valid: bool
    errors: list[Remark]
    hints: list[Remark]
    lines: list[Line]
    skipped_at_end: int
    text: str | None

    @property
    def summary(self) -> str:
        """All in one line: "Valid", "3 errors, 2 hints"."""
        hints = ngettext("%(n)s hint", "%(n)s hints", len(self.hints)) % {"n": len(self.hints)}
        if self.is_valid:
            first = _("Valid")
        else:
            number = len(self.errors)
            first = ngettext("%(n)s error", "%(n)s errors", number) % {"n": number}
        return f"{first}, {hints}" if self.hints else first

    @property
    def is_capped(self) -> bool:
        """Whether the reader may have stopped counting."""
        return len(self.errors) >= MAX_FINDINGS


def check(data: bytes) -> Check:
    """Read ``data`` and put what the reader says beside the lines. Raises nothing, whatever the bytes are."""
    result = publiccode.read(data)
    is_text = not any(finding.code in _NO_TEXT for finding in result.errors)
    file_lines = lines_of(data.decode("utf-8-sig", "replace")) if data and is_text else []
    errors, hints = _remarks(result, len(file_lines))
    by_line = defaultdict(list)
    for remark in (*errors, *hints):
        by_line[remark.line].append(remark)
    lines = list(_lines(file_lines, by_line))
    return Check(
        is_valid=result.is_valid,
        errors=errors,
        hints=hints,
        lines=lines,
        skipped_at_end=len(file_lines) - lines[-1].number if lines else 0,
        text=_text_of(data),
    )


def as_json(data: bytes) -> str:
    """The findings of ``data`` as a file for other programs; line and column say where it really is."""
    result = publiccode.read(data)
    found: list[dict[str, Any]] = [
        {
            "type": finding.type,
            "code": finding.code,
            "key": finding.path,
            "line": finding.place.line,
            "column": finding.place.column,
            "description": finding.description,
            "description_de": finding.description_de,
            "hint": finding.hint,
            "hint_de": finding.hint_de,
        }
        for finding in (*result.findings, *result.notes)
    ]
    return json.dumps({"valid": result.is_valid, "findings": found}, ensure_ascii=False, indent=2)


def visible(text: str) -> str:
    """``text`` with hidden characters by their number, so that none changes how a page reads."""
    return "".join(piece.text for piece in _pieces(text))


def _text_of(data: bytes) -> str | None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _remarks(result: publiccode.Result, line_count: int) -> tuple[list[Remark], list[Remark]]:
    """Errors first, each sort in the order of the lines; what has no line comes first."""
    german = (get_language() or "de").startswith("de")
    found = sorted(
        (*result.findings, *result.notes),
        key=lambda finding: (finding.type != "error", finding.place),
    )
    remarks = [_remark(n, finding, line_count, german=german) for n, finding in enumerate(found, 1)]
    return (
        [remark for remark in remarks if remark.is_error],
        [remark for remark in remarks if not remark.is_error],
    )


def _remark(number: int, finding: Finding, line_count: int, *, german: bool) -> Remark:
    return Remark(
        number=number,
        is_error=finding.type == "error",
        line=finding.place.line if finding.place.line <= line_count else 0,
        column=finding.place.column,
        key=visible(finding.path[:200]),
        text=visible(finding.description_de if german else finding.description),
        hint=finding.hint_de if german else finding.hint,
    )


def _lines(lines: list[str], by_line: dict[int, list[Remark]]) -> Iterator[Line]:
    last = 0
    for number in _shown_numbers(len(lines), by_line):
        text = lines[number - 1]
        yield Line(
            number,
            list(_pieces(text[:LONGEST_LINE])),
            len(text) > LONGEST_LINE,
            number - last - 1,
            by_line.get(number, []),
        )
        last = number


def _shown_numbers(count: int, by_line: dict[int, list[Remark]]) -> list[int]:
    if count <= MOST_LINES:
        return list(range(1, count + 1))
    # The beginning too, so that one recognises the file.
    near = {1, *by_line} - {0}
    around = {
        number for line in near for number in range(line - LINES_AROUND, line + LINES_AROUND + 1)
    }
    return sorted(number for number in around if 1 <= number <= count)


def _pieces(text: str) -> Iterator[Piece]:
    position = 0
    for found in HIDDEN.finditer(text):
        if found.start() > position:
            yield Piece(text[position : found.start()])
        yield Piece(f"[U+{ord(found[0]):04X}]", is_hidden=True)
        position = found.end()
    if position < len(text):
        yield Piece(text[position:])
