from __future__ import annotations

import pytest
from django.http import QueryDict

from catalog.enums import ReuseStage
from catalog.facets import SolutionFilter
from catalog.models import Solution, Support
from tests.catalog.factories import ReuseFactory, SolutionFactory
from tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def some():
    a = SolutionFactory(
        name="A", categories=["crm", "erp"], development_status="stable", platforms=["web"]
    )
    b = SolutionFactory(name="B", categories=["crm"], development_status="beta")
    c = SolutionFactory(name="C", categories=["blog"], development_status="stable")
    SolutionFactory(name="D", categories=["crm"], draft=True)
    ReuseFactory(solution=a)
    ReuseFactory(solution=b, stage=ReuseStage.INTEREST)
    ReuseFactory(solution=c, organisation=OrganisationFactory(other_land=True))
    Support.objects.create(solution=c, organisation=OrganisationFactory(company=True))
    Support.objects.create(solution=c, organisation=OrganisationFactory(company=True))
    return a, b, c


def facets(query):
    wanted = SolutionFilter.from_query(QueryDict(query))
    found = wanted.facets()
    return {f.name: {c.value: c.count for c in f.choices} for f in found}


def names(query):
    wanted = SolutionFilter.from_query(QueryDict(query))
    return "".join(s.name for s in wanted.apply(Solution.objects.published()))


def test_counts_without_a_filter(some):
    found = facets("")

    assert found["category"] == {"crm": 2, "blog": 1, "erp": 1}
    assert found["status"] == {"stable": 2, "beta": 1}
    assert found["reuse"] == {"berlin": 1, "support": 1}


def test_counts_stay_right_under_the_other_facets(some):
    found = facets("status=stable")

    assert found["category"] == {"crm": 1, "blog": 1, "erp": 1}
    assert found["status"] == {"stable": 2, "beta": 1}  # its own choice does not narrow a facet
    assert facets("category=crm")["reuse"] == {"berlin": 1}


def test_values_of_one_facet_widen_and_facets_narrow(some):
    assert names("category=crm&category=blog") == "ABC"
    assert names("category=crm&status=beta") == "B"
    assert names("reuse=berlin") == "A"
    assert names("reuse=berlin&reuse=support") == ""


def test_a_chosen_value_stays_though_nothing_has_it(some):
    assert facets("category=blog&platform=web")["platform"] == {"web": 0}


def test_unknown_and_hostile_values_are_dropped(some):
    wanted = SolutionFilter.from_query(
        QueryDict("reuse=x&reuse=berlin&category=%00&category=" + "y" * 99 + "&sort=;drop&q=%00a")
    )

    assert wanted.chosen == {"reuse": ["berlin"]}
    assert wanted.sort == ""
    assert wanted.query == "a"


def test_chips_lead_to_the_list_without_their_filter(some):
    wanted = SolutionFilter.from_query(QueryDict("q=x&category=crm&category=erp&sort=name&page=3"))

    assert [chip.query for chip in wanted.chips] == [
        "q=x&category=erp&sort=name",
        "q=x&category=crm&sort=name",
    ]


def test_audience_and_origin(some):
    a, b, _c = some
    a.audiences, a.berlin_body = ["education", "culture"], OrganisationFactory()
    a.save()
    b.audiences, b.maintainer = ["education"], OrganisationFactory(company=True)
    b.save()

    found = facets("")
    assert found["audience"] == {"education": 2, "culture": 1}
    assert found["origin"] == {"berlin_administration": 1, "business": 1}  # nobody knows of C
    assert names("audience=culture") == "A"
    assert names("origin=berlin_administration") == "A"
    assert names("origin=business&origin=berlin_administration") == "AB"
    assert facets("origin=business")["audience"] == {"education": 1}
    assert facets("audience=culture")["origin"] == {"berlin_administration": 1}


def test_the_feed_has_the_same_filters_and_no_order(some):
    wanted = SolutionFilter.from_query(QueryDict("q=x&category=crm&sort=name&page=3"))

    assert wanted.feed_query == "q=x&category=crm"
