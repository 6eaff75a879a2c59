"""Who belongs where: by the domain of a verified address, or by a person's word (product.md, Belonging)."""

from __future__ import annotations

import threading

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import PermissionDenied
from django.db import connection

from network import services
from network.enums import MembershipAction, MembershipState
from network.models import Membership, MembershipEvent, OrganisationDomain
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.factories import MembershipFactory, OrganisationFactory, UserFactory, staff

pytestmark = pytest.mark.django_db
PASSWORD = "vier-lange-Woerter-hier"


@pytest.fixture
def authority():
    organisation = OrganisationFactory(authority=True, name="BA Beispiel")
    OrganisationDomain.objects.create(organisation=organisation, domain="ba.example")
    return organisation


def person(email: str, verified: bool = True):
    user = UserFactory(email=email)
    EmailAddress.objects.create(user=user, email=email, verified=verified, primary=True)
    return user


class TestJoinByDomain:
    @pytest.mark.parametrize("email", ["mina@ba.example", "mina@mail.ba.example"])
    def test_the_domain_or_a_parent_proves_it(self, authority, email):
        user = person(email)

        membership = services.join_by_domain(user=user)

        assert membership.organisation == authority
        assert membership.state == MembershipState.ACTIVE
        assert membership.confirmed_at is not None
        event = membership.events.get()
        assert (event.kind, event.from_state, event.to_state) == ("prove", "pending", "active")

    @pytest.mark.parametrize(
        "email", ["mina@andere.example", "mina@xba.example", "mina@ba.example.evil", "mina@example"]
    )
    def test_other_domains_prove_nothing(self, authority, email):
        assert services.join_by_domain(user=person(email)) is None
        assert not Membership.objects.exists()

    def test_an_address_that_is_not_verified_proves_nothing(self, authority):
        assert services.join_by_domain(user=person("mina@ba.example", verified=False)) is None

    def test_the_longest_domain_wins(self, authority):
        office = OrganisationFactory()
        OrganisationDomain.objects.create(organisation=office, domain="amt.ba.example")

        assert services.join_by_domain(user=person("m@amt.ba.example")).organisation == office

    def test_twice_is_once(self, authority):
        user = person("mina@ba.example")

        assert services.join_by_domain(user=user) == services.join_by_domain(user=user)
        assert MembershipEvent.objects.count() == 1

    @pytest.mark.parametrize("state", ["pending", "suspended"])
    def test_an_open_membership_becomes_active(self, authority, state):
        user = person("mina@ba.example")
        membership = MembershipFactory(organisation=authority, user=user, state=state)

        assert services.join_by_domain(user=user) == membership
        membership.refresh_from_db()
        assert membership.state == MembershipState.ACTIVE

    @pytest.mark.parametrize("state", ["refused", "ended"])
    def test_what_a_person_decided_stays(self, authority, state):
        user = person("mina@ba.example")
        MembershipFactory(organisation=authority, user=user, state=state)

        assert services.join_by_domain(user=user) is None
        assert Membership.objects.get().state == state


def test_confirming_the_address_at_sign_up_makes_a_member(client, authority, code):
    client.post(
        "/konto/signup/",
        {
            "name": "Mina",
            "email": "mina@ba.example",
            "password1": PASSWORD,
            "website": "",
        },
    )
    assert not Membership.objects.exists()

    client.post("/konto/confirm-email/", {"code": code()})

    membership = Membership.objects.get()
    assert (membership.user.email, membership.state) == ("mina@ba.example", "active")


class TestLeavingTheDomain:
    def change_email(self, client, code, email):
        answer = client.post("/konto/email/", {"email": email, "action_add": ""})
        if answer["Location"].startswith("/konto/reauthenticate/"):
            client.post(answer["Location"], {"password": PASSWORD}, follow=True)
        client.post("/konto/confirm-email/", {"code": code()})

    @pytest.fixture
    def signed_in(self, client):
        user = person("mina@ba.example")
        user.set_password(PASSWORD)
        user.save()
        client.post("/konto/login/", {"login": user.email, "password": PASSWORD})
        return user

    def test_it_suspends_what_the_domain_proved(self, client, authority, signed_in, code):
        services.join_by_domain(user=signed_in)

        self.change_email(client, code, "mina@privat.example")

        membership = Membership.objects.get()
        assert membership.state == MembershipState.SUSPENDED
        mail = OutgoingMail.objects.get(kind="network.membership_suspended")
        assert mail.address == "mina@privat.example"
        assert "ruht" in mail.subject

    def test_it_leaves_what_a_person_confirmed(self, client, authority, signed_in, code):
        MembershipFactory(organisation=authority, user=signed_in)

        self.change_email(client, code, "mina@privat.example")

        assert Membership.objects.get().state == MembershipState.ACTIVE

    def test_it_leaves_it_within_the_domain(self, client, authority, signed_in, code):
        services.join_by_domain(user=signed_in)

        self.change_email(client, code, "neu@mail.ba.example")

        assert Membership.objects.get().state == MembershipState.ACTIVE

    def test_coming_back_makes_it_active_again(self, client, authority, signed_in, code):
        services.join_by_domain(user=signed_in)
        self.change_email(client, code, "mina@privat.example")

        self.change_email(client, code, "mina@ba.example")

        assert Membership.objects.get().state == MembershipState.ACTIVE


class TestRequest:
    def test_it_waits_and_tells_the_managers(self, authority):
        manager = MembershipFactory(organisation=authority, manager=True).user
        MembershipFactory(organisation=authority)

        membership = services.request_membership(
            user=person("mina@web.example"), organisation=authority
        )

        assert membership.state == MembershipState.PENDING
        mail = OutgoingMail.objects.get()
        assert mail.user == manager
        assert f"/netzwerk/mitgliedschaft/{membership.public_id}/" in mail.body

    def test_without_a_manager_it_tells_the_advisors(self, authority):
        advisor, lead = staff("advisor"), staff("lead")
        staff("operator")

        services.request_membership(user=person("mina@web.example"), organisation=authority)

        assert set(OutgoingMail.objects.values_list("user", flat=True)) == {advisor.pk, lead.pk}

    def test_a_known_domain_needs_no_word(self, authority):
        membership = services.request_membership(
            user=person("mina@ba.example"), organisation=authority
        )

        assert membership.state == MembershipState.ACTIVE
        assert not OutgoingMail.objects.exists()

    def test_twice_is_once(self, authority):
        user = person("mina@web.example")
        first = services.request_membership(user=user, organisation=authority)

        assert services.request_membership(user=user, organisation=authority) == first
        assert MembershipEvent.objects.count() == 1

    def test_after_a_refusal_one_may_ask_again(self, authority):
        user = person("mina@web.example")
        MembershipFactory(organisation=authority, user=user, state="refused")

        membership = services.request_membership(user=user, organisation=authority)

        assert membership.state == MembershipState.PENDING


DECISIONS = [
    (services.confirm_membership, "active", "confirmed"),
    (services.refuse_membership, "refused", "refused"),
]


@pytest.mark.parametrize(("decide", "state", "template"), DECISIONS)
class TestDecision:
    def test_a_manager_of_the_organisation_decides(self, authority, decide, state, template):
        manager = MembershipFactory(organisation=authority, manager=True).user
        membership = MembershipFactory(organisation=authority, state="pending")

        event = decide(membership_id=membership.pk, actor=manager)

        membership.refresh_from_db()
        assert membership.state == state
        assert (event.actor, event.from_state, event.to_state) == (manager, "pending", state)
        assert OutgoingMail.objects.get().kind == f"network.membership_{template}"

    def test_an_advisor_decides(self, authority, decide, state, template):
        membership = MembershipFactory(organisation=authority, state="pending")

        decide(membership_id=membership.pk, actor=staff("advisor"))

        membership.refresh_from_db()
        assert membership.state == state

    def test_others_have_no_say(self, authority, decide, state, template):
        membership = MembershipFactory(organisation=authority, state="pending")
        people = [
            MembershipFactory(organisation=authority).user,
            MembershipFactory(manager=True).user,
            staff("operator"),
            UserFactory(),
        ]

        for actor in people:
            with pytest.raises(PermissionDenied):
                decide(membership_id=membership.pk, actor=actor)
        membership.refresh_from_db()
        assert membership.state == "pending"
        assert not OutgoingMail.objects.exists()

    def test_nobody_decides_on_oneself(self, authority, decide, state, template):
        advisor = staff("advisor")
        membership = MembershipFactory(organisation=authority, user=advisor, state="pending")

        with pytest.raises(PermissionDenied):
            decide(membership_id=membership.pk, actor=advisor)

    @pytest.mark.parametrize("before", ["active", "refused", "ended"])
    def test_a_second_decision_changes_nothing(self, authority, decide, state, template, before):
        membership = MembershipFactory(organisation=authority, state=before)

        with pytest.raises(TransitionNotAllowed):
            decide(membership_id=membership.pk, actor=staff("advisor"))

        assert not MembershipEvent.objects.exists()


@pytest.mark.parametrize("action", MembershipAction)
@pytest.mark.parametrize("state", MembershipState)
def test_transitions_follow_the_table(action, state):
    membership = MembershipFactory(state=state)

    def move():
        return getattr(membership, action)(actor=None)

    if state in Membership.ALLOWED[action]:
        assert move().from_state == state
    else:
        with pytest.raises(TransitionNotAllowed):
            move()
        membership.refresh_from_db()
        assert membership.state == state


@pytest.mark.django_db(transaction=True)
def test_two_confirmations_at_once_make_one_event(authority):
    membership = MembershipFactory(organisation=authority, state="pending")
    actors = [staff("advisor"), staff("lead")]
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def work(actor) -> None:
        try:
            start.wait()
            services.confirm_membership(membership_id=membership.pk, actor=actor)
            outcomes.append("confirmed")
        except TransitionNotAllowed:
            outcomes.append("too late")
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[actor]) for actor in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["confirmed", "too late"]
    assert MembershipEvent.objects.count() == 1


class TestPage:
    BACKEND = "django.contrib.auth.backends.ModelBackend"

    @pytest.fixture
    def membership(self, authority):
        return MembershipFactory(organisation=authority, state="pending")

    @pytest.fixture
    def url(self, membership):
        return f"/netzwerk/mitgliedschaft/{membership.public_id}/"

    @pytest.fixture
    def manager(self, authority):
        return MembershipFactory(organisation=authority, manager=True).user

    def test_anonymous_people_sign_in(self, client, url):
        assert client.get(url)["Location"].startswith("/konto/login/")

    def test_strangers_find_nothing(self, client, url, membership):
        for user in (membership.user, MembershipFactory(manager=True).user, UserFactory()):
            client.force_login(user, backend=self.BACKEND)
            assert client.get(url).status_code == 404
            assert client.post(url, {"confirm": ""}).status_code == 404

    def test_a_manager_confirms(self, client, url, manager, membership):
        client.force_login(manager, backend=self.BACKEND)
        page = client.get(url)
        assert str(membership.user) in page.text

        page = client.post(url, {"confirm": ""}, follow=True)

        membership.refresh_from_db()
        assert membership.state == "active"
        assert 'name="confirm"' not in page.text

    def test_without_a_button_nothing_is_decided(self, client, url, manager, membership):
        client.force_login(manager, backend=self.BACKEND)

        for data in ({}, {"confirm": "", "refuse": ""}):
            assert client.post(url, data).status_code == 200

        membership.refresh_from_db()
        assert membership.state == "pending"

    def test_a_manager_refuses(self, client, url, manager, membership):
        client.force_login(manager, backend=self.BACKEND)

        client.post(url, {"refuse": ""})

        membership.refresh_from_db()
        assert membership.state == "refused"

    def test_what_was_decided_meanwhile_is_told(self, client, url, manager, membership):
        client.force_login(manager, backend=self.BACKEND)
        services.refuse_membership(membership_id=membership.pk, actor=staff("advisor"))

        page = client.post(url, {"confirm": ""}, follow=True)

        assert page.status_code == 200
        assert "inzwischen geändert" in page.text
        membership.refresh_from_db()
        assert membership.state == "refused"

    def test_an_advisor_decides_in_the_admin(self, client, membership):
        advisor = staff("advisor")
        client.force_login(advisor, backend=self.BACKEND)
        client.post(
            "/admin/network/membership/",
            {"action": "confirm", "_selected_action": [membership.pk]},
        )

        membership.refresh_from_db()
        assert membership.state == "active"
        assert membership.events.get().actor == advisor

    def test_the_managers_tasks_name_it(self, membership, manager):
        from network.portal import _tasks

        [task] = _tasks(manager)

        assert str(membership.user) in task.text
        assert list(_tasks(membership.user)) == []
