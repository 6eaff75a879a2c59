"""Each mail of the corpus is read as corpus.toml says."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from osk_portal.toolkit.inbound_mail import InboundMail, read

_HERE = Path(__file__).parent
_TABLE: dict[str, dict[str, Any]] = tomllib.loads(
    (_HERE / "corpus.toml").read_text(encoding="utf-8")
)
_EXACT = {
    "sender", "kind", "attachments", "signed", "encrypted", "winmail", "incomplete", "in_reply_to", "bounced",
    "original",
}  # fmt: skip
_OWN = frozenset({"portal@osk.berlin.example", "antwort@osk.berlin.example"})


def kind_of(mail: InboundMail) -> str:
    if mail.bounce is not None:
        return "bounce"
    if mail.is_loop:
        return "loop"
    if mail.is_out_of_office:
        return "out_of_office"
    return "automatic" if mail.is_automatic else "person"


def said_by(mail: InboundMail) -> dict[str, Any]:
    """What the table names exactly, where a mail has it."""
    bounced = mail.bounce.recipients if mail.bounce else ()
    said = {
        "sender": mail.sender.email if mail.sender else "",
        "kind": kind_of(mail),
        "attachments": [each.name for each in mail.attachments],
        "signed": mail.is_signed,
        "encrypted": mail.is_encrypted,
        "winmail": mail.has_winmail,
        "incomplete": mail.is_incomplete,
        "in_reply_to": " ".join(mail.in_reply_to),
        "bounced": [f"{r.email} {r.status} {r.is_permanent}" for r in bounced],
        "original": mail.bounce.original_message_id if mail.bounce else "",
    }
    return {key: value for key, value in said.items() if value and value != "person"}


def test_the_table_names_every_mail() -> None:
    assert set(_TABLE) == {path.stem for path in (_HERE / "corpus").glob("*.eml")}
    assert len(_TABLE) >= 60


@pytest.mark.parametrize("name", _TABLE)
def test_a_mail_of_the_corpus(name: str) -> None:
    expected = _TABLE[name]
    mail = read((_HERE / "corpus" / f"{name}.eml").read_bytes(), own_addresses=_OWN)

    assert said_by(mail) == {key: expected[key] for key in expected if key in _EXACT}
    assert mail.subject == expected.get("subject", mail.subject)
    if "name" in expected:
        assert mail.sender is not None
        assert mail.sender.name == expected["name"]
    assert mail.new_text.startswith(expected.get("new_begins", ""))
    assert mail.new_text.endswith(expected.get("new_ends", ""))
    for piece in expected.get("new_has", []):
        assert piece in mail.new_text
    for piece in expected.get("new_lacks", []):
        assert piece not in mail.new_text
    assert mail.quoted_text.startswith(expected.get("quoted_begins", ""))
    assert bool(mail.quoted_text) == ("quoted_begins" in expected)
    for piece in expected.get("quoted_has", []):
        assert piece in mail.quoted_text
    assert expected.get("signature_has", "") in mail.signature
    assert bool(mail.signature) == ("signature_has" in expected)
    assert mail.may_be_answered_by_machine == (
        "kind" not in expected and bool(expected.get("sender"))
    )
    for text in (mail.subject, mail.new_text, mail.quoted_text, mail.signature):
        assert text.isprintable() or not set(text) & {"\x00", "\u202e", "\ufffe", "\r"}
        text.encode()
