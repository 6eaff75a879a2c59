"""Another e-mail address: by a code to the new one, a warning to the old one."""

import pytest
from allauth.account.models import EmailAddress

from osk_portal.notifications.models import OutgoingMail
from tests.accounts.conftest import PASSWORD, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(client, person):
    sign_in(client)
    return client


def test_change_by_code(signed_in, person, code):
    answer = signed_in.post("/konto/email/", {"email": "Neu@amt.example", "action_add": ""})
    if answer["Location"].startswith("/konto/reauthenticate/"):
        answer = signed_in.post(answer["Location"], {"password": PASSWORD}, follow=True)
    signed_in.post("/konto/confirm-email/", {"code": code()})

    person.refresh_from_db()
    assert person.email == "neu@amt.example"
    assert list(EmailAddress.objects.values_list("email", "verified", "primary")) == [
        ("neu@amt.example", True, True)
    ]
    warnings = OutgoingMail.objects.filter(kind="account.email_changed")
    assert [mail.address for mail in warnings] == ["mina@amt.example"]


def test_the_page_shows_the_present_and_the_waiting_address(signed_in, person):
    EmailAddress.objects.create(user=person, email="neu@amt.example", verified=False)

    page = signed_in.get("/konto/email/")

    assert "mina@amt.example" in page.text
    assert "noch nicht bestätigt" in page.text


def test_the_present_address_is_not_a_change(signed_in, person):
    page = signed_in.post("/konto/email/", {"email": person.email, "action_add": ""})

    assert "Geben Sie eine andere ein" in page.text
