"""Staff need a second factor; its secrets are encrypted, and its codes count once."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from osk_portal.accounts.services import create_person
from tests.accounts.conftest import PASSWORD, sign_in
from tests.factories import UserFactory, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def advisor(db):
    return create_person(
        email="ada@osk.example", name="Ada Rat", password=PASSWORD, roles=["advisor"]
    )


def test_setting_up_and_signing_in_with_a_code(client, person, app_code, still, set_up_app):
    sign_in(client)
    secret = set_up_app(client)
    assert client.get("/konto/2fa/recovery-codes/").status_code == 200
    assert client.get("/konto/2fa/").status_code == 200
    still.shift(31)

    other = Client()
    assert sign_in(other)["Location"] == "/konto/2fa/authenticate/"
    page = other.get("/konto/2fa/authenticate/")
    assert "Code eingeben" in page.text
    assert (
        other.post("/konto/2fa/authenticate/", {"code": app_code(secret)})["Location"] == "/mein/"
    )


def test_the_code_of_the_set_up_is_used_up(client, person, app_code, still, set_up_app):
    sign_in(client)
    secret = set_up_app(client)

    other = Client()
    sign_in(other)
    page = other.post("/konto/2fa/authenticate/", {"code": app_code(secret)})

    assert "Dieser Code stimmt nicht" in page.text


def test_a_code_signs_in_once(client, person, app_code, still, set_up_app):
    sign_in(client)
    secret = set_up_app(client)
    still.shift(31)
    first, second = Client(), Client()
    for one in (first, second):
        sign_in(one)

    assert first.post("/konto/2fa/authenticate/", {"code": app_code(secret)}).status_code == 302
    assert second.post("/konto/2fa/authenticate/", {"code": app_code(secret)}).status_code == 200


def test_secrets_are_encrypted_at_rest(client, person, app_code, set_up_app):
    sign_in(client)
    secret = set_up_app(client)

    for authenticator in Authenticator.objects.all():
        assert secret not in str(authenticator.data)
        stored = authenticator.data.get("secret") or authenticator.data.get("seed")
        assert stored.startswith("gAAAA"), authenticator.type


def test_an_emergency_code_signs_in_once(client, person, app_code, still, set_up_app):
    sign_in(client)
    set_up_app(client)
    codes = client.get("/konto/2fa/recovery-codes/").context["unused_codes"]
    assert len(codes) == 10

    first, second = Client(), Client()
    for one in (first, second):
        sign_in(one)
    assert first.post("/konto/2fa/authenticate/", {"code": codes[0]}).status_code == 302
    assert second.post("/konto/2fa/authenticate/", {"code": codes[0]}).status_code == 200


def test_emergency_codes_are_shown_once(client, person, app_code, set_up_app):
    sign_in(client)
    set_up_app(client)
    client.get("/konto/2fa/recovery-codes/")

    page = client.get("/konto/2fa/recovery-codes/")

    assert page.context["can_view_codes"] in (True, False)
    assert client.get("/konto/2fa/recovery-codes/generate/").status_code == 200


@pytest.mark.parametrize("path", ["/mein/", "/admin/", "/mein/nachrichten/", "/"])
def test_staff_without_a_second_factor_are_led_to_it(client, advisor, path):
    sign_in(client, advisor.email)

    answer = client.get(path)

    assert answer.status_code == 302
    assert answer["Location"] == "/konto/2fa/"


def test_what_staff_need_to_set_it_up_stays_open(client, advisor):
    sign_in(client, advisor.email)

    page = client.get("/konto/2fa/")
    assert page.status_code == 200
    assert client.get("/konto/2fa/totp/activate/").status_code in (200, 302)
    assert client.get("/konto/reauthenticate/").status_code == 200
    assert client.post("/konto/logout/").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_staff_pass_once_it_is_set_up(client, advisor, app_code, set_up_app):
    sign_in(client, advisor.email)

    set_up_app(client)

    assert client.get("/mein/").status_code == 200
    assert client.get("/admin/", follow=True).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_an_older_sign_in_does_not_profit_from_it(client, advisor, app_code, set_up_app):
    """Who got in with a stolen password alone stays out when the owner sets the factor up."""
    thief = Client()
    sign_in(thief, advisor.email)
    sign_in(client, advisor.email)

    set_up_app(client)

    assert thief.get("/mein/")["Location"] == "/konto/2fa/reauthenticate/?next=/mein/"
    assert thief.get("/admin/").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_an_older_sign_in_cannot_replace_the_factor(client, advisor, set_up_app):
    """The password alone, even if it was given a minute ago, does not open the pages that remove it."""
    thief = Client()
    sign_in(thief, advisor.email)
    sign_in(client, advisor.email)
    set_up_app(client)

    for path in (
        "/konto/2fa/",
        "/konto/2fa/totp/deactivate/",
        "/konto/2fa/totp/activate/",
        "/konto/2fa/webauthn/add/",
        "/konto/2fa/recovery-codes/",
        "/konto/2fa/recovery-codes/generate/",
        "/konto/reauthenticate/",
        "/konto/email/",
        "/konto/password/change/",
    ):
        for answer in (thief.get(path), thief.post(path)):
            assert answer["Location"].startswith("/konto/2fa/reauthenticate/"), path
    assert Authenticator.objects.filter(user=advisor, type="totp").exists()
    assert thief.post("/konto/logout/").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_an_older_sign_in_goes_on_with_the_code(client, advisor, app_code, still, set_up_app):
    older = Client()
    sign_in(older, advisor.email)
    sign_in(client, advisor.email)
    secret = set_up_app(client)
    still.shift(31)
    page = older.get("/mein/", follow=True)
    assert "zweiten Faktor" in page.text

    answer = older.post("/konto/2fa/reauthenticate/", {"code": app_code(secret), "next": "/mein/"})

    assert answer["Location"] == "/mein/"
    assert older.get("/mein/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_removing_the_last_factor_closes_the_door(client, advisor, app_code, set_up_app):
    sign_in(client, advisor.email)
    set_up_app(client)
    assert client.get("/konto/2fa/totp/deactivate/").status_code == 200

    client.post("/konto/2fa/totp/deactivate/")

    assert client.get("/mein/")["Location"] == "/konto/2fa/"
    assert not Authenticator.objects.exists()


def test_others_need_none(client, person):
    sign_in(client)

    assert client.get("/mein/").status_code == 200


def test_demo_logins_are_let_in_where_there_is_a_demo(client, settings):
    demo = create_person(
        email="beratung@demo.osk.example", name="", password=PASSWORD, roles=["advisor"]
    )
    sign_in(client, demo.email)
    assert client.get("/mein/").status_code == 200

    settings.OSK_DEMO = False
    assert client.get("/mein/").status_code == 302

    settings.OSK_DEMO, settings.PRODUCTION = True, True
    assert client.get("/mein/").status_code == 302


def test_the_tests_own_staff_are_let_in(client):
    client.force_login(staff("advisor"), backend="django.contrib.auth.backends.ModelBackend")

    assert client.get("/admin/", follow=True).status_code == 200


class TestAdminSite:
    def test_anonymous_people_sign_in_at_the_portal(self, client):
        answer = client.get("/admin/", follow=True)

        assert answer.redirect_chain[-1][0].startswith("/konto/login/?next=/admin/")

    def test_members_get_403(self, client):
        client.force_login(UserFactory(), backend="django.contrib.auth.backends.ModelBackend")

        assert client.get("/admin/login/").status_code == 403

    def test_staff_without_a_role_get_403(self, client):
        user = staff("advisor")
        user.groups.clear()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

        assert client.get("/admin/", follow=True).status_code == 403

    def test_signed_in_staff_go_on(self, client):
        client.force_login(staff("lead"), backend="django.contrib.auth.backends.ModelBackend")

        assert client.get("/admin/login/?next=/admin/accounts/")["Location"] == "/admin/accounts/"
        assert client.get("/admin/login/?next=https://evil.example/")["Location"] == "/admin/"
        assert client.get("/admin/password_change/")["Location"] == "/konto/password/change/"
        assert client.post("/admin/logout/")["Location"] == "/konto/logout/"
