"""What the one index of a search holds, and that many hits are all found."""

from __future__ import annotations

import pytest
from django.db import connection
from pyroaring import BitMap

from catalog import candidates, found_memory
from catalog.hits import Hits, unpacked
from catalog.models import SearchEntry, Solution, SynonymGroup
from catalog.search import find, search
from catalog.services import index_solution
from catalog.state import last_change
from tests.catalog.factories import ReuseFactory, SolutionFactory
from tests.factories import staff

pytestmark = pytest.mark.django_db


def entry(name: str, short: str = "", long: str = "", **fields) -> Solution:
    described = {"de": {"shortDescription": short, "longDescription": long}}
    solution = SolutionFactory(name=name, document={"description": described}, **fields)
    index_solution(solution)
    return solution


def test_of_many_hits_none_is_left_out_and_the_best_are_first(monkeypatch):
    monkeypatch.setattr(candidates, "MOST_RANKED", 8)
    far = [entry(f"Weit {n}", long="Hier steht es: Aktenzeichen.") for n in range(6)]
    near = [entry(f"Nah {n}", short="Ein Aktenzeichen. " + "Wort " * n) for n in range(6)]
    within = entry("Mein Aktenzeichen", long="Etwas anderes.")
    named = entry("Aktenzeichen")

    keys = search("Aktenzeichen")

    assert keys[:2] == [named.pk, within.pk]
    assert set(keys[2:6]) <= {solution.pk for solution in near}
    assert sorted(keys) == sorted(s.pk for s in (*far, *near, within, named))


def test_states_and_texts_reach_the_index_by_themselves():
    draft = entry("Hafenfuchs", draft=True)
    assert search("Hafenfuchs") == []
    draft.publish(actor=None)
    assert search("Hafenfuchs") == [draft.pk]
    Solution.objects.filter(pk=draft.pk).update(name="Nebelhorn")
    draft.refresh_from_db()
    index_solution(draft)
    assert search("Hafenfuchs") == []
    assert search("Nebelhorn") == [draft.pk]
    draft.withdraw(actor=staff("advisor"))
    assert search("Nebelhorn") == []
    draft.events.all().delete()
    draft.delete()
    assert not SearchEntry.objects.exists()


def test_the_words_of_a_synonym_must_follow_one_another():
    SynonymGroup.objects.create(terms=["Quarzuhr", "gläserner Zeitmesser"])
    together = entry("Nebelhorn", long="Das ist ein gläserner Zeitmesser.")
    entry("Zwei", long="Ein Zeitmesser, gläserner als andere.")
    itself = entry("Drei", long="Eine Quarzuhr.")

    assert sorted(search("Quarzuhr")) == sorted([together.pk, itself.pk])
    assert search("Quarzuhr Nebelhorn") == [together.pk]


def test_a_compound_with_a_hyphen_is_one_word():
    whole = entry("Eins", short="Die XYZ-Fachablage.")
    entry("Zwei", short="XYZ ohne die Ablage.")

    assert search("XYZ-Fachablage") == [whole.pk]


def test_a_word_as_long_as_one_may_be():
    word = "a" * 2_000
    entry("Lang", short=word + "b" * 40)

    assert len(search("a" * 200)) == 1


def test_a_remembered_search_is_of_this_state_only(settings):
    settings.OSK_FACETS_SECONDS = 60
    first = entry("Paketboot")
    state = last_change()
    assert list(found_memory.remembered("Paketboot", state).hits) == [first.pk]
    second = entry("Paketboot zwei")
    assert list(found_memory.remembered("Paketboot", state).hits) == [first.pk]
    assert list(found_memory.remembered("Paketboot", "another").hits) == [first.pk, second.pk]
    settings.OSK_FACETS_SECONDS = 0
    assert found_memory.remembered("Paketboot", "another") == find("Paketboot")


def test_each_change_is_another_state():
    solution = entry("Paketboot")
    seen = [last_change()]
    solution.withdraw(actor=staff("advisor"))
    seen.append(last_change())
    use = ReuseFactory()
    use.events.create(kind="declared")
    seen.append(last_change())

    assert len(set(seen)) == len(seen)


def test_any_number_of_keys_is_read_as_postgresql_sends_it():
    with connection.cursor() as cursor:
        for keys in ([], [7], list(range(1, 3_000)), [2**32 - 1]):
            cursor.execute("SELECT array_send(%s::bigint[])", [keys])
            [sent] = cursor.fetchone()
            assert list(unpacked(sent)) == keys
        cursor.execute("SELECT array_send(%s::bigint[])", [[1, 2**32]])
        [sent] = cursor.fetchone()
    with pytest.raises(OverflowError, match="32"):
        unpacked(sent)


def test_hits_are_the_best_in_order_and_then_the_others():
    hits = Hits([5, 3, 5, 9], BitMap([1, 3, 7]))

    assert list(hits) == [5, 3, 9, 1, 7]
    assert len(hits) == 5
    assert hits[0] == 5
    assert hits[-1] == 7
    assert hits[1:4] == [3, 9, 1]
    assert hits[:2] == [5, 3]
    assert hits[9:] == []
    assert 7 in hits
    assert 8 not in hits
    assert list(hits.among(BitMap([1, 9, 3, 11]))) == [3, 9, 1]
    assert hits == Hits([5, 3, 9], BitMap([7, 1]))
    assert hits != Hits([3, 5, 9], BitMap([7, 1]))
    assert not Hits()


def test_of_several_words_only_one_that_stands_nowhere_may_be_misspelt():
    meant = entry("Hafenfuchs Quarzuhr")
    other = entry("Hafenfochs")

    assert search("Hafenfuks Quarzuhr") == [meant.pk]
    found = find("Hafenfochs Quarzuhr")
    assert set(found.hits) == {meant.pk, other.pk}
    assert not found.is_exact
