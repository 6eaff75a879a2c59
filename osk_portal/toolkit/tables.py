"""A table as a file to take away: CSV and ODS. No cell of either is run as a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from odfdo import Document, Row, Table

from osk_portal.toolkit.spreadsheets import plain_cell

Cell = str | int | date | None

CSV: Final = "csv"
ODS: Final = "ods"
TYPES: Final = {
    CSV: "text/csv; charset=utf-8",
    ODS: "application/vnd.oasis.opendocument.spreadsheet",
}
# What XML 1.0 cannot carry; PostgreSQL stores all of it but NUL.
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def as_file(kind: str, title: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """The table as a file of ``kind`` (CSV or ODS). Raises KeyError for another kind."""
    return {CSV: _csv, ODS: _ods}[kind](title, [header, *rows])


def safe_cell(text: str) -> str:
    """``text`` as a cell of an ODS: no formula, and nothing that XML cannot carry."""
    return _NOT_XML.sub("", plain_cell(text))


def _csv(title: str, rows: Iterable[Sequence[Cell]]) -> bytes:
    """With byte order mark and semicolons, as the office programs of German administrations open it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    for row in rows:
        writer.writerow([_text(cell) for cell in row])
    return out.getvalue().encode("utf-8-sig")


def _ods(title: str, rows: Iterable[Sequence[Cell]]) -> bytes:
    document = Document("ods")
    document.body.clear()
    table = Table(re.sub(r"[\[\]*?:/\\']", " ", title)[:31].strip() or "1")
    for row in rows:
        line = Row()
        line.set_values([safe_cell(c) if isinstance(c, str) else c for c in row])
        table.append(line)
    document.body.append(table)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    return plain_cell(cell) if isinstance(cell, str) else str(cell)
