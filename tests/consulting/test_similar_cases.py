"""Similar requests for advisors: one query, no drafts, and of confidential ones the bare minimum."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client

from consulting import queues
from consulting.enums import CaseState, Topic
from consulting.models import ConsultingRequest
from consulting.models.request import WORDS
from consulting.similar_cases import similar_cases
from tests.catalog.factories import SolutionFactory
from tests.consulting.conftest import World
from tests.consulting.factories import case_in
from tests.consulting.views.conftest import HOSTILE, queries
from tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db


def test_what_is_similar(world: World) -> None:
    solution = SolutionFactory()
    case = world.case(CaseState.IN_PROGRESS, title="Terminvergabe für das Standesamt")
    case.solutions.add(solution)
    same = world.case(CaseState.CLOSED, title="Terminvergaben im Standesamt")
    other = case_in(CaseState.ANSWERED, title="Termine", description="Terminvergabe beim Amt")
    shared = case_in(CaseState.SUBMITTED, title="Etwas anderes", description="Ganz anders")
    shared.solutions.add(solution)
    bare = case_in(
        CaseState.SUBMITTED,
        title="Terminvergabe beschaffen",
        topics=[Topic.PROCUREMENT],
        organisation=OrganisationFactory(authority=True, name="Amt für Geheimes"),
    )
    world.case(CaseState.DRAFT, title="Terminvergabe Standesamt")
    world.case(CaseState.SUBMITTED, title="Bratkartoffeln", description="Mit Speck")
    user = world.person("advisor")
    _ = user.is_advisor
    found = []
    assert queries(lambda: found.extend(similar_cases(case, user))) == 1
    assert next(row.case for row in found) == same
    assert {row.case for row in found} == {same, other, shared, bare}
    by_case = {row.case: row for row in found}
    assert by_case[same].is_own_authority
    assert (by_case[bare].title, by_case[bare].authority) == ("", "Berliner Verwaltung")
    assert by_case[other].title == "Termine"
    for role in ("requester", "operator", "stranger"):
        assert similar_cases(case, world.person(role)) == []
    for words in (*HOSTILE, "der die das", "'|&!:*" * 30):
        case.title = words[:200]
        similar_cases(case, user)


def test_case_page_hides_confidential_ones_and_costs_the_same(world: World) -> None:
    case = world.case(CaseState.IN_PROGRESS, title="Terminvergabe")
    browser = Client()
    browser.force_login(world.advisor, backend="django.contrib.auth.backends.ModelBackend")
    case_in(CaseState.SUBMITTED, title="Terminvergabe eins")
    url = queues.case_url(case)
    browser.get(url)
    one = queries(lambda: browser.get(url))
    hidden = case_in(
        CaseState.SUBMITTED,
        title="Terminvergabe geheim",
        topics=[Topic.PROCUREMENT],
        organisation=OrganisationFactory(authority=True, name="Amt für Geheimes"),
    )
    case_in(CaseState.SUBMITTED, title="Terminvergabe drei")
    assert queries(lambda: browser.get(url)) == one
    page = browser.get(url).content.decode()
    assert str(hidden.reference) in page
    assert "Terminvergabe geheim" not in page
    assert "Amt für Geheimes" not in page


def test_index_holds_what_is_asked_for() -> None:
    """The expression of the query must be the one of the index, letter for letter."""
    rows = ConsultingRequest.objects.order_by().annotate(words=WORDS).filter(words="amt")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        assert "case_by_words" in rows.values("pk").explain()
