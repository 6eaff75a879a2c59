"""A comparison as a spreadsheet: header row and header column are real ones, no cell is run as a formula."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from odfdo import Column, Document, Element, Row, Table

from catalog.comparison.table import Comparison
from catalog.exports import addresses
from osk_portal.toolkit import clock
from osk_portal.toolkit.tables import safe_cell

TYPE: Final = "application/vnd.oasis.opendocument.spreadsheet"
_BOLD: Final = "vergleich-kopf"
_WRAPPED: Final = "vergleich-zelle"
_WIDE: Final = "vergleich-spalte"


def as_ods(comparison: Comparison, url: str) -> bytes:
    """``url``: the whole address of the comparison, which stands in the file."""
    document = Document("ods")
    document.body.clear()
    for name, weight in ((_BOLD, ' fo:font-weight="bold"'), (_WRAPPED, "")):
        style = f'''<style:style style:name="{name}" style:family="table-cell">
            <style:table-cell-properties fo:wrap-option="wrap" style:vertical-align="top"/>
            <style:text-properties{weight}/></style:style>'''
        document.insert_style(style, automatic=True)
    wide = f'''<style:style style:name="{_WIDE}" style:family="table-column">
        <style:table-column-properties style:column-width="6cm"/></style:style>'''
    document.insert_style(wide, automatic=True)
    document.body.append(_table(comparison))
    document.body.append(_about(comparison, url))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _table(comparison: Comparison) -> Table:
    """The first row and the first column are marked as headers: they stay in sight, repeat on each printed
    page, and programs that read aloud announce them."""
    table = Table(_("Comparison"))
    head = Element.from_tag("table:table-header-rows")
    names = [solution.name for solution in comparison.solutions]
    head.append(_row([pgettext("comparison", "Feature"), *names], bold=True))
    table.append(head)
    entries = [addresses.of("solution_detail", s.slug) for s in comparison.solutions]
    table.append(_row([_("Entry in the catalog"), *entries]))
    for summary_label, texts in (
        (_("Musts"), [s.musts for s in comparison.summaries]),
        (_("Shoulds"), [s.shoulds for s in comparison.summaries]),
    ):
        if any(texts):
            table.append(_row([summary_label, *texts]))
    for group in comparison.groups:
        table.append(_row([group.label], bold=True))
        for row in group.rows:
            label = f"{row.label} ({row.badge_text})" if row.badge_text else row.label
            if row.note:
                label += f" – {row.note}"
            table.append(_row([label, *(cell.text for cell in row.cells)]))
    _mark_first_column(table, len(comparison.solutions))
    return table


def _mark_first_column(table: Table, others: int) -> None:
    """The library writes columns of its own accord and knows no header column."""
    for column in table.get_elements("table:table-column"):
        table.delete(column)
    header = Element.from_tag("table:table-header-columns")
    header.append(Column(style=_WIDE))
    Element.insert(table, header, position=0)
    if others:
        Element.insert(table, Column(repeated=others, style=_WIDE), position=1)


def _about(comparison: Comparison, url: str) -> Table:
    table = Table(_("About this file"))
    rows: Iterable[Sequence[str]] = [
        (_("Comparison of"), ", ".join(solution.name for solution in comparison.solutions)),
        (_("As of"), clock.today().strftime("%d.%m.%Y")),
        (_("Address"), url),
        (_("Licence of the data"), str(settings.OSK_DATA_LICENCE)),
        (_("What is not stated"), _("“Not stated” means: we do not know it yet. It is no “No”.")),
        (_("Your requirements"), _("Rows and answers under this heading are the reader's own.")),
    ]
    for row in rows:
        table.append(_row(row))
    return table


def _row(texts: Sequence[str], *, bold: bool = False) -> Row:
    line = Row()
    line.set_values([safe_cell(text) for text in texts])
    for n, cell in enumerate(line.cells):
        cell.style = _BOLD if bold or n == 0 else _WRAPPED
        line.set_cell(n, cell)
    return line
