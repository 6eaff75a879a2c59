"""What the mail sink keeps. A product's messages never leave its environment: people read them at the booking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db import transaction

from osk_portal.toolkit import clock
from osk_portal.toolkit.inbound_mail import read
from osk_portal.toolkit.text_fields import without_controls
from sandbox.enums import ProofKind
from sandbox.models import CaughtMail, Environment, RemovalProof

MOST: Final = 50
"""Messages of an environment; the oldest give way."""
LONGEST_TEXT: Final = 10_000
LARGEST: Final = 5 * 2**20
"""Bytes of a message, with its files; larger ones are refused as a mail server does."""


@transaction.atomic
def keep_mail(
    *, environment_id: int, sender: str, recipients: Sequence[str], content: bytes
) -> CaughtMail | None:
    """Keep a message, of its text at most ``LONGEST_TEXT`` characters; None where the environment has ended.

    ``sender`` and ``recipients`` are those of the envelope: to whom it would have gone.
    """
    environment = (
        Environment.objects.existing()
        .select_for_update(of=("self",))
        .filter(pk=environment_id)
        .first()
    )
    if environment is None:
        return None
    mail = read(content)
    parts = (mail.new_text, mail.signature, mail.quoted_text)
    text = without_controls("\n\n".join(part for part in parts if part))
    caught = CaughtMail.objects.create(
        environment=environment,
        sender=_line(sender, 320) or "–",
        recipients=_line(", ".join(recipients), 1000),
        subject=_line(mail.subject, 300),
        text=text[:LONGEST_TEXT],
        size=len(content),
        attachments=min(len(mail.attachments), 1000),
        is_cut=len(text) > LONGEST_TEXT or mail.is_incomplete,
    )
    kept = CaughtMail.objects.filter(environment=environment).values("pk")[:MOST]
    CaughtMail.objects.filter(environment=environment).exclude(pk__in=kept).delete()
    return caught


def _line(text: str, longest: int) -> str:
    clean = " ".join(without_controls(text).split())
    return clean if len(clean) <= longest else f"{clean[: longest - 1]}…"


def wipe_mails(environment: Environment) -> None:
    """At the end; the proof of deletion says how many there were."""
    count, _rows = CaughtMail.objects.filter(environment=environment).delete()
    if count:
        RemovalProof.objects.update_or_create(
            environment=environment,
            kind=ProofKind.MAIL,
            name=str(count),
            defaults={"verified_at": clock.now()},
        )
