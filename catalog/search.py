"""Finding solutions by words: stems, prefixes, parts of compounds, and names with typing errors.

Each word of the query must be found, in any of these ways; where that finds nothing, any word counts.
At most MOST_HITS rows are ranked (quality.md 4.2): a word that half the catalog contains costs the same as a
rare one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import reduce
from operator import add, and_, or_
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchRank, TrigramWordSimilarity
from django.db import connection, transaction
from django.db.models import Case, F, FloatField, Q, QuerySet, Value, When

from catalog.models import Solution, SolutionDocument
from osk_portal.toolkit.search_text import fold, sort_key

LONGEST_QUERY = 200
MOST_WORDS = 8
MOST_HITS = 2_000
MOST_GUESSES = 60
# Fewer exact hits than this, and misspelt names are looked for too.
FEW_HITS = 5
GUESS_SIMILARITY = 0.4
SHORTEST_PART = 4

_WORD = re.compile(r"[^\W_]+(?:[-+.#&][^\W_]+)*[+#]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ud800-\udfff]+")
# Words that say nothing about a solution; the stemmers have their own list, prefixes and parts have not.
_NOISE = frozenset(
    """
    aber als am an auch auf aus bei das dem den der des die ein eine einem einen einer eines er es fuer
    haben hat ich ihr im in ist kann man mit nach nicht oder sich sie sind so um und uns unser unsere von
    vom was wer wie wir zu zum zur loesung loesungen software programm tool tools open source freie freies
    quelloffene alternative ersatz suche suchen brauche brauchen and for free of or the to with
    """.split()  # noqa: SIM905 # a list of 80 quoted words is no better to read
)


def clean(query: str) -> str:
    """The query as people meant it: one line, without controls, at most LONGEST_QUERY characters."""
    return " ".join(_CONTROL.sub(" ", query).split())[:LONGEST_QUERY].strip()


def words_of(query: str) -> list[str]:
    """The words that are looked for, as written; noise only where nothing else is left.

    Without letters of which folding leaves nothing (an Arabic vowel sign by itself): no word at all.
    """
    found = [word for word in dict.fromkeys(_WORD.findall(query)) if fold(word)][: MOST_WORDS * 2]
    telling = [word for word in found if fold(word) not in _NOISE]
    return (telling or found)[:MOST_WORDS]


def search(query: str, *, among: QuerySet[Any]) -> list[int]:
    """Primary keys of the solutions of ``among`` that fit ``query``, the best first."""
    words = words_of(clean(query))
    if not words:
        return []
    documents = SolutionDocument.objects.filter(solution__in=among)
    found = _ranked(documents, words, and_)
    if len(found) < FEW_HITS:
        found += _guessed(documents.exclude(pk__in=found), words)
    if not found and len(words) > 1:
        found = _ranked(documents, words, or_)
    return found


def similar(text: str, *, among: QuerySet[Solution], most: int) -> list[Solution]:
    """Solutions of ``among`` that fit a title or a sentence, the best first: one query.

    Those that hold every word stand alone; without them any word counts, also one with a typing error.
    """
    words = words_of(clean(text))
    if not words:
        return []
    folded = [word for word in map(fold, words) if len(word) >= SHORTEST_PART]
    exact = reduce(or_, (_contains(word) for word in words))
    guessed = reduce(or_, (Q(folded__trigram_word_similar=word) for word in folded), exact)
    matching = SolutionDocument.objects.filter(guessed, solution__in=among).values("pk")
    documents = (
        SolutionDocument.objects.filter(pk__in=matching[:MOST_HITS])
        .annotate(
            rank=Case(
                When(reduce(and_, (_contains(word) for word in words)), then=Value(2)),
                When(exact, then=Value(1)),
                default=Value(0),
            ),
            score=_score(words),
        )
        .select_related("solution")
        .defer("german", "english", "simple", "short", "long", "organisations", "folded")
        .order_by("-rank", "-score", "solution__sort_key", "pk")[:MOST_GUESSES]
    )
    found: list[Solution] = []
    best = 0
    for document in documents:
        best = max(best, document.rank)
        if document.rank < best == 2 or (document.rank == 0 and not _holds_one(document, folded)):
            continue
        found.append(document.solution)
    return found[:most]


def _holds_one(document: SolutionDocument, folded: Sequence[str]) -> bool:
    """Is a word of the text a misspelt one of the document?"""
    texts = (document.folded_names, document.alternatives, document.labels)
    known = set(_WORD.findall(fold(" ".join(texts))))
    return any(_nearest(word, known) is not None for word in folded)


def _ranked(documents: QuerySet[SolutionDocument], words: Sequence[str], how: Any) -> list[int]:
    matching = documents.filter(reduce(how, (_contains(word) for word in words))).values("pk")
    return list(
        SolutionDocument.objects.filter(pk__in=matching[:MOST_HITS])
        .annotate(score=_score(words))
        .order_by("-score", "solution__sort_key", "pk")
        .values_list("pk", flat=True)
    )


def _contains(word: str) -> Q:
    """Stemmed in German or English, as a prefix, or (not in the long text) inside a longer word."""
    found = Q(german=SearchQuery(word, config="german")) | Q(
        english=SearchQuery(word, config="english")
    )
    for spelling in _spellings(word):
        found |= Q(simple=_prefix(spelling))
        if len(spelling) >= SHORTEST_PART:
            found |= Q(folded__contains=spelling)
    return found


def _spellings(word: str) -> list[str]:
    """``Bürger``: buerger, burger."""
    return list(dict.fromkeys([fold(word), sort_key(word)]))


def _prefix(folded: str) -> SearchQuery:
    """``folded`` as the beginning of a word; one letter only as a whole one.

    Quoted: nothing in it is an operator.
    """
    quoted = folded.replace("\\", "\\\\").replace("'", "''")
    end = ":*" if sum(letter.isalnum() for letter in folded) > 1 else ""
    return SearchQuery(f"'{quoted}'{end}", config="simple", search_type="raw")


def _score(words: Sequence[str]) -> Any:
    """Product names first, then what a solution replaces, then how often and where the words stand."""
    phrase = fold(" ".join(words))
    german = reduce(or_, (SearchQuery(word, config="german") for word in words))
    prefixes = reduce(or_, (_prefix(fold(word)) for word in words))
    weights = [0.05, 0.15, 0.4, 1.0]
    named = Case(
        When(Q(folded_names=phrase) | Q(folded_names__startswith=f"{phrase} |"), then=Value(12.0)),
        When(folded_names__startswith=phrase, then=Value(8.0)),
        When(folded_names__contains=f" {phrase}", then=Value(6.0)),
        When(folded_names__contains=phrase, then=Value(4.0)),
        default=Value(0.0),
        output_field=FloatField(),
    )
    replaces = Case(
        When(alternatives__icontains=" ".join(words), then=Value(2.0)),
        default=Value(0.0),
        output_field=FloatField(),
    )
    # 1: a long text is not more about a word than a short one that says it once.
    return (
        named
        + replaces
        + SearchRank(F("german"), german, weights=weights, normalization=Value(1))
        + SearchRank(F("simple"), prefixes, weights=weights, normalization=Value(1))
    )


def _guessed(documents: QuerySet[SolutionDocument], words: Sequence[str]) -> list[int]:
    """Solutions whose names, alternatives or labels hold each word with a typing error or two.

    Trigrams find candidates by index; the distance decides, since similarity alone takes "Matomo" for
    "Mattermost".
    """
    folded = [fold(word) for word in words]
    if any(len(word) < SHORTEST_PART for word in folded):
        return []
    similarities = [TrigramWordSimilarity(word, "folded") for word in folded]
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL pg_trgm.word_similarity_threshold = {GUESS_SIMILARITY}")
        candidates = list(
            documents.filter(reduce(and_, (Q(folded__trigram_word_similar=w) for w in folded)))
            .annotate(similarity=reduce(add, similarities))
            .order_by("-similarity", "pk")
            .values_list("pk", "folded_names", "alternatives", "labels")[:MOST_GUESSES]
        )
    guesses: list[tuple[int, int]] = []
    for pk, *texts in candidates:
        known = set(_WORD.findall(fold(" ".join(texts))))
        distances = [_nearest(word, known) for word in folded]
        if all(distance is not None for distance in distances):
            guesses.append((sum(d for d in distances if d is not None), pk))
    return [pk for _distance, pk in sorted(guesses, key=lambda guess: guess[0])]


def _nearest(word: str, known: Iterable[str]) -> int | None:
    """The smallest number of typing errors that makes ``word`` one of ``known``; None beyond a few."""
    allowed = 1 if len(word) < 8 else 2
    near = [d for other in known if (d := _distance(word, other, allowed)) is not None]
    return min(near, default=None)


def _distance(one: str, other: str, allowed: int) -> int | None:
    """Damerau-Levenshtein: letters left out, added, changed or swapped; None beyond ``allowed``."""
    if abs(len(one) - len(other)) > allowed:
        return None
    before: list[int] = []
    previous = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > allowed:
            return None
        before, previous = previous, row
    return previous[-1] if previous[-1] <= allowed else None
