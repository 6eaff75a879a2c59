"""Documents as tagged PDF (PDF/UA-1 and PDF/A-2a), set by Typst from the templates in ``templates/pdf``.

What people wrote reaches a template only as data (``sys.inputs``), never as Typst code. PDF/UA forbids
characters without a glyph, so ``printable`` puts a visible sign in the place of each one that the two
fonts of the portal lack (emoji, Hebrew, Arabic, Chinese, controls); the original text stays in the
portal, and a document that lost a character says so.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

import typst
from django.conf import settings
from django.contrib.staticfiles import finders
from fontTools.ttLib import TTFont
from markdown_it import MarkdownIt
from markdown_it.token import Token

Json = str | int | bool | None | Sequence["Json"] | Mapping[str, "Json"]
Block = dict[str, Json]

FONTS: Final = (
    "kern/fonts/fira-sans/FiraSans-Regular.woff2",
    "kern/fonts/fira-sans/FiraSans-Bold.woff2",
    "kern/fonts/noto-sans/NotoSans-Regular.woff2",
    "kern/fonts/noto-sans/NotoSans-Bold.woff2",
)
STANDARDS: Final[list[typst.PDFStandard]] = ["ua-1", "a-2a"]
MISSING: Final = "\ufffd"
"""Stands for a character that cannot be printed; Noto Sans has it."""

_LINE_ENDS: Final = str.maketrans(
    {"\u2028": "\n", "\u2029": "\n", "\x85": "\n", "\x0b": "\n", "\x0c": "\n", "\t": " "}
)
# Without ink: nothing is lost when they go. Direction marks change nothing where no such letters are left.
_INVISIBLE: Final = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff\u200e\u200f\ufe0e\ufe0f")
_MAY_BREAK: Final = "\u200b"
_LONG_WORD: Final = re.compile(r"\S{70}(?=\S)")  # longer than a SHA-256 sum, which is to be copied
LONGEST_TITLE: Final = 300
_markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


class PdfError(Exception):
    """The document could not be set: a template or the fonts are broken, never somebody's text."""


def render(
    template: str, data: Mapping[str, Json], *, title: str, language: str, made_at: datetime
) -> bytes:
    """The PDF of ``template`` (a path below ``templates/pdf``).

    The template gets ``data`` with ``title``, ``language`` and ``lossy`` (a character had to be
    replaced). The same data at the same ``made_at`` gives the same bytes. Raises PdfError.
    """
    shown = {key: printable(value) for key, value in data.items()}
    lossy = _count(shown) > _count(data)
    shown |= {
        "title": _title(title),
        "language": language,
        "lossy": lossy,
    }
    root = settings.BASE_DIR / "templates" / "pdf"
    try:
        made = typst.Compiler(
            root / template, root=root, font_paths=_fonts(), ignore_system_fonts=True
        ).compile(
            format="pdf",
            sys_inputs={"data": json.dumps(shown)},
            pdf_standards=STANDARDS,
            timestamp=int(made_at.timestamp()),
        )
    except typst.TypstError as error:
        raise PdfError(f"{template}: {error.message}") from error
    except RuntimeError as error:
        # Typst says so, without a kind of its own, where a file is not there.
        raise PdfError(f"{template}: {error}") from error
    if not isinstance(made, bytes):
        raise PdfError(f"{template}: no document came out")
    return made


def printable(value: Json) -> Json:
    """``value`` with every text in it as the fonts can show it: line ends plain, the rest replaced."""
    if isinstance(value, str):
        return _printable_text(value)
    if isinstance(value, Mapping):
        return {key: printable(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [printable(item) for item in value]
    return value


def paragraphs(text: str) -> list[Block]:
    """Plain text as blocks: one a paragraph, with its line breaks."""
    parts = text.replace("\r\n", "\n").replace("\r", "\n").split("\n\n")
    return [{"kind": "text", "text": part.strip("\n")} for part in parts if part.strip()]


def markdown_blocks(text: str) -> list[Block]:
    """Markdown as blocks without its signs: text, heading, item of a list, code; a table's rows as lines.

    Addresses of links stand in brackets behind them: a printed page cannot be clicked.
    """
    blocks: list[Block] = []
    kind, number = "text", ""
    row: list[str] | None = None
    for token in _markdown.parse(text):
        if token.type == "heading_open":
            kind = "heading"
        elif token.type == "list_item_open":
            # An ordered list keeps the numbers that were written: texts refer to them.
            kind, number = ("text", f"{token.info}. ") if token.info else ("item", "")
        elif token.type in ("heading_close", "list_item_close"):
            kind, number = "text", ""
        elif token.type in ("fence", "code_block"):
            blocks.append({"kind": "code", "text": token.content.rstrip("\n")})
        elif token.type == "tr_open":
            row = []
        elif token.type == "tr_close":
            blocks.append({"kind": "text", "text": " | ".join(row or [])})
            row = None
        elif token.type == "inline":
            line = _inline_text(token.children or [])
            if row is not None:
                row.append(line)
            elif line.strip():
                blocks.append({"kind": kind, "text": number + line})
                number = ""
    return blocks


def _inline_text(tokens: Sequence[Token]) -> str:
    text, address = "", ""
    for token in tokens:
        if token.type in ("text", "code_inline", "image"):
            text += token.content
        elif token.type in ("softbreak", "hardbreak"):
            text += "\n"
        elif token.type == "link_open":
            address = str(token.attrs.get("href", ""))
        elif token.type == "link_close":
            if address and not text.endswith(address):
                text += f" ({address})"
            address = ""
    return text


def _title(text: str) -> str:
    """On one line; PDF/UA wants one that says something, PDF/A one that is not endless."""
    line = " ".join(str(printable(text)).replace(_MAY_BREAK, "").split())
    return line[:LONGEST_TITLE] or "–"


def _printable_text(text: str) -> str:
    everywhere, somewhere = _glyphs()
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_LINE_ENDS)
    shown: list[str] = []
    for sign in unicodedata.normalize("NFC", text):
        if sign == "\n" or sign == MISSING:
            shown.append(sign)
        elif sign in _INVISIBLE:
            continue
        elif unicodedata.category(sign) in ("Cc", "Cf", "Co", "Cs", "Cn"):
            shown.append(MISSING)
        else:
            # An accent is set in the font of its letter, so every font must have it.
            known = everywhere if unicodedata.combining(sign) else somewhere
            shown.append(sign if ord(sign) in known else MISSING)
    # A word without end runs over the edge of the paper, and PDF/A forbids strings over 32,767 bytes.
    return _LONG_WORD.sub(rf"\g<0>{_MAY_BREAK}", "".join(shown))


def _count(value: Json) -> int:
    if isinstance(value, str):
        return value.count(MISSING)
    if isinstance(value, Mapping):
        return sum(_count(item) for item in value.values())
    return sum(_count(item) for item in value) if isinstance(value, Sequence) else 0


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[font_folder()]
    )


@cache
def _glyphs() -> tuple[frozenset[int], frozenset[int]]:
    """Characters that all fonts have, and those that one family has in both weights."""
    tables = {}
    for path in sorted(font_folder().glob("*.ttf")):
        with TTFont(path, lazy=True) as font:
            tables[path.stem] = frozenset(font.getBestCmap())
    families: dict[str, frozenset[int]] = {}
    for name, table in tables.items():
        family = name.partition("-")[0]
        families[family] = families.get(family, table) & table
    return (
        frozenset.intersection(*families.values()),
        frozenset.union(*families.values()),
    )


@cache
def font_folder() -> Path:
    """The fonts as TTF, which Typst reads, made once from the web fonts.

    Kept below ``OSK_VAR`` under a name made from their content. Each process that finds none makes
    its own and moves it into place; the first wins, and all are the same. Raises PdfError where a
    font is missing.
    """
    sources = [_source(name) for name in FONTS]
    digest = hashlib.sha256()
    for source in sources:
        digest.update(source.read_bytes())
    folder: Path = settings.OSK_VAR / "fonts" / digest.hexdigest()[:16]
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".making-") as name:
        made = Path(name) / "ttf"
        made.mkdir()
        for source in sources:
            with TTFont(source) as font:
                font.flavor = None
                font.save(made / f"{source.stem}.ttf")
        try:
            os.rename(made, folder)
        except OSError:
            # Another process was faster; anything else is a real fault.
            if not folder.is_dir():
                raise
    return folder


def _source(name: str) -> Path:
    found = finders.find(name)
    if not isinstance(found, str):
        raise PdfError(f"The font {name} is missing: are the web packages installed?")
    return Path(found)
