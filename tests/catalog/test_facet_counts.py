"""The figures beside the filters: against a plain count, and how often the catalog is read for them."""

from __future__ import annotations

import random
import threading

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pyroaring import BitMap

from catalog.enums import ReuseStage
from catalog.facet_counts import Pictures
from catalog.facets import COLUMNS, REUSE, SIGNS, SolutionFilter
from catalog.hits import Hits
from catalog.models import Solution, Support
from catalog.state import last_change
from catalog.views.solutions import _keys
from tests.catalog.factories import ReuseFactory, SolutionFactory
from tests.factories import OrganisationFactory

A, B, SIGN = "a", "b", "signs"
ROWS = st.lists(
    st.tuples(
        st.lists(st.sampled_from("xyz"), max_size=3),
        st.lists(st.sampled_from("pq"), max_size=1),
        st.lists(st.sampled_from("st"), max_size=2),
    ),
    max_size=20,
)
CHOSEN = st.fixed_dictionaries(
    {},
    optional={
        A: st.lists(st.sampled_from("xyzw"), min_size=1, max_size=3),
        B: st.lists(st.sampled_from("pqw"), min_size=1, max_size=2),
        SIGN: st.lists(st.sampled_from("st"), min_size=1, max_size=2),
    },
)


@given(rows=ROWS, chosen=CHOSEN, hits=st.none() | st.sets(st.integers(0, 25)))
@hypothesis_settings(max_examples=150, deadline=None)
def test_a_picture_counts_as_one_counts_by_hand(rows, chosen, hits):
    facets = (A, B, SIGN)
    picture = Pictures(facets, lambda: ((key, row, ()) for key, row in enumerate(rows))).present()
    among = picture.everything if hits is None else picture.everything & BitMap(hits)

    counts = picture.count(among, chosen=chosen, signs=SIGN)

    for place, facet in enumerate(facets):
        expected = {}
        for key, row in enumerate(rows):
            passes = hits is None or key in hits
            for name, values in chosen.items():
                has = set(row[facets.index(name)])
                if name == SIGN:
                    passes &= set(values) <= has
                elif name != facet:
                    passes &= bool(set(values) & has)
            if passes:
                for value in set(row[place]):
                    expected[value] = expected.get(value, 0) + 1
        assert counts[facet] == expected, facet


@pytest.mark.django_db
def test_each_figure_is_what_a_click_would_show():
    """Against SQL: a choice added to the address gives as many entries as stand beside it."""
    dice = random.Random(4)  # the same catalog every time
    berlin = OrganisationFactory(authority=True)
    company = OrganisationFactory(company=True)
    for n in range(40):
        solution = SolutionFactory(
            categories=dice.sample(["crm", "erp", "blog"], dice.randrange(3)),
            platforms=dice.sample(["web", "linux"], dice.randrange(2)),
            audiences=dice.sample(["health", "welfare"], dice.randrange(2)),
            development_status=dice.choice(["", "stable", "beta"]),
            licence_family=dice.choice(["", "permissive"]),
            maintenance_type=dice.choice(["", "internal"]),
            maintainer=dice.choice([None, company]),
            berlin_body=dice.choice([None, None, berlin]),
            draft=n % 9 == 0,
        )
        if dice.random() < 0.4:
            ReuseFactory(solution=solution, stage=dice.choice(list(ReuseStage)))
        if dice.random() < 0.3:
            Support.objects.create(solution=solution, organisation=company)
    for query in (
        "",
        "category=crm&status=stable",
        "reuse=berlin",
        "reuse=support&origin=business",
    ):
        wanted = SolutionFilter.from_query(QueryDict(query))
        for facet in wanted.facets():
            for choice in facet.choices:
                without = {k: v for k, v in wanted.chosen.items() if k != facet.name}
                if facet.name == REUSE:
                    without[REUSE] = [*wanted.chosen.get(REUSE, ()), choice.value]
                else:
                    without[facet.name] = [choice.value]
                clicked = SolutionFilter(chosen=without)
                shown = clicked.apply(Solution.objects.published()).count()
                assert choice.count == shown, (query, facet.name, choice.value)
    assert len(COLUMNS) + len(SIGNS) == 11


def test_who_waits_for_the_first_picture_does_not_read_again(settings):
    settings.OSK_FACETS_SECONDS = 60
    begun, go_on = threading.Event(), threading.Event()
    reads = []

    def read():
        reads.append(1)
        begun.set()
        go_on.wait(5)
        return [(1, [["x"]], ())]

    pictures = Pictures([A], read)
    first = threading.Thread(target=pictures.present)
    first.start()
    begun.wait(5)
    others = [threading.Thread(target=pictures.present) for _n in range(3)]
    for other in others:
        other.start()
    pictures._took = 1  # a large catalog: the picture stays good for a while
    go_on.set()
    for thread in (first, *others):
        thread.join(5)

    assert len(reads) == 1


def test_a_picture_of_the_same_state_is_not_read_again(settings):
    settings.OSK_FACETS_SECONDS = 60
    state = {"now": 1}
    reads = []

    def read():
        reads.append(1)
        return [(1, [["x"]], ())]

    pictures = Pictures([A], read, state=lambda: state["now"])
    pictures.present()
    for now, expected in ((1, 1), (2, 2)):
        state["now"] = now
        pictures._lock.acquire()  # as who begins it beside
        pictures._renew_beside()
        assert len(reads) == expected
    pictures._read_at -= 60 * 20 + 1
    pictures._lock.acquire()
    pictures._renew_beside()
    assert len(reads) == 3


@pytest.mark.django_db
def test_the_list_is_the_same_from_the_picture_and_from_the_database(client):
    """Every order and filter; the picture serves only while nothing has changed."""
    dice = random.Random(7)
    for n in range(30):
        entry = SolutionFactory(
            name=dice.choice("ABCÄ") + str(n),
            categories=dice.sample(["crm", "erp", "blog"], dice.randrange(3)),
            licence_family=dice.choice(["", "permissive"]),
        )
        for _use in range(dice.randrange(3)):
            ReuseFactory(solution=entry)
    published = Solution.objects.published()
    for query in (
        "sort=name",
        "sort=newest",
        "sort=reused",
        "category=crm&category=erp&sort=reused",
        "category=crm&licence=permissive&reuse=berlin",
        "category=nothing",
    ):
        wanted = SolutionFilter.from_query(QueryDict(query))
        shown = wanted.listed(None, last_change())
        assert shown is not None
        assert list(shown) == list(_keys(wanted.apply(published), wanted, None)), query
        assert shown[:1] == list(shown)[:1]
        assert wanted.listed(None, "another state") is None
        ranking = Hits(list(published.order_by("-pk").values_list("pk", flat=True))[:20])
        wanted.query, wanted.sort = "words", ""
        found = wanted.apply(published.with_keys(ranking))
        assert wanted.listed(ranking, last_change()) == _keys(found, wanted, ranking)


def test_many_of_more_are_put_into_order_without_looking_at_all(monkeypatch):
    rows = [(key, [["x"] if key % 3 else []], (-key,)) for key in range(100)]
    orders = {"falling": lambda end: end[0]}
    picture = Pictures([A], lambda: rows, orders=orders).present()
    fitting = picture.having(A, ["x"])
    expected = [key for key in reversed(range(100)) if key % 3]
    few = picture.ordered(fitting, "falling")
    assert list(few[5:25]) == expected[5:25]
    monkeypatch.setattr("catalog.facet_counts.FEW", 10)
    many = picture.ordered(fitting, "falling")
    assert list(many[5:25]) == expected[5:25]
    assert list(many[60:90]) == expected[60:90]
    assert many[-1] == expected[-1]
    assert list(picture.ordered(picture.everything, "falling")[:3]) == [99, 98, 97]
