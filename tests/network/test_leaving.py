"""Leaving an organisation: who may end it, the last manager, and what nobody was chosen for."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from network import leaving
from network.enums import MembershipState
from network.leaving import Choice
from network.models import Membership
from network.services import join_by_domain
from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.test_services import at_once
from tests.factories import MembershipFactory, OrganisationFactory, UserFactory, staff

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def authority():
    return OrganisationFactory(authority=True, name="BA Beispiel")


def url(membership: Membership) -> str:
    return f"/netzwerk/mitgliedschaft/{membership.public_id}/beenden/"


def end(membership: Membership, actor: User, choice: Choice | None = None) -> leaving.Settled:
    return leaving.end_membership(
        membership_id=membership.pk, actor=actor, choice=choice or Choice()
    )


def test_who_may_end_it(client, authority):
    member = MembershipFactory(organisation=authority)
    manager = MembershipFactory(organisation=authority, manager=True)
    second = MembershipFactory(organisation=authority, manager=True)
    colleague = MembershipFactory(organisation=authority, editor=True).user
    foreign = MembershipFactory(manager=True).user
    pending = MembershipFactory(organisation=authority, state="pending")

    assert client.get(url(member))["Location"].startswith("/konto/login/")
    for user, membership, status in (
        (foreign, member, 404),
        (colleague, member, 404),
        (UserFactory(), member, 404),
        (staff("operator"), member, 404),
        (manager.user, second, 403),
        (staff("advisor"), second, 403),
        (manager.user, pending, 404),
        (pending.user, pending, 404),
    ):
        client.force_login(user, backend=BACKEND)
        assert client.get(url(membership)).status_code == status
        assert client.post(url(membership)).status_code == status
        with pytest.raises((PermissionDenied, TransitionNotAllowed)):
            end(membership, user)
    for user in (member.user, manager.user, staff("advisor")):
        client.force_login(user, backend=BACKEND)
        page = client.get(url(member))
        assert page.status_code == 200
        assert "Mitgliedschaft beenden" in page.text
    client.force_login(staff("lead"), backend=BACKEND)
    assert client.get(url(second)).status_code == 200
    assert not Membership.objects.filter(state="ended").exists()


def test_the_person_leaves_and_a_second_press_changes_nothing(client, authority):
    manager = MembershipFactory(organisation=authority, manager=True).user
    membership = MembershipFactory(organisation=authority)
    client.force_login(membership.user, backend=BACKEND)
    assert url(membership) in client.get("/mein/").text

    for _ in range(2):
        page = client.post(url(membership), follow=True)
        assert page.status_code == 200

    membership.refresh_from_db()
    assert membership.state == MembershipState.ENDED
    event = membership.events.get()
    assert (event.kind, event.from_state, event.to_state) == ("end", "active", "ended")
    assert (event.actor, event.data) == (membership.user, {"handed_over": 0, "left": 0})
    assert "Ihre Mitgliedschaft ist beendet" in page.text
    assert authority.name not in client.get("/mein/").text
    mail = OutgoingMail.objects.get()
    assert (mail.user, mail.kind) == (manager, "network.membership_left")
    assert join_by_domain(user=membership.user) is None


def test_a_manager_ends_it_and_the_person_is_told(client, authority):
    manager = MembershipFactory(organisation=authority, manager=True).user
    membership = MembershipFactory(organisation=authority, state="suspended")
    members = f"/netzwerk/{authority.slug}/mitglieder/"
    client.force_login(manager, backend=BACKEND)
    assert members in client.get("/mein/").text
    assert url(membership) in client.get(members).text

    assert client.post(url(membership))["Location"] == members

    membership.refresh_from_db()
    assert membership.state == MembershipState.ENDED
    mail = OutgoingMail.objects.get()
    assert (mail.user, mail.kind) == (membership.user, "network.membership_ended")
    assert url(membership) not in client.get(members).text


def test_the_members_are_for_the_managers(client, authority):
    members = f"/netzwerk/{authority.slug}/mitglieder/"
    people = (
        (MembershipFactory(organisation=authority).user, 403),
        (MembershipFactory(manager=True).user, 404),
        (UserFactory(), 404),
        (MembershipFactory(organisation=authority, manager=True).user, 200),
        (staff("advisor"), 200),
    )
    assert client.get(members)["Location"].startswith("/konto/login/")
    for user, status in people:
        client.force_login(user, backend=BACKEND)
        assert client.get(members).status_code == status


def test_the_members_cost_the_same_with_more(client, authority):
    manager = MembershipFactory(organisation=authority, manager=True).user
    client.force_login(manager, backend=BACKEND)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/netzwerk/{authority.slug}/mitglieder/").status_code == 200
        return len(queries)

    cost()
    with_one = cost()
    MembershipFactory.create_batch(5, organisation=authority)
    assert cost() == with_one


def test_the_last_manager_needs_a_successor(client, authority):
    last = MembershipFactory(organisation=authority, manager=True)
    MembershipFactory(organisation=authority, manager=True, user__is_active=False)
    MembershipFactory(organisation=authority, manager=True, state="suspended")
    client.force_login(last.user, backend=BACKEND)

    assert "Nachfolge" in client.get(url(last)).text
    page = client.post(url(last))
    for actor in (last.user, staff("lead")):
        with pytest.raises(leaving.LastManager):
            end(last, actor)

    assert "Benennen Sie" in page.text
    last.refresh_from_db()
    assert last.state == MembershipState.ACTIVE
    MembershipFactory(organisation=authority, manager=True)
    end(last, last.user)
    assert Membership.objects.get(pk=last.pk).state == MembershipState.ENDED


@pytest.mark.django_db(transaction=True)
def test_two_managers_at_once_leave_one(authority):
    first, second = MembershipFactory.create_batch(2, organisation=authority, manager=True)

    outcomes = at_once(lambda: end(first, first.user), lambda: end(second, second.user))

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["LastManager", "Settled"]
    assert Membership.objects.managing().count() == 1


@pytest.mark.parametrize("kind", ["foreign", "pending", "gone", "inactive", "nobody", "self"])
def test_only_active_members_of_the_organisation_follow(authority, kind):
    leaver = MembershipFactory(organisation=authority)
    chosen = {
        "foreign": lambda: MembershipFactory().public_id,
        "pending": lambda: MembershipFactory(organisation=authority, state="pending").public_id,
        "gone": lambda: MembershipFactory(organisation=authority, state="ended").public_id,
        "inactive": lambda: (
            MembershipFactory(organisation=authority, user__is_active=False).public_id
        ),
        "nobody": uuid4,
        "self": lambda: leaver.public_id,
    }[kind]()

    with pytest.raises(TransitionNotAllowed):
        end(leaver, leaver.user, Choice(everything=chosen))

    leaver.refresh_from_db()
    assert leaver.state == MembershipState.ACTIVE
