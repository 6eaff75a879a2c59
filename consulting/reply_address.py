"""Addresses by which a mail finds its case: ``antwort+<token>@<domain>``, one for each person and case, and
one for the Funktionspostfach that gets a copy.

The token names case and person and is signed, so that nobody can make one for a foreign case. It holds for as
long as the keys do: SECRET_KEY_FALLBACKS are tried too, and the part around the token may change. It says who was
written to, not who writes: whoever reads such a mail compares its sender with the person, and asks that person's
permission as ever.

A local part has at most 64 characters and comes back from some gateways in lower case (RFC 5321, 4.5.3.1.1 and 2.4):
base 32, small letters and digits, 48 of them.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

if TYPE_CHECKING:
    from consulting.models import ConsultingRequest
    from network.models import SharedMailbox
    from osk_portal.accounts.models import User

_SALT: Final = "consulting.reply_address"
_MAILBOX_SALT: Final = "consulting.reply_address.mailbox"
_CASE: Final = 16
_PERSON: Final = 4
_SEAL: Final = 10  # 80 bits: each guess costs a mail
_TOKEN: Final = re.compile(r"[^@]*\+([a-z2-7]{48})@[^@]+")


@dataclass(frozen=True)
class ReplyTo:
    """What an address says: the case (public id), and the person (primary key) or the Funktionspostfach
    (``mailbox_key``) it was made for."""

    case_id: UUID
    user_id: int | None
    mailbox: bytes = b""


def reply_address(case: ConsultingRequest, user: User) -> str:
    """Where ``user`` answers to mails about ``case``; empty while no address is set up for it."""
    return _address(case.public_id.bytes + user.pk.to_bytes(_PERSON, "big"), _SALT)


def mailbox_reply_address(case: ConsultingRequest, mailbox: SharedMailbox) -> str:
    """Where ``mailbox`` answers to copies about ``case``; it dies when another address is named."""
    return _address(case.public_id.bytes + mailbox_key(mailbox), _MAILBOX_SALT)


def mailbox_key(mailbox: SharedMailbox) -> bytes:
    """Which mailbox, and at which address, in as much room as a person's key takes.

    Enough to know whether it is still the same one: that nobody chooses it is what the seal is for.
    """
    said = mailbox.public_id.bytes + mailbox.address.lower().encode()
    return hashlib.sha256(said).digest()[:_PERSON]


def read_reply_address(address: str) -> ReplyTo | None:
    """What ``address`` was made for; None where it carries no token or a forged one."""
    match = _TOKEN.fullmatch(address.strip().lower())
    if match is None:
        return None
    raw = base64.b32decode(match[1].upper())
    named, seal = raw[:-_SEAL], raw[-_SEAL:]
    case_id, whose = UUID(bytes=named[:_CASE]), named[_CASE:]
    if _is_sealed(named, seal, _SALT):
        return ReplyTo(case_id, int.from_bytes(whose, "big"))
    if _is_sealed(named, seal, _MAILBOX_SALT):
        return ReplyTo(case_id, None, whose)
    return None


def _address(named: bytes, salt: str) -> str:
    local, at, domain = settings.OSK_REPLY_ADDRESS.rpartition("@")
    if not at:
        return ""
    sealed = named + _seal(named, settings.SECRET_KEY, salt)
    token = base64.b32encode(sealed).decode("ascii").lower()
    return f"{local}+{token}@{domain}"


def _is_sealed(named: bytes, seal: bytes, salt: str) -> bool:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(constant_time_compare(seal, _seal(named, key, salt)) for key in keys)


def _seal(named: bytes, key: str, salt: str) -> bytes:
    return salted_hmac(salt, named, secret=key, algorithm="sha256").digest()[:_SEAL]
