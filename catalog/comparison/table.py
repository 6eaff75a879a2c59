"""The table of a comparison: the reader's own rows first, then what the catalog knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog import assessments, badges, statements
from catalog.comparison.sources import SOURCES, Cell, Group, Kind, Piece, Row, subject
from catalog.comparison.wanted import OwnRow, Wanted
from catalog.enums import OwnAnswer, OwnWeight
from catalog.models import Solution

_KINDS: Final[dict[OwnAnswer, Kind]] = {
    OwnAnswer.YES: "yes",
    OwnAnswer.PARTLY: "partly",
    OwnAnswer.NO: "no",
    OwnAnswer.UNKNOWN: "unknown",
}


@dataclass(frozen=True)
class Summary:
    """What the reader's own rows say of one solution, in words and without a total."""

    solution: Solution
    musts: str
    shoulds: str


@dataclass(frozen=True)
class Comparison:
    """``missing``: addresses of entries that are not, or no longer, in the catalog."""

    wanted: Wanted
    solutions: tuple[Solution, ...]
    missing: tuple[str, ...]
    groups: tuple[Group, ...]
    summaries: tuple[Summary, ...]
    hidden: int

    @property
    def columns(self) -> int:
        return len(self.solutions) + 1


def compare(wanted: Wanted) -> Comparison:
    """Published entries only, whoever asks: an address that is passed on shows everybody the same."""
    rows = Solution.objects.for_comparison().annotate(
        stated=statements.standing(), assessed=assessments.current(), badged=badges.fetched()
    )
    found = {s.slug: s for s in rows.filter(slug__in=wanted.slugs)}
    solutions = tuple(found[slug] for slug in wanted.slugs if slug in found)
    missing = tuple(slug for slug in wanted.slugs if slug not in found)
    kept = wanted.keeping(found)
    subjects = [subject(solution) for solution in solutions]
    groups = [_own(kept, solutions)] if kept.rows and solutions else []
    if subjects:
        groups += [group for source in SOURCES for group in source(subjects)]
    shown, hidden = _only_differences(groups) if _hides(kept, solutions) else (groups, 0)
    return Comparison(
        kept,
        solutions,
        missing,
        tuple(shown),
        tuple(summary(solution, kept.rows) for solution in solutions) if kept.rows else (),
        hidden,
    )


def _hides(wanted: Wanted, solutions: Sequence[Solution]) -> bool:
    return wanted.only_differences and len(solutions) > 1


def _only_differences(groups: Sequence[Group]) -> tuple[list[Group], int]:
    shown = [Group(g.label, tuple(row for row in g.rows if row.differs)) for g in groups]
    hidden = sum(len(g.rows) for g in groups) - sum(len(g.rows) for g in shown)
    return [group for group in shown if group.rows], hidden


def _own(wanted: Wanted, solutions: Sequence[Solution]) -> Group:
    return Group(
        _("Your requirements"),
        tuple(
            Row(
                own.text,
                tuple(_answer(own.answer(solution.slug)) for solution in solutions),
                "info" if own.weight == OwnWeight.MUST else "plain",
                str(own.weight.label),
                own.note,
            )
            for own in wanted.rows
        ),
    )


def _answer(answer: OwnAnswer) -> Cell:
    return Cell((Piece(str(answer.label)),), _KINDS[answer])


def summary(solution: Solution, rows: Sequence[OwnRow]) -> Summary:
    """ "3 Muss erfüllt, 1 offen": counted a weight, never added up to a score."""
    said = {
        weight: Counter(row.answer(solution.slug) for row in rows if row.weight == weight)
        for weight in OwnWeight
    }
    return Summary(solution, _musts(said[OwnWeight.MUST]), _shoulds(said[OwnWeight.SHOULD]))


def _musts(counts: Counter[OwnAnswer]) -> str:
    if not counts:
        return ""
    n = counts[OwnAnswer.YES]
    first = ngettext("%(n)s must met", "%(n)s musts met", n) % {"n": n}
    return ", ".join([first, *_rest(counts)])


def _shoulds(counts: Counter[OwnAnswer]) -> str:
    if not counts:
        return ""
    n = counts[OwnAnswer.YES]
    first = ngettext("%(n)s should met", "%(n)s shoulds met", n) % {"n": n}
    return ", ".join([first, *_rest(counts)])


def _rest(counts: Counter[OwnAnswer]) -> list[str]:
    words = {
        OwnAnswer.PARTLY: _("%(n)s partly"),
        OwnAnswer.NO: _("%(n)s not met"),
        OwnAnswer.UNKNOWN: _("%(n)s open"),
    }
    return [text % {"n": counts[answer]} for answer, text in words.items() if counts[answer]]
