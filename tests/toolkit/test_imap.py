"""What a server may answer to a FETCH; tests/imap asks a real one."""

from __future__ import annotations

from typing import Any

import pytest

from osk_portal.toolkit.imap import Mailbox, MailboxUnavailable, Session, Taken

RAW = b"Subject: x"


def answered(monkeypatch: pytest.MonkeyPatch, answer: list[Any]) -> Session:
    session = Session(Mailbox.from_url("imaps://osk@imap.example/INBOX"), "x")
    monkeypatch.setattr(session, "_ask", lambda *question: answer)
    return session


@pytest.mark.parametrize(
    "answer",
    [
        [(b"1 (UID 5 RFC822.SIZE 10 BODY[]<0> {10}", RAW), b")"],
        [(b"1 (RFC822.SIZE 10 BODY[]<0> {10}", RAW), b" UID 5)"],
        [(b"1 (BODY[]<0> {10}", RAW), b" rfc822.size 10 uid 5)"],
        # Something about another mail comes in between.
        [b"2 (FLAGS (\\Seen) UID 6)", (b"1 (BODY[]<0> {10}", RAW), b" UID 5)"],
        [(b"2 (BODY[]<0> {1}", b"x"), b" UID 6)", (b"1 (UID 5 BODY[]<0> {10}", RAW), b")"],
    ],
)
def test_number_and_size_stand_anywhere(monkeypatch: pytest.MonkeyPatch, answer: list[Any]) -> None:
    session = answered(monkeypatch, answer)
    assert session.take(5, most=100) == Taken(RAW, is_cut=False)


def test_a_size_behind_the_mail_says_that_it_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    session = answered(monkeypatch, [(b"1 (BODY[]<0> {10}", RAW), b" RFC822.SIZE 11 UID 5)"])
    assert session.take(5, most=10) == Taken(RAW, is_cut=True)


def test_only_an_answer_without_a_mail_means_that_it_has_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for nothing in ([None], [b"2 (FLAGS (\\Seen) UID 6)"], []):
        assert answered(monkeypatch, nothing).take(5, most=100) is None
    for strange in (
        [(b"1 (BODY[]<0> {10}", RAW), b")"],
        [(b"1 (UID 55 BODY[]<0> {10}", RAW), b")"],
    ):
        with pytest.raises(MailboxUnavailable):
            answered(monkeypatch, strange).take(5, most=100)
