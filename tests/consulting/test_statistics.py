"""Consulting's public tables: what is counted, and that anonymising changes no figure."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from consulting import statistics
from consulting.enums import CaseEventKind, CaseState, Occasion, ProcedureState, RequestKind, Topic
from consulting.models import CaseEvent, ConsultingRequest, ProcurementOutcome
from consulting.services.anonymisation import anonymise
from osk_portal import portal
from osk_portal.pages.statistics import Period, shown, span
from osk_portal.toolkit import clock as portal_clock
from tests.conftest import Clock
from tests.consulting.conftest import World
from tests.consulting.factories import DraftFactory, case_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("disk")]

YEAR = [span(2026, quarter) for quarter in (1, 2, 3, 4)]


def counts(key: str) -> dict[str, tuple[int, ...]]:
    statistic = portal.statistics.get(key)
    assert statistic is not None
    return {str(part.label): part.counts for part in statistic.count(YEAR)}


def every_table() -> dict[str, dict[str, tuple[int, ...]]]:
    return {statistic.key: counts(statistic.key) for statistic in statistics.STATISTICS}


def event(case: ConsultingRequest, kind: CaseEventKind, **data: object) -> None:
    CaseEvent.objects.create(case=case, kind=kind, at=portal_clock.now(), data=data)


@pytest.fixture
def year(world: World, clock: Clock) -> ConsultingRequest:
    """Some requests on both sides of a midnight in Berlin; the last one is returned."""
    DraftFactory()
    clock.move_to(datetime(2026, 3, 31, 21, 59, tzinfo=UTC))  # the last minute of March
    first = case_in(CaseState.SUBMITTED, kind=RequestKind.IDEA, topics=[Topic.REUSE])
    event(first, CaseEventKind.DECLINED)
    clock.move_to(datetime(2026, 3, 31, 22, 0, tzinfo=UTC))  # April in Berlin
    second = case_in(
        CaseState.CLOSED,
        topics=[Topic.PROCUREMENT, Topic.REUSE],
        procedure_state=ProcedureState.RUNNING,
    )
    event(second, CaseEventKind.ANSWERED, promise_kept=True)
    event(second, CaseEventKind.ANSWERED, promise_kept=False)
    ProcurementOutcome.objects.create(
        case=second, occasion=Occasion.AT_CLOSING, what="open_source", contract_type="cloud",
        contract_ends_on=date(2027, 6, 30), told_at=portal_clock.now(), asked_at=portal_clock.now(),
    )  # fmt: skip
    return second


def test_what_is_counted(year: ConsultingRequest) -> None:
    assert counts("anfragen") == {"Anfragen": (1, 1, 0, 0)}
    kinds = counts("anfragen-art")
    assert kinds["Idee"] == (1, 0, 0, 0)
    assert tuple(map(sum, zip(*kinds.values(), strict=True))) == (1, 1, 0, 0)
    topics = counts("anfragen-thema")
    assert topics["Nachnutzung"] == (1, 1, 0, 0)
    assert topics["Vergabe"] == (0, 1, 0, 0)
    ended = counts("anfragen-ergebnis")
    assert ended["Beantwortet"] == (0, 2, 0, 0)
    assert ended["Nicht übernommen"] == (1, 0, 0, 0)
    assert counts("zusage") == {"In der zugesagten Zeit": (0, 1, 0, 0), "Später": (0, 1, 0, 0)}
    assert sum(map(sum, counts("beschaffung").values())) == 1
    assert statistics.STATISTICS[0].since is not None
    assert statistics.STATISTICS[0].since() == date(2026, 3, 31)


def test_figures_outlive_the_texts_and_the_people(year: ConsultingRequest, clock: Clock) -> None:
    from consulting.retention import plan_for
    from osk_portal.pages import own_data

    before, author = every_table(), year.author_id
    clock.move_to(datetime(2040, 1, 1, tzinfo=UTC))
    plan = plan_for(year)
    assert plan is not None
    assert plan.rule is not None
    anonymise(plan, plan.rule)
    assert own_data.end_account(user_id=author)
    assert every_table() == before


def test_no_small_count_reaches_the_page(year: ConsultingRequest, clock: Clock) -> None:
    clock.move_to(datetime(2027, 1, 4, tzinfo=UTC))
    for _each in range(6):
        clock.move_to(datetime(2026, 5, 4, tzinfo=UTC))
        case_in(CaseState.SUBMITTED, kind=RequestKind.PROJECT, topics=[Topic.SECURITY])
    clock.move_to(datetime(2027, 1, 4, tzinfo=UTC))
    for statistic in portal.statistics:
        for period in (Period(2026), *(Period(2026, quarter) for quarter in (1, 2, 3, 4))):
            for row in shown(statistic, period).rows:
                assert row.number is None or row.number >= 5, (statistic.key, row)
    page = Client().get("/statistik/", {"zeitraum": "2026-2"}).text
    assert "7" in page
    for name in ("Kim Beispiel", "Bezirksamt Musterbezirk", str(year.reference)):
        assert name not in page


def test_the_page_costs_the_same_with_more_requests(year: ConsultingRequest, clock: Clock) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert Client().get("/statistik/", {"zeitraum": "2026"}).status_code == 200
        return len(found)

    clock.move_to(datetime(2027, 1, 4, tzinfo=UTC))
    few = queries()
    clock.move_to(datetime(2026, 5, 4, tzinfo=UTC))
    for _each in range(4):
        case_in(CaseState.CLOSED)
    clock.move_to(datetime(2027, 1, 4, tzinfo=UTC))
    assert queries() == few
    assert few <= 14
