"""Finding solutions by words: stems, prefixes, parts of compounds, synonyms, and names with typing errors.

Each thing that the query asks for must be found, in any of these ways. Where that finds nothing, the telling part
of a compound counts instead of the whole, then any word. What fits comes from one index (catalog.candidates); only
the best of it are read and ranked (quality.md 4.2).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add, and_, or_
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import BooleanField, Case, F, FloatField, Q, QuerySet, Value, When
from django.db.models.expressions import RawSQL

from catalog.candidates import SHORTEST_PREFIX, Words, candidates, holding, look_up
from catalog.hits import Hits
from catalog.models import SearchWord, Solution, SolutionDocument
from catalog.querysets import key_in
from catalog.spelling import allowed_errors, distance, likest, nearest
from catalog.terms import SHORTEST_PART, WORD, Synonyms, Term, clean, is_noise, spellings, words_of
from osk_portal.toolkit.search_text import fold

__all__ = ["SHORTEST_PART", "Found", "clean", "find", "meant", "search", "similar", "words_of"]

MOST_ALIKE = 2_000
MOST_GUESSES = 60
# Words of the catalog that are measured for a misspelt one.
MOST_LIKE = 500
FEW_HITS = 5
GUESS_SIMILARITY = 0.4
MEANT_SIMILARITY = 0.3
MOST_CANDIDATES = 200
MOST_MEANT = 3
_WEIGHTS = [0.05, 0.15, 0.4, 1.0]


@dataclass(frozen=True)
class Found:
    """``hits``: the best first; behind the first few hundred in no order.

    ``is_exact``: they hold what was asked for, as it was written.
    """

    hits: Hits
    is_exact: bool


def search(query: str, *, few: int = FEW_HITS) -> list[int]:
    """Primary keys of the published solutions that fit ``query``, the best first; see ``find``."""
    return list(find(query, few=few).hits)


def find(query: str, *, few: int = FEW_HITS) -> Found:
    """The published solutions that fit ``query``.

    ``few``: with fewer exact hits names with typing errors are looked for too, in two more queries.
    """
    text = clean(query)
    words = words_of(text)
    if not words:
        return Found(Hits(), is_exact=True)
    synonyms = Synonyms.read()
    terms = synonyms.terms(text)
    looked_up = look_up(terms)
    found = _ranked(terms, looked_up, joined=fold(text).replace(" ", ""))
    is_exact = bool(found)
    if len(found) < few:
        found = Hits([*found, *_guessed(found, words, looked_up.known)])
    if not found:
        heads = [synonyms.head(term) for term in terms]
        if any(heads):
            terms = [head or term for head, term in zip(heads, terms, strict=True)]
            looked_up = look_up(terms)
            found = _ranked(terms, looked_up)
    if not found and len(terms) > 1:
        found = _ranked(terms, looked_up, is_any=True)
    return Found(found, is_exact)


def similar(text: str, *, among: QuerySet[Solution], most: int) -> list[Solution]:
    """Solutions of ``among`` that fit a title or a sentence, the best first: one query.

    Those that hold every word stand alone; without them any word counts, also one with a typing error.
    """
    words = words_of(clean(text))
    if not words:
        return []
    terms = [Term((word,)) for word in words]
    folded = [word for word in map(fold, words) if len(word) >= SHORTEST_PART]
    exact = reduce(or_, (_contains(word) for word in words))
    guessed = reduce(or_, (Q(folded__trigram_word_similar=word) for word in folded), exact)
    matching = SolutionDocument.objects.filter(guessed, solution__in=among).order_by().values("pk")
    documents = (
        SolutionDocument.objects.filter(pk__in=matching[:MOST_ALIKE])
        .annotate(
            rank=Case(
                When(reduce(and_, (_contains(word) for word in words)), then=Value(2)),
                When(exact, then=Value(1)),
                default=Value(0),
            ),
            score=_score(terms),
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


def meant(query: str, *, among: QuerySet[Any], labels: Sequence[str] = ()) -> list[str]:
    """What to search for instead of ``query``: names, and words of ``labels``, that are written almost like its own.

    One query, over the names only: an empty result must not cost more than a full one. Each answer is the whole query
    with one word in another's place.
    """
    text = clean(query)
    words = [word for word in words_of(text) if len(fold(word)) >= SHORTEST_PART]
    if not words:
        return []
    folded = [fold(word) for word in words]
    alike = reduce(or_, (Q(folded_names__trigram_word_similar=word) for word in folded))
    names = (
        SolutionDocument.objects.filter(_from_similarity(MEANT_SIMILARITY))
        .filter(alike, solution__in=among)
        .values_list("names", flat=True)[:MOST_CANDIDATES]
    )
    known: dict[str, str] = {}
    for word in WORD.findall(" ".join([*names, *labels])):
        if len(key := fold(word)) >= SHORTEST_PART and not is_noise(word):
            known.setdefault(key, word)
    found: list[str] = []
    for word, key in zip(words, folded, strict=True):
        if key not in known:
            found += [
                text.replace(word, known[other]) for other in likest(key, known, most=MOST_MEANT)
            ]
    return list(dict.fromkeys(found))[:MOST_MEANT]


def _holds_one(document: SolutionDocument, folded: Sequence[str]) -> bool:
    """Is a word of the text a misspelt one of the document?"""
    texts = (document.folded_names, document.alternatives, document.labels)
    known = set(WORD.findall(fold(" ".join(texts))))
    return any(nearest(word, known) is not None for word in folded)


def _ranked(
    terms: Sequence[Term],
    looked_up: Words,
    *,
    joined: str = "",
    is_any: bool = False,
) -> Hits:
    """``looked_up``: the words of ``terms``. ``is_any``: one of these suffices.

    ``joined``: the query without spaces, for names that people write apart ("open desk").
    """
    longer = looked_up.longer
    is_name = len(joined) >= SHORTEST_PART
    words = [word for term in terms for word in term.words]
    found = candidates(
        terms,
        looked_up,
        is_any=is_any,
        beginning=joined if is_name else fold(" ".join(words)),
        within=joined if is_name else "",
    )
    best = [*found.best, *_really(found.possible, terms, longer, is_any=is_any)]
    if not best:
        return Hits(entries=found.fitting)
    score = _score(terms)
    if is_any and len(terms) > 1:
        # Who holds more of what was asked for comes first.
        score += reduce(add, (_one_if(_fits(term, longer), 1.0) for term in terms))
    if is_name:
        score += _one_if(Q(folded_names__startswith=joined), 4.0)
    ranked = (
        SolutionDocument.objects.filter(key_in(best))
        .annotate(score=score)
        .order_by("-score", "folded_names", "pk")
        .values_list("pk", flat=True)
    )
    return Hits(ranked, found.fitting)


def _really(
    possible: Sequence[int],
    terms: Sequence[Term],
    longer: Mapping[str, Sequence[str]],
    *,
    is_any: bool,
) -> Iterable[int]:
    """Those of ``possible`` in which the words of a synonym of several words follow one another."""
    if not possible:
        return ()
    fitting = reduce(or_ if is_any else and_, (_fits(term, longer) for term in terms))
    return SolutionDocument.objects.filter(key_in(possible), fitting).values_list("pk", flat=True)


def _fits(term: Term, longer: Mapping[str, Sequence[str]]) -> Q:
    found = reduce(and_, (_has(word, longer) for word in term.words))
    if term.synonyms:
        german, english, simple = _synonym_queries(term.synonyms)
        found |= Q(german=german) | Q(english=english) | Q(simple=simple)
    return found


def _synonym_queries(synonyms: Sequence[str]) -> tuple[Any, Any, Any]:
    """One query a column for all of them: three look-ups in an index, however large the group is."""
    return (
        reduce(or_, (SearchQuery(s, config="german", search_type="phrase") for s in synonyms)),
        reduce(or_, (SearchQuery(s, config="english", search_type="phrase") for s in synonyms)),
        reduce(
            or_,
            (
                _beginning(spelling) if len(s) >= SHORTEST_PREFIX else _whole(spelling)
                for s in synonyms
                for spelling in spellings(s)
            ),
        ),
    )


def _has(word: str, longer: Mapping[str, Sequence[str]]) -> Q:
    """Stemmed in German or English, as a prefix, or (not in the long text) inside a longer word.

    Each by an index that needs no second look at the document.
    """
    wanted = [_beginning(spelling) for spelling in spellings(word)]
    wanted += [
        SearchQuery(_quoted(other), config="simple", search_type="raw")
        for spelling in spellings(word)
        for other in longer.get(spelling, ())
    ]
    return _stemmed(word) | Q(simple=reduce(or_, wanted))


def _contains(word: str) -> Q:
    """As ``_has``, where a further query would cost too much: reads the documents that may fit."""
    found = _stemmed(word)
    for spelling in spellings(word):
        found |= Q(simple=_beginning(spelling))
        if len(spelling) >= SHORTEST_PART:
            found |= Q(folded__contains=spelling)
    return found


def _stemmed(word: str) -> Q:
    return Q(german=SearchQuery(word, config="german")) | Q(
        english=SearchQuery(word, config="english")
    )


def _whole(folded: str) -> SearchQuery:
    return SearchQuery(folded, config="simple", search_type="phrase")


def _beginning(folded: str) -> SearchQuery:
    """``folded`` as the beginning of words that follow one another; one letter only as a whole one.

    Quoted: nothing in it is an operator.
    """
    end = ":*" if sum(letter.isalnum() for letter in folded) > 1 else ""
    return SearchQuery(f"{_quoted(folded)}{end}", config="simple", search_type="raw")


def _quoted(folded: str) -> str:
    escaped = folded.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _score(terms: Sequence[Term]) -> Any:
    """Product names first, then what a solution replaces, then how often and where the words stand.

    Words as they were asked for count twice what their synonyms do.
    """
    words = [word for term in terms for word in term.words]
    score = _named(words) + _replaces(words)
    score += _density("german", reduce(or_, (SearchQuery(w, config="german") for w in words)))
    score += _density("simple", reduce(or_, (_beginning(fold(word)) for word in words)))
    if synonyms := [word for term in terms for word in term.synonyms]:
        german, _english, simple = _synonym_queries(synonyms)
        score += Value(0.5) * _density("german", german) + Value(0.5) * _density("simple", simple)
    return score


def _named(words: Sequence[str]) -> Any:
    phrase = fold(" ".join(words))
    return Case(
        When(Q(folded_names=phrase) | Q(folded_names__startswith=f"{phrase} |"), then=Value(12.0)),
        When(folded_names__startswith=phrase, then=Value(8.0)),
        When(folded_names__contains=f" {phrase}", then=Value(6.0)),
        When(folded_names__contains=phrase, then=Value(4.0)),
        default=Value(0.0),
        output_field=FloatField(),
    )


def _replaces(words: Sequence[str]) -> Any:
    """The whole name of a product counts more than one word of it."""
    whole = _one_if(Q(alternatives__icontains=" ".join(words)), 2.0)
    if len(words) == 1:
        return whole
    return whole + reduce(add, (_one_if(Q(alternatives__icontains=w), 0.5) for w in words))


def _density(column: str, query: Any) -> Any:
    # 1: a long text is not more about a word than a short one that says it once.
    return SearchRank(F(column), query, weights=_WEIGHTS, normalization=Value(1))


def _one_if(condition: Q, value: float) -> Case:
    return Case(When(condition, then=Value(value)), default=Value(0.0), output_field=FloatField())


def _guessed(known: Hits, words: Sequence[str], written: Collection[str]) -> list[int]:
    """Solutions beside ``known`` whose names, alternatives or labels hold each word with a typing error or two.

    Trigrams find words of the catalog that are like them, each of which stands once in a list; the distance decides,
    since similarity alone takes "Matomo" for "Mattermost". ``written``: which of several words stand in the catalog
    as they are; they are meant.
    """
    folded = [fold(word) for word in words]
    if any(len(word) < SHORTEST_PART for word in folded):
        return []
    unsure = [word for word in folded if len(folded) == 1 or word not in written]
    alike = _near(unsure) if unsure else {}
    near = [alike.get(word, [word]) for word in folded]
    if not all(near) or near == [
        [word] for word in folded
    ]:  # who has the words themselves is found
        return []
    guesses: list[tuple[int, int]] = []
    for pk, *texts in holding(near, most=MOST_GUESSES):
        theirs = set(WORD.findall(fold(" ".join(texts))))
        distances = [nearest(word, theirs) for word in folded]
        if pk not in known and all(distance is not None for distance in distances):
            guesses.append((sum(d for d in distances if d is not None), pk))
    return [pk for _distance, pk in sorted(guesses, key=lambda guess: guess[0])]


def _near(folded: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """By each of ``folded`` the words of the catalog that it may stand for: one query."""
    like = reduce(or_, (Q(word__trigram_word_similar=word) for word in folded))
    least = min(map(_least_similarity, folded))
    listed = SearchWord.objects.filter(_from_similarity(least)).filter(like).order_by("pk")
    known = set(listed.values_list("word", flat=True)[:MOST_LIKE])
    return {
        word: sorted(
            other for other in known if distance(word, other, allowed_errors(word)) is not None
        )
        for word in folded
    }


def _least_similarity(word: str) -> float:
    """From where on a misspelt ``word`` must be looked at: each error spoils up to four of its trigrams.

    The longer the word, the fewer candidates there are to measure.
    """
    trigrams = len(word) + 1
    return max(GUESS_SIMILARITY, (trigrams - 4 * allowed_errors(word)) / trigrams)


def _from_similarity(similarity: float) -> RawSQL:
    """From where on a word is like another one, for this query only.

    A sub-select that names no row: PostgreSQL asks it once, before it looks into the index, which reads the setting.
    """
    return RawSQL(
        "(SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)) IS NOT NULL",
        [str(similarity)],
        output_field=BooleanField(),
    )
