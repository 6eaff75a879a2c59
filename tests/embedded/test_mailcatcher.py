from __future__ import annotations

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from osk_portal.embedded.mailcatcher import (
    EmbeddedMailCatcher,
    Keeper,
    list_messages,
    read_message,
)


@pytest.fixture(scope="module")
def catcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedMailCatcher]:
    base = tmp_path_factory.mktemp("mail catcher")
    with EmbeddedMailCatcher(base / "run", base / "mail") as catcher:
        yield catcher


def mail(subject: str, body: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "OSK-Portal <portal@osk.example>"
    message["To"] = "Łukasz Şahin <behoerde@demo.osk.example>"
    message["Message-ID"] = "<1@osk.example>"
    message["Subject"] = subject
    message.set_content(body)
    return message


def test_a_mail_can_be_read_as_it_was_sent(catcher: EmbeddedMailCatcher) -> None:
    with smtplib.SMTP("127.0.0.1", catcher.port) as client:
        client.send_message(mail("Ihre Anfrage ẞ 😀", "Grüße\nIhr OSK\n"), to_addrs=["a@b.example"])

    caught = list_messages(catcher.mail_folder)[0]
    assert caught == read_message(catcher.mail_folder, caught.name)
    assert caught.subject == "Ihre Anfrage ẞ 😀"
    assert caught.body == "Grüße\nIhr OSK\n"
    assert caught.sender == "OSK-Portal <portal@osk.example>"
    assert caught.recipients == ("a@b.example",)
    assert caught.message_id == "<1@osk.example>"


def test_mails_are_for_us_only(catcher: EmbeddedMailCatcher) -> None:
    """They hold codes to sign in with, and products run on the same machine as another user."""
    assert catcher.mail_folder.stat().st_mode & 0o077 == 0


def test_the_newest_mail_comes_first(catcher: EmbeddedMailCatcher) -> None:
    with smtplib.SMTP("127.0.0.1", catcher.port) as client:
        for subject in ("first", "second"):
            client.send_message(mail(subject, "x"))

    subjects = [caught.subject for caught in list_messages(catcher.mail_folder)]
    assert subjects[:2] == ["second", "first"]


def test_the_address_is_the_same_after_a_failure(catcher: EmbeddedMailCatcher) -> None:
    address = catcher.url()
    catcher.kill()
    with pytest.raises(OSError, match="refused"):
        smtplib.SMTP("127.0.0.1", catcher.port)

    catcher.start()

    assert catcher.url() == address == f"smtp://127.0.0.1:{catcher.port}"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no headers at all \xff\xfe",
        b"Subject: =?utf-8?B?broken\r\n\r\nx",
        b"Content-Type: text/plain; charset=no-such\r\n\r\n\xff",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
        b"From: <<<>>>\r\nContent-Transfer-Encoding: base64\r\n\r\n!",
    ],
)
def test_a_broken_mail_is_kept_and_shown(tmp_path: Path, raw: bytes) -> None:
    path = Keeper(tmp_path).keep(["a@b.example"], raw)

    [caught] = list_messages(tmp_path)

    assert caught.name == path.name
    assert caught.recipients == ("a@b.example",)


@pytest.mark.parametrize("name", ["", "../secrets.env", "x.eml", "/etc/passwd", "a/../b.eml"])
def test_only_names_of_mails_are_read(tmp_path: Path, name: str) -> None:
    assert read_message(tmp_path, name) is None


def test_a_mail_that_is_gone_and_a_folder_that_never_was_are_no_errors(tmp_path: Path) -> None:
    path = Keeper(tmp_path).keep([], b"Subject: x\r\n\r\n")
    path.unlink()

    assert read_message(tmp_path, path.name) is None
    assert list_messages(tmp_path / "nothing") == []
