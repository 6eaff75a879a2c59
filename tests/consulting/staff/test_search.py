from __future__ import annotations

import pytest
from django.urls import reverse

from consulting import queues
from consulting.enums import CaseState, Topic
from consulting.models import ConsultingRequest
from tests.consulting.factories import DraftFactory
from tests.factories import OrganisationFactory

URL = reverse("admin:consulting_consultingrequest_search")


@pytest.fixture
def case(world) -> ConsultingRequest:
    case = world.case(
        CaseState.SUBMITTED,
        title="Formularserver für Bürgerdienste",
        own_reference="SE IT 4 – 118/26",
        topics=[Topic.REUSE],
    )
    ConsultingRequest.objects.filter(pk=case.pk).update(reference="OSK-2026-00042")
    case.refresh_from_db()
    return case


def found(client, words: str) -> list[ConsultingRequest]:
    return [row.case for row in client.get(URL, {"q": words}).context["rows"]]


def test_ladder(sign_in):
    assert sign_in("visitor").get(URL).status_code == 302
    assert sign_in("stranger").get(URL).status_code in (302, 403, 404)
    assert sign_in("operator").get(URL).status_code == 403
    assert sign_in("advisor").get(URL).status_code == 200
    assert sign_in("advisor").post(URL).status_code == 405


@pytest.mark.parametrize(
    "typed", ["OSK-2026-00042", "osk-2026-42", " OSK 2026 42 ", "2026-00042", "OSK–2026–00042"]
)
def test_a_reference_jumps_to_its_case(sign_in, case, typed):
    response = sign_in("advisor").get(URL, {"q": typed})
    assert response.status_code == 302
    assert response.headers["Location"] == queues.case_url(case)


def test_an_unknown_reference_is_said(sign_in, case):
    response = sign_in("advisor").get(URL, {"q": "OSK-2026-99999"})
    assert response.status_code == 200
    assert response.context["rows"] == []


@pytest.mark.parametrize(
    "words",
    [
        "Formularserver",
        "formular bürgerdienste",
        "Bürgerdienst",
        "118/26",
        "Musterbezirk",
        "2026-000",
    ],
)
def test_words_are_looked_for_in_title_reference_and_authority(sign_in, case, words):
    OrganisationFactory(name="Andere")
    assert found(sign_in("advisor"), words) == [case]


@pytest.mark.parametrize("words", ["Nextcloud", "Formularserver Hamburg", "%", "_" * 30])
def test_what_fits_nothing_finds_nothing(sign_in, case, words):
    assert found(sign_in("advisor"), words) == []


def test_drafts_are_not_found(sign_in, world):
    DraftFactory(author=world.advisor, title="Geheimer Entwurf")
    assert found(sign_in("advisor"), "Entwurf") == []


@pytest.mark.parametrize("typed", ["\x00", "a\x00b", "x" * 300, "'; DROP", "<script>", "\u202eabc"])
def test_hostile_words_are_answered(sign_in, case, typed):
    response = sign_in("advisor").get(URL, {"q": typed})
    assert response.status_code == 200
    assert b"<script>" not in response.content.split(b"<main", 1)[1]


def test_the_bar_of_the_work_area_searches_requests_for_advisors(sign_in):
    queue = queues.HOME.url
    assert f'action="{URL}"' in sign_in("advisor").get(queue).content.decode()
    assert f'action="{URL}"' not in sign_in("operator").get("/admin/").content.decode()


def test_three_hits_cost_as_much_as_one(world, sign_in, django_assert_num_queries, case):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    advisor = sign_in("advisor")
    advisor.get(URL, {"q": "Musterbezirk"})
    with CaptureQueriesContext(connection) as before:
        advisor.get(URL, {"q": "Musterbezirk"})
    world.case(CaseState.IN_PROGRESS)
    world.case(CaseState.WAITING_THIRD)
    with django_assert_num_queries(len(before)):
        assert len(found(advisor, "Musterbezirk")) == 3
