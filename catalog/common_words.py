"""Words that many entries hold: their entries as bitmaps, kept by PostgreSQL and combined here.

A word that a quarter of 100,000 entries holds costs PostgreSQL ten times what a rare one costs: it looks up each
row. So a job writes down now and then which entries hold the common words (``renew``), and a search asks the index for
the rare ones only. What has changed since is known exactly: each row of ``SearchEntry`` carries the transaction that
wrote it last, and the list the snapshot it was made in; those few rows are looked at one by one. Whoever deletes
entries deletes the list (trigger). A catalog of a few thousand entries needs none of this and has no list.
"""

from __future__ import annotations

import sys
import time
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from django.db import connection, transaction
from pyroaring import BitMap

from catalog.hits import unpacked
from catalog.models import CommonWord, CommonWordList, SearchEntry
from catalog.word_queries import Kind, WordQuery, any_of, marked, text_of
from osk_portal.toolkit import clock
from osk_portal.toolkit.search_text import escaped_like

__all__ = ["PRESENT", "Common", "entries_of", "forget", "present", "renew"]

LEAST_ENTRIES: Final = 5_000
"""A smaller catalog is searched as fast without."""
SHARE: Final = 0.02
"""Common is what at least so many of all entries hold."""
SAMPLE: Final = 1_000
"""So many entries tell which words are common."""
MOST_CHANGED: Final = 200
"""With more rows written since, the list is of no use; it is made anew from half of that on."""
OLDEST_SECONDS: Final = 24 * 3_600
PAUSE: Final = 100
"""Making it takes at most one of so many seconds."""
MOST_BEGINNING: Final = 300
"""Words that begin like those of one search."""
BANDS: Final = 64
"""Entries of about the same length lie together in so many sets."""
_AT_ONCE: Final = 50  # words that one statement reads: no statement takes long
_ADOPTED_AT_ONCE: Final = 10_000
_LOCK: Final = 7_203_441  # of this job, among PostgreSQL's advisory locks; migration 0022 knows it
_STATE = "SELECT pg_current_snapshot()::text, system_identifier FROM pg_control_system()"
_CHANGED = """
SELECT count(*) FROM (
    SELECT FROM catalog_searchentry
    WHERE changed_by >= pg_snapshot_xmin(%(snapshot)s::pg_snapshot)
    AND NOT pg_visible_in_snapshot(changed_by, %(snapshot)s::pg_snapshot) LIMIT %(most)s
) AS changed
"""


@dataclass(frozen=True)
class Common:
    """The list that a search may use. ``lexemes``: in order, each behind its mark, as in ``SearchEntry``.

    ``bands``: all entries that it knows, those with the shortest texts in the first. ``read``: the entries of those
    lexemes that searches of this process have asked for; it holds all of 100,000 in 20 MB.
    """

    list_id: int
    lexemes: Sequence[str]
    bands: Sequence[BitMap]
    read: dict[str, BitMap] = field(default_factory=dict, compare=False, repr=False)

    def __contains__(self, lexeme: str) -> bool:
        place = bisect_left(self.lexemes, lexeme)
        return place < len(self.lexemes) and self.lexemes[place] == lexeme

    def beginning(self, start: str) -> Sequence[str]:
        first = bisect_left(self.lexemes, start)
        return self.lexemes[first : bisect_left(self.lexemes, start + "\U0010ffff")]

    def shortest(self, entries: BitMap, most: int) -> list[int]:
        """``most`` of ``entries``: a few that are new to the list, then those with the shortest texts."""
        new = entries.difference(*self.bands)
        found = list(islice(new, most // 4))
        for band in self.bands:
            if len(found) >= most:
                break
            found += islice(entries & band, most - len(found))
        return found


PRESENT: Final = """
SELECT max(id) FROM catalog_commonwordlist WHERE cluster = (SELECT system_identifier FROM pg_control_system())
"""
"""The key of the list that may be asked. One that came with a backup from another server says nothing about
transactions of this one."""
_known: Common | None = None


def present(list_id: int | None) -> Common | None:
    """The list with this key, as PRESENT found it; None where the catalog has none, or no longer. Two queries where it
    is a new one.
    """
    global _known
    if list_id is None:
        return None
    if _known is None or _known.list_id != list_id:
        by_length = CommonWordList.objects.filter(pk=list_id).values_list("by_length", flat=True)
        if (packed := by_length.first()) is None:
            return None
        words = CommonWord.objects.filter(list_id=list_id).values_list("lexeme", flat=True)
        _known = Common(list_id, sorted(words), _bands(packed))
    return _known


def _bands(by_length: bytes | memoryview) -> list[BitMap]:
    keys = _in_order(array("I", bytes(by_length)))
    size = len(keys) // BANDS + 1
    return [BitMap(keys[start : start + size]) for start in range(0, len(keys), size)]


def _in_order(keys: array[int]) -> array[int]:
    """The same numbers as every machine writes them, or as this one reads them: the highest byte first."""
    if sys.byteorder == "little":
        keys.byteswap()
    return keys


def forget() -> None:
    """The sets that this process has read; for measurements."""
    if _known is not None:
        _known.read.clear()


# Making the list


def renew(*, least: int = LEAST_ENTRIES) -> bool:
    """Make the list anew where it is due, in a transaction of its own; whether it was made.

    ``least``: with fewer published entries there is none.
    """
    _adopt()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return False
        # Before anything is read: what is committed meanwhile counts as changed.
        cursor.execute(_STATE)
        [snapshot, cluster] = cursor.fetchone()
        published = SearchEntry.objects.filter(is_published=True).order_by("pk")
        if published.count() < least:
            CommonWordList.objects.all().delete()
            return False
        old = CommonWordList.objects.order_by("-pk").first()
        if old is not None and old.cluster == cluster and not _is_due(old):
            return False
        entries = list(published.values_list("pk", flat=True))
        start = time.monotonic()
        by_length = array("I", published.order_by("length", "pk").values_list("pk", flat=True))
        new = CommonWordList.objects.create(
            snapshot=snapshot,
            cluster=cluster,
            entries=len(entries),
            made_at=clock.now(),
            by_length=_in_order(by_length).tobytes(),
        )
        for lexemes in _in_parts(_common(entries)):
            cursor.execute(
                "SELECT lexeme, array_send(catalog_holding(quote_literal(lexeme)::tsquery))"
                " FROM unnest(%s::text[]) AS lexeme",
                [lexemes],
            )
            CommonWord.objects.bulk_create(
                CommonWord(list=new, lexeme=lexeme, entries=_packed(unpacked(sent)))
                for lexeme, sent in cursor.fetchall()
            )
        CommonWordList.objects.filter(pk=new.pk).update(seconds=time.monotonic() - start)
        CommonWordList.objects.exclude(pk=new.pk).delete()
    return True


def _adopt() -> None:
    """Rows that came with a backup from another server carry its numbers of transactions, which may be ahead of ours
    for years: they would count as changed as long. A trigger gives ours.
    """
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE catalog_searchentry SET length = length WHERE solution_id IN (SELECT solution_id"
                " FROM catalog_searchentry WHERE changed_by > pg_current_xact_id() LIMIT %s)",
                [_ADOPTED_AT_ONCE],
            )
            if cursor.rowcount < _ADOPTED_AT_ONCE:
                return


def _is_due(old: CommonWordList) -> bool:
    age = (clock.now() - old.made_at).total_seconds()
    if age >= OLDEST_SECONDS:
        return True
    if age < old.seconds * PAUSE:
        return False
    with connection.cursor() as cursor:
        most = MOST_CHANGED // 2
        cursor.execute(_CHANGED, {"snapshot": old.snapshot, "most": most})
        changed: int = cursor.fetchone()[0]
    return changed >= most


def _common(entries: Sequence[int]) -> list[str]:
    """Lexemes that a share of an even sample holds."""
    sample = entries[:: max(1, len(entries) // SAMPLE)]
    numbers = ",".join(str(int(key)) for key in sample)
    with connection.cursor() as cursor:
        # ts_stat takes a query as text; these are numbers.
        cursor.execute(
            "SELECT word FROM ts_stat(%s) WHERE ndoc >= %s",
            [
                f"SELECT words FROM catalog_searchentry WHERE solution_id IN ({numbers})",  # noqa: S608 # as above
                len(sample) * SHARE,
            ],
        )
        return sorted(word for [word] in cursor.fetchall())


def _in_parts(lexemes: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(lexemes), _AT_ONCE):
        yield list(lexemes[start : start + _AT_ONCE])


def _packed(entries: BitMap) -> bytes:
    entries.run_optimize()
    packed: bytes = entries.serialize()
    return packed


# Asking it


Tree = int | tuple[Kind, tuple["Tree", ...]]
"""A set by its place, common ones first; or what is in every or any one of others."""


class _Plan:
    """Which sets are needed for expressions: of common words from the list, of all others from the index."""

    def __init__(self, common: Common, beginning: Mapping[str, Sequence[str]]) -> None:
        """``beginning``: by each beginning of common words the other words that begin so, without a mark."""
        self._common = common
        self._beginning = beginning
        self.lexemes: dict[str, int] = {}
        self.rare: dict[WordQuery, int] = {}

    def tree(self, query: WordQuery) -> Tree:
        found = self._parts(query)
        return self._rare(query) if found is None else found

    def _parts(self, query: WordQuery) -> Tree | None:
        """None where no common word is in it."""
        if query.kind is Kind.LEXEME:
            return self._set(query.lexeme) if query.lexeme in self._common else None
        if query.kind is Kind.BEGINNING:
            return self._begins(query)
        parts = [(part, self._parts(part)) for part in query.parts]
        if all(tree is None for _part, tree in parts):
            return None
        found = [tree for _part, tree in parts if tree is not None]
        rare = [part for part, tree in parts if tree is None]
        if query.kind is Kind.ANY:
            together = any_of(rare)
            found += [] if together is None else [self._rare(together)]
        else:
            found += [self._rare(part) for part in rare]
        return (query.kind, tuple(found))

    def _begins(self, query: WordQuery) -> Tree | None:
        start = query.lexeme
        common = self._common.beginning(start)
        if not common:
            return None
        found: list[Tree] = [self._set(lexeme) for lexeme in common]
        rare = any_of([self._rarely(start[0] + word) for word in self._beginning[start[1:]]])
        if rare is not None:
            found.append(self._rare(rare))
        return (Kind.ANY, tuple(found))

    def _rarely(self, lexeme: str) -> WordQuery | None:
        """A rare word, as the shortest beginning that it shares with no common one: few beginnings are many words."""
        if lexeme in self._common:
            return None
        for length in range(2, len(lexeme)):
            if not self._common.beginning(lexeme[:length]):
                return marked(lexeme[:length], is_beginning=True)
        return marked(lexeme)

    def _set(self, lexeme: str) -> int:
        return self.lexemes.setdefault(lexeme, len(self.lexemes))

    def _rare(self, query: WordQuery) -> int:
        # Behind the common ones, whose number is not known yet.
        return -1 - self.rare.setdefault(query, len(self.rare))


def entries_of(common: Common, queries: Sequence[WordQuery | None]) -> list[BitMap] | None:
    """The published entries that fit each of ``queries``, in two small queries.

    None where the list is of no use: it is gone or too much has changed since, no common word is asked for, or too
    many words begin like one that is.
    """
    beginning = _beginning(common, queries)
    if beginning is None:
        return None
    plan = _Plan(common, beginning)
    trees = [None if query is None else plan.tree(query) for query in queries]
    if not plan.lexemes:
        return None
    asked = [lexeme for lexeme in plan.lexemes if lexeme not in common.read]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, place, entries"
            " FROM catalog_common_sets(%s, %s, %s::tsquery[], %s::tsquery[], %s)",
            [
                common.list_id,
                asked,
                [query.text for query in plan.rare],
                [text_of(query) for query in queries],
                MOST_CHANGED,
            ],
        )
        found = {(kind, place): sent for kind, place, sent in cursor.fetchall()}
    if not found:
        return None
    for place, lexeme in enumerate(asked, start=1):
        common.read[lexeme] = BitMap.deserialize(found["common", place])
    sets = [common.read[lexeme] for lexeme in plan.lexemes]
    sets += [unpacked(found["rare", place]) for place in range(len(plan.rare), 0, -1)]
    since = unpacked(found["changed", 0])
    now = [unpacked(found["fitting", n + 1]) if since else since for n in range(len(queries))]
    return [
        BitMap() if tree is None else (_combined(tree, sets) - since) | fitting
        for tree, fitting in zip(trees, now, strict=True)
    ]


def _combined(tree: Tree, sets: Sequence[BitMap]) -> BitMap:
    """Rare ones are counted from the end."""
    if isinstance(tree, int):
        return sets[tree]
    kind, parts = tree
    first, *others = (_combined(part, sets) for part in parts)
    return first.intersection(*others) if kind is Kind.EVERY else first.union(*others)


def _beginning(
    common: Common, queries: Sequence[WordQuery | None]
) -> Mapping[str, Sequence[str]] | None:
    """By each beginning of common words the words of the catalog that begin so; None of too many."""
    starts = {query.lexeme[1:] for query in _beginnings(queries) if common.beginning(query.lexeme)}
    if not starts:
        return {}
    patterns = [escaped_like(start) + "%" for start in starts]
    # Each by itself: an array of patterns would find no index.
    one_of_them = " OR ".join(["word LIKE %s"] * len(patterns))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT word FROM catalog_searchword WHERE {one_of_them} LIMIT %s",  # noqa: S608 # fixed words
            [*patterns, MOST_BEGINNING + 1],
        )
        words = [word for [word] in cursor.fetchall()]
    if len(words) > MOST_BEGINNING:
        return None
    return {start: [word for word in words if word.startswith(start)] for start in starts}


def _beginnings(queries: Iterable[WordQuery | None]) -> Iterator[WordQuery]:
    for query in queries:
        if query is not None and query.kind is Kind.BEGINNING:
            yield query
        elif query is not None:
            yield from _beginnings(query.parts)
