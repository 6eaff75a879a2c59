"""The filters of the catalog's list: what the address asks for, and how many entries each choice has."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from heapq import nlargest
from typing import Any
from urllib.parse import quote

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    F,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
    Window,
)
from django.db.models.functions import Coalesce, RowNumber
from django.http import QueryDict
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from pyroaring import BitMap

from catalog import vocabulary_labels
from catalog.enums import DevelopmentStatus, LicenceFamily, MaintenanceType
from catalog.facet_counts import Picture, Pictures, Row
from catalog.hits import Hits
from catalog.models import Reuse, Solution
from catalog.querysets import SolutionQuerySet
from catalog.state import last_change
from catalog.terms import clean
from network.enums import OrganisationKind

MOST_VALUES = 20
# Longer lists are cut after the most frequent values; what is chosen always stays.
MOST_CHOICES = 12

REUSE = "reuse"
# Shown closed until something in them is chosen.
CLOSED = ("audience", "origin", "maintenance", "platform")
RELEVANCE, NAME, NEWEST, MOST_REUSED = "relevance", "name", "newest", "reused"


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    count: int
    is_chosen: bool
    id: str


@dataclass(frozen=True)
class Facet:
    name: str
    label: str
    choices: list[Choice]
    is_open: bool
    hidden: int = 0
    """How many values have hits and are not among ``choices``."""


@dataclass(frozen=True)
class Chip:
    """A chosen filter, with the address of the list without it."""

    label: str
    query: str


@dataclass(frozen=True)
class _Column:
    """A facet over a column of Solution; several values widen it."""

    name: str
    column: str
    is_list: bool
    label_of: Callable[[str], str]

    def matching(self, values: Sequence[str]) -> Q:
        return Q(**{f"{self.column}__{'overlap' if self.is_list else 'in'}": list(values)})


@dataclass(frozen=True)
class _Origin:
    """From which kind of organisation a solution comes: Berlin where a Berlin body has published it, else as the
    organisation that maintains the entry. Without either nobody knows."""

    name: str = "origin"

    def matching(self, values: Sequence[str]) -> Q:
        found = Q(berlin_body__isnull=True, maintainer__kind__in=list(values))
        if OrganisationKind.BERLIN_ADMINISTRATION in values:
            found |= Q(berlin_body__isnull=False)
        return found

    @property
    def value(self) -> Any:
        return Case(
            When(
                berlin_body__isnull=False, then=Value(str(OrganisationKind.BERLIN_ADMINISTRATION))
            ),
            default=F("maintainer__kind"),
            output_field=CharField(),
        )

    def label_of(self, value: str) -> str:
        return _from(OrganisationKind)(value)


def _id(name: str, value: str) -> str:
    """The same for the same choice: the page keeps the focus while the list changes under it."""
    return f"{name}-{quote(value, safe='')}"


def _from(choices: type[Any]) -> Callable[[str], str]:
    return lambda value: str(dict(choices.choices).get(value, value))


COLUMNS: tuple[_Column | _Origin, ...] = (
    _Column("category", "categories", True, vocabulary_labels.category),
    _Column("audience", "audiences", True, vocabulary_labels.scope),
    _Column("status", "development_status", False, _from(DevelopmentStatus)),
    _Origin(),
    _Column("licence", "licence_family", False, _from(LicenceFamily)),
    _Column("maintenance", "maintenance_type", False, _from(MaintenanceType)),
    _Column("platform", "platforms", True, vocabulary_labels.platform),
)


SIGNS: Mapping[str, Callable[[SolutionQuerySet], SolutionQuerySet]] = {
    "berlin": SolutionQuerySet.used_in_berlin,
    "published": SolutionQuerySet.published_by_berlin,
    "test": SolutionQuerySet.testable,
    "support": SolutionQuerySet.supported,
}
"""Yes-or-no marks; several narrow it."""


def sign_label(value: str) -> str:
    labels = {
        "berlin": _("Used in Berlin"),
        "published": _("Published by Berlin bodies"),
        "test": _("Test environment available"),
        "support": _("Support offered"),
    }
    return labels[value]


def _read() -> Iterable[Row]:
    """What each published entry has of every facet, in the order of COLUMNS and then the signs: one query.

    Then what the orders go by: the place by name (as the database sorts), when it changed, uses in Berlin.
    """
    published = Solution.objects.published().order_by("pk")
    marked = {
        f"is_{name}": Case(
            When(pk__in=having(Solution.objects.all()).values("pk"), then=Value(True)),
            default=Value(False),
            output_field=BooleanField(),
        )
        for name, having in SIGNS.items()
    }
    rows = published.annotate(
        origin=_Origin().value,
        by_name=Window(RowNumber(), order_by=["sort_key", "pk"]),
        uses=_berlin_uses(),
        **marked,
    ).values_list(
        "pk",
        "by_name",
        "updated_at",
        "uses",
        *(getattr(c, "column", c.name) for c in COLUMNS),
        *marked,
    )
    for key, by_name, changed, uses, *values in rows.iterator(chunk_size=5_000):
        lists = [_texts(value) for value in values[: len(COLUMNS)]]
        signs = [name for name, has in zip(SIGNS, values[len(COLUMNS) :], strict=True) if has]
        yield key, [*lists, signs], (by_name, changed.timestamp(), uses)


def _berlin_uses() -> Coalesce:
    """As ``berlin_count`` of SolutionQuerySet.with_reuse_counts, without grouping all entries."""
    counted = Reuse.objects.in_use().filter(
        solution=OuterRef("pk"), organisation__kind=OrganisationKind.BERLIN_ADMINISTRATION
    )
    number = counted.order_by().values("solution").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(number), Value(0))


def _texts(value: str | list[str] | None) -> Sequence[str]:
    return value if isinstance(value, list) else [value] if value else ()


_PICTURES = Pictures(
    [*(column.name for column in COLUMNS), REUSE],
    _read,
    orders={
        NAME: lambda end: end[0],
        NEWEST: lambda end: -end[1],
        MOST_REUSED: lambda end: (-end[2], end[0]),
    },
    state=last_change,
)


def _labels() -> dict[str, Callable[[str], str]]:
    return {**{column.name: column.label_of for column in COLUMNS}, REUSE: sign_label}


@dataclass
class SolutionFilter:
    """What the address asks for; unknown and hostile values are dropped, never an error."""

    query: str = ""
    sort: str = ""
    chosen: dict[str, list[str]] = field(default_factory=dict)
    _state: Hashable = field(default=None, init=False, repr=False)

    @classmethod
    def from_query(cls, data: QueryDict) -> SolutionFilter:
        chosen = {}
        for name in _labels():
            values = dict.fromkeys(data.getlist(name)[:MOST_VALUES])
            usable = [v for v in values if 0 < len(v) <= 60 and v.isprintable()]
            if name == REUSE:
                usable = [v for v in usable if v in SIGNS]
            if usable:
                chosen[name] = usable
        query = clean(data.get("q", ""))
        sort = data.get("sort", "")
        return cls(query, sort if sort in dict(cls.sorts(query)) else "", chosen)

    @staticmethod
    def sorts(query: str) -> list[tuple[str, str]]:
        """Orders to choose from; the first is the default."""
        by_words = [(RELEVANCE, _("Best match"))] if query else []
        return [
            *by_words,
            (NAME, _("Name A to Z")),
            (NEWEST, _("Changed last")),
            (MOST_REUSED, _("Used most in Berlin")),
        ]

    @property
    def order(self) -> str:
        return self.sort or self.sorts(self.query)[0][0]

    @property
    def is_active(self) -> bool:
        return bool(self.query or self.chosen)

    def apply(self, base: SolutionQuerySet) -> SolutionQuerySet:
        """``base`` narrowed by every facet."""
        for column in COLUMNS:
            if column.name in self.chosen:
                base = base.filter(column.matching(self.chosen[column.name]))
        for value in self.chosen.get(REUSE, ()):
            base = SIGNS[value](base)
        return base

    def facets(self, hits: Hits | None = None, *, most: int = MOST_CHOICES) -> list[Facet]:
        """With counts that stay right under the other facets; ``hits``: of what was searched for, else of all.

        ``most``: values of each, the most frequent; what is chosen always stays.
        """
        counts = self._picture.count(self._among(hits), chosen=self.chosen, signs=REUSE)
        labels = {
            "category": _("Areas of use"),
            "audience": _("Made for"),
            "status": _("Development status"),
            REUSE: _("Reuse"),
            "origin": _("Origin"),
            "licence": _("Licence family"),
            "maintenance": _("Maintenance"),
            "platform": _("Platform"),
        }
        label_of = _labels()
        return [
            self._facet(name, label, counts[name], label_of[name], most)
            for name, label in labels.items()
        ]

    def listed(self, hits: Hits | None, state: Hashable) -> Sequence[int] | None:
        """Primary keys of what fits, in the order that was asked for; ``hits``: of a search.

        None where the picture is not of the catalog as it is now (``state``): then the database knows.
        """
        self._state = state
        if state is None or self._picture.state != state:
            return None
        fitting = self._among(hits)
        if self.chosen:
            fitting = self._picture.passing(fitting, chosen=self.chosen, signs=REUSE)
        if hits is None or self.order != RELEVANCE:
            return self._picture.ordered(fitting, self.order)
        return hits.among(fitting) if self.chosen else hits

    def areas(self) -> list[tuple[str, str, int]]:
        """Value, label and number of each area of use, the largest first: where to go on after an empty search."""
        everything = self._picture.everything
        counts = self._picture.count(everything, chosen={}, signs=REUSE)["category"]
        return [
            (value, vocabulary_labels.category(value), counts[value])
            for value in sorted(counts, key=lambda value: (-counts[value], value))
        ]

    @cached_property
    def _picture(self) -> Picture:
        return _PICTURES.present(self._state)

    def _among(self, hits: Hits | None) -> BitMap:
        """Those that the picture knows; what came later is left out."""
        everything = self._picture.everything
        return everything if hits is None else everything & hits.entries

    def _facet(
        self,
        name: str,
        label: str,
        counts: Mapping[str, int],
        label_of: Callable[[str], str],
        most: int,
    ) -> Facet:
        chosen = self.chosen.get(name, [])
        # Names are looked up for those that may be shown only.
        least = min(nlargest(most, counts.values()), default=0)
        frequent = [value for value, number in counts.items() if number >= max(least, 1)]
        frequent.sort(key=lambda value: (-counts[value], label_of(value)))
        shown = frequent[:most]
        shown += [v for v in chosen if v not in shown]
        choices = [
            Choice(value, label_of(value), counts.get(value, 0), value in chosen, _id(name, value))
            for value in shown
        ]
        hits = sum(number > 0 for number in counts.values())
        hidden = hits - sum(counts.get(value, 0) > 0 for value in shown)
        return Facet(name, label, choices, bool(chosen) or name not in CLOSED, hidden)

    @property
    def chips(self) -> list[Chip]:
        label_of = _labels()
        return [
            Chip(label_of[name](value), self.as_query(without=(name, value)))
            for name, values in self.chosen.items()
            for value in values
        ]

    def as_query(self, *, without: tuple[str, str] | None = None) -> str:
        """The address's query part, with what is chosen and without the page."""
        pairs = [("q", self.query)] if self.query else []
        for name, values in self.chosen.items():
            pairs += [(name, value) for value in values if (name, value) != without]
        if self.sort:
            pairs.append(("sort", self.sort))
        return urlencode(pairs)

    @property
    def feed_query(self) -> str:
        """The same for the feed, which has one order."""
        pairs = [("q", self.query)] if self.query else []
        return urlencode([*pairs, *self.hidden])

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """Facets as hidden fields of the sort form."""
        return [(name, value) for name, values in self.chosen.items() for value in values]
