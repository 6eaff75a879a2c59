"""Operators see what could not be delivered and send it again; nobody reads the texts."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from osk_portal.notifications.enums import MailState
from osk_portal.notifications.models import Heartbeat
from tests.factories import staff
from tests.notifications.factories import OutgoingMailFactory

pytestmark = pytest.mark.django_db
URL = "/admin/notifications/outgoingmail/"


@pytest.fixture
def operator(client):
    user = staff("operator")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return user


def test_dead_letters_are_listed_and_sent_again(client, operator, bells, commits):
    dead = OutgoingMailFactory(dead=True, subject="Kam nicht an")
    waiting = OutgoingMailFactory()
    assert "Kam nicht an" in client.get(f"{URL}?state__exact=dead").text

    with commits():
        page = client.post(
            URL, {"action": "resend", "_selected_action": [dead.pk, waiting.pk]}, follow=True
        )

    assert "1 Mail wird erneut gesendet" in page.text
    assert "1 Mail blieb, wie sie ist" in page.text
    dead.refresh_from_db()
    assert (dead.state, dead.attempts) == (MailState.PENDING, 0)
    assert bells.of("osk_portal.notifications.tasks.deliver") == [{"mail_id": dead.pk}]


def test_the_text_of_a_mail_is_not_shown(client, operator):
    mail = OutgoingMailFactory(body="Nur für die Empfängerin")

    page = client.get(f"{URL}{mail.pk}/change/")

    assert page.status_code == 200
    assert "Nur für die Empfängerin" not in page.text
    assert mail.address in page.text


@pytest.mark.parametrize("role", ["advisor", "lead"])
def test_other_staff_do_not_see_the_outbox(client, role):
    client.force_login(staff(role), backend="django.contrib.auth.backends.ModelBackend")

    assert client.get(URL).status_code == 403


def test_nobody_writes_rows_by_hand(client, operator):
    mail = OutgoingMailFactory()

    assert client.get(f"{URL}add/").status_code == 403
    assert client.post(f"{URL}{mail.pk}/change/", {"state": "sent"}).status_code == 403
    assert client.post(f"{URL}{mail.pk}/delete/").status_code == 403


def test_the_heartbeat_is_visible(client, operator):
    call_command("outbox_drain")

    assert "sweep" in client.get("/admin/notifications/heartbeat/").text
    page = client.get(f"/admin/notifications/heartbeat/{Heartbeat.objects.first().pk}/change/").text
    assert "Zuletzt um" in page
    assert client.get("/admin/notifications/periodicrun/").status_code == 200
