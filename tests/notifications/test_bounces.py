"""A report that a mail came back counts only for a mail that we sent, to the address it went to."""

from __future__ import annotations

import uuid

import pytest

from osk_portal.notifications.enums import MailState
from osk_portal.notifications.models import OutgoingMail
from osk_portal.notifications.services import record_bounce
from osk_portal.toolkit import clock
from tests.factories import UserFactory
from tests.notifications.factories import OutgoingMailFactory

pytestmark = pytest.mark.django_db


def test_a_mail_that_came_back_is_noted_once():
    user = UserFactory()
    mail = OutgoingMailFactory(
        user=user, address=user.email, state=MailState.SENT, sent_at=clock.now()
    )
    report = {"message_id": mail.message_id, "status": "5.1.1", "email": user.email.upper()}

    for wrong in (
        {"status": "4.2.2"}, {"status": "5.7.1"}, {"status": "5.3.4"}, {"status": ""}, {"status": "5.1.1\n"},
        {"email": "other@example.org"}, {"email": ""},
        {"message_id": ""}, {"message_id": f"<{uuid.uuid4()}@osk.example>"}, {"message_id": "<x@osk.example>"},
        {"message_id": f"<{mail.public_id}@elsewhere.example>"}, {"message_id": "\x00@osk.example"},
    ):  # fmt: skip
        assert not record_bounce(**{**report, **wrong}), wrong
    assert not OutgoingMail.objects.came_back(user).exists()

    assert record_bounce(**report)
    noted = OutgoingMail.objects.came_back(user).get()
    assert noted.bounce_status == "5.1.1"
    assert not record_bounce(**{**report, "status": "5.2.1"})
    mail.refresh_from_db()
    assert (mail.bounced_at, mail.bounce_status) == (noted.bounced_at, "5.1.1")

    user.email = "neu@example.org"
    user.save()
    assert not OutgoingMail.objects.came_back(user).exists()


def test_a_mail_that_was_never_sent_cannot_come_back():
    mail = OutgoingMailFactory()

    assert not record_bounce(message_id=mail.message_id, status="5.1.1", email=mail.address)
