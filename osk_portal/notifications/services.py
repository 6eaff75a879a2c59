"""Telling people: an inbox row and an outbox row a recipient, in the caller's transaction.

CONTRACT of the founding session; the notifications developer fills it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from osk_portal.accounts.models import User


@dataclass(frozen=True)
class Message:
    """One thing to tell.

    ``kind``: "consulting.case_answered"; its first part names the app (MailGuard, preferences).
    ``template``: "consulting/email/case_answered" → .subject.txt and .body.txt, rendered in the
    recipient's language with ``context`` (plus ``recipient``, ``url``, ``site_name``).
    ``url``: path of the page it is about. ``subject_key``: public id of the object, for the guard.
    ``dedupe``: the same message to the same person is written once.
    """

    kind: str
    template: str
    url: str
    dedupe: str
    subject_key: str = ""
    context: Mapping[str, object] = field(default_factory=dict)


def notify(message: Message, recipients: Iterable[User]) -> None:
    """Write inbox and outbox rows for each recipient. Raises outside a transaction."""


def notify_address(message: Message, *, address: str, language: str = "de") -> None:
    """Write an outbox row for somebody without an account. Raises outside a transaction."""
