"""Small texts that go with a mail."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from osk_portal.notifications import delivery
from osk_portal.notifications.attachments import MOST_CHARACTERS, Attachment
from osk_portal.notifications.models import OutgoingMail
from osk_portal.notifications.services import Message, notify
from tests.factories import UserFactory

TYPE = "text/calendar; method=REQUEST; charset=utf-8"
CONTENT = "BEGIN:VCALENDAR\r\nSUMMARY:Gespräch über Köln\r\nEND:VCALENDAR\r\n"


@pytest.mark.django_db
def test_it_waits_in_the_row_and_arrives_byte_for_byte(mail_server: Any, templates: Any) -> None:
    message = Message(
        kind="test.invitation",
        template=templates(),
        url="/",
        dedupe="test:1",
        context={"title": "Gespräch"},
        attachments=(Attachment("termin.ics", TYPE, CONTENT),),
    )
    with transaction.atomic():
        notify(message, [UserFactory()])
    mail = OutgoingMail.objects.get()
    assert mail.attachments == [
        {"filename": "termin.ics", "content_type": TYPE, "content": CONTENT}
    ]

    delivery.deliver(mail.pk)

    [arrived] = mail_server.mails
    text, part = arrived.get_payload()
    assert text.get_content_type() == "text/plain"
    assert part.get_content_type() == "text/calendar"
    assert (part.get_param("method"), part.get_content_charset()) == ("REQUEST", "utf-8")
    assert part.get_filename() == "termin.ics"
    assert part.get_payload(decode=True) == CONTENT.encode()


@pytest.mark.parametrize(
    ("content_type", "content"),
    [("application/pdf", "x"), ("text/plain", "x" * (MOST_CHARACTERS + 1))],
)
def test_only_a_small_text_goes_along(content_type: str, content: str) -> None:
    with pytest.raises(ValueError, match="small text"):
        Attachment("a", content_type, content)
