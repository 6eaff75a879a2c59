"""Queries over the demo catalog, judged by hand (tests/catalog/judged.py)."""

from __future__ import annotations

import math
from functools import reduce
from operator import and_, or_

import pytest

from catalog import candidates, demo_world
from catalog.models import Solution, SolutionDocument
from catalog.search import _fits, meant, search
from catalog.terms import Synonyms
from network import demo_world as network_demo
from tests.catalog.judged import HELD_OUT, JUDGED

pytestmark = pytest.mark.django_db
PLACES = 10


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker):
    """The demo world, once for all judged queries; rolled back at the end of the module."""
    from django.db import transaction

    with django_db_blocker.unblock():
        atomic = transaction.atomic()
        atomic.__enter__()
        network_demo.load()
        demo_world.load()
        yield
        transaction.set_rollback(True)
        atomic.__exit__(None, None, None)


def found(query: str) -> list[str]:
    keys = search(query)
    slugs = dict(Solution.objects.values_list("pk", "slug"))
    return [slugs[key] for key in keys]


def gain(grades: list[int]) -> float:
    return sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(grades[:PLACES]))


def ndcg(query: str, grades: dict[str, int]) -> float:
    """How good the order of the first ten hits is: 1 is the best that is possible."""
    best = gain(sorted(grades.values(), reverse=True))
    return gain([grades.get(slug, 0) for slug in found(query)[:PLACES]]) / best


def measure(queries) -> tuple[float, dict[str, float]]:
    each = {query: ndcg(query, grades) for query, grades in queries.items()}
    return sum(each.values()) / len(each), each


def test_judged_queries(demo):
    mean, each = measure(JUDGED)
    worst = sorted(each.items(), key=lambda pair: pair[1])[:8]

    assert len(JUDGED) >= 60
    assert min(each.values()) > 0, worst
    assert mean >= 0.85, (mean, worst)


def test_queries_that_nobody_tuned_on(demo):
    mean, each = measure(HELD_OUT)

    assert len(HELD_OUT) >= 20
    assert not set(HELD_OUT) & set(JUDGED)
    assert mean >= 0.75, (mean, each)


def test_the_index_finds_what_the_texts_say(demo):
    """For every judged query: the same entries as by looking at each document."""
    synonyms = Synonyms.read()
    published = SolutionDocument.objects.filter(solution__in=Solution.objects.published())
    for query in (*JUDGED, *HELD_OUT):
        terms = synonyms.terms(query)
        looked_up = candidates.look_up(terms)
        for is_any in (False, True):
            fitting = reduce(
                or_ if is_any else and_, (_fits(term, looked_up.longer) for term in terms)
            )
            found = candidates.candidates(terms, looked_up, is_any=is_any, beginning="", within="")
            possible = published.filter(fitting, pk__in=found.possible).values_list("pk", flat=True)
            expected = set(published.filter(fitting).values_list("pk", flat=True))
            assert {*found.fitting, *possible} == expected, (query, is_any)


@pytest.mark.parametrize("name", ["nextcloud", "openproject", "wordpress", "redmine", "ckan"])
def test_a_product_name_comes_first(demo, name):
    assert found(name)[0] == name


def test_what_nobody_offers_finds_nothing(demo):
    assert found("Friedhofsverwaltung") == []
    assert found("qwertzuiopü") == []
    assert meant("Friedhofsverwaltung", among=Solution.objects.published()) == []


@pytest.mark.parametrize(
    ("query", "wanted"), [("Nextklaud", "Nextcloud"), ("Tunderbirt", "Thunderbird")]
)
def test_what_may_have_been_meant(demo, query, wanted):
    assert wanted in meant(query, among=Solution.objects.published())
