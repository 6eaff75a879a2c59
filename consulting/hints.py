"""What may help before somebody asks: answers, solutions, and needs of colleagues (product.md 1.1).

Two queries, whatever there is: one for what the OSK and the administration have written, one for the
catalog. Nothing of a case is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.contrib.postgres.search import (
    SearchQuery,
    SearchRank,
    SearchVector,
    TrigramWordSimilarity,
)
from django.db.models import CharField, F, FloatField, Q, QuerySet, Value
from django.db.models.functions import Greatest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalog.models import Solution
from catalog.search import SHORTEST_PART, clean, words_of
from consulting.models import Need, PublishedAnswer
from network.models import Membership
from osk_portal.toolkit.search_text import fold

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django.utils.functional import _StrPromise

    from osk_portal.accounts.models import User

MOST: Final = 3
"""Of answers and needs together, and of solutions."""
LONGEST_DESCRIPTION: Final = 400
MOST_WORDS: Final = 12
NEAR: Final = 0.1
NEAR_SOLUTION: Final = 0.05
LIKE: Final = 0.6
"""From this word similarity on, a name that is spelt a little otherwise counts."""
_WEIGHTS: Final = [0.05, 0.15, 0.4, 1.0]

ANSWER, NEED, SOLUTION = "answer", "need", "solution"
_LABELS: Final = {
    ANSWER: _("Answer"),
    NEED: _("Need of another authority"),
    SOLUTION: _("Solution"),
}


@dataclass(frozen=True)
class Hint:
    kind: str
    key: str
    title: str

    @property
    def label(self) -> _StrPromise:
        return _LABELS[self.kind]

    @property
    def value(self) -> str:
        """What its button sends."""
        return f"{self.kind}:{self.key}"


def hints(title: str, description: str, user: User | AnonymousUser) -> list[Hint]:
    """Published answers, needs that ``user`` may read, and solutions that fit; [] for an empty title."""
    words = _words(title, description)
    if not words:
        return []
    return [*_texts(words, title, user), *_solutions(words)]


def address_of(value: str, user: User | AnonymousUser) -> str | None:
    """Where the button of a hint leads; None for what is not there or not for ``user``."""
    kind, _colon, key = value.partition(":")
    if kind == SOLUTION:
        known = Solution.objects.published().filter(slug=key) if "\x00" not in key else []
        return next((solution.get_absolute_url() for solution in known), None)
    try:
        public_id = UUID(key)
    except ValueError:
        return None
    if kind == ANSWER and PublishedAnswer.objects.published().filter(public_id=public_id).exists():
        return reverse("knowledge:answer", args=[public_id])
    if kind == NEED and _needs(user).filter(public_id=public_id).exists():
        return reverse("consulting:need", args=[public_id])
    return None


def _words(title: str, description: str) -> list[str]:
    """The telling words of the title, then some of the description's beginning."""
    telling = words_of(clean(title))
    if not telling:
        return []
    more = words_of(clean(description[:LONGEST_DESCRIPTION]))
    return list(dict.fromkeys([*telling, *more]))[:MOST_WORDS]


def _query(words: list[str], config: str) -> Any:
    return reduce(or_, (SearchQuery(word, config=config) for word in words))


def _texts(words: list[str], title: str, user: User | AnonymousUser) -> list[Hint]:
    query = _query(words, "german")

    def nearest(rows: QuerySet[Any], kind: str, body: SearchVector) -> Any:
        rank = SearchRank(
            SearchVector("title", weight="A", config="german") + body, query, weights=_WEIGHTS
        )
        return (
            rows.order_by()
            .annotate(
                kind=Value(kind, output_field=CharField()),
                near=Greatest(
                    rank,
                    # A title that is nearly the same counts in any spelling.
                    TrigramWordSimilarity(clean(title), "title") - Value(LIKE),
                    output_field=FloatField(),
                ),
            )
            .filter(near__gte=NEAR)
            .values_list("kind", "public_id", "title", "near")
        )

    answers = nearest(
        PublishedAnswer.objects.listed(),
        ANSWER,
        SearchVector("question", "answer", weight="C", config="german"),
    )
    needs = nearest(_needs(user), NEED, SearchVector("text", weight="C", config="german"))
    found = answers.union(needs, all=True).order_by("-near", "public_id")[:MOST]
    return [Hint(kind, str(key), found_title) for kind, key, found_title, _near in found]


def _needs(user: User | AnonymousUser) -> Any:
    if not user.is_authenticated:
        return Need.objects.none()
    mine = Membership.objects.active().filter(user=user).order_by()
    return (
        Need.objects.published()
        .visible_to(user)
        .exclude(organisation__in=mine.values("organisation"))
    )


def _solutions(words: list[str]) -> list[Hint]:
    german = _query(words, "german")
    long_enough = [fold(word) for word in words if len(word) >= SHORTEST_PART]
    fits = reduce(
        or_,
        (Q(search_document__folded_names__trigram_word_similar=word) for word in long_enough),
        Q(search_document__german=german),
    )
    likeness = [
        TrigramWordSimilarity(word, "search_document__folded_names") - Value(LIKE)
        for word in long_enough
    ]
    rank = SearchRank(F("search_document__german"), german, weights=_WEIGHTS)
    near = Greatest(rank, *likeness, output_field=FloatField()) if likeness else rank
    found = (
        Solution.objects.published()
        .filter(fits)
        .annotate(near=near)
        .filter(near__gte=NEAR_SOLUTION)
        .order_by("-near", "sort_key", "pk")
        .values_list("slug", "name")[:MOST]
    )
    return [Hint(SOLUTION, slug, name) for slug, name in found]
