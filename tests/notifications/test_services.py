"""Telling people: rows in the transaction of what they tell, each once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from osk_portal.notifications import services
from osk_portal.notifications.enums import MailState
from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.notifications.services import Message, NotInTransaction, notify, notify_address
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.factories import UserFactory
from tests.notifications.factories import NotificationFactory, OutgoingMailFactory

pytestmark = pytest.mark.django_db
DELIVER = "osk_portal.notifications.tasks.deliver"


def message(template: str, **changes: object) -> Message:
    values = {
        "kind": "test.event",
        "template": template,
        "url": "/beratung/anfrage/7/",
        "dedupe": "event-7",
        "subject_key": "7",
        "context": {"title": "Müller & Söhne"},
    }
    return Message(**{**values, **changes})  # type: ignore[arg-type] # merged above


def test_each_recipient_gets_an_inbox_row_and_a_mail(templates, bells, commits):
    requester, colleague = UserFactory(name="Mina Muster"), UserFactory()

    with commits():
        notify(message(templates()), [requester, colleague, requester])

    assert Notification.objects.count() == OutgoingMail.objects.count() == 2
    inbox = Notification.objects.get(user=requester)
    assert inbox.subject == "Neues zu Müller & Söhne"
    assert inbox.url == "/beratung/anfrage/7/"
    mail = OutgoingMail.objects.get(user=requester)
    assert (mail.address, mail.state, mail.subject_key) == (requester.email, "pending", "7")
    assert mail.body.startswith(
        "Guten Tag Mina Muster\n\nhttp://localhost:8000/beratung/anfrage/7/\n\n-- \nOSK-Portal"
    )
    assert {ring["mail_id"] for ring in bells.of(DELIVER)} == set(
        OutgoingMail.objects.values_list("pk", flat=True)
    )


def test_the_same_message_is_written_and_rung_once(templates, bells, commits):
    user = UserFactory()
    template = templates()

    with commits():
        notify(message(template), [user])
    with commits():
        notify(message(template), [user])

    assert Notification.objects.count() == OutgoingMail.objects.count() == 1
    assert len(bells.of(DELIVER)) == 1


def test_a_mail_speaks_the_language_of_its_reader(templates):
    template = templates(body="{% load i18n %}{% translate 'Messages' %}")
    notify(message(template), [UserFactory(language="en", email="en@example.org")])
    notify(message(template), [UserFactory(language="de", email="de@example.org")])

    assert OutgoingMail.objects.get(address="en@example.org").body.startswith("Messages")
    assert OutgoingMail.objects.get(address="de@example.org").body.startswith("Nachrichten")
    assert "Warum Sie diese Mail bekommen" in OutgoingMail.objects.get(language="de").body


def test_who_left_is_not_told(templates):
    notify(message(templates()), [UserFactory(is_active=False)])

    assert not Notification.objects.exists()
    assert not OutgoingMail.objects.exists()


def test_a_subject_is_one_line_however_hostile(templates):
    template = templates(subject="{{ title }}\n\n")
    hostile = "A\r\nBcc: all@example.org\x0b\u2028B" + "x" * 300

    notify(message(template, context={"title": hostile}), [UserFactory()])

    subject = OutgoingMail.objects.get().subject
    assert subject.startswith("A Bcc: all@example.org B")
    assert len(subject) == 200
    assert subject.endswith("…")


def test_a_body_carries_names_of_all_scripts_and_no_controls(templates):
    template = templates(body="{{ title }}")

    notify(message(template, context={"title": "Łukasiewicz-Şahin ẞ 🎉\x07<b>"}), [UserFactory()])

    assert OutgoingMail.objects.get().body.startswith("Łukasiewicz-Şahin ẞ 🎉<b>\n\n-- \n")


def test_somebody_without_an_account_gets_a_mail_only(templates):
    notify_address(message(templates(body="Hallo")), address="gast@example.org")

    mail = OutgoingMail.objects.get()
    assert (mail.user, mail.address) == (None, "gast@example.org")
    assert "Alle Ihre Nachrichten" not in mail.body
    assert not Notification.objects.exists()


def test_lifetime_becomes_an_end(templates, clock):
    now = clock.move_to(datetime(2026, 11, 23, 9, tzinfo=UTC))

    notify(message(templates(), lifetime=timedelta(hours=2)), [UserFactory()])

    assert OutgoingMail.objects.get().expires_at == now + timedelta(hours=2)


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_is_a_mistake(templates):
    template = templates()
    user = UserFactory()

    with pytest.raises(NotInTransaction):
        notify(message(template), [user])
    with pytest.raises(NotInTransaction):
        notify_address(message(template), address="gast@example.org")


@pytest.mark.django_db(transaction=True)
def test_a_rollback_takes_the_rows_and_the_rings_with_it(templates, bells):
    template = templates()
    user = UserFactory()

    def failing_service() -> None:
        with transaction.atomic():
            notify(message(template), [user])
            raise RuntimeError("the service failed")

    with pytest.raises(RuntimeError):
        failing_service()

    assert not Notification.objects.exists()
    assert not OutgoingMail.objects.exists()
    assert bells.rings == []


def test_a_secret_is_not_readable_at_rest():
    services.post_secret(
        kind="account.code",
        address="neu@example.org",
        user=None,
        language="de",
        subject="Ihr Code",
        body="Ihr Code: ABC-DEF",
        lifetime=timedelta(minutes=10),
    )

    mail = OutgoingMail.objects.get()
    assert "ABC-DEF" not in mail.body
    assert mail.text == "Ihr Code: ABC-DEF"


def test_a_dead_mail_gets_another_round(bells, commits):
    mail = OutgoingMailFactory(dead=True)

    with commits():
        services.resend_mail(mail_id=mail.pk)

    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == (MailState.PENDING, 0)
    assert bells.of(DELIVER) == [{"mail_id": mail.pk}]


@pytest.mark.parametrize(
    "changes",
    [{"state": "pending"}, {"state": "withheld"}, {"state": "expired"}],
    ids=lambda changes: changes["state"],
)
def test_only_a_dead_mail_is_sent_again(changes):
    mail = OutgoingMailFactory(**changes)

    with pytest.raises(TransitionNotAllowed):
        services.resend_mail(mail_id=mail.pk)


def test_a_wiped_secret_cannot_be_sent_again():
    mail = OutgoingMailFactory(dead=True, is_secret=True, body="")

    with pytest.raises(TransitionNotAllowed):
        services.resend_mail(mail_id=mail.pk)


def test_the_longest_address_gets_its_mail_once(templates):
    address = f"{'a' * 190}@{'b' * 60}.de"

    with transaction.atomic():
        for spelling in (address, address.upper()):
            notify_address(message(templates()), address=spelling)

    assert OutgoingMail.objects.count() == 1


def test_reading_twice_keeps_the_first_time(clock):
    first = clock.move_to(datetime(2026, 11, 23, 9, tzinfo=UTC))
    notification = NotificationFactory()
    services.mark_read(user=notification.user, notification=notification)
    clock.move_to(first + timedelta(hours=1))

    services.mark_read(user=notification.user, notification=notification)

    notification.refresh_from_db()
    assert notification.read_at == first


def test_marking_all_reads_only_ones_own():
    mine, other = NotificationFactory(), NotificationFactory()

    assert services.mark_all_read(user=mine.user) == 1

    other.refresh_from_db()
    assert not other.is_read


@pytest.mark.parametrize(
    ("answers", "kept"),
    [
        ((), []),
        (("<a@b>",), ["<a@b>"]),
        (("<a@b>", "<c@d>", "<a@b>"), ["<c@d>", "<a@b>"]),
        # What no header can carry is left out; without the mail that is answered nothing is named.
        (("<a b@c>", "<ü@b>", "<x\r\nBcc:a@b>", "<c@d>"), ["<c@d>"]),
        (("<a@b>", ""), []),
        (("<a@b>", "<x\nBcc: a@b>"), []),
        (
            tuple(f"<{n}@b>" for n in range(50)),
            ["<0@b>", *(f"<{n}@b>" for n in range(31, 50))],
        ),
    ],
)
def test_foreign_message_ids_are_taken_as_far_as_a_header_carries_them(templates, answers, kept):
    with transaction.atomic():
        notify_address(message(templates(), answers=answers), address="a@b.example")
    assert OutgoingMail.objects.get().answers == kept
