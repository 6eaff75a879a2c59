"""`make test-imap`: the real way from a mailbox of a real Dovecot into the portal."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from consulting.enums import CaseState
from consulting.models import IncomingMail, MailboxPosition
from consulting.models.incoming import MailFlag, MailState
from consulting.reply_address import reply_address
from consulting.services import incoming, mailbox
from osk_portal.toolkit.imap import Mailbox, MailboxUnavailable, Session
from tests.consulting.conftest import World, world  # noqa: F401 # the fixture
from tests.consulting.mails import a_mail
from tests.imap.dovecot import PASSWORD, Dovecot, running

pytestmark = pytest.mark.imap


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    # Dovecot's processes must get through, and its sockets need a short path.
    folder = Path(tempfile.mkdtemp(prefix="osk-imap-"))
    try:
        with running(folder) as dovecot:
            yield dovecot
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def dovecot(server: Dovecot, settings: Any, db: None, monkeypatch: Any) -> Dovecot:
    """Empty, and the portal's mailbox by TLS."""
    server.empty()
    monkeypatch.setenv("SSL_CERT_FILE", str(server.folder / "cert.pem"))
    settings.OSK_IMAP_URL = f"imaps://osk%40osk.example@localhost:{server.tls_port}/INBOX"
    settings.OSK_IMAP_PASSWORD = PASSWORD
    settings.OSK_IMAP_DONE_FOLDER = ""
    return server


def test_mails_are_kept_and_marked(dovecot: Dovecot, bells: Any, commits: Any) -> None:
    mails = [a_mail(message_id=f"<{n}@b.example>", text="x\n" * (n * 4000 + 1)) for n in range(3)]
    for number, mail in enumerate(mails):
        dovecot.deliver(mail.replace(b"\n", b"\r\n"), f"{number}.a")

    with commits():
        assert mailbox.poll() == 3

    rows = IncomingMail.objects.order_by("pk")
    assert [bytes(row.content.raw) for row in rows] == [m.replace(b"\n", b"\r\n") for m in mails]
    assert len(bells.of(mailbox.ROUTE)) == 3
    assert all(name.endswith(":2,S") for name in dovecot.files())
    # A person who reads the mailbox takes nothing away, and nothing is taken twice.
    assert mailbox.poll() == 0
    dovecot.deliver(a_mail(message_id="<9@b.example>"), "9.a:2,S")
    assert mailbox.poll() == 1


def test_mails_are_moved_away(dovecot: Dovecot, settings: Any) -> None:
    settings.OSK_IMAP_DONE_FOLDER = "Geprüft & fertig"
    dovecot.deliver(a_mail(), "1.b")

    assert mailbox.poll() == 1

    assert dovecot.files() == []
    assert len(dovecot.files(".Gepr&APw-ft &- fertig")) == 1
    assert IncomingMail.objects.count() == 1


@pytest.mark.parametrize("done", ["", "Erledigt"])
def test_a_crash_between_keeping_and_marking_takes_it_again_and_keeps_it_once(
    dovecot: Dovecot, settings: Any, monkeypatch: Any, done: str
) -> None:
    settings.OSK_IMAP_DONE_FOLDER = done
    dovecot.deliver(a_mail(), "1.c")
    dovecot.deliver(a_mail(message_id="<2@b.example>"), "2.c")

    def die(*args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(Session, "move" if done else "mark_seen", die)
        with pytest.raises(KeyboardInterrupt):
            mailbox.poll()
    assert IncomingMail.objects.count() == 1
    # Before it is kept, nothing is marked.
    with monkeypatch.context() as away:
        away.setattr(mailbox, "store_mail", lambda *a, **o: (_ for _ in ()).throw(OperationalError))
        with pytest.raises(OperationalError):
            mailbox.poll()
    assert len(dovecot.files()) == 2

    assert mailbox.poll() == 2
    assert IncomingMail.objects.count() == 2


def test_numbers_of_another_uidvalidity_do_not_count(dovecot: Dovecot) -> None:
    dovecot.deliver(a_mail(), "1.d")
    assert mailbox.poll() == 1
    position = MailboxPosition.objects.get()
    MailboxPosition.objects.update(uidvalidity=position.uidvalidity - 1, last_uid=999_999)
    dovecot.deliver(a_mail(message_id="<new@b.example>"), "2.d")

    assert mailbox.poll() == 2  # the first one is known

    assert IncomingMail.objects.count() == 2
    assert MailboxPosition.objects.get().uidvalidity == position.uidvalidity


def test_a_mail_too_large_is_a_row_that_says_so(dovecot: Dovecot, settings: Any) -> None:
    settings.OSK_MAIL_MOST_MB = 1
    dovecot.deliver(a_mail(text="x" * 70 + "\n" + ("y" * 70 + "\n") * 16_000), "1.e")

    assert mailbox.poll() == 1

    row = IncomingMail.objects.get()
    assert row.flags == [MailFlag.INCOMPLETE]
    assert row.size == 1024 * 1024
    assert len(dovecot.files()) == 1


def test_the_whole_way_into_a_request(
    dovecot: Dovecot,
    world: World,  # noqa: F811 # the fixture
    settings: Any,
) -> None:
    settings.OSK_REPLY_ADDRESS = "antwort@osk.example"
    case = world.case(CaseState.WAITING_REQUESTER)
    to = reply_address(case, world.requester)
    dovecot.deliver(a_mail(sender=world.requester.email, to=to, text="Ja, bitte."), "1.f")

    call_command("poll_mailbox")
    row = incoming.route_mail(mail_id=IncomingMail.objects.get().pk)

    case.refresh_from_db()
    assert (row.state, case.state) == (MailState.JOINED, CaseState.IN_PROGRESS)
    assert case.messages.get().body == "Ja, bitte."


def test_one_poller_at_a_time(dovecot: Dovecot, database_url: str) -> None:
    import psycopg
    from django.db import connection

    where = connection.settings_dict
    dovecot.deliver(a_mail(), "1.g")
    other = psycopg.connect(
        dbname=where["NAME"], user=where["USER"], host=where["HOST"], port=where["PORT"],
        password=where["PASSWORD"], autocommit=True,
    )  # fmt: skip
    with other:
        other.execute("SELECT pg_advisory_lock(%s)", [mailbox._LOCK])
        assert mailbox.poll() is None
        other.execute("SELECT pg_advisory_unlock(%s)", [mailbox._LOCK])
    assert mailbox.poll() == 1


def test_refusals(dovecot: Dovecot, settings: Any, monkeypatch: Any) -> None:
    settings.OSK_IMAP_PASSWORD = "falsch"
    with pytest.raises(CommandError, match="login"):
        call_command("poll_mailbox")
    settings.OSK_IMAP_PASSWORD = PASSWORD
    good = settings.OSK_IMAP_URL
    settings.OSK_IMAP_URL = good.replace("INBOX", "Gibt es nicht")
    with pytest.raises(MailboxUnavailable, match="select"):
        mailbox.poll()
    settings.OSK_IMAP_URL = good.replace(
        "localhost", "127.0.0.1"
    )  # not the name in the certificate
    with pytest.raises(MailboxUnavailable, match=r"certificate|CERTIFICATE"):
        mailbox.poll()
    monkeypatch.delenv("SSL_CERT_FILE")
    settings.OSK_IMAP_URL = good
    with pytest.raises(MailboxUnavailable, match=r"certificate|CERTIFICATE"):
        mailbox.poll()
    # Without TLS a server on this machine is good enough.
    with Session(
        Mailbox.from_url(f"imap://osk%40osk.example@127.0.0.1:{dovecot.port}"), PASSWORD
    ) as session:
        assert session.uids_after(0) == []
        assert session.take(77, most=10) is None
