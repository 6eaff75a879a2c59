"""Making an account: by a code, back to where one was, without telling who has one."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db
NEXT = "/mein/nachrichten/?von=anfrage"
DATA = {"name": "Łukasz  Şahin ẞ", "email": "Neu@Amt.Example", "password1": PASSWORD}


def sign_up(client: Client, **changes: str):
    return client.post("/konto/signup/", {**DATA, "website": "", "next": NEXT, **changes})


def test_next_survives_sign_up_and_code(client, code):
    client.get(f"/konto/signup/?next={NEXT}")
    session = client.session
    session["consulting_intake"] = {"title": "was getippt wurde"}
    session.save()

    assert "Ihr Entwurf ist sicher" in client.get(f"/konto/signup/?next={NEXT}").text
    answer = sign_up(client)
    assert answer["Location"] == "/konto/confirm-email/"
    page = client.get("/konto/confirm-email/")
    assert "neu@amt.example" in page.text
    answer = client.post("/konto/confirm-email/", {"code": code()})

    assert answer["Location"] == NEXT
    assert client.session["consulting_intake"] == {"title": "was getippt wurde"}
    user = User.objects.get()
    assert (user.email, user.name, user.language) == ("neu@amt.example", "Łukasz Şahin ẞ", "de")
    assert EmailAddress.objects.get(user=user).verified


def test_the_form_offers_next_as_a_hidden_field(client):
    page = client.get(f"/konto/signup/?next={NEXT}")

    assert f'<input type="hidden" name="next" value="{NEXT}">' in page.text
    assert "style=" not in page.text


def test_next_leads_nowhere_else(client, code):
    sign_up(client, next="https://evil.example/")
    answer = client.post("/konto/confirm-email/", {"code": code()})

    assert answer["Location"] == "/mein/"


def test_the_code_is_no_longer_readable_once_it_was_sent(client, mailoutbox):
    from osk_portal.notifications import delivery

    sign_up(client)
    mail = OutgoingMail.objects.get()
    assert mail.kind == "account.email_confirmation_signup"
    assert mail.expires_at is not None
    assert "Ihr Code:" not in mail.body

    delivery.deliver(mail.pk)

    mail.refresh_from_db()
    assert mail.body == ""
    assert "Ihr Code:" in mailoutbox[0].body
    assert mailoutbox[0].subject == "Ihr Code für das OSK-Portal"


def test_a_taken_address_looks_the_same(client, person):
    answer = sign_up(client, email=person.email)

    assert answer["Location"] == "/konto/confirm-email/"
    assert client.get("/konto/confirm-email/").status_code == 200
    assert User.objects.count() == 1
    mail = OutgoingMail.objects.get()
    assert mail.kind == "account.account_already_exists"
    assert mail.address == person.email


def test_a_program_that_fills_the_trap_gets_no_account(client):
    answer = sign_up(client, website="https://spam.example")

    assert answer.status_code == 302
    assert not User.objects.exists()
    assert not OutgoingMail.objects.exists()


def test_errors_say_what_to_do_and_keep_what_was_typed(client):
    page = sign_up(client, email="keine-adresse", password1="kurz", name="")

    assert page.status_code == 200
    assert "Geben Sie eine vollständige E-Mail-Adresse ein" in page.text
    assert "Geben Sie Ihren Namen ein." in page.text
    assert "keine-adresse" in page.text
    assert page.text.count("<title>Fehler: ") == 1


def test_three_wrong_codes_end_the_attempt(client, code):
    sign_up(client)
    right = code()
    for _ in range(3):
        answer = client.post("/konto/confirm-email/", {"code": "WRONG-CODE"})
    assert answer["Location"] == "/konto/login/"

    assert client.post("/konto/confirm-email/", {"code": right})["Location"] == "/konto/login/"
    assert not EmailAddress.objects.get().verified


def test_a_new_code_replaces_the_old_one(client, code):
    sign_up(client)
    old = code()

    client.post("/konto/confirm-email/", {"action": "resend"})

    new = code()
    assert new != old
    assert "Dieser Code stimmt nicht" in client.post("/konto/confirm-email/", {"code": old}).text
    assert client.post("/konto/confirm-email/", {"code": new})["Location"] == NEXT


def test_a_mistyped_address_can_be_changed(client, code):
    sign_up(client, email="falsch@amt.example")

    client.post("/konto/confirm-email/", {"action": "change", "email": "richtig@amt.example"})
    client.post("/konto/confirm-email/", {"code": code()})

    assert User.objects.get().email == "richtig@amt.example"


def test_an_operator_can_close_the_door(client, settings):
    settings.OSK_SIGNUP_OPEN = False

    page = client.get("/konto/signup/")

    assert "Zurzeit keine neuen Konten" in page.text
    sign_up(client)
    assert not User.objects.exists()


@pytest.mark.parametrize("name", ["", "\x00", "A" * 201])
def test_hostile_names_are_no_server_error(client, name):
    assert sign_up(client, name=name).status_code == 200


def test_a_name_of_control_characters_is_none(client):
    page = sign_up(client, name="\x01\x1b")

    assert "Geben Sie Ihren Namen ein" in page.text
    assert not User.objects.exists()


def test_right_to_left_and_emoji_names_are_names(client):
    sign_up(client, name="عمر 🎉\u202e\x07 Öztürk")

    assert User.objects.get().name == "عمر 🎉\u202e Öztürk"


def test_another_address_that_is_none_is_told_at_the_field(client):
    sign_up(client)

    page = client.post("/konto/confirm-email/", {"action": "change", "email": "keine-adresse"})

    assert page.status_code == 200
    assert "Geben Sie eine vollständige E-Mail-Adresse ein" in page.text
