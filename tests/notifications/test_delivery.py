"""Each fault of the way to the mail server has its answer (quality.md 2.6, faults 9 and 10)."""

from __future__ import annotations

import smtplib
import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail as django_mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import IntegrityError, connection, transaction

from osk_portal import portal
from osk_portal.notifications import delivery
from osk_portal.notifications.enums import MailState
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import encryption
from tests.factories import UserFactory
from tests.notifications.factories import OutgoingMailFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def now(clock):
    return clock.move_to(NOW)


@pytest.fixture
def guard():
    """A guard for kinds of "test", asked at sending; its answer can be changed."""
    answers: dict[str, Any] = {"allowed": True, "asked": []}

    def still_allowed(user_id: int, kind: str, subject_key: str) -> bool:
        answers["asked"].append((user_id, kind, subject_key))
        return answers["allowed"]

    portal.mail_guards.register(portal.MailGuard("test", 1, still_allowed))
    yield answers
    portal.mail_guards._offers.pop("test")


def deliver(mail: OutgoingMail) -> OutgoingMail:
    delivery.deliver(mail.pk)
    mail.refresh_from_db()
    return mail


def test_a_mail_arrives_with_a_stable_id(mail_server):
    mail = deliver(OutgoingMailFactory(subject="Grüße aus Köln 🎉", body="Hallo"))

    [arrived] = mail_server.mails
    assert arrived["Message-ID"] == mail.message_id == f"<{mail.public_id}@osk.example>"
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert arrived["To"] == mail.address
    assert arrived["Reply-To"] == "opensource@itdz-berlin.de"
    assert mail.state == MailState.SENT
    assert mail.sent_at is not None
    assert mail.lease_token is None


def test_a_sent_mail_is_not_sent_again(mail_server):
    mail = deliver(OutgoingMailFactory())

    deliver(mail)

    assert len(mail_server.mails) == 1


def test_a_mail_that_is_gone_is_no_error():
    delivery.deliver(4711)


def test_refused_connection_is_tried_again(no_mail_server, now):
    mail = deliver(OutgoingMailFactory(next_attempt_at=now))

    assert (mail.state, mail.attempts) == (MailState.PENDING, 1)
    assert timedelta(seconds=48) <= mail.next_attempt_at - now <= timedelta(seconds=72)
    assert "Refused" in mail.last_error


@pytest.mark.parametrize("where", ["rcpt", "data"])
def test_451_is_tried_again(mail_server, where):
    setattr(mail_server, where, "451 try later")

    mail = deliver(OutgoingMailFactory())

    assert mail.state == MailState.PENDING
    assert mail.last_error == "451 try later"


@pytest.mark.parametrize("where", ["rcpt", "data"])
def test_550_is_for_good(mail_server, where):
    setattr(mail_server, where, "550 no such person")

    mail = deliver(OutgoingMailFactory())

    assert mail.state == MailState.DEAD
    assert mail.last_error == "550 no such person"


def test_a_server_that_hangs_is_left_after_the_time_limit(mail_server, settings):
    settings.EMAIL_TIMEOUT = 0.3
    mail_server.hang = True

    mail = deliver(OutgoingMailFactory())

    assert mail.state == MailState.PENDING
    assert "timed out" in mail.last_error.lower()


def test_a_wrong_password_of_ours_is_no_fault_of_the_mail(settings):
    settings.EMAIL_BACKEND = f"{__name__}.WrongPassword"

    mail = deliver(OutgoingMailFactory())

    assert (mail.state, mail.last_error) == (MailState.PENDING, "535 wrong password")


class WrongPassword(BaseEmailBackend):
    def send_messages(self, email_messages: Any) -> int:
        raise smtplib.SMTPAuthenticationError(535, b"wrong password")


def test_an_address_that_no_header_can_carry_is_for_good(mail_server):
    mail = deliver(OutgoingMailFactory(address="a@b\n@example.org"))

    assert mail.state == MailState.DEAD


@pytest.mark.parametrize(("attempts", "minutes"), [(0, 1), (1, 2), (3, 8), (9, 360)])
def test_pauses_double_up_to_six_hours(no_mail_server, now, attempts, minutes):
    mail = deliver(OutgoingMailFactory(attempts=attempts, next_attempt_at=now))

    pause = mail.next_attempt_at - now
    assert timedelta(minutes=minutes) * 0.8 <= pause <= timedelta(minutes=minutes) * 1.2


@pytest.mark.usefixtures("expect_errors")
def test_after_ten_attempts_it_is_dead(mailoutbox):
    mail = deliver(OutgoingMailFactory(attempts=10, last_error="451 try later"))

    assert (mail.state, mail.last_error) == (MailState.DEAD, "451 try later")
    assert mailoutbox == []


def test_not_before_its_time(mailoutbox, now):
    mail = deliver(OutgoingMailFactory(next_attempt_at=now + timedelta(seconds=1)))

    assert (mail.state, mail.attempts) == (MailState.PENDING, 0)


def test_a_lease_keeps_others_out_until_it_runs_out(mailoutbox, now, clock):
    mail = OutgoingMailFactory(
        state="leased",
        lease_token=uuid.uuid4(),
        lease_until=now + timedelta(seconds=60),
        attempts=1,
    )
    assert deliver(mail).state == MailState.LEASED

    clock.move_to(now + timedelta(seconds=61))

    assert deliver(mail).state == MailState.SENT
    assert mail.attempts == 2
    assert len(mailoutbox) == 1


def test_an_outcome_that_comes_too_late_changes_nothing(now, settings):
    """A worker that was stopped for minutes must not overwrite what the next one found out."""
    settings.EMAIL_BACKEND = f"{__name__}.TakenOver"

    mail = deliver(OutgoingMailFactory(next_attempt_at=now))

    assert (mail.state, mail.last_error) == (MailState.DEAD, "decided by the other")


class TakenOver(BaseEmailBackend):
    """Another worker finishes the mail while this one is still sending."""

    def send_messages(self, email_messages: Any) -> int:
        OutgoingMail.objects.update(
            state="dead", lease_token=None, lease_until=None, last_error="decided by the other"
        )
        return 1


def test_what_has_expired_is_not_sent(mailoutbox, now):
    mail = deliver(OutgoingMailFactory(next_attempt_at=now, expires_at=now))

    assert mail.state == MailState.EXPIRED
    assert mailoutbox == []


def test_the_guard_is_asked_at_sending(mailoutbox, guard):
    user = UserFactory()
    guard["allowed"] = False

    mail = deliver(OutgoingMailFactory(user=user, subject_key="7"))

    assert mail.state == MailState.WITHHELD
    assert guard["asked"] == [(user.pk, "test.event", "7")]
    assert mailoutbox == []


def test_the_guard_lets_through(mailoutbox, guard):
    assert deliver(OutgoingMailFactory()).state == MailState.SENT
    assert guard["asked"] == [(0, "test.event", "")]


def test_a_person_who_was_locked_out_gets_nothing(mailoutbox):
    mail = deliver(OutgoingMailFactory(user=UserFactory(is_active=False)))

    assert mail.state == MailState.WITHHELD


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, MailState.SENT),
        ({"expires_at": NOW}, MailState.EXPIRED),
        ({"address": "a@b\n@example.org"}, MailState.DEAD),
    ],
)
def test_a_secret_is_wiped_at_its_end(mailoutbox, now, changes, state):
    body = encryption.encrypt("Ihr Code: ABC-DEF")

    mail = deliver(OutgoingMailFactory(is_secret=True, body=body, next_attempt_at=now, **changes))

    assert (mail.state, mail.body) == (state, "")
    assert [sent.body for sent in mailoutbox] == (
        ["Ihr Code: ABC-DEF"] if state == MailState.SENT else []
    )


def test_a_secret_stays_while_it_waits(no_mail_server):
    mail = deliver(OutgoingMailFactory(is_secret=True, body=encryption.encrypt("ABC-DEF")))

    assert mail.text == "ABC-DEF"


def test_a_secret_without_its_key_is_for_good(mailoutbox):
    mail = deliver(OutgoingMailFactory(is_secret=True, body="not-a-token"))

    assert mail.state == MailState.DEAD


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "leased"},
        {"state": "sent"},
        {"lease_token": uuid.uuid4()},
        {"state": "dead", "is_secret": True, "body": "ABC"},
    ],
)
def test_the_database_refuses_nonsense(changes):
    with pytest.raises(IntegrityError), transaction.atomic():
        OutgoingMailFactory(**changes)


@pytest.mark.django_db(transaction=True)
def test_five_workers_send_once(mail_server):
    mail = OutgoingMailFactory()
    start = threading.Barrier(5)

    def work() -> None:
        try:
            start.wait()
            delivery.deliver(mail.pk)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(5)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == (MailState.SENT, 1)
    assert len(mail_server.mails) == 1


def test_a_mail_that_hangs_blocks_no_other(mail_server, settings):
    settings.EMAIL_TIMEOUT = 0.3
    mail_server.hang = True
    slow = deliver(OutgoingMailFactory())
    mail_server.hang = False

    quick = deliver(OutgoingMailFactory())

    assert (slow.state, quick.state) == (MailState.PENDING, MailState.SENT)


def test_the_test_backend_is_ours_only(mailoutbox):
    """Guards this file: without a server fixture nothing leaves the process."""
    deliver(OutgoingMailFactory())

    assert django_mail.outbox == mailoutbox


def test_a_mail_of_a_thread_names_it_and_where_replies_go(mail_server):
    key = "3f2b8c1e-0000-4000-8000-000000000042"
    reply_to = "antwort+" + "a" * 48 + "@osk.berlin.example"

    for _each in range(2):
        deliver(OutgoingMailFactory(thread_key=key, reply_to=reply_to))
    deliver(OutgoingMailFactory())

    *ours, other = mail_server.mails
    for arrived in ours:
        assert arrived["In-Reply-To"] == arrived["References"] == f"<thread.{key}@osk.example>"
        assert arrived["Reply-To"].strip() == reply_to  # folded: it is longer than a line
        assert arrived["Auto-Submitted"] == "auto-generated"
        assert arrived["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert ours[0]["Message-ID"] != ours[1]["Message-ID"]
    assert other["In-Reply-To"] is other["References"] is None


def test_an_answer_to_a_mail_from_outside_names_it_and_its_thread(mail_server):
    named = [f"<{'x' * 200}{n}@b.example>" for n in range(20)]

    deliver(OutgoingMailFactory(answers=named, thread_key="3f2b8c1e"))

    [arrived] = mail_server.mails
    assert arrived["In-Reply-To"].strip() == named[-1]
    assert arrived["References"].split() == named


@pytest.mark.parametrize("base", ["https://portal.osk.example", "http://localhost:8000"])
def test_a_mail_that_can_be_switched_off_says_how(mail_server, settings, base):
    """In one line, however long the address is; one click only where it goes over TLS (RFC 8058, 3.1)."""
    settings.OSK_BASE_URL = base
    path = f"/folgen/beenden/{'a' * 200}/"
    deliver(OutgoingMailFactory(stop_path=path))
    deliver(OutgoingMailFactory())

    switched, must = mail_server.mails
    assert switched["List-Unsubscribe"].strip() == f"<{base}{path}>"
    expected = "List-Unsubscribe=One-Click" if base.startswith("https") else None
    assert switched["List-Unsubscribe-Post"] == expected
    assert must["List-Unsubscribe"] is must["List-Unsubscribe-Post"] is None
