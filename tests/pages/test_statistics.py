"""The public statistics: periods, what is hidden, and the CSV; with tables that the test makes up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from osk_portal import portal
from osk_portal.pages import statistics
from osk_portal.pages.statistics import Period
from tests.conftest import Clock

PAGE = "/statistik/"
YEAR = {1: (41, 36, 3), 2: (9, 8, 7), 3: (20, 1, 2), 4: (6, 0, 0)}


def _parts(spans: Sequence[portal.Span]) -> list[portal.Part]:
    quarters = [
        YEAR[(span.starts_on.month + 2) // 3] if span.starts_on.year == 2026 else (0, 1, 0)
        for span in spans
    ]
    return [
        portal.Part(name, tuple(quarter[i] for quarter in quarters))
        for i, name in enumerate(("=Betrieb", "Einführung", "Umstieg"))
    ]


def _whole(spans: Sequence[portal.Span]) -> list[portal.Part]:
    parts = _parts(spans)
    counts = tuple(sum(part.counts[j] for part in parts) for j in range(len(spans)))
    return [portal.Part("Anfragen", counts)]


def _today(spans: Sequence[portal.Span]) -> list[portal.Part]:
    assert spans == []
    return [portal.Part("Copyleft", (30,)), portal.Part("Andere", (2,)), portal.Part("MIT", (11,))]


@pytest.fixture(autouse=True)
def _tables(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    registry: portal.Registry[portal.Statistic] = portal.Registry()
    for statistic in (
        portal.Statistic(
            "ganz",
            1,
            "Eingegangen",
            "So gezählt.",
            "Quartal",
            _whole,
            is_series=True,
            since=lambda: date(2026, 2, 3),
        ),
        portal.Statistic(
            "art", 2, "Nach Art", "So gezählt.", "Art", _parts, share="Anteil Betrieb"
        ),
        portal.Statistic("thema", 3, "Nach Thema", "So.", "Thema", _parts, adds_up=False),
        portal.Statistic("lizenz", 4, "Nach Lizenz", "Heute.", "Lizenz", _today, is_today=True),
    ):
        registry.register(statistic)
    monkeypatch.setattr(portal, "statistics", registry)
    clock.move_to(datetime(2027, 4, 10, 10, tzinfo=UTC))


def numbers(key: str, period: Period | None) -> list[int | None]:
    statistic = portal.statistics.get(key)
    assert statistic is not None
    return [row.number for row in statistics.shown(statistic, period).rows]


def test_only_what_is_over_can_be_chosen(clock: Clock) -> None:
    keys = [period.key for period in statistics.periods()]
    assert keys == ["2027-1", "2026", "2026-4", "2026-3", "2026-2", "2026-1"]
    # Midnight in Berlin decides, not in UTC.
    clock.move_to(datetime(2026, 12, 31, 22, 59, tzinfo=UTC))
    assert [p.key for p in statistics.periods()] == ["2026-3", "2026-2", "2026-1"]
    clock.move_to(datetime(2026, 12, 31, 23, 0, tzinfo=UTC))
    assert [p.key for p in statistics.periods()][:2] == ["2026", "2026-4"]
    clock.move_to(datetime(2026, 2, 20, tzinfo=UTC))
    assert statistics.periods() == []


def test_small_counts_are_hidden_and_what_gives_them_away() -> None:
    assert numbers("art", Period(2026, 1)) == [41, None, None, 80]
    assert numbers("art", Period(2026, 2)) == [9, 8, 7, 24]
    assert numbers("art", Period(2026, 3)) == [None, None, None, 23]
    assert numbers("art", Period(2026, 4)) == [None, None, None, 6]
    assert numbers("thema", Period(2026, 1)) == [41, 36, None]
    assert numbers("thema", Period(2026, 3)) == [20, None, None]
    assert numbers("ganz", Period(2026)) == [80, 24, 23, 6, 133]
    assert numbers("lizenz", None) == [30, None, None, 43]
    year = numbers("art", Period(2026))
    assert year[-1] == 133
    assert all(number is None or number >= 5 for number in year)
    thema = numbers("thema", Period(2026))
    assert thema[0] == 76
    assert thema[2] == 12


@pytest.mark.django_db
def test_the_page_shows_tables_with_words_and_drawings() -> None:
    page = Client().get(PAGE)
    assert page.status_code == 200
    assert page.context["period"] == Period(2026)
    assert page.context["headlines"] == [("Eingegangen", "133")]
    text = page.text
    assert "Jahr 2026" in text
    assert '<option value="2026" selected>' in text
    assert 'role="img"' in text
    assert "1. Quartal 2026: 80; 2. Quartal 2026: 24" in text
    assert "style=" not in text.partition("<main")[2]
    quarter = Client().get(PAGE, {"zeitraum": "2026-1"}).text
    assert "nicht gezeigt" in quarter
    assert ">36<" not in quarter.partition("Nach Thema")[0]
    assert "Anteil Betrieb" not in quarter  # a share of a hidden rest would tell it
    assert "Anteil Betrieb: 38\xa0%" in Client().get(PAGE, {"zeitraum": "2026-2"}).text
    assert (
        "Quarter 1 of 2026"
        in Client().get(PAGE, {"zeitraum": "2026-1"}, headers={"accept-language": "en"}).text
    )
    for bad in ("2027", "2027-2", "2025", "2026-5", "x", "٢٠٢٦", "2026-1'--", "9" * 500):
        assert Client().get(PAGE, {"zeitraum": bad}).status_code == 404, bad
        assert Client().get(f"{PAGE}art.csv", {"zeitraum": bad}).status_code == 404
    assert Client().post(PAGE).status_code == 405


@pytest.mark.django_db
def test_the_file_hides_what_the_page_hides_and_runs_no_formula() -> None:
    answer = Client().get(f"{PAGE}art.csv", {"zeitraum": "2026-1"})
    assert answer["Content-Type"].startswith("text/csv")
    assert answer["Content-Disposition"] == 'attachment; filename="art-2026-1.csv"'
    assert answer.content.decode("utf-8-sig").splitlines() == [
        "Art;Anzahl;Zeitraum",
        "'=Betrieb;41;1. Quartal 2026",
        "Einführung;nicht gezeigt;1. Quartal 2026",
        "Umstieg;nicht gezeigt;1. Quartal 2026",
        "Alle;80;1. Quartal 2026",
    ]
    today = Client().get(f"{PAGE}lizenz.csv").content.decode("utf-8-sig")
    assert "Copyleft;30;2027-04-10" in today
    assert Client().get(f"{PAGE}gibt-es-nicht.csv").status_code == 404


@pytest.mark.django_db
def test_without_a_quarter_that_is_over_there_is_a_page(clock: Clock) -> None:
    clock.move_to(datetime(2026, 2, 20, tzinfo=UTC))
    page = Client().get(PAGE)
    assert "Die ersten Zahlen gibt es, wenn ein Quartal vorbei ist." in page.text
    assert "Copyleft" in page.text
    assert Client().get(f"{PAGE}art.csv").status_code == 200


@pytest.mark.django_db
def test_the_page_itself_asks_nothing_of_the_database() -> None:
    with CaptureQueriesContext(connection) as queries:
        Client().get(PAGE)
    assert len(queries) == 0
