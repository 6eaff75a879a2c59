"""Who hears of news about a solution because a request of theirs names it."""

from __future__ import annotations

import pytest

from catalog import services as catalog_services
from catalog.models import NoticeReceipt, NoticeTelling
from catalog.services import telling
from consulting.enums import CaseState, Topic
from network.enums import MembershipState
from network.models import Membership
from osk_portal import portal
from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.toolkit import clock
from tests.catalog.factories import SolutionFactory
from tests.consulting.conftest import World

pytestmark = pytest.mark.django_db

RUNNING = (
    CaseState.SUBMITTED,
    CaseState.IN_PROGRESS,
    CaseState.WAITING_REQUESTER,
    CaseState.WAITING_THIRD,
    CaseState.ANSWERED,
)


def asking(solution):
    (offer,) = [audience for audience in portal.audiences if audience.key == "consulting"]
    return set(offer.people(solution))


@pytest.mark.parametrize("state", CaseState)
def test_author_deputy_and_participants_while_the_request_runs(world: World, state) -> None:
    solution = SolutionFactory()
    case = world.case(state)
    assert asking(solution) == set()
    case.solutions.add(solution)

    is_running = state in (*RUNNING, CaseState.TRIAGE, CaseState.ASSIGNED)
    people = {world.requester, world.deputy, world.writer, world.reader} if is_running else set()
    assert asking(solution) == {portal.Concerned(user.pk, world.authority.pk) for user in people}


def test_who_has_left_the_authority_hears_nothing_until_back(world: World) -> None:
    solution = SolutionFactory()
    world.case().solutions.add(solution)
    mine = Membership.objects.filter(user=world.requester)
    mine.update(state=MembershipState.ENDED)

    assert world.requester.pk not in {one.user_id for one in asking(solution)}
    Membership.objects.create(
        user=world.requester,
        organisation=world.authority,
        state=MembershipState.ACTIVE,
        confirmed_at=clock.now(),
    )
    assert world.requester.pk in {one.user_id for one in asking(solution)}


def test_of_a_confidential_request_nothing_is_said_but_that_one_asked(world: World) -> None:
    solution = SolutionFactory()
    case = world.case(topics=[Topic.PROCUREMENT], title="Geheime Vergabe der Kantinenkassen")
    assert case.is_confidential
    case.solutions.add(solution)

    catalog_services.issue_notice(
        solution_id=solution.pk,
        actor=world.advisor,
        kind="security",
        text_de="Bitte wechseln.",
        valid_from=clock.today(),
    )
    telling.run(NoticeTelling.objects.get().pk)

    mail = OutgoingMail.objects.get(user=world.requester)
    told = Notification.objects.get(user=world.requester)
    assert "weil Sie das OSK danach gefragt haben." in mail.body
    for text in (mail.subject, mail.body, told.text, told.url):
        assert "Vergabe" not in text
        assert str(case.reference) not in text
        assert str(case.public_id) not in text
    assert set(NoticeReceipt.objects.values_list("organisation", flat=True)) == {None}
