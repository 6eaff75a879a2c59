"""Noch da? Asked after two mails that came back or 13 months, once, and answered by who knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from network import leaving, presence
from network.enums import PresenceOutcome, PresenceReason
from network.leaving import Choice
from network.models import Membership, PresenceQuestion
from network.portal import _tasks
from osk_portal.accounts.models import User
from osk_portal.notifications.enums import MailState
from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.pages import navigation
from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.test_services import at_once
from tests.factories import MembershipFactory, OrganisationFactory, UserFactory, staff

pytestmark = pytest.mark.django_db
START = datetime(2025, 1, 31, 9, tzinfo=UTC)
LATER = datetime(2026, 3, 1, 9, tzinfo=UTC)
"""More than 13 months, counted from a day that the last month does not have."""
BACKEND = "django.contrib.auth.backends.ModelBackend"
LIST = "/netzwerk/mitgliedschaft/noch-da/"


@pytest.fixture(autouse=True)
def _long_ago(clock):
    clock.move_to(START)


@pytest.fixture
def authority():
    return OrganisationFactory(authority=True, name="BA Beispiel")


@pytest.fixture
def member(authority, _long_ago):
    return MembershipFactory(organisation=authority, user__last_login=START)


def url(membership: Membership) -> str:
    return f"/netzwerk/mitgliedschaft/{membership.public_id}/noch-da/"


def come_back(user: User, times: int = 1, address: str = "") -> None:
    now = portal_clock.now()
    for _ in range(times):
        OutgoingMail.objects.create(
            address=address or user.email, user=user, kind="x", subject="x", state=MailState.SENT,
            sent_at=now, next_attempt_at=now, bounced_at=now, bounce_status="5.1.1",
        )  # fmt: skip


def manager_of(authority, clock) -> User:
    """Somebody who is seen all the time."""
    moment = portal_clock.now()
    return MembershipFactory(
        organisation=authority, manager=True, user__last_login=moment + timedelta(days=900)
    ).user


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def told(kind: str) -> set[User]:
    mails = OutgoingMail.objects.filter(kind=f"network.{kind}")
    assert {n.user for n in Notification.objects.filter(kind=f"network.{kind}")} == {
        mail.user for mail in mails
    }
    return {mail.user for mail in mails}


def test_thirteen_months_without_a_sign_in_are_asked_once(authority, member, clock, client):
    manager = manager_of(authority, clock)
    MembershipFactory(organisation=authority, state="pending", user__last_login=START)
    MembershipFactory(organisation=authority, state="suspended", user__last_login=START)
    MembershipFactory(organisation=authority, user__is_active=False)
    MembershipFactory(organisation=authority, user=staff("advisor"))  # never of OSK staff
    for days, expected in ((-2, 0), (0, 1), (0, 0), (1, 0)):
        clock.move_to(LATER + timedelta(days=days))
        assert presence.ask() == expected, days
        presence.run()

    question = PresenceQuestion.objects.get()
    assert (question.membership, question.reason) == (member, PresenceReason.SILENT)
    event = member.events.get()
    assert (event.kind, event.actor, event.data) == ("presence_asked", None, {"reason": "silent"})
    assert told("presence_asked") == {manager}
    assert told("presence_person") == {member.user}
    task = list(_tasks(fresh(manager)))[-1]
    assert (task.title, task.url) == ("Noch da?", url(member))
    client.force_login(manager, backend=BACKEND)
    page = client.get(url(member)).text
    assert "13 Monaten" in page
    assert f"/mitgliedschaft/{member.public_id}/beenden/" in page

    for _ in range(2):
        assert client.post(url(member))["Location"] == LIST

    question.refresh_from_db()
    assert (question.outcome, question.answered_by) == (PresenceOutcome.STILL_THERE, manager)
    assert member.events.filter(kind="presence_ended").count() == 1
    assert task.title not in [left.title for left in _tasks(fresh(manager))]
    # It rests for 13 months, then it is asked anew.
    for days, expected in ((365, 0), (60, 1)):
        clock.move_to(portal_clock.now() + timedelta(days=days))
        assert presence.ask() == expected
    assert OutgoingMail.objects.filter(kind="network.presence_asked").count() == 2


def test_two_mails_that_came_back(authority, member, clock, client):
    manager = manager_of(authority, clock)
    user = member.user
    clock.move_to(START + timedelta(days=1))
    come_back(user)
    come_back(user, 2, address="alt@privat.example")
    come_back(UserFactory(), 2)
    assert presence.ask() == 0
    come_back(user)
    assert [presence.ask(), presence.ask()] == [1, 0]

    assert told("presence_asked") == {manager}
    assert told("presence_person") == set()  # that mail is dead
    assert PresenceQuestion.objects.get().reason == PresenceReason.BOUNCED
    client.force_login(manager, backend=BACKEND)
    assert "kommen zurück" in client.get(url(member)).text
    clock.move_to(START + timedelta(days=2))
    presence.confirm_still_there(membership_id=member.pk, actor=manager)
    assert presence.ask() == 0  # they count anew
    clock.move_to(START + timedelta(days=3))
    come_back(user)
    assert presence.ask() == 0
    come_back(user)
    assert presence.ask() == 1


def test_signing_in_ends_it(authority, member, clock, client):
    manager = manager_of(authority, clock)
    other = MembershipFactory(user=member.user)
    clock.move_to(LATER)
    assert presence.ask() == 2

    client.post("/konto/login/", {"login": "x", "password": "x"})
    assert PresenceQuestion.objects.open().count() == 2
    client.force_login(member.user, backend=BACKEND)

    assert not PresenceQuestion.objects.open().exists()
    assert {q.outcome for q in PresenceQuestion.objects.all()} == {PresenceOutcome.SIGNED_IN}
    assert list(_tasks(fresh(manager))) == []
    assert other.events.get(kind="presence_ended").data == {"outcome": "signed_in"}
    assert presence.ask() == 0
    browser = Client()
    browser.force_login(manager, backend=BACKEND)
    for send in (browser.get, browser.post):
        assert "nicht mehr gefragt" in send(url(member), follow=True).text
    with pytest.raises(TransitionNotAllowed):
        presence.confirm_still_there(membership_id=member.pk, actor=manager)


def test_who_may_answer(authority, member, clock, client):
    manager = manager_of(authority, clock)
    clock.move_to(LATER)
    presence.ask()
    never_asked = MembershipFactory(organisation=authority)
    assert client.get(url(member))["Location"].startswith("/konto/login/")
    assert client.get(LIST)["Location"].startswith("/konto/login/")
    for user in (
        MembershipFactory(organisation=authority, editor=True).user,
        MembershipFactory(manager=True).user,
        MembershipFactory(organisation=authority, manager=True, state="ended").user,
        UserFactory(),
        staff("operator"),
    ):
        client.force_login(user, backend=BACKEND)
        for send in (client.get, client.post):
            assert send(url(member)).status_code == 404
        assert "Wir wissen nicht" not in client.get(LIST).text
        with pytest.raises(PermissionDenied):
            presence.confirm_still_there(membership_id=member.pk, actor=user)
    with pytest.raises(PermissionDenied):
        presence.confirm_still_there(membership_id=member.pk, actor=member.user)
    assert PresenceQuestion.objects.open().get().membership == member
    client.force_login(manager, backend=BACKEND)
    assert url(member) in client.get(LIST).text
    assert client.get(url(never_asked)).status_code == 404
    # The OSK may answer too; its list shows only what nobody else looks after.
    advisor = staff("advisor")
    client.force_login(advisor, backend=BACKEND)
    assert client.get(url(member)).status_code == 200
    assert url(member) not in client.get(LIST).text


def in_the_side_list(advisor: User) -> list[int]:
    """Successors to choose, and who is perhaps gone."""
    request = RequestFactory().get("/")
    request.user = fresh(advisor)
    [section] = [s for s in navigation.work(request) if s.key == "network"]
    return [entry.count for entry in section.entries]


def test_without_another_manager_it_is_the_osks(authority, clock, client):
    last = MembershipFactory(organisation=authority, manager=True, user__last_login=START)
    MembershipFactory(organisation=authority, manager=True, user__is_active=False)
    advisor = staff("advisor")
    clock.move_to(LATER)
    presence.ask()

    assert told("presence_asked") == {advisor}
    assert list(_tasks(fresh(last.user))) == []
    assert in_the_side_list(advisor) == [0, 1]
    client.force_login(advisor, backend=BACKEND)
    assert url(last) in client.get(LIST).text
    page = client.get(url(last)).text
    assert "OSK-Leitung" in page
    assert "beenden/" not in page
    MembershipFactory(organisation=authority, manager=True)
    assert in_the_side_list(advisor) == [0, 0]


def test_the_end_of_the_membership_ends_it(authority, member, clock):
    manager = manager_of(authority, clock)
    resting = MembershipFactory(organisation=authority, user__last_login=START)
    clock.move_to(LATER)
    assert presence.ask() == 2

    leaving.end_membership(membership_id=member.pk, actor=manager, choice=Choice())
    Membership.objects.filter(pk=resting.pk).update(state="suspended")
    assert list(presence.waiting_for(fresh(manager))) == []
    assert [presence.tidy(), presence.tidy()] == [1, 0]

    ended = member.presence_questions.get()
    assert (ended.outcome, ended.answered_by) == (PresenceOutcome.OVER, manager)
    assert resting.presence_questions.get().answered_by is None


def test_the_list_costs_the_same_with_more(authority, member, clock, client):
    manager = manager_of(authority, clock)
    clock.move_to(LATER)
    presence.ask()
    client.force_login(manager, backend=BACKEND)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(LIST).status_code == 200
        return len(queries)

    cost()
    with_one = cost()
    for another in MembershipFactory.create_batch(3, organisation=authority):
        PresenceQuestion.objects.create(membership=another, reason="silent")
    assert cost() == with_one


@pytest.mark.django_db(transaction=True)
def test_two_at_once(authority, member, clock):
    one, other = manager_of(authority, clock), manager_of(authority, clock)
    clock.move_to(LATER)
    outcomes = at_once(presence.ask, presence.ask)
    assert sorted(outcomes) == [0, 1]

    outcomes = at_once(
        lambda: presence.confirm_still_there(membership_id=member.pk, actor=one),
        lambda: presence.confirm_still_there(membership_id=member.pk, actor=other),
    )
    assert outcomes.count(None) == 1
    assert member.events.filter(kind="presence_ended").count() == 1
