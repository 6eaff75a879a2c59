"""The public statistics: which periods there are, and each table as it may be shown (product.md 5).

Only quarters that are over are told: figures of a running one would change from day to day, and two days
together would tell what a single one hides. A year is told with its last quarter, as the sum of its four.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

from django.utils.translation import gettext as _

from osk_portal import portal
from osk_portal.toolkit import clock, disclosure

QUARTERS: Final = 4
MOST_YEARS: Final = 10
HEIGHT: Final = 180
FLOOR: Final = 220
"""Of the drawing over time, in pixels: the longest bar, and where all stand."""
_KEY: Final = re.compile(r"(\d{4})(?:-([1-4]))?", re.ASCII)


@dataclass(frozen=True)
class Period:
    """A year that is over, or a quarter (1 to 4) of one."""

    year: int
    quarter: int = 0

    @property
    def key(self) -> str:
        return f"{self.year}-{self.quarter}" if self.quarter else str(self.year)

    @property
    def label(self) -> str:
        words = {"year": self.year, "quarter": self.quarter}
        return (
            _("Quarter %(quarter)d of %(year)d") if self.quarter else _("Year %(year)d")
        ) % words

    @property
    def short_year(self) -> str:
        return f"{self.year % 100:02d}"

    @property
    def quarters(self) -> list[int]:
        """Those that are told for it; a year's quarters are told as well."""
        return list(range(1, (self.quarter or QUARTERS) + 1))


@dataclass(frozen=True)
class Row:
    """``number``: None where it is hidden. ``percent``: how long its bar is, of the longest one."""

    label: str
    number: int | None
    percent: str
    is_total: bool = False


@dataclass(frozen=True)
class Bar:
    """One bar of the drawing over time; places in percent of the width, and in pixels from above."""

    label: str
    words: str
    x: str
    width: str
    middle: str
    y: str
    height: str
    above: str


@dataclass(frozen=True)
class Shown:
    """One table with what may be told of it; of a single part, its quarters."""

    statistic: portal.Statistic
    rows: list[Row]
    share: str
    """The share of the first part, in words; empty where it is hidden or nothing was counted."""

    @property
    def is_hidden(self) -> bool:
        """Nothing of it can be told."""
        return all(row.number is None for row in self.rows)

    @property
    def headline(self) -> tuple[str, str] | None:
        """What stands above all tables: how much in all, or the share. None where it cannot be told."""
        if self.share:
            label, _colon, percent = self.share.rpartition(": ")
            return label, percent
        number = self.rows[-1].number if self.rows and self.statistic.is_series else None
        return (str(self.statistic.title), str(number)) if number is not None else None

    @cached_property
    def bars(self) -> list[Bar]:
        rows = [row for row in self.rows if not row.is_total]
        step = 100 / max(len(rows), 1)
        found = []
        for number, row in enumerate(rows):
            height = HEIGHT * float(row.percent) / 100
            middle, width = step * (number + 0.5), min(step * 0.6, 20)
            found.append(
                Bar(
                    label=row.label,
                    words=in_words(row.number),
                    x=f"{middle - width / 2:.1f}",
                    width=f"{width:.1f}",
                    middle=f"{middle:.1f}",
                    y=f"{FLOOR - height:.1f}",
                    height=f"{height:.1f}",
                    above=f"{FLOOR - height - 8:.1f}",
                )
            )
        return found

    @property
    def described(self) -> str:
        """The drawing in one sentence, for who does not see it."""
        return "; ".join(f"{bar.label}: {bar.words}" for bar in self.bars)


def span(year: int, quarter: int) -> portal.Span:
    first = 3 * (quarter - 1) + 1
    after = date(year + 1, 1, 1) if quarter == QUARTERS else date(year, first + 3, 1)
    return portal.Span(date(year, first, 1), after)


def periods() -> list[Period]:
    """What can be chosen, the newest first; nothing while no quarter with figures is over."""
    begun = [day for each in portal.statistics if each.since is not None and (day := each.since())]
    if not begun:
        return []
    today = clock.today()
    found: list[Period] = []
    for year in range(today.year, max(min(begun).year, today.year - MOST_YEARS) - 1, -1):
        over = [q for q in range(1, QUARTERS + 1) if span(year, q).ends_on <= today]
        over = [q for q in over if span(year, q).ends_on > min(begun)]
        if span(year, QUARTERS).ends_on <= today:
            found.append(Period(year))
        found += [Period(year, quarter) for quarter in reversed(over)]
    return found


def period_of(key: str, among: Sequence[Period]) -> Period | None:
    """The period that an address names; without one, the newest year, else the newest quarter."""
    if key:
        named = _KEY.fullmatch(key)
        wanted = Period(int(named[1]), int(named[2] or 0)) if named else None
        return wanted if wanted in among else None
    years = (period for period in among if not period.quarter)
    return next(years, among[0] if among else None)


def shown(statistic: portal.Statistic, period: Period | None) -> Shown:
    """The table for ``period`` (None: there is none to tell about), as it may be shown."""
    if statistic.is_today:
        return _table(statistic, statistic.count([]), column=0, has_sum=False)
    if period is None:
        return Shown(statistic, [], "")
    parts = statistic.count([span(period.year, quarter) for quarter in period.quarters])
    is_year = not period.quarter
    if statistic.is_series:
        return _quarters(statistic, parts[0], period)
    return _table(statistic, parts, column=len(period.quarters) - (not is_year), has_sum=is_year)


def in_words(number: int | None) -> str:
    """The same words for every hidden cell: others would say which ones are small."""
    return _("not shown") if number is None else str(number)


def _table(
    statistic: portal.Statistic, parts: Sequence[portal.Part], *, column: int, has_sum: bool
) -> Shown:
    counts = [part.counts for part in parts]
    hidden = disclosure.hidden_parts(counts, adds_up=statistic.adds_up, has_sum=has_sum)
    values = disclosure.Table(counts).values
    numbers = [None if (i, column) in hidden else values[i, column] for i in range(len(parts))]
    rows = _rows([str(part.label) for part in parts], numbers)
    if statistic.adds_up and parts:
        total = None if (len(parts), column) in hidden else values[len(parts), column]
        rows.append(Row(_("All"), total, "0", is_total=True))
        return Shown(statistic, rows, _share(statistic, numbers, total))
    return Shown(statistic, rows, "")


def _quarters(statistic: portal.Statistic, part: portal.Part, period: Period) -> Shown:
    """A whole without parts: its quarters one below the other, and their sum."""
    is_year = not period.quarter
    hidden = disclosure.hidden_parts([part.counts], adds_up=True, has_sum=is_year)
    numbers = [None if (0, j) in hidden else count for j, count in enumerate(part.counts)]
    labels = [Period(period.year, quarter).label for quarter in period.quarters]
    rows = _rows(labels, numbers)
    if is_year:
        total = None if (0, len(part.counts)) in hidden else sum(part.counts)
        rows.append(Row(period.label, total, "0", is_total=True))
    return Shown(statistic, rows, "")


def _rows(labels: Sequence[str], numbers: Sequence[int | None]) -> list[Row]:
    longest = max((number or 0 for number in numbers), default=0) or 1
    return [
        # With a point, whatever the language: it stands in the drawing.
        Row(label, number, f"{100 * (number or 0) / longest:.1f}")
        for label, number in zip(labels, numbers, strict=True)
    ]


def _share(statistic: portal.Statistic, numbers: Sequence[int | None], total: int | None) -> str:
    if not statistic.share or not total or None in numbers:
        return ""
    first = numbers[0] or 0
    return f"{statistic.share}: {round(100 * first / total)}\xa0%"
