"""No bytes make the reader raise or take long."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osk_portal.toolkit.inbound_mail import read
from osk_portal.toolkit.inbound_mail.text import split

_PIECES = st.sampled_from(
    [
        b"From: ", b"Content-Type: multipart/mixed; boundary=b\n", b"\n\n", b"--b\n", b"--b--\n", b"=?utf-8?b?", b"?=",
        b"=?idna?q?x?=", b"Content-Transfer-Encoding: base64\n", b"Content-Type: text/html; charset=undefined\n",
        b"<![x[", b"<blockquote>", b"&#x110000;", b"\r", b"\x00", b"\xff", b"filename*0*=utf-8''%", b"(((",
        b"<a@b.example>", b"<script>", b"<!--", b"&#xd800;", b"&#0;",
        b"Content-Type: message/delivery-status\n", b"Final-Recipient: ;", b"> ", b"Am 1. schrieb x:\n", b"-- \n",
    ]
)  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=600))
def test_any_bytes_are_read(raw):
    assert len(read(raw).sha256) == 64


@settings(deadline=None, max_examples=300)
@given(st.lists(_PIECES | st.binary(max_size=6), max_size=40))
def test_any_heap_of_mail_syntax_is_read_and_its_text_can_be_stored(pieces):
    mail = read(b"".join(pieces))
    for value in (
        mail.subject,
        mail.new_text,
        mail.quoted_text,
        *(a.name for a in mail.attachments),
    ):
        value.encode()
        assert "\x00" not in value


@pytest.mark.parametrize(
    "raw",
    [
        b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000)
        ),
        b"From: " + b"(" * 200_000,
        b"Subject: " + b"=?utf-8?q?a?= " * 50_000,
        b"Content-Type: text/html\n\n" + b"<div>" * 80_000,
        b"Content-Type: text/html\n\n" + b"<![" * 80_000,
        b"\n" + b"Am " * 60_000,
        b"\n" + b"Am abc\n" * 30_000,
        b"\n" + b"Von: x\n" * 30_000,
        b"\n" + b"\n" * 200_000,
        b"\n" + b"> \n" * 60_000,
        b"\n" + b" " * 200_000,
        b"\n" + b"_" * 200_000,
        b"\n" + b"-" * 200_000,
        b"\n" + (b"-" * 290 + b"\n") * 700,
        b"\n" + (b"Am 1.1. schrieb " * 18 + b":\n") * 700,
        b"\n" + (b"Am 1.1. schrieb " * 18 + b"\n") * 700,
        b"\n" + (b"1.1. schrieb am " * 18 + b":\n") * 700,
        b"\n" + (b"On 1.1. wrote:" * 18 + b"\n") * 700,
        b"\n" + (b">>> " * 70 + b"\n") * 700,
        b"\n" + b"Message-ID: " * 20_000,
        b"Content-Type: text/plain; format=flowed\n\n" + b"a \n" * 100_000,
        b"Content-Type: text/html\n\n" + b"<a href=" * 50_000,
        b"Content-Type: text/html\n\n" + b"<script>" * 50_000,
        b"Content-Type: text/html\n\n" + b"<a href=http:x>" * 25_000 + b"</a>" * 20_000,
        b"From: " + b'"\\' * 100_000,
        b"From: " + b"<a@b>," * 1_300,
        b"From: " + b"(a)" * 100_000,
        b"From: a@b\n" * 100_000,
        b"Content-Type: multipart/mixed; " + b"boundary*0*=" * 2_000,
        b"X: 1\n" * 100_000,
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 100_000,
    ],
)
def test_a_hostile_mail_is_read_in_bounded_time(raw):
    began = time.process_time()
    read(raw)
    assert time.process_time() - began < 5


_LINES = st.sampled_from(
    [
        "Hallo", "", "> alt", "> > älter", "Am 3.3.26 um 10:00 schrieb X:", "On Mar 3, 2026, X wrote:", "-- ", "_" * 32,
        "Von: X", "Gesendet: gestern", "An: Y", "Betreff: Z", "-----Ursprüngliche Nachricht-----",
        "Von meinem iPhone gesendet", "Am 3. März 2026 um 10:00 Uhr schrieb OSK <", "portal@osk.berlin.example>:",
    ]
)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.lists(_LINES, max_size=25))
def test_no_line_is_lost_between_new_quoted_and_signature(lines):
    pieces = split("\n".join(lines))
    found = [
        line
        for piece in (pieces.new, pieces.quoted, pieces.signature)
        for line in piece.split("\n")
    ]

    assert sorted(x for x in found if x.strip("- ")) == sorted(x for x in lines if x.strip("- "))
