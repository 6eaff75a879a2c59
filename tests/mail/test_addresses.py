"""Who a mail says it is from: what the display name writes is never the address."""

import pytest

from osk_portal.toolkit.inbound_mail import Address, read
from osk_portal.toolkit.inbound_mail.addresses import parse

EVIL = "evil@example.org"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (f'"Frau X <chef@amt.berlin.example>" <{EVIL}>', "Frau X <chef@amt.berlin.example>"),
        (f'"chef@amt.berlin.example" <{EVIL}>', "chef@amt.berlin.example"),
        (f"chef@amt.berlin.example <{EVIL}>", "chef@amt.berlin.example"),
        (f'"chef@amt.berlin.example, " <{EVIL}>', "chef@amt.berlin.example"),
        (f'"a\\" <chef@amt.berlin.example>" <{EVIL}>', 'a" <chef@amt.berlin.example>'),
        (f"=?utf-8?q?=3Cchef=40amt.berlin.example=3E?= <{EVIL}>", "<chef@amt.berlin.example>"),
        (f"=?utf-8?b?Y2hlZkBhbXQuYmVybGluLmV4YW1wbGUs?= <{EVIL}>", "chef@amt.berlin.example"),
        (f'"=?utf-8?q?x=22_=3Cchef=40amt=2Eexample=3E?=" <{EVIL}>', 'x" <chef@amt.example>'),
        (f"(<chef@amt.berlin.example>) Frau X <{EVIL}> (chef@amt.berlin.example)", "Frau X"),
        (f"{EVIL} (chef@amt.berlin.example)", "chef@amt.berlin.example"),
        (f"Muster, Max <{EVIL}>", "Muster, Max"),
        (f"=?iso-8859-1?q?M=FCller,_J=F6rg?= <{EVIL}>", "Müller, Jörg"),
        (f"=?utf-8?b?TcO8?= =?utf-8?b?bGxlcg==?= <{EVIL}>", "Müller"),
        (f"=?utf-8?b?Tcc=?= <{EVIL}>", "MÇ"),
        (f"=?utf-8?b?TcM=?= =?utf-8?b?vGxsZXI=?= <{EVIL}>", "Müller"),
        (f"OSK: Gruppe <{EVIL}>", "Gruppe"),
        (f"<{EVIL}>", ""),
        (EVIL.replace("example", "EXAMPLE"), ""),
    ],
)
def test_the_bracketed_address_counts(value, name):
    assert parse(value) == ((Address(EVIL, name),), True)
    assert read(f"From: {value}\n\nText".encode()).sender == Address(EVIL, name)


@pytest.mark.parametrize(
    "value",
    [
        "", "<>", "Frau X", "<chef@amt.berlin.example> <evil@example.org>",
        "<evil@example.org> chef@amt.berlin.example",
        "chef@amt.berlin.example, evil@example.org", '"Frau X <chef@amt.berlin.example>', "(chef <a@b.example>",
        "chef@amt.berlin.example> <evil@example.org>", "<@relay.example:chef@amt.berlin.example>",
        '"chef@amt.berlin.example"@example.org', "=?utf-8?q?x_<chef@amt.berlin.example>?= <evil@example.org>",
        "<chef@amt.berlin\x00.example>", "<ch\u202eef@amt.berlin.example>", "<chef@amt.ber\n lin.example>",
        "<a@b@c.example>", "Chef chef@amt.berlin.example", "<" + "a" * 65 + "@b.example>", "<a@" + "b" * 250 + ">",
        "evil@example.org\nFrom: chef@amt.berlin.example",
    ],
)  # fmt: skip
def test_what_can_be_read_in_two_ways_is_nobody(value):
    mail = read(f"Subject: x\nFrom: {value}\n\nText".encode())

    assert mail.sender is None
    assert mail.new_text == "Text"


def test_many_recipients_survive_one_that_is_broken():
    mail = read(
        b"To: a@b.example, <c@d.example> x, Team: E <e@f.example>, a@B.example;, g@h.example\n\n"
    )

    assert [each.email for each in mail.to] == ["a@b.example", "e@f.example", "g@h.example"]
