"""What consulting offers to the shared pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from consulting import queues, services
from consulting.enums import CaseState
from consulting.models import ConsultingRequest
from consulting.services import daily
from network.enums import MembershipState
from network.models import Membership
from osk_portal import portal
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock as portal_clock
from tests.consulting.conftest import World
from tests.consulting.views.conftest import queries, signed_in  # noqa: F401 # a fixture
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

S = CaseState
Browser = Callable[[User], Client]


def tasks(user: User) -> list[portal.Task]:
    area = portal.my_areas.get("consulting")
    assert area is not None
    return list(area.tasks(user))


def test_my_area_shows_what_waits_with_its_date(world: World) -> None:
    waiting = world.case(S.WAITING_REQUESTER)
    answered = world.case(S.ANSWERED)
    draft = world.case(S.DRAFT)
    world.case(S.IN_PROGRESS)

    found = {task.title: task for task in tasks(world.person("requester"))}

    assert found["Ihre Antwort fehlt"].due_on == waiting.reply_due_on
    assert found["Ist alles geklärt?"].due_on == answered.closes_on
    assert found["Entwurf fertigstellen"].due_on == draft.expires_on
    assert len(found) == 3


def test_tasks_are_for_those_who_may_do_them(world: World) -> None:
    world.case(S.WAITING_REQUESTER)

    for role in ("requester", "writer", "deputy"):
        assert len(tasks(world.person(role))) == 1, role
    for role in ("reader", "colleague", "manager", "stranger", "advisor"):
        assert tasks(world.person(role)) == [], role


def test_follow_up_question_is_no_task_of_the_requester(world: World) -> None:
    case = world.case(S.ANSWERED)
    services.add_message(case_id=case.pk, actor=world.requester, text="Und?")

    assert tasks(world.person("requester")) == []


def test_my_area_page_shows_the_panel(world: World, signed_in: Browser) -> None:  # noqa: F811 # a fixture
    world.case(S.IN_PROGRESS, title="Mein Formularserver")

    page = signed_in(world.requester).get("/mein/").content.decode()
    assert "Mein Formularserver" in page
    empty = signed_in(world.colleague).get("/mein/").content.decode()
    assert "Es gibt noch keine Anfragen." in empty


def test_my_area_costs_the_same_with_more_rows(world: World, signed_in: Browser) -> None:  # noqa: F811 # a fixture
    browser = signed_in(world.requester)
    world.case(S.WAITING_REQUESTER)
    browser.get("/mein/")
    one = queries(lambda: browser.get("/mein/"))
    world.case(S.ANSWERED)
    world.case(S.WAITING_REQUESTER)

    assert queries(lambda: browser.get("/mein/")) == one


def test_search_finds_own_cases_only_and_jumps_by_reference(
    world: World,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    case = world.case(S.IN_PROGRESS, title="Wasserzeichen im Formular")
    year, number = str(case.reference)[4:8], int(str(case.reference)[9:])

    for words in ("wasserzeichen", str(case.reference), f"osk {year} {number}"):
        mine = signed_in(world.requester).get("/suche/", {"q": words}, follow=True)
        # A reference leads to its case, words to a list with it.
        assert case.get_absolute_url() in mine.request["PATH_INFO"] + mine.content.decode(), words
        for client in (signed_in(world.stranger), signed_in(world.colleague), Client()):
            page = client.get("/suche/", {"q": words}).content.decode()
            assert case.get_absolute_url() not in page, words


def test_figures_count_answers_and_keep_a_mean_of_few_to_themselves(world: World) -> None:
    answered, mean = portal.figures.get("consulting"), portal.figures.get("consulting_time")
    assert answered is not None
    assert mean is not None
    for _ in range(4):
        world.case(S.ANSWERED)

    assert answered.value() == 4
    assert mean.value() is None
    world.case(S.CLOSED)
    ConsultingRequest.objects.update(submitted_at=portal_clock.now() - timedelta(days=6))
    assert mean.value() == 6


def test_mail_is_held_back_from_who_may_no_longer_read(world: World) -> None:
    case = world.case(S.IN_PROGRESS)
    guard = portal.mail_guards.get("consulting")
    assert guard is not None

    def allowed(user: User) -> bool:
        return guard.still_allowed(user.pk, "consulting.case_moved", str(case.public_id))

    assert allowed(world.requester)
    assert allowed(world.advisor)
    assert not allowed(world.stranger)
    assert not allowed(UserFactory())
    assert not guard.still_allowed(0, "consulting.case_moved", str(case.public_id))
    Membership.objects.filter(user=world.requester).update(state=MembershipState.ENDED)
    assert not allowed(world.requester)


def test_daily_work_is_registered() -> None:
    job = portal.daily_jobs.get("consulting")

    assert job is not None
    assert job.run == daily.run


def test_search_leads_advisors_to_their_page_of_a_case(
    world: World,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    case = world.case(S.IN_PROGRESS, title="Wasserzeichen im Formular")
    page = signed_in(world.other_advisor).get("/suche/", {"q": "wasserzeichen"}).content.decode()
    assert queues.case_url(case) in page
    assert case.get_absolute_url() not in page
