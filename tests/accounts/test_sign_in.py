"""Signing in, forgotten passwords, and how long a sign-in lasts."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client

from osk_portal.accounts import services
from osk_portal.notifications.models import OutgoingMail
from tests.accounts.conftest import PASSWORD, sign_in
from tests.factories import staff

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_signing_in_leads_to_my_area(client, person):
    assert sign_in(client)["Location"] == "/mein/"


def test_capital_letters_do_not_matter(client, person):
    assert sign_in(client, "MINA@Amt.Example")["Location"] == "/mein/"


def test_signing_in_leads_on(client, person):
    page = client.get("/mein/nachrichten/")
    assert page["Location"] == "/konto/login/?next=/mein/nachrichten/"

    answer = client.post(
        page["Location"],
        {"login": person.email, "password": PASSWORD, "next": "/mein/nachrichten/"},
    )
    assert answer["Location"] == "/mein/nachrichten/"


@pytest.mark.parametrize("email", ["mina@amt.example", "nobody@amt.example"])
def test_a_wrong_password_says_nothing_about_the_account(client, person, email):
    page = sign_in(client, email, "falsch-falsch-falsch")

    assert "E-Mail-Adresse und Passwort passen nicht zusammen" in page.text


def test_guessing_is_slowed_down(client, person):
    for _ in range(5):
        sign_in(client, password="falsch-falsch-falsch")

    page = sign_in(client)

    assert "Zu viele Versuche" in page.text


def test_the_password_field_is_plain_html(client):
    page = client.get("/konto/login/")

    assert 'placeholder="' not in page.text.split("<main")[1]
    assert "style=" not in page.text
    assert 'name="login" class="kern-form-input__input"' in page.text or (
        'type="email" name="login"' in page.text
    )


def test_who_is_locked_is_told(client, person):
    services.lock(user_id=person.pk, actor=staff("operator"))

    page = sign_in(client)

    assert page.status_code in (200, 302)
    assert "_auth_user_id" not in client.session


def test_a_forgotten_password_is_replaced_by_a_code(client, person, code):
    assert client.get("/konto/password/reset/").status_code == 200
    client.post("/konto/password/reset/", {"email": person.email})
    assert client.get("/konto/password/reset/confirm/").status_code == 200

    client.post("/konto/password/reset/confirm/", {"code": code()})
    page = client.get("/konto/password/reset/complete/")
    assert page.status_code == 200
    answer = client.post(
        "/konto/password/reset/complete/", {"password1": "ein-ganz-neues-Passwort"}
    )
    assert answer.status_code == 302
    client.get(answer["Location"])

    assert OutgoingMail.objects.latest("pk").kind == "account.password_reset"
    assert sign_in(Client(), password="ein-ganz-neues-Passwort")["Location"] == "/mein/"


def test_an_unknown_address_gets_no_mail_and_the_same_page(client, person):
    answer = client.post("/konto/password/reset/", {"email": "niemand@amt.example"})

    assert answer["Location"] == "/konto/password/reset/confirm/"
    assert client.get("/konto/password/reset/confirm/").status_code == 200
    assert not OutgoingMail.objects.exists()


def test_a_sign_in_ends_after_an_hour_of_rest(client, person, clock):
    clock.move_to(NOW)
    sign_in(client)
    client.get("/mein/")

    clock.move_to(NOW + timedelta(minutes=59))
    assert client.get("/mein/").status_code == 200
    clock.move_to(NOW + timedelta(minutes=59 + 61))
    answer = client.get("/mein/", follow=True)

    assert answer.redirect_chain[0][0] == "/konto/login/?next=/mein/"
    assert "Ihre Anmeldung ist beendet" in answer.text


def test_a_sign_in_ends_after_twelve_hours_of_work(client, person, clock):
    clock.move_to(NOW)
    sign_in(client)
    for half_hours in range(25):
        clock.move_to(NOW + timedelta(minutes=30 * half_hours))
        answer = client.get("/mein/")
        assert answer.status_code == 200
    clock.move_to(NOW + timedelta(hours=12, minutes=1))

    assert client.get("/mein/").status_code == 302


def test_an_ended_sign_in_still_sees_public_pages(client, person, clock):
    clock.move_to(NOW)
    sign_in(client)
    client.get("/mein/")
    clock.move_to(NOW + timedelta(days=1))

    assert client.get("/").status_code == 200


def test_signing_out(client, person):
    sign_in(client)
    assert client.get("/konto/logout/").status_code == 200

    client.post("/konto/logout/")

    assert client.get("/mein/").status_code == 302


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; rv:131.0) Gecko/20100101 Firefox/131.0",
            "Firefox, Windows",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/5 Chrome/1 Safari/5", "Chrome, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/1 Safari/5 Edg/1", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/6", "Safari, iOS"),
        ("<script>", "Unbekanntes Gerät"),
    ],
)
def test_sign_ins_are_named_by_device(client, person, user_agent, words):
    client.defaults["HTTP_USER_AGENT"] = user_agent
    sign_in(client)

    assert words in client.get("/konto/sessions/").text


def test_other_sign_ins_can_be_ended(client, person):
    other = Client()
    sign_in(other)
    other.get("/mein/")
    sign_in(client)
    page = client.get("/konto/sessions/")
    assert page.status_code == 200

    client.post("/konto/sessions/")

    assert client.get("/mein/").status_code == 200
    assert other.get("/mein/").status_code == 302
    assert UserSession.objects.count() == 1


def test_the_log_names_ids_and_no_addresses(client, person, caplog):
    caplog.set_level(logging.INFO, "osk_portal.accounts.audit")

    sign_in(client, password="falsch-falsch-falsch")
    sign_in(client)
    client.post("/konto/logout/")

    events = [(r.event, getattr(r, "user", None)) for r in caplog.records if hasattr(r, "event")]
    assert events == [
        ("account.sign_in_failed", None),
        ("account.signed_in", person.pk),
        ("account.signed_out", person.pk),
    ]
    assert person.email not in caplog.text


def test_changing_the_password_asks_for_the_old_one_and_warns(client, person):
    sign_in(client)
    assert client.get("/konto/password/change/").status_code == 200

    page = client.post(
        "/konto/password/change/",
        {"oldpassword": "falsch", "password1": "ein-ganz-neues-Passwort"},
    )
    assert "Das ist nicht Ihr jetziges Passwort" in page.text
    client.post(
        "/konto/password/change/",
        {"oldpassword": PASSWORD, "password1": "ein-ganz-neues-Passwort"},
    )

    mail = OutgoingMail.objects.get()
    assert mail.kind == "account.password_changed"
    assert "Ihr Passwort wurde geändert" in mail.subject
    assert client.get("/mein/").status_code == 200
