"""Searches that use the list of common words find what the index finds, whatever has changed since it was made.

What a list knows is told by transactions, so these tests commit.
"""

from __future__ import annotations

import pytest
from django.db import connection
from pyroaring import BitMap

from catalog import candidates, common_words
from catalog.models import CommonWord, CommonWordList, SearchEntry, Solution, SynonymGroup
from catalog.search import find
from catalog.services import index_solution
from tests.catalog.test_candidates import entry
from tests.factories import staff
from tests.two_at_once import Work

pytestmark = pytest.mark.django_db(transaction=True)

KINDS = ("Terminvergabe", "Terminplanung", "Aktenablage", "Umfrage im Bürgerbüro", "Videokonferenz")
QUERIES = (
    "Termin", "Termine", "Terminvergabe", "Akte", "E-Akte", "Umfrage", "Bürgerbüro", "buergerbuero Umfrage",
    "Termin Stadt", "Stadt", "Verwaltung Nebelhorn", "Nebelhorn", "open desk", "gläserner Zeitmesser", "Quarzuhr",
    "Quarzuhr Termin", "Umfrge", "nichts davon", "Stadt'); --", "v", "de", "Xylofon Termin", "Videokonferenz Akte",
)  # fmt: skip


@pytest.fixture
def world(monkeypatch):
    """Fifty entries of five kinds, and one whose words are rare; few are ranked, so that the others are sets."""
    monkeypatch.setattr(candidates, "MOST_RANKED", 8)
    monkeypatch.setattr(common_words, "SHARE", 0.1)
    common_words.forget()
    SynonymGroup.objects.create(terms=["Quarzuhr", "gläserner Zeitmesser"])
    found = []
    for number in range(50):
        kind = KINDS[number % len(KINDS)]
        said = "Das ist ein gläserner Zeitmesser." if number % 7 == 0 else "Für jede Stadt."
        name = f"{kind} {number}" if number % 3 else f"Nebelhorn {number}"
        found.append(entry(name, short=f"{kind} für die Verwaltung.", long=said + " Wort" * number))
    found.append(entry("Terminologie", short="Begriffe und Stadtpläne."))
    yield found
    common_words.forget()


def differing(monkeypatch) -> list[str]:
    """Queries for which the list finds something else than the index, and how often it was of use."""
    found = []
    for query in QUERIES:
        with_list = find(query)
        with monkeypatch.context() as without:
            without.setattr(common_words, "present", lambda _key: None)
            index = find(query)
        if with_list.hits.entries != index.hits.entries or with_list.is_exact != index.is_exact:
            found.append(query)
    return found


def test_of_a_common_word_the_shortest_that_say_it_are_ranked_as_from_the_index(world, monkeypatch):
    monkeypatch.setattr(common_words, "BANDS", 1_000)  # each entry by itself
    assert common_words.renew(least=10)
    queries = used(monkeypatch)
    with_list = {query: find(query).hits.best for query in queries}
    monkeypatch.setattr(common_words, "present", lambda _key: None)

    assert with_list == {query: find(query).hits.best for query in queries}


def test_what_is_new_is_ranked_but_does_not_crowd_out_the_rest(world):
    assert common_words.renew(least=10)
    [key] = CommonWordList.objects.values_list("pk", flat=True)
    common = common_words.present(key)
    assert common is not None
    lengths = dict(SearchEntry.objects.values_list("pk", "length"))
    by_length = sorted(lengths, key=lambda pk: (lengths[pk], pk))
    new = range(max(lengths) + 1, max(lengths) + 21)

    assert common.shortest(BitMap(by_length), 3) == by_length[:3]
    assert common.shortest(BitMap([*by_length, *new]), 8) == [*new[:2], *by_length[:6]]
    assert common.shortest(BitMap([by_length[-1], by_length[9]]), 8) == [
        by_length[9],
        by_length[-1],
    ]


def test_of_entries_about_as_long_none_is_left_out(world, monkeypatch):
    monkeypatch.setattr(common_words, "BANDS", 4)
    assert common_words.renew(least=10)
    common = common_words.present(CommonWordList.objects.get().pk)
    assert common is not None
    lengths = dict(SearchEntry.objects.values_list("pk", "length"))
    by_length = sorted(lengths, key=lambda pk: (lengths[pk], pk))

    assert [len(band) for band in common.bands] == [13, 13, 13, 12]
    assert set(common.shortest(BitMap(by_length), 13)) == set(by_length[:13])
    assert set(common.shortest(BitMap(by_length), 100)) == set(by_length)


def used(monkeypatch) -> list[str]:
    """Queries that the list helped to answer."""
    found: list[str] = []
    known = common_words.entries_of

    def counted(common, queries):
        entries = known(common, queries)
        if entries is not None:
            found.append(query)
        return entries

    with monkeypatch.context() as counting:
        counting.setattr(common_words, "entries_of", counted)
        for query in QUERIES:
            find(query)
    return found


def test_the_list_finds_what_the_index_finds(world, monkeypatch):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [common_words._LOCK])
        other = Work(lambda: common_words.renew(least=10))
        other.start()
        other.join(20)
        cursor.execute("SELECT pg_advisory_unlock(%s)", [common_words._LOCK])
    assert other.outcome is False  # while one makes the list, another does not

    assert common_words.renew(least=10)
    assert {"Termin", "Akte", "Quarzuhr", "Verwaltung Nebelhorn"} <= set(used(monkeypatch))
    assert differing(monkeypatch) == []


def test_what_has_changed_since_is_found_at_once(world, monkeypatch):
    common_words.renew(least=10)
    entry("Terminfuchs", short="Termine in der Stadt, mit Xylofon.")
    entry("Noch ein Entwurf", short="Termine in der Stadt.", draft=True)
    world[0].withdraw(actor=staff("advisor"))
    Solution.objects.filter(pk=world[1].pk).update(name="Ganz anders", document={})
    index_solution(Solution.objects.get(pk=world[1].pk))
    entry("Umfragewerk", short="Ein gläserner Zeitmesser für die Verwaltung.")

    assert "Termin" in used(monkeypatch)
    assert differing(monkeypatch) == []
    [newest] = find("Xylofon Termin").hits
    assert newest == Solution.objects.get(name="Terminfuchs").pk
    assert world[0].pk not in find("Termin").hits


def test_a_list_that_says_too_little_is_not_asked_and_made_anew(world, monkeypatch):
    common_words.renew(least=10)
    assert not common_words.renew(least=10)
    monkeypatch.setattr(common_words, "MOST_CHANGED", 4)
    for solution in world[:5]:
        index_solution(solution)
    assert used(monkeypatch) == []
    assert differing(monkeypatch) == []

    monkeypatch.setattr(common_words, "PAUSE", 0)
    assert common_words.renew(least=10)
    assert "Termin" in used(monkeypatch)
    assert CommonWordList.objects.count() == 1


def test_a_list_goes_with_what_it_knows(world, monkeypatch):
    """With its server, with entries, with the size of the catalog."""
    common_words.renew(least=10)
    CommonWordList.objects.update(cluster=1)
    assert used(monkeypatch) == []
    assert common_words.renew(least=10)
    assert "Termin" in used(monkeypatch)

    with connection.cursor() as cursor:  # rows as a backup brings them
        trigger = "ALTER TABLE catalog_searchentry {} TRIGGER catalog_keep_change"
        cursor.execute(trigger.format("DISABLE"))
        cursor.execute("UPDATE catalog_searchentry SET changed_by = '4000000000000'")
        cursor.execute(trigger.format("ENABLE"))
    CommonWordList.objects.update(cluster=1)
    monkeypatch.setattr(common_words, "MOST_CHANGED", 4)
    monkeypatch.setattr(common_words, "_ADOPTED_AT_ONCE", 20)
    assert common_words.renew(least=10)
    assert "Termin" in used(monkeypatch)

    world[0].events.all().delete()
    world[0].delete()
    assert not CommonWordList.objects.exists()
    assert not CommonWord.objects.exists()
    assert differing(monkeypatch) == []

    assert common_words.renew(least=10)
    assert not common_words.renew()
    assert not CommonWordList.objects.exists()


def test_too_many_words_that_begin_alike_are_left_to_the_index(world, monkeypatch):
    common_words.renew(least=10)
    monkeypatch.setattr(common_words, "MOST_BEGINNING", 1)
    assert "Termin" not in used(monkeypatch)
    assert differing(monkeypatch) == []
