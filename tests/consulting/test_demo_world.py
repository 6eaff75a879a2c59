"""The demo world's requests, told through the services."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from catalog.models import Solution
from consulting import demo_results, demo_synergy, demo_world
from consulting.enums import AnswerState
from consulting.models import CaseEvent, CaseMessage, ConsultingRequest, Need, PublishedAnswer
from network import demo_world as network_world
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock
from tests.catalog.factories import SolutionFactory

pytestmark = pytest.mark.django_db

ENTRIES = json.loads(demo_world.REQUESTS.read_text(encoding="utf-8"))


@pytest.fixture
def demo_catalog() -> None:
    network_world.load()
    slugs = {slug for entry in ENTRIES for slug in entry["solutions"]}
    slugs |= {
        item["solution"]
        for entry in ENTRIES
        if entry["result"]
        for item in entry["result"]["recommendations"]
    }
    for slug in sorted(slugs):
        SolutionFactory(slug=slug, name=slug)


def test_demo_requests_stand_where_the_file_says_and_twice_changes_nothing(
    demo_catalog: None,
) -> None:
    demo_world.load()

    expected = {entry["title"]: entry["state"] for entry in ENTRIES}
    found = dict(ConsultingRequest.objects.values_list("title", "state"))
    assert found == expected
    assert Solution.objects.filter(consulting_requests__isnull=False).exists()
    assert not OutgoingMail.objects.filter(kind__startswith="consulting.").exists()

    in_order = ConsultingRequest.objects.sent().order_by("reference")
    moments = [case.submitted_at for case in in_order]
    assert moments == sorted(moments)
    assert all(event.at <= clock.now() for event in CaseEvent.objects.all())
    assert Counter(CaseMessage.objects.values_list("is_internal", flat=True))[True] > 5

    before = CaseEvent.objects.count()
    assert demo_world.load().endswith("0 of them new")
    assert CaseEvent.objects.count() == before


def test_demo_needs_and_introduction_are_told_once(demo_catalog: None) -> None:
    demo_world.load()
    assert demo_synergy.load() == "3 needs, 1 introductions, 36 survey answers are new"
    assert Need.objects.awaiting_step().count() == 1
    assert not OutgoingMail.objects.filter(kind__startswith="consulting.").exists()
    assert demo_synergy.load() == "0 needs, 0 introductions, 0 survey answers are new"


def test_demo_answers_appointments_and_consent_are_told_once(demo_catalog: None) -> None:
    demo_world.load()
    assert demo_results.load() == "4 answers, 3 appointments, 1 consents are new"
    states = Counter(PublishedAnswer.objects.values_list("state", flat=True))
    assert states == {AnswerState.PUBLISHED: 2, AnswerState.OBJECTION: 1, AnswerState.REVIEW: 1}
    assert not OutgoingMail.objects.filter(kind__startswith="consulting.").exists()
    assert demo_results.load() == "0 answers, 0 appointments, 0 consents are new"
