"""Somebody leaves the authority: who goes on with the requests, and that nobody reads more by it."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from consulting import services
from consulting.enums import CaseEventKind, CaseState, Topic, Visibility
from consulting.models import ConsultingRequest
from network import leaving
from network.leaving import Choice
from network.models import Membership
from network.portal import _tasks
from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail
from osk_portal.pages import navigation
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.conftest import World
from tests.consulting.test_services import at_once
from tests.consulting.views.conftest import signed_in  # noqa: F401 # a fixture
from tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db

SECRET = "Geheimer Titel"


def of(user: User, world: World) -> Membership:
    return Membership.objects.get(user=user, organisation=world.authority)


def left_behind(advisor: User) -> int:
    """What the side list says to ``advisor``."""
    request = RequestFactory().get("/")
    request.user = advisor
    [number] = [s.entries[0].count for s in navigation.work(request) if s.key == "network"]
    return number


def url(membership: Membership) -> str:
    return f"/netzwerk/mitgliedschaft/{membership.public_id}/beenden/"


def readers(case: ConsultingRequest, world: World) -> set[str]:
    """Who of the authority may read the case."""
    roles = ("requester", "writer", "reader", "deputy", "colleague", "manager")
    visible = ConsultingRequest.objects.visible_to
    return {role for role in roles if visible(world.person(role)).filter(pk=case.pk).exists()}


@pytest.mark.parametrize("state", [CaseState.SUBMITTED, CaseState.ANSWERED])
def test_each_request_gets_the_successor_chosen_for_it(world: World, signed_in, state) -> None:  # noqa: F811 # a fixture
    first = world.case(state, title=SECRET, topics=[Topic.PROCUREMENT])
    second = world.case(state)
    draft = world.case(CaseState.DRAFT)
    closed = world.case(CaseState.CLOSED)
    browser = signed_in(world.requester)
    membership = of(world.requester, world)
    page = browser.get(url(membership)).content.decode()
    assert f"{first.reference} · {SECRET}" in page
    assert str(closed.reference) not in page
    assert world.stranger.name not in page

    browser.post(
        url(membership),
        {
            "everything": str(of(world.colleague, world).public_id),
            f"consulting-{second.public_id}": str(of(world.deputy, world).public_id),
            f"consulting-{closed.public_id}": str(of(world.reader, world).public_id),
        },
    )

    assert readers(first, world) == {"colleague", "writer", "reader", "deputy"}
    assert readers(second, world) == {"writer", "reader", "deputy"}
    second.refresh_from_db()
    assert (second.author, second.deputy, second.state) == (world.deputy, None, state)
    assert second.visibility == Visibility.ONLY_ME
    event = first.events.get(kind=CaseEventKind.HANDED_OVER)
    assert (event.actor, event.from_state, event.to_state) == (world.requester, state, state)
    assert event.data == {"person": world.requester.pk, "successor": world.colleague.pk}
    mails = OutgoingMail.objects.filter(kind="consulting.case_handed_over")
    assert {mail.user for mail in mails} == {world.colleague, world.deputy, world.writer}
    assert not any(SECRET in f"{mail.subject} {mail.body}" for mail in mails)
    page = signed_in(world.colleague).get(first.get_absolute_url()).content.decode()
    assert "Sam Kollege führt diese Anfrage für die Behörde weiter" in page
    assert browser.get(first.get_absolute_url()).status_code == 404
    assert ConsultingRequest.objects.get(pk=draft.pk).author == world.requester
    assert ConsultingRequest.objects.get(pk=closed.pk).author == world.requester
    assert of(world.requester, world).events.get().data == {"handed_over": 2, "left": 0}


def test_the_manager_sees_references_only(world: World, signed_in) -> None:  # noqa: F811 # a fixture
    case = world.case(CaseState.IN_PROGRESS, title=SECRET)
    shared = world.case(CaseState.SUBMITTED, title="Offen", visibility=Visibility.ORGANISATION)
    browser = signed_in(world.manager)

    page = browser.get(url(of(world.requester, world))).content.decode()

    assert str(case.reference) in page
    assert SECRET not in page
    assert f"{shared.reference} · Offen" in page


def test_what_is_left_waits_for_the_manager(world: World, signed_in) -> None:  # noqa: F811 # a fixture
    case = world.case(CaseState.IN_PROGRESS, title=SECRET)
    membership = of(world.requester, world)

    settled = leaving.end_membership(
        membership_id=membership.pk, actor=world.requester, choice=Choice()
    )

    assert (settled.handed_over, settled.left) == (0, 1)
    assert readers(case, world) == {"writer", "reader", "deputy"}
    mail = OutgoingMail.objects.get(kind="network.membership_left")
    assert mail.user == world.manager
    assert "1 Eintrag" in mail.body
    assert SECRET not in f"{mail.subject} {mail.body}"
    assert [task.url for task in _tasks(world.person("manager"))] == [url(membership)]
    assert left_behind(world.person("advisor")) == 0

    browser = signed_in(world.manager)
    assert SECRET not in browser.get(url(membership)).content.decode()
    for _ in range(2):
        browser.post(url(membership), {"everything": str(of(world.colleague, world).public_id)})

    assert readers(case, world) == {"colleague", "writer", "reader", "deputy"}
    assert case.events.filter(kind=CaseEventKind.HANDED_OVER).count() == 1
    assert list(_tasks(world.person("manager"))) == []
    assert signed_in(world.requester).get(url(membership)).status_code == 302


def test_without_a_manager_it_is_a_task_of_the_osk(world: World, signed_in) -> None:  # noqa: F811 # a fixture
    Membership.objects.filter(user=world.manager).update(is_manager=False)
    case = world.case(CaseState.IN_PROGRESS)
    membership = of(world.requester, world)

    leaving.end_membership(membership_id=membership.pk, actor=world.requester, choice=Choice())

    told = OutgoingMail.objects.filter(kind="network.membership_left")
    assert {mail.user for mail in told} == {world.advisor, world.other_advisor, world.lead}
    assert left_behind(world.person("advisor")) == 1
    browser = signed_in(world.advisor)
    assert url(membership) in browser.get("/netzwerk/mitgliedschaft/nachfolge/").content.decode()
    assert (
        url(membership)
        not in signed_in(world.colleague)
        .get("/netzwerk/mitgliedschaft/nachfolge/")
        .content.decode()
    )
    browser.post(url(membership), {"everything": str(of(world.writer, world).public_id)})
    case.refresh_from_db()
    assert case.author == world.writer
    assert not case.participants.filter(user=world.writer).exists()
    assert left_behind(world.person("advisor")) == 0


def test_who_has_come_back_is_left_alone(world: World, signed_in) -> None:  # noqa: F811 # a fixture
    """An old membership's page must not take requests from a member."""
    case = world.case(CaseState.IN_PROGRESS)
    old = of(world.requester, world)
    leaving.end_membership(membership_id=old.pk, actor=world.requester, choice=Choice())
    MembershipFactory(user=world.requester, organisation=world.authority)

    page = signed_in(world.manager).post(
        url(old), {"everything": str(of(world.colleague, world).public_id)}
    )

    assert page.status_code == 302
    case.refresh_from_db()
    assert case.author == world.requester
    assert list(_tasks(world.person("manager"))) == []


def test_the_service_asks_again(world: World) -> None:
    case = world.case(CaseState.IN_PROGRESS)

    def give(actor: str, successor: User) -> object:
        return services.hand_over(
            case_id=case.pk, person=world.requester, successor=successor, actor=world.person(actor)
        )

    for actor in ("writer", "reader", "colleague", "stranger", "operator"):
        with pytest.raises(PermissionDenied):
            give(actor, world.colleague)
    for successor in (world.stranger, world.requester, world.advisor):
        with pytest.raises(TransitionNotAllowed):
            give("manager", successor)
    assert give("manager", world.colleague) is not None
    assert give("manager", world.colleague) is None
    ended = world.case(CaseState.WITHDRAWN)
    assert (
        services.hand_over(
            case_id=ended.pk,
            person=world.requester,
            successor=world.colleague,
            actor=world.requester,
        )
        is None
    )


def test_the_page_costs_the_same_with_more(world: World, signed_in) -> None:  # noqa: F811 # a fixture
    world.case(CaseState.IN_PROGRESS)
    browser = signed_in(world.requester)
    address = url(of(world.requester, world))

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(address).status_code == 200
        return len(queries)

    cost()
    with_one = cost()
    world.case(CaseState.ANSWERED)
    world.case(CaseState.SUBMITTED)
    assert cost() == with_one
    assert with_one <= 12


@pytest.mark.django_db(transaction=True)
def test_two_who_leave_at_once_cannot_name_each_other(world: World) -> None:
    case = world.case(CaseState.IN_PROGRESS)
    one, other = of(world.requester, world), of(world.colleague, world)

    def leave(who: Membership, successor: Membership) -> object:
        return leaving.end_membership(
            membership_id=who.pk,
            actor=User.objects.get(pk=who.user_id),
            choice=Choice(everything=successor.public_id),
        )

    outcomes = at_once(lambda: leave(one, other), lambda: leave(other, one))

    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "Settled",
        "TransitionNotAllowed",
    ]
    case.refresh_from_db()
    stays = Membership.objects.active().filter(user=case.author, organisation=world.authority)
    assert stays.exists()
