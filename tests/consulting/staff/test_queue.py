from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse

from consulting import queues
from consulting.enums import CaseState, Topic
from consulting.models import ConsultingRequest
from osk_portal.toolkit.clock import BERLIN
from tests.consulting.factories import case_in
from tests.consulting.queue_numbers import numbers

S = CaseState
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=BERLIN)
NAMES = [queue.name for queue in queues.QUEUES]


def url(name: str) -> str:
    return reverse("admin:consulting_consultingrequest_queue", args=[name])


def in_queue(name: str, user) -> list[ConsultingRequest]:
    return list(queues.cases_in(queues.BY_NAME[name], user))


@pytest.fixture
def monday(clock):
    return clock.move_to(MONDAY)


@pytest.mark.parametrize("name", NAMES)
def test_ladder(sign_in, name):
    assert sign_in("visitor").get(url(name)).status_code == 302
    assert sign_in("requester").get(url(name)).status_code in (302, 403, 404)
    assert sign_in("operator").get(url(name)).status_code == 403
    assert sign_in("advisor").get(url(name)).status_code == 200
    assert sign_in("lead").get(url(name)).status_code == 200
    assert sign_in("advisor").post(url(name)).status_code == 405


def test_unknown_queue_is_404(sign_in):
    assert sign_in("advisor").get(url("somewhere")).status_code == 404


@pytest.mark.parametrize("state", S)
def test_each_state_stands_in_its_queues(world, monday, state):
    case = world.case(state)
    found = {name for name in NAMES if case in in_queue(name, world.advisor)}
    expected = {
        S.DRAFT: set(),
        S.SUBMITTED: {"new", "unassigned", "due-soon", "open"},
        S.TRIAGE: {"unassigned", "due-soon", "open"},
        S.ASSIGNED: {"mine", "due-soon", "open"},
        S.IN_PROGRESS: {"mine", "due-soon", "open"},
        S.WAITING_REQUESTER: {"mine", "waiting", "open"},
        S.WAITING_THIRD: {"mine", "waiting", "due-soon", "open"},
        S.ANSWERED: {"mine", "answered"},
    }
    # The factory gives no first response: its promise, two working days, comes before the answer.
    assert found == expected.get(state, set())


def test_due_soon_and_overdue_go_by_the_next_promise(world, monday):
    responded = {"first_responded_at": MONDAY}
    late_answer = world.case(S.IN_PROGRESS, answer_due_on=date(2026, 11, 20), **responded)
    today = world.case(S.IN_PROGRESS, answer_due_on=date(2026, 11, 23), **responded)
    later = world.case(S.IN_PROGRESS, answer_due_on=date(2026, 11, 26), **responded)
    no_response = world.case(S.SUBMITTED, first_response_due_on=date(2026, 11, 19))
    assert in_queue("overdue", world.advisor) == [no_response, late_answer]
    assert in_queue("due-soon", world.advisor) == [today]
    assert later in in_queue("open", world.advisor)


def test_a_resting_promise_is_never_overdue(world, monday):
    case = world.case(S.WAITING_REQUESTER, answer_due_on=date(2026, 11, 2))
    assert case not in in_queue("overdue", world.advisor)
    assert case not in in_queue("due-soon", world.advisor)


def test_order_is_promise_then_resting_then_answered(world, monday):
    responded = {"first_responded_at": MONDAY}
    answered = world.case(S.ANSWERED)
    resting = world.case(S.WAITING_REQUESTER)
    second = world.case(S.IN_PROGRESS, answer_due_on=date(2026, 12, 1), **responded)
    first = world.case(S.IN_PROGRESS, answer_due_on=date(2026, 11, 24), **responded)
    asked_again = world.case(S.ANSWERED, follow_up_at=MONDAY - timedelta(days=1))
    ConsultingRequest.objects.filter(pk=asked_again.pk).update(
        follow_up_at=MONDAY - timedelta(days=1), closes_on=None
    )
    assert in_queue("mine", world.advisor) == [asked_again, first, second, resting, answered]


def test_counts_are_those_of_the_lists(world, monday):
    for state in S:
        world.case(state)
    for user in (world.advisor, world.other_advisor, world.lead):
        assert numbers(user) == {name: len(in_queue(name, user)) for name in NAMES}


def test_side_list_shows_counts_to_advisors_only(world, sign_in):
    world.case(S.SUBMITTED)
    world.case(S.IN_PROGRESS, answer_due_on=date(2020, 1, 2), first_responded_at=MONDAY)
    page = sign_in("advisor").get(url("new")).content.decode()
    assert url("overdue") in page
    assert 'class="is-over"' in page
    assert list(queues.work_entries(world.operator)) == []


def test_a_row_says_what_is_promised_and_who_must_act(world, sign_in, monday):
    call_command("messages", "consulting", compile=True)
    case = world.case(S.WAITING_REQUESTER, topics=[Topic.PROCUREMENT], title="Rahmenvertrag")
    page = sign_in("advisor").get(url("waiting")).content.decode()
    assert "Rahmenvertrag" in page
    assert case.reference in page
    assert "Bezirksamt Musterbezirk" in page
    assert "Kim Beispiel" in page
    assert "Wartet auf Behörde" in page
    assert "Ihre Antwort fehlt" not in page
    assert "osk-due--rest" in page
    assert "vertraulich:" in page
    assert queues.case_url(case, queues.BY_NAME["waiting"]) in page


def test_no_row_number_leaves_the_server(world, sign_in):
    case = world.case(S.SUBMITTED)
    ConsultingRequest.objects.filter(pk=case.pk).update(title="Ohne Nummer")
    page = sign_in("advisor").get(url("new")).content.decode()
    assert f"/{case.pk}/" not in page


def test_pages_of_a_long_queue(world, sign_in, monkeypatch):
    monkeypatch.setattr("consulting.admin.queue.PAGE_SIZE", 2)
    for _number in range(3):
        world.case(S.SUBMITTED)
    advisor = sign_in("advisor")
    assert len(advisor.get(url("new")).context["rows"]) == 2
    assert len(advisor.get(url("new"), {"page": "2"}).context["rows"]) == 1
    for odd in ("99", "nichts", "-1"):
        assert advisor.get(url("new"), {"page": odd}).status_code == 200


def test_an_empty_queue_says_so(sign_in):
    response = sign_in("advisor").get(url("overdue"))
    assert not response.context["rows"]
    assert b"<table" not in response.content


def test_an_advisors_own_draft_is_in_no_queue(world):
    case_in(S.DRAFT, author=world.advisor)
    assert not any(in_queue(name, world.advisor) for name in NAMES)


@pytest.mark.parametrize("name", ["new", "mine", "waiting", "answered", "open"])
def test_three_rows_cost_as_much_as_one(world, sign_in, django_assert_num_queries, name):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def fill() -> None:
        for state in (S.SUBMITTED, S.IN_PROGRESS, S.WAITING_REQUESTER, S.WAITING_THIRD, S.ANSWERED):
            world.case(state)

    advisor = sign_in("advisor")
    fill()
    advisor.get(url(name))
    with CaptureQueriesContext(connection) as before:
        advisor.get(url(name))
    fill()
    fill()
    with django_assert_num_queries(len(before)):
        advisor.get(url(name))


def test_the_work_area_opens_with_the_new_requests(sign_in):
    assert sign_in("advisor").get("/admin/").headers["Location"] == url("new")
    assert sign_in("lead").get("/admin/").headers["Location"] == url("new")
    assert sign_in("operator").get("/admin/").status_code == 200
