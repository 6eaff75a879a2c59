"""Leads and operators look after accounts: roles, locks, sign-ins, each with an event."""

from __future__ import annotations

import pytest
from django.test import Client

from osk_portal.accounts import services
from osk_portal.accounts.models import AccountEvent, User
from tests.accounts.conftest import sign_in
from tests.factories import UserFactory, staff

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


def page_of(user) -> str:
    return f"/admin/accounts/user/{user.public_id}/konto/"


def signed_in(role: str) -> Client:
    client = Client()
    client.force_login(staff(role), backend=BACKEND)
    return client


def test_the_list_costs_the_same_with_more_people(django_assert_max_num_queries):
    client = signed_in("lead")
    UserFactory.create_batch(3)
    client.get("/admin/accounts/user/")

    with django_assert_max_num_queries(12):
        page = client.get("/admin/accounts/user/?q=Person")

    assert "OSK-Leitung" in client.get("/admin/accounts/user/").text
    assert page.status_code == 200


def test_nobody_sees_a_password_hash(person):
    client = signed_in("operator")

    for url in (page_of(person), "/admin/accounts/user/"):
        assert person.password not in client.get(url).text
    assert client.get(f"/admin/accounts/user/{person.pk}/change/")["Location"] == page_of(person)


@pytest.mark.parametrize("role", ["lead", "operator"])
def test_roles_are_given_and_taken(role, person):
    client = signed_in(role)

    client.post(page_of(person), {"action": "roles", "roles": ["advisor"]})
    person = type(person).objects.get(pk=person.pk)
    assert (person.is_staff, person.staff_roles) == (True, {"advisor"})

    page = client.post(page_of(person), {"action": "roles"}, follow=True)
    person = type(person).objects.get(pk=person.pk)
    assert (person.is_staff, person.staff_roles) == (False, set())
    assert "− Beratung" in page.text
    assert list(person.events.values_list("kind", "data")) == [
        ("roles_changed", {"given": ["advisor"], "taken": []}),
        ("roles_changed", {"given": [], "taken": ["advisor"]}),
    ]


def test_an_unknown_role_is_refused(person):
    page = signed_in("lead").post(page_of(person), {"action": "roles", "roles": ["god"]})

    assert page.status_code == 200
    assert not AccountEvent.objects.exists()
    with pytest.raises(ValueError, match="god"):
        services.set_roles(user_id=person.pk, roles=["god"], actor=None)


@pytest.mark.parametrize("action", ["roles", "lock", "unlock", "end_sessions"])
def test_advisors_only_look(person, action):
    client = signed_in("advisor")
    page = client.get(page_of(person))
    assert page.status_code == 200
    assert 'value="lock"' not in page.text

    assert client.post(page_of(person), {"action": action}).status_code == 403
    assert not AccountEvent.objects.exists()


def test_nobody_raises_oneself(person):
    lead = staff("lead")
    client = Client()
    client.force_login(lead, backend=BACKEND)

    answer = client.post(page_of(lead), {"action": "roles", "roles": ["lead", "operator"]})

    assert answer.status_code == 403


def test_a_lock_ends_the_sign_in_at_once(client, person):
    sign_in(client)
    assert client.get("/mein/").status_code == 200
    staff_client = signed_in("operator")

    staff_client.post(page_of(person), {"action": "lock"})
    assert client.get("/mein/").status_code == 302
    staff_client.post(page_of(person), {"action": "lock"})
    staff_client.post(page_of(person), {"action": "unlock"})
    staff_client.post(page_of(person), {"action": "unlock"})

    person.refresh_from_db()
    assert person.is_active
    assert list(person.events.values_list("kind", flat=True)) == ["locked", "unlocked"]


def test_sign_ins_can_be_ended(client, person):
    sign_in(client)
    client.get("/mein/")

    signed_in("operator").post(page_of(person), {"action": "end_sessions"})

    assert client.get("/mein/").status_code == 302
    assert person.events.get().data == {"count": 1}


def test_who_was_anonymised_stays_out(person):
    from osk_portal.toolkit import clock

    person.is_active, person.anonymised_at = False, clock.now()
    person.save()

    assert services.unlock(user_id=person.pk, actor=staff("lead")) is None


def test_an_unknown_action_changes_nothing(person):
    assert signed_in("lead").post(page_of(person), {"action": "x"}).status_code == 200
    assert not AccountEvent.objects.exists()


def test_groups_have_their_rights():
    services.ensure_groups()
    services.ensure_groups()

    assert staff("operator").has_perm("notifications.change_outgoingmail")
    assert staff("advisor").has_perm("network.change_organisation")
    assert not staff("advisor").has_perm("accounts.change_user")
    assert not staff("advisor").has_perm("notifications.view_outgoingmail")


def test_taking_the_same_roles_again_is_no_event(person):
    assert services.set_roles(user_id=person.pk, roles=[], actor=None) is None


@pytest.mark.parametrize("query", ["is_staff__exact=%00", "gibt-es-nicht=1&e=1", "q=%00", "p=%00"])
def test_hostile_addresses_of_a_list_are_no_server_error(query):
    assert signed_in("lead").get(f"/admin/accounts/user/?{query}").status_code in (200, 400)


@pytest.mark.parametrize("chosen", ["abc", "\x00", "²"])
def test_a_chosen_row_that_is_no_number_is_no_server_error(chosen):
    data = {"action": "resend", "_selected_action": chosen}

    answer = signed_in("operator").post("/admin/notifications/outgoingmail/", data)

    assert answer.status_code == 400


def test_the_lists_beside_follow_rights_and_language():
    """They are remembered, but for the same rights and language only."""
    advisor, operator = signed_in("advisor"), signed_in("operator")

    def lists(browser: Client, **headers: str) -> str:
        page = browser.get("/admin/network/organisation/", headers=headers).text
        return page.partition("osk-side")[2].partition("</nav>")[0]

    german = lists(advisor)
    english = lists(advisor, accept_language="en")
    other = lists(operator)

    assert "Organisationen" in german
    assert "Organisations" in english
    assert "Organisationen" not in english
    assert "/admin/sandbox/pool/" in other
    assert (lists(advisor), lists(operator)) == (german, other)
    assert german != other

    User.objects.get(pk=advisor.session["_auth_user_id"]).groups.clear()
    assert advisor.get("/admin/network/organisation/").status_code != 200
