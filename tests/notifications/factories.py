"""Rows of the outbox in the states that tests start from."""

from __future__ import annotations

import factory
from factory.django import DjangoModelFactory

from osk_portal.notifications.enums import MailState
from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.toolkit import clock
from tests.factories import UserFactory


class NotificationFactory(DjangoModelFactory[Notification]):
    class Meta:
        model = Notification

    user = factory.SubFactory(UserFactory)
    kind = "test.event"
    subject = factory.Sequence(lambda n: f"Nachricht {n}")
    text = "Es gibt etwas Neues."
    url = "/mein/"
    dedupe_key = factory.Sequence(lambda n: f"nachricht-{n}")


class OutgoingMailFactory(DjangoModelFactory[OutgoingMail]):
    class Meta:
        model = OutgoingMail

    address = factory.Sequence(lambda n: f"empfang{n}@example.org")
    kind = "test.event"
    subject = factory.Sequence(lambda n: f"Mail {n}")
    body = "Guten Tag\n"
    next_attempt_at = factory.LazyFunction(clock.now)

    class Params:
        dead = factory.Trait(state=MailState.DEAD, attempts=11, last_error="550 unknown")
