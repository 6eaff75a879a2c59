"""Which entries fit a query, from one index: all of them, and those that are worth a closer look.

``SearchEntry.words`` holds what each document says as marked lexemes, so a whole query, its synonyms and spellings
included, is one expression that the index answers without a look at any text. A word that a quarter of the catalog
contains costs about as much as a rare one: only MOST_RANKED of its hits are read and ranked (catalog.search), those
first whose name holds it; where these are few, the shortest that say it in front. The others follow unranked; none is
left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final

from django.db import connection
from pyroaring import BitMap

from catalog import common_words
from catalog.common_words import Common
from catalog.hits import unpacked
from catalog.terms import SHORTEST_PART, Term, spellings
from catalog.word_queries import WordQuery, any_of, every_of, lexeme, text_of
from osk_portal.toolkit.search_text import escaped_like

MOST_RANKED: Final = 200
# Longer words that hold a word of the query: of all together, and of each.
MOST_LONGER: Final = 2_000
MOST_LONGER_EACH: Final = 100
# Shorter synonyms count as whole words only: "KI" is not the beginning of "Kiez".
SHORTEST_PREFIX: Final = 6
_MOST_KNOWN = 20_000


@dataclass(frozen=True)
class Candidates:
    """Primary keys. ``best``: to be ranked. ``fitting``: all that fit.

    ``possible``: hold every word of a synonym of several words; whether these follow one another must be looked up.
    """

    best: list[int]
    fitting: BitMap
    possible: list[int]


@dataclass(frozen=True)
class _Stems:
    german: Sequence[str]
    english: Sequence[str]
    simple: Sequence[str]


@dataclass(frozen=True)
class Words:
    """What the words of a query are to PostgreSQL; by spelling, longer words of the catalog that hold it within.

    ``known``: which of the spellings are words of the catalog themselves. ``common``: the key of the list of common
    words.
    """

    stems: Mapping[str, _Stems]
    longer: Mapping[str, Sequence[str]]
    known: frozenset[str]
    common: int | None


@dataclass(frozen=True)
class _Marks:
    """Where a lexeme may stand; see SearchEntry."""

    german: str
    english: str
    simple: str


_ANYWHERE = _Marks("d", "e", "s")
_IN_FRONT = _Marks("D", "E", "s")
_IN_NAMES = _Marks("", "", "S")

_STEMS = """
SELECT word, tsvector_to_array(to_tsvector('german', word)), tsvector_to_array(to_tsvector('english', word)),
    tsvector_to_array(to_tsvector('simple', word))
FROM unnest(%s::text[]) AS word
"""

_known: dict[str, _Stems] = {}


def candidates(
    terms: Sequence[Term],
    words: Words,
    *,
    is_any: bool,
    beginning: str,
    within: str,
) -> Candidates:
    """One query, or three where common words are asked for. ``words``: of these terms, looked up. ``is_any``: one
    term suffices. ``beginning``, ``within``: what names that are ranked in any case begin with or contain; the latter
    fit by that alone.
    """
    write = _Writer(words)
    combine = any_of if is_any else every_of
    strict = [write.term(term, _ANYWHERE) for term in terms]
    loose = [write.phrases(term, _ANYWHERE) for term in terms]
    queries = [
        combine(strict),
        any_of(loose) if is_any else _one_of(loose, strict),
        combine([write.term(term, _IN_FRONT) for term in terms]),
        combine([write.words(term, _IN_NAMES) for term in terms]),
    ]
    most = MOST_RANKED // 2 if is_any else MOST_RANKED
    names = (beginning, _pattern(within), most)
    common = common_words.present(words.common)
    if common is not None and (entries := common_words.entries_of(common, queries)) is not None:
        return _chosen(common, entries, names)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT best, fitting, possible"
            " FROM catalog_candidates(%s::tsquery, %s::tsquery, %s::tsquery, %s::tsquery, %s, %s, %s)",
            [*map(text_of, queries), *names],
        )
        [best, fitting, possible] = cursor.fetchone()
    return Candidates(best, unpacked(fitting), possible or [])


def _chosen(common: Common, entries: Sequence[BitMap], names: tuple[str, str, int]) -> Candidates:
    """As catalog_candidates chooses, from sets that are known; one query. ``names``: for catalog_names."""
    [fitting, wide, front, named] = entries
    *_texts, most = names
    with connection.cursor() as cursor:
        cursor.execute("SELECT catalog_names(%s, %s, %s)", names)
        [best] = cursor.fetchone()
    if len(fitting) <= most:
        best += fitting
    else:
        best += common.shortest(named, most)
        missing = most - len(set(best))
        if missing > most // 2:
            best += common.shortest(front, missing)
            missing = most - len(set(best))
        best += islice(fitting, max(missing, 0))
    return Candidates(best, fitting, list(islice(wide - fitting, most)))


def holding(groups: Iterable[Sequence[str]], *, most: int) -> list[tuple[int, str, str, str]]:
    """Published entries that hold a word of each group, those in whose names they stand first: one query.

    The words are those of ``SearchWord``. Rows of primary key, folded names, alternatives and labels.
    """
    by_place = [
        every_of([any_of([lexeme(word, marks.simple) for word in words]) for words in groups])
        for marks in (_ANYWHERE, _IN_NAMES)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT solution_id, folded_names, alternatives, labels"
            " FROM catalog_candidates(%s::tsquery, NULL, NULL, %s::tsquery, '', '', %s)"
            " JOIN catalog_solutiondocument ON solution_id = ANY(best[1:%s]) ORDER BY solution_id",
            [*map(text_of, by_place), most, most],
        )
        found: list[tuple[int, str, str, str]] = cursor.fetchall()
    return found


class _Writer:
    """Writes what is asked for; None where something can stand nowhere."""

    def __init__(self, words: Words) -> None:
        self._stems = words.stems
        self._longer = words.longer

    def term(self, term: Term, marks: _Marks) -> WordQuery | None:
        """Its words, or a synonym of one word."""
        found = [self.words(term, marks)]
        found += [self._synonym(s, marks) for s in term.synonyms if " " not in s]
        return any_of(found)

    def phrases(self, term: Term, marks: _Marks) -> WordQuery | None:
        """Its synonyms of several words, wherever each of these stands."""
        return any_of([self._synonym(s, marks) for s in term.synonyms if " " in s])

    def words(self, term: Term, marks: _Marks) -> WordQuery | None:
        return every_of([self._word(word, marks) for word in term.words])

    def _word(self, word: str, marks: _Marks) -> WordQuery | None:
        """Stemmed, as a beginning, or inside of a longer word."""
        found = self._stemmed(word, marks)
        for spelling in spellings(word):
            found.append(self._folded(spelling, marks, is_beginning=True))
            found += [lexeme(other, marks.simple) for other in self._longer.get(spelling, ())]
        return any_of(found)

    def _synonym(self, text: str, marks: _Marks) -> WordQuery | None:
        is_beginning = len(text) >= SHORTEST_PREFIX
        found = self._stemmed(text, marks)
        found += [self._folded(s, marks, is_beginning=is_beginning) for s in spellings(text)]
        return any_of(found)

    def _stemmed(self, text: str, marks: _Marks) -> list[WordQuery | None]:
        stems = self._stems[text]
        return [
            every_of([lexeme(stem, marks.german) for stem in stems.german]),
            every_of([lexeme(stem, marks.english) for stem in stems.english]),
        ]

    def _folded(self, spelling: str, marks: _Marks, *, is_beginning: bool) -> WordQuery | None:
        """One letter is no beginning: it counts only as a whole word."""
        may_begin = is_beginning and sum(letter.isalnum() for letter in spelling) > 1
        lexemes = self._stems[spelling].simple
        return every_of([lexeme(each, marks.simple, is_beginning=may_begin) for each in lexemes])


def _one_of(
    loose: Sequence[WordQuery | None], strict: Sequence[WordQuery | None]
) -> WordQuery | None:
    """Every term in one way or the other, and at least one loosely."""
    either = [any_of(pair) for pair in zip(loose, strict, strict=True)]
    found = []
    for place, part in enumerate(loose):
        if part is not None:
            found.append(every_of([part, *either[:place], *either[place + 1 :]]))
    return any_of(found)


def _pattern(text: str) -> str:
    return f"%{escaped_like(text)}%" if text else ""


def look_up(terms: Sequence[Term]) -> Words:
    """One query: what PostgreSQL makes of each word, which never changes, and longer words of the catalog."""
    texts = chain.from_iterable((*term.words, *term.synonyms) for term in terms)
    wanted = {each for text in texts for each in (text, *spellings(text))}
    stems = {text: known for text in wanted if (known := _known.get(text))}
    written = chain.from_iterable(spellings(word) for term in terms for word in term.words)
    longer: dict[str, list[str]] = {s: [] for s in written if len(s) >= SHORTEST_PART}
    # Each by itself: an array of patterns would find no index.
    holding_one = " OR ".join(["word LIKE %s"] * len(longer)) or "false"
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_STEMS} UNION ALL (SELECT word, NULL, NULL, NULL FROM catalog_searchword"  # noqa: S608 # fixed words
            f" WHERE {holding_one} LIMIT %s)"
            f" UNION ALL SELECT ({common_words.PRESENT})::text, '{{}}', NULL, NULL",
            [list(wanted - stems.keys()), *map(_pattern, longer), MOST_LONGER],
        )
        rows: list[tuple[str, Any, Any, Any]] = cursor.fetchall()
    listed = []
    common = None
    for word, *lexemes in rows:
        if lexemes[0] is None:
            listed.append(word)
        elif lexemes[1] is None:
            common = None if word is None else int(word)
        else:
            stems[word] = _Stems(*(_telling(word, each) for each in lexemes))
    for word in sorted(set(listed), key=lambda word: (len(word), word)):
        for part, found in longer.items():
            # A beginning is found anyway.
            if part in word and not word.startswith(part) and len(found) < MOST_LONGER_EACH:
                found.append(word)
    if len(_known) > _MOST_KNOWN:
        _known.clear()
    _known.update(stems)
    return Words(stems, longer, frozenset(longer).intersection(listed), common)


def _telling(word: str, lexemes: Sequence[str]) -> Sequence[str]:
    """Of "E-Akte" PostgreSQL makes "e-akt", "e" and "akt": whatever has the first has the others."""
    if " " in word:
        return lexemes
    compounds = [lexeme for lexeme in lexemes if "-" in lexeme[1:]]
    return compounds or lexemes
