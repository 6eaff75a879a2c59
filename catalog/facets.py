"""The filters of the catalog's list: what the address asks for, and how many entries each choice has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, CharField, Count, F, Func, Q, QuerySet, Value, When
from django.http import QueryDict
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from catalog import vocabulary_labels
from catalog.enums import DevelopmentStatus, LicenceFamily, MaintenanceType
from catalog.models import Solution
from catalog.querysets import SolutionQuerySet
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

    @property
    def value(self) -> Any:
        if self.is_list:
            return Func(F(self.column), function="unnest", output_field=CharField())
        return F(self.column)


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


def _labels() -> dict[str, Callable[[str], str]]:
    return {**{column.name: column.label_of for column in COLUMNS}, REUSE: sign_label}


@dataclass
class SolutionFilter:
    """What the address asks for; unknown and hostile values are dropped, never an error."""

    query: str = ""
    sort: str = ""
    chosen: dict[str, list[str]] = field(default_factory=dict)

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

    def apply(self, base: SolutionQuerySet, *, without: str = "") -> SolutionQuerySet:
        """``base`` narrowed by every facet but ``without``."""
        for column in COLUMNS:
            if column.name in self.chosen and column.name != without:
                base = base.filter(column.matching(self.chosen[column.name]))
        for value in self.chosen.get(REUSE, ()):
            base = SIGNS[value](base)
        return base

    def facets(self, base: SolutionQuerySet) -> list[Facet]:
        """Counts that stay right under the other facets; two queries for all of them."""
        counts = self._counts(base)
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
            self._facet(name, label, counts[name], label_of[name]) for name, label in labels.items()
        ]

    def _counts(self, base: SolutionQuerySet) -> Mapping[str, Mapping[str, int]]:
        parts: list[QuerySet[Solution, Any]] = []
        for column in COLUMNS:
            parts.append(
                self.apply(base, without=column.name)
                .order_by()
                .annotate(facet=Value(column.name), value=column.value)
                .values("facet", "value")
                .annotate(n=Count("pk"))
                .values_list("facet", "value", "n")
            )
        counts: dict[str, dict[str, int]] = defaultdict(dict)
        first, *others = parts
        for name, value, number in first.union(*others, all=True):
            if value:
                counts[name][value] = number
        marked = {
            sign: Count("pk", filter=Q(pk__in=having(Solution.objects.all()).values("pk")))
            for sign, having in SIGNS.items()
        }
        counts[REUSE] = self.apply(base).order_by().aggregate(**marked)
        return counts

    def _facet(
        self, name: str, label: str, counts: Mapping[str, int], label_of: Callable[[str], str]
    ) -> Facet:
        chosen = self.chosen.get(name, [])
        frequent = sorted(counts, key=lambda value: (-counts[value], label_of(value)))
        shown = [v for v in frequent if counts[v]][:MOST_CHOICES]
        shown += [v for v in chosen if v not in shown]
        choices = [
            Choice(value, label_of(value), counts.get(value, 0), value in chosen, f"{name}-{i}")
            for i, value in enumerate(shown)
        ]
        return Facet(name, label, choices, bool(chosen) or name not in CLOSED)

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
