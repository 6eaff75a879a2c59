"""The answer with solutions that are searched for, ticked and given a reason, without a script."""

from __future__ import annotations

import pytest

from consulting import queues
from consulting.enums import CaseState
from consulting.models import Recommendation
from tests.catalog.factories import SolutionFactory

S = CaseState


@pytest.fixture
def nextcloud(db):
    return SolutionFactory(name="Nextcloud", slug="nextcloud")


@pytest.fixture
def case(world):
    return world.case(S.IN_PROGRESS)


def pick(solution, why: str = "Passt gut", ticked: bool = True) -> dict[str, str]:
    fields = {f"why-solution-{solution.slug}": why}
    return fields | ({f"pick-solution-{solution.slug}": "on"} if ticked else {})


def test_the_solutions_of_the_request_are_offered_unticked(sign_in, case, nextcloud):
    case.solutions.add(nextcloud, SolutionFactory(slug="entwurf", draft=True))
    form = sign_in("advisor").get(queues.step_url(case, "answer")).context["form"]
    assert [candidate.target for candidate in form.solutions] == [nextcloud]
    assert not form.solutions[0].pick.value()


def test_a_recommendation_needs_its_reason(sign_in, send, case, nextcloud):
    response = send(sign_in("advisor"), case, "answer", text="Ja", **pick(nextcloud, ""))
    assert response.context["form"].errors == {
        "why-solution-nextcloud": response.context["form"].errors["why-solution-nextcloud"]
    }
    page = response.content.decode()
    assert "Nextcloud" in response.context["form"].errors["why-solution-nextcloud"][0]
    assert 'name="pick-solution-nextcloud"' in page
    case.refresh_from_db()
    assert case.state == S.IN_PROGRESS


def test_ticked_solutions_become_recommendations_in_order(sign_in, send, case, nextcloud):
    other = SolutionFactory(slug="etherpad")
    left_out = SolutionFactory(slug="cryptpad")
    typed = {**pick(nextcloud, "Erste"), **pick(left_out, "Nur notiert", ticked=False)}
    typed |= pick(other, "Zweite")
    assert send(sign_in("advisor"), case, "answer", text="Beide.", **typed).status_code == 302
    found = [(r.solution, r.reason) for r in Recommendation.objects.all()]
    assert found == [(nextcloud, "Erste"), (other, "Zweite")]


def test_searching_sends_nothing_and_keeps_everything(sign_in, send, case, nextcloud):
    chosen = SolutionFactory(slug="etherpad", name="Etherpad")
    response = send(
        sign_in("advisor"),
        case,
        "answer",
        text="Halb fertig",
        q="Etherpad",
        search="1",
        **pick(nextcloud, "Weil <es> passt"),
    )
    assert response.status_code == 200
    form = response.context["form"]
    assert not form.errors
    page = response.content.decode()
    assert "Halb fertig" in page
    assert "Weil &lt;es&gt; passt" in page
    by_slug = {candidate.target.slug: candidate for candidate in form.solutions}
    assert by_slug["nextcloud"].pick.value()
    assert form.searched == "Etherpad"
    assert chosen.slug in by_slug or form.number_of_hits == 0
    assert not case.results.exists()


@pytest.mark.parametrize("words", ["", "\x00", "x" * 500, "nichts dergleichen", "'\"\\"])
def test_odd_searches_are_answered(sign_in, send, case, words):
    response = send(sign_in("advisor"), case, "answer", text="", q=words, search="1")
    assert response.status_code == 200
    assert not response.context["form"].errors


def test_foreign_and_hidden_solutions_are_ignored(sign_in, send, case, nextcloud):
    hidden = SolutionFactory(slug="geheim", draft=True)
    typed = {
        **pick(hidden),
        "pick-solution-gibt-es-nicht": "on",
        "why-solution-gibt-es-nicht": "?",
        "why-solution-\x00": "?",
        "pick-blueprint-nichts": "on",
    }
    assert send(sign_in("advisor"), case, "answer", text="Ja", **typed).status_code == 302
    assert not Recommendation.objects.exists()


def test_a_search_on_a_case_that_moved_on_is_told(sign_in, send, world, nextcloud):
    case = world.case(S.ANSWERED)
    response = send(sign_in("advisor"), case, "answer", text="Ja", q="Nextcloud", search="1")
    assert response.status_code == 200
    assert response.context["form"].non_field_errors()
    assert case.results.count() == 1


def test_test_products_can_be_recommended(sign_in, send, case):
    from tests.sandbox.factories import BlueprintVersionFactory

    blueprint = BlueprintVersionFactory().blueprint
    blueprint.is_bookable = True
    blueprint.save()
    form = sign_in("advisor").get(queues.step_url(case, "answer")).context["form"]
    assert [candidate.target for candidate in form.blueprints] == [blueprint]
    typed = {
        f"pick-blueprint-{blueprint.slug}": "on",
        f"why-blueprint-{blueprint.slug}": "Zum Ausprobieren",
    }
    assert send(sign_in("advisor"), case, "answer", text="Ja", **typed).status_code == 302
    assert Recommendation.objects.get().blueprint == blueprint


def test_three_candidates_cost_as_much_as_one(sign_in, case, nextcloud, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    case.solutions.add(nextcloud)
    advisor = sign_in("advisor")
    advisor.get(queues.step_url(case, "answer"))
    with CaptureQueriesContext(connection) as before:
        advisor.get(queues.step_url(case, "answer"))
    for slug in ("etherpad", "cryptpad"):
        case.solutions.add(SolutionFactory(slug=slug))
    with django_assert_num_queries(len(before)):
        advisor.get(queues.step_url(case, "answer"))
