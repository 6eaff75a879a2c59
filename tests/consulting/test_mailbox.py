"""Reading a mailbox, with the server played by a few lines; tests/imap does it with a real one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Self

import pytest
from django.core.management import CommandError, call_command

from consulting import tasks
from consulting.models import IncomingMail, MailboxPosition
from consulting.models.incoming import MailFlag
from consulting.services import mailbox
from osk_portal.toolkit import imap
from osk_portal.toolkit.imap import MailboxUnavailable, Taken
from tests.consulting.mails import a_mail


@dataclass
class Server:
    """What a Session shows of it."""

    mails: dict[int, bytes] = field(default_factory=dict)
    uidvalidity: int = 7
    seen: list[int] = field(default_factory=list)
    moved: list[tuple[int, str]] = field(default_factory=list)
    asked_after: list[int] = field(default_factory=list)
    is_away: bool = False

    def __call__(self, where: object, password: str) -> Self:
        if self.is_away:
            raise MailboxUnavailable("away")
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def uids_after(self, uid: int) -> list[int]:
        self.asked_after.append(uid)
        return [each for each in sorted(self.mails) if each > uid]

    def take(self, uid: int, *, most: int) -> Taken | None:
        raw = self.mails[uid]
        return Taken(raw[:most], len(raw) > most) if raw else None

    def mark_seen(self, uid: int) -> None:
        assert IncomingMail.objects.exists()  # kept before
        self.seen.append(uid)

    def move(self, uid: int, folder: str) -> None:
        assert IncomingMail.objects.exists()
        self.moved.append((uid, folder))
        del self.mails[uid]


@pytest.fixture
def server(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    made = Server()
    monkeypatch.setattr(mailbox, "Session", made)
    settings.OSK_IMAP_URL = "imaps://osk@imap.example/INBOX"
    return made


def test_marked_and_numbered(server: Server, settings: Any) -> None:
    server.mails = {3: a_mail(), 5: b"", 9: a_mail(message_id="<9@b.example>")}  # 5 has gone

    assert (mailbox.poll(), mailbox.poll()) == (2, 0)

    assert (server.seen, server.asked_after) == ([3, 9], [0, 9])
    assert MailboxPosition.objects.get().last_uid == 9
    assert IncomingMail.objects.count() == 2
    # Numbered anew: everything is looked at, nothing is kept twice.
    server.uidvalidity, server.mails = (
        8,
        {1: server.mails[3], 2: a_mail(message_id="<n@b.example>")},
    )
    assert mailbox.poll() == 2
    assert IncomingMail.objects.count() == 3
    assert MailboxPosition.objects.get().uidvalidity == 8
    # Taken away when it is done, whatever its number.
    settings.OSK_IMAP_DONE_FOLDER = "Erledigt"
    assert mailbox.poll() == 2
    assert server.moved == [(1, "Erledigt"), (2, "Erledigt")]


def test_a_large_mail_is_kept_in_part(server: Server, settings: Any) -> None:
    settings.OSK_MAIL_MOST_MB = 1
    server.mails = {1: a_mail() + b"x" * 1024 * 1024}
    assert mailbox.poll() == 1
    assert IncomingMail.objects.get().flags == [MailFlag.INCOMPLETE]


def test_what_was_kept_is_routed_by_the_worker(
    server: Server, bells: Any, commits: Any, clock: Any
) -> None:
    server.mails = {1: a_mail(), 2: a_mail(Precedence="bulk")}
    with commits():
        mailbox.poll()
    rung = bells.of(mailbox.ROUTE)
    assert len(rung) == 2
    # The bells were lost: the next round rings again.
    clock.move_to(IncomingMail.objects.latest("pk").received_at + timedelta(minutes=3))
    with commits():
        mailbox.poll()
    assert bells.of(mailbox.ROUTE) == rung * 2
    for ids in rung:
        tasks.route_mail(**ids)
    assert not IncomingMail.objects.filter(routed_at=None).exists()
    assert mailbox.ring_unrouted() == 0


def test_without_a_mailbox_and_with_a_server_that_is_away(
    server: Server, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    server.is_away = True
    with caplog.at_level(logging.WARNING):
        tasks.poll_mailbox()
    assert "cannot be read" in caplog.text
    with pytest.raises(CommandError, match="away"):
        call_command("poll_mailbox")
    settings.OSK_IMAP_URL = ""
    assert mailbox.poll() is None
    call_command("poll_mailbox")


def test_names_of_folders_as_servers_write_them() -> None:
    for name, written in (
        ("INBOX", "INBOX"),
        ("Geprüft & fertig", "Gepr&APw-ft &- fertig"),
        ("台北", "&U,BTFw-"),
    ):
        assert imap._modified_utf7(name) == written
    assert imap._quoted('a"b\\c') == '"a\\"b\\\\c"'
    with pytest.raises(MailboxUnavailable):
        imap._quoted("a\r\nb")
    assert imap.Mailbox.from_url("imaps://osk%40x@h.example/").folder == "INBOX"
