"""Sending what the outbox holds: claim, send outside the transaction, store the outcome.

At least once: a crash between the server's 250 and our last update sends the mail a second time, with
the same Message-ID (quality.md 2.4).
"""

from __future__ import annotations

import logging
import random
import smtplib
import uuid
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import models
from django.db.models import BooleanField, ExpressionWrapper, F, Q

from osk_portal import portal
from osk_portal.notifications.attachments import Attachment
from osk_portal.notifications.enums import MailState
from osk_portal.notifications.models import OutgoingMail
from osk_portal.notifications.rendering import absolute_url
from osk_portal.toolkit.clock import DbNow
from osk_portal.toolkit.encryption import CannotDecrypt

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 10
LONGEST_PAUSE = timedelta(hours=6)


class Retryable(Exception):
    """The server or the way to it is ill: the same mail may pass later."""


class Permanent(Exception):
    """This mail will never pass: the address is unknown, or its content is refused."""


def deliver(mail_id: int) -> None:
    """Send the mail if it is due and nobody else is at it; else do nothing."""
    mail = _claim(mail_id)
    if mail is None:
        logger.info("mail not due, gone or in other hands", extra={"mail": mail_id})
        return
    if mail.attempts > MAX_ATTEMPTS:
        # Counted at the claim: a mail that kills its worker ends here too.
        logger.error("mail given up after %s attempts", MAX_ATTEMPTS, extra={"mail": mail.pk})
        _finish(mail, MailState.DEAD, mail.last_error or "no outcome")
        return
    if mail.has_expired:  # type: ignore[attr-defined] # annotated by _claim
        _finish(mail, MailState.EXPIRED)
        return
    if not _still_allowed(mail):
        _finish(mail, MailState.WITHHELD)
        return
    try:
        _send(mail)
    except Retryable as error:
        _retry_later(mail, str(error))
    except Permanent as error:
        logger.warning("mail refused for good", extra={"mail": mail.pk})
        _finish(mail, MailState.DEAD, str(error))
    else:
        _finish(mail, MailState.SENT)


def _claim(mail_id: int) -> OutgoingMail | None:
    """Take the lease by one conditional update: of several workers exactly one changes the row."""
    token = uuid.uuid4()
    claimed = (
        OutgoingMail.objects.due()
        .filter(pk=mail_id)
        .update(
            state=MailState.LEASED,
            attempts=F("attempts") + 1,
            lease_token=token,
            lease_until=DbNow() + LEASE,
        )
    )
    if not claimed:
        return None
    has_expired = ExpressionWrapper(
        Q(expires_at__isnull=False, expires_at__lte=DbNow()), output_field=BooleanField()
    )
    return (
        OutgoingMail.objects.select_related("user")
        .annotate(has_expired=has_expired)
        .filter(pk=mail_id, lease_token=token)
        .first()
    )


def _still_allowed(mail: OutgoingMail) -> bool:
    """Asked now, not when it was written: a right may have ended in between."""
    if mail.user is not None and not mail.user.is_active:
        return False
    guard = portal.mail_guards.get(mail.kind.partition(".")[0])
    return guard is None or guard.still_allowed(mail.user_id or 0, mail.kind, mail.subject_key)


def _send(mail: OutgoingMail) -> None:
    """Hand the mail to the server. Raises Retryable or Permanent."""
    try:
        message = EmailMessage(
            subject=mail.subject,
            body=mail.text,
            to=[mail.address],
            reply_to=[mail.reply_to or settings.OSK_CONTACT_EMAIL],
            headers=_headers(mail),
        )
        for attached in mail.attachments:
            message.attach(Attachment.from_data(attached).as_part())
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        code, answer = next(iter(error.recipients.values()))
        raise _policy(code)(_shorten(code, answer)) from error
    except smtplib.SMTPDataError as error:
        raise _policy(error.smtp_code)(_shorten(error.smtp_code, error.smtp_error)) from error
    except smtplib.SMTPResponseException as error:
        # Greeting, login, sender: our set-up or theirs is wrong, which says nothing about this mail.
        raise Retryable(_shorten(error.smtp_code, error.smtp_error)) from error
    except (smtplib.SMTPException, OSError) as error:
        raise Retryable(f"{type(error).__name__}: {error}"[:300]) from error
    except (ValueError, CannotDecrypt) as error:
        # An address that no mail header can carry, or a secret whose key is gone.
        raise Permanent(f"{type(error).__name__}: {error}"[:300]) from error


def _headers(mail: OutgoingMail) -> dict[str, str]:
    headers = {
        "Message-ID": mail.message_id,
        # No out-of-office replies: RFC 3834, and what Exchange understands.
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
        "Content-Language": mail.language,
    }
    if mail.answers:
        headers |= {"In-Reply-To": mail.answers[-1], "References": " ".join(mail.answers)}
    elif mail.thread_id:
        headers |= {"In-Reply-To": mail.thread_id, "References": mail.thread_id}
    if mail.stop_path:
        stop = absolute_url(mail.stop_path)
        headers["List-Unsubscribe"] = f"<{stop}>"  # RFC 2369
        if stop.startswith("https://"):  # RFC 8058, 3.1 allows nothing else
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _policy(code: int) -> type[Retryable] | type[Permanent]:
    return Permanent if 500 <= code < 600 else Retryable


def _shorten(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return f"{code} {text}"[:300]


def _retry_later(mail: OutgoingMail, error: str) -> None:
    pause = min(timedelta(seconds=60 * 2 ** (mail.attempts - 1)), LONGEST_PAUSE)
    pause *= random.uniform(0.8, 1.2)  # noqa: S311 # spreads the load, guards nothing
    logger.warning("mail will be tried again", extra={"mail": mail.pk, "attempt": mail.attempts})
    _mine(mail).update(
        state=MailState.PENDING,
        next_attempt_at=DbNow() + pause,
        lease_token=None,
        lease_until=None,
        last_error=error,
    )


def _finish(mail: OutgoingMail, state: MailState, error: str = "") -> None:
    changes: dict[str, object] = {
        "state": state,
        "lease_token": None,
        "lease_until": None,
        "last_error": error,
    }
    if state == MailState.SENT:
        changes["sent_at"] = DbNow()
    if mail.is_secret:
        changes["body"] = ""
    if not _mine(mail).update(**changes):
        logger.warning("mail changed hands before its outcome", extra={"mail": mail.pk})
    else:
        logger.info("mail %s", state.value, extra={"mail": mail.pk, "kind": mail.kind})


def _mine(mail: OutgoingMail) -> models.QuerySet[OutgoingMail]:
    """The row while the lease is still ours; a second worker's outcome is never overwritten."""
    return OutgoingMail.objects.filter(pk=mail.pk, lease_token=mail.lease_token)
