"""Similar requests of any authority, for advisors (product.md 1.6, Synergy)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import or_
from typing import Any, Final

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import (
    BigIntegerField,
    Case,
    Exists,
    F,
    FloatField,
    OuterRef,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from catalog.search import clean, words_of
from consulting.models import ConsultingRequest
from consulting.models.request import WORDS
from consulting.presentation import Standing
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit.prepared import Parameter, Prepared
from osk_portal.toolkit.together import columns, take

MOST: Final = 5
MOST_RANKED: Final = 100
"""So many of the newest cases with one of the words are compared in earnest."""
NEAR: Final = 0.08
"""About two of eight words of the title in the other title, or one of two in its description."""
SHARED_SOLUTION: Final = 0.4
SHARED_TOPIC: Final = 0.02
_CASE: Final = Parameter("case", BigIntegerField())
_SHOWN: Final = columns(
    ConsultingRequest,
    "id", "public_id", "reference", "title", "state", "is_confidential", "organisation_id", "follow_up_at",
)  # fmt: skip
_ORGANISATION: Final = columns(Organisation, "id", "name", "kind")
_NEWEST: Final = (F("pk") + 0).desc()
_WEIGHTS: Final = [0.0, 0.0, 0.3, 1.0]


@dataclass(frozen=True)
class SimilarCase:
    """``is_bare``: a confidential request of another authority, without title and name."""

    case: ConsultingRequest
    is_bare: bool
    is_own_authority: bool

    @property
    def authority(self) -> str:
        organisation = self.case.organisation
        if organisation is None:
            return ""
        return organisation.get_kind_display() if self.is_bare else str(organisation)

    @property
    def title(self) -> str:
        return "" if self.is_bare else self.case.title

    @property
    def standing(self) -> Standing:
        return Standing(self.case)


def similar_cases(case: ConsultingRequest, user: User) -> list[SimilarCase]:
    """Sent requests like ``case``, the most alike first; none for who is no advisor. One query.

    Words of the title are looked for in title and description, in any German form; solutions that both
    are about, and topics, bring a request nearer.
    """
    words = words_of(clean(case.title))
    if not user.is_advisor or not words or case.anonymised_at is not None:
        return []
    topics = case.topics
    rows = _query(len(words), len(topics)).rows(
        case=case.pk,
        **{f"word{number}": word for number, word in enumerate(words)},
        **{f"topic{number}": topic for number, topic in enumerate(topics)},
    )
    # Asked here: in the query the likeness of each would be computed once more.
    return [_row(case, values[1:]) for values in rows if values[0] >= NEAR]


@lru_cache(maxsize=64)
def _query(words: int, topics: int) -> Prepared:
    """The query for so many words and topics."""
    return Prepared(
        lambda: _alike(
            [Parameter(f"word{number}", TextField()) for number in range(words)],
            [Parameter(f"topic{number}", TextField()) for number in range(topics)],
        )
    )


def _alike(
    words: Sequence[Parameter], topics: Sequence[Parameter]
) -> QuerySet[ConsultingRequest, Any]:
    others = ConsultingRequest.objects.sent().filter(anonymised_at=None).exclude(pk=_CASE)
    query = reduce(or_, (SearchQuery(word, config="german") for word in words))
    # The newest, but not in the order of an index: PostgreSQL would follow that and read text after text for the
    # words, which it finds in an index of their own.
    by_words = others.annotate(words=WORDS).filter(words=query).order_by(_NEWEST).values("pk")
    # Over the table between, so that a solution that many ask about does not read all of their cases.
    through = ConsultingRequest.solutions.through
    solutions = through.objects.filter(consultingrequest=_CASE).values("solution")
    by_solutions = (
        through.objects.filter(solution__in=solutions)
        .order_by("-consultingrequest_id")
        .values("consultingrequest_id")
    )
    shares = through.objects.filter(consultingrequest=OuterRef("pk"), solution__in=solutions)
    likeness: Any = Coalesce(SearchRank(WORDS, query, weights=_WEIGHTS), Value(0.0))
    likeness += _worth(When(Exists(shares), then=Value(SHARED_SOLUTION)))
    for topic in topics:
        likeness += _worth(When(topics__contains=[topic], then=Value(SHARED_TOPIC)))
    return (
        others.filter(pk__in=by_words[:MOST_RANKED].union(by_solutions[:MOST_RANKED]))
        .annotate(likeness=likeness)
        .order_by("-likeness", "-submitted_at", "pk")
        .values_list("likeness", *_SHOWN, *(f"organisation__{name}" for name in _ORGANISATION))[
            :MOST
        ]
    )


def _worth(when: When) -> Case:
    return Case(when, default=Value(0.0), output_field=FloatField())


def _row(case: ConsultingRequest, values: Iterable[Any]) -> SimilarCase:
    rest = iter(values)
    other: Any = take(ConsultingRequest, _SHOWN, rest)
    other.organisation = take(Organisation, _ORGANISATION, rest)
    is_own = other.organisation_id == case.organisation_id
    return SimilarCase(other, other.is_confidential and not is_own, is_own)
