"""The survey in numbers: nothing under five, and nothing that gives it away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import product

import pytest
from django.test import Client
from django.urls import reverse

from consulting.models import SurveyAnswer
from consulting.survey_results import FEWEST, hide_small, results
from osk_portal.accounts.models import User
from tests.consulting.conftest import World
from tests.consulting.views.conftest import queries, signed_in  # noqa: F401 # a fixture


def test_no_cell_can_be_told_from_the_rest() -> None:
    for cells in product((0, 1, 4, 5, 9), repeat=4):
        shown = hide_small(cells)
        hidden = [n for n, s in zip(cells, shown, strict=True) if s is None]
        assert all(s is None or s >= FEWEST for s in shown)
        if hidden and len(hidden) < len(cells):
            assert len(hidden) > 1
            assert sum(hidden) >= FEWEST
    assert hide_small((9, 8, 7, 6)) == [9, 8, 7, 6]


@pytest.mark.django_db
def test_page_is_for_the_leitung_and_names_nobody(
    world: World,
    signed_in: Callable[[User], Client],  # noqa: F811 # a fixture
) -> None:
    def answers(number: int, **fields: object) -> None:
        values = {"topics": ["reuse"], "helped": 4, "clear": 3, "month": date(2026, 3, 1)}
        for _ in range(number):
            SurveyAnswer.objects.create(**{**values, **fields})

    answers(6)
    answers(7, topics=["reuse", "migration"], helped=1, comment="Kim Beispiel war toll")
    answers(4, topics=["security"])
    answers(5, month=date(2025, 3, 1), topics=["security"])
    by_topic = {row.topic: row for row in results(2026)}
    assert by_topic["security"].answers is None
    assert by_topic["reuse"].answers == 13
    assert by_topic["reuse"].helped == [6, None, None, 7] or None in by_topic["reuse"].helped
    assert by_topic["migration"].answers == 7
    assert queries(lambda: results(2026)) == 1
    url = reverse("admin:consulting_consultingrequest_survey")
    assert Client().get(url).status_code == 302
    for role in ("advisor", "operator"):
        assert signed_in(world.person(role)).get(url).status_code == 403
    lead = signed_in(world.lead)
    page = lead.get(url).content.decode()
    assert "Kim Beispiel war toll" not in page
    assert "?year=2025" in page
    assert lead.get(f"{url}?year=2025").status_code == 200
    for year in ("2024", "x", ""):
        assert lead.get(url, {"year": year}).status_code == 404
    assert lead.post(url).status_code == 405
