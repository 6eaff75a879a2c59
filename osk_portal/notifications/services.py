"""Telling people: an inbox row and an outbox row a recipient, in the caller's transaction."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.functional import Promise

from osk_portal.notifications import doorbell, rendering
from osk_portal.notifications.attachments import Attachment
from osk_portal.notifications.enums import MailState
from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.toolkit import clock, encryption
from osk_portal.toolkit.clock import DbNow
from osk_portal.toolkit.transitions import TransitionNotAllowed

if TYPE_CHECKING:
    from osk_portal.accounts.models import User

DELIVER = "osk_portal.notifications.tasks.deliver"

_GONE: Final = re.compile(r"5\.[0124]\.[0-9]{1,3}")
"""Permanent, and because of the address, the mailbox or its server (RFC 3463): not for size, content or policy."""

_MESSAGE_ID: Final = re.compile(r"<[!-;=?-~]{1,250}>")
"""One word of visible ASCII in angle brackets: whatever it means to who made it, it cannot leave its header."""
_MOST_IDS: Final = 20


@dataclass(frozen=True)
class Message:
    """One thing to tell.

    ``kind``: "consulting.case_answered"; its first part names the app (MailGuard, preferences).
    ``template``: "consulting/email/case_answered" → .subject.txt and .body.txt, rendered in the
    recipient's language with ``context`` (plus ``recipient``, ``url``, ``site_name``).
    ``url``: path of the page it is about. ``subject_key``: public id of the object, for the guard.
    ``dedupe``: the same message to the same person is written once.
    ``reason``: one sentence, why this person is told; without it a general one.
    ``lifetime``: after it the mail is no longer sent (a reminder of yesterday helps nobody).
    ``attachments``: small texts that go with the mail, the same for each recipient; not in the inbox.
    ``thread``: mails with the same one belong together (public id of the object they are about).
    ``answers``: Message-IDs of the mail from outside that this one answers, its own last; instead of ``thread``.
    ``reply_to``: where a recipient's reply goes, so that it is added to that object; "" where it cannot be.
    ``stop``: path at which a recipient ends mails of this kind without signing in: a signed address, whose POST acts
    and whose GET asks. Only for what a person may switch off; mail programs offer it as a button (RFC 8058).
    """

    kind: str
    template: str
    url: str
    dedupe: str
    subject_key: str = ""
    context: Mapping[str, object] = field(default_factory=dict)
    reason: str | Promise = ""
    lifetime: timedelta | None = None
    attachments: tuple[Attachment, ...] = ()
    thread: str = ""
    answers: tuple[str, ...] = ()
    reply_to: Callable[[User], str] | None = None
    stop: Callable[[User], str] | None = None


class NotInTransaction(RuntimeError):
    """A message must be written with what it tells, or not at all."""


def notify(message: Message, recipients: Iterable[User]) -> None:
    """Write inbox and outbox rows for each recipient. Raises NotInTransaction outside a transaction.

    Who is no longer active is left out; who is named twice is told once.
    """
    _require_transaction()
    people = {user.pk: user for user in recipients if user.is_active and not user.anonymised_at}
    notifications: list[Notification] = []
    mails: list[OutgoingMail] = []
    for user in people.values():
        reply_to = "" if message.reply_to is None else message.reply_to(user)
        rendered = rendering.render(
            message.template,
            {
                **message.context,
                "recipient": user,
                "thread": message.thread,
                "reply_to": reply_to,
            },
            language=user.language,
            url=message.url,
            reason=message.reason,
        )
        dedupe_key = f"{message.dedupe}:{user.pk}"
        notifications.append(
            Notification(
                user=user,
                kind=message.kind,
                subject=rendered.subject,
                text=rendered.text,
                url=message.url,
                dedupe_key=dedupe_key,
            )
        )
        mails.append(
            _mail(message, rendered, address=user.email, language=user.language, user=user)
        )
        mails[-1].dedupe_key = dedupe_key
        mails[-1].reply_to = reply_to
        mails[-1].stop_path = "" if message.stop is None else message.stop(user)
    Notification.objects.bulk_create(notifications, ignore_conflicts=True)
    _post(mails)


def notify_address(
    message: Message, *, address: str, language: str = "de", reply_to: str = ""
) -> None:
    """Write an outbox row for somebody without an account. Raises NotInTransaction as ``notify``.

    ``reply_to``: where replies go, instead of the message's, which asks for a person.
    """
    _require_transaction()
    rendered = rendering.render(
        message.template,
        {**message.context, "recipient": None, "thread": message.thread, "reply_to": reply_to},
        language=language,
        url=message.url,
        reason=message.reason,
    )
    mail = _mail(message, rendered, address=address, language=language, user=None)
    mail.reply_to = reply_to
    # An address may be longer than the key; its digest says as well whether it is the same one.
    digest = hashlib.sha256(address.lower().encode()).hexdigest()
    mail.dedupe_key = f"{message.dedupe}:{digest}"
    _post([mail])


def post_secret(
    *,
    kind: str,
    address: str,
    user: User | None,
    language: str,
    subject: str,
    body: str,
    lifetime: timedelta,
    subject_key: str = "",
    thread: str = "",
    reply_to: str = "",
) -> None:
    """Write a mail that opens something (code, link): encrypted at rest, worthless after ``lifetime``.

    ``subject_key`` and ``thread``: as in ``Message``. ``reply_to``: where replies go.
    """
    with transaction.atomic():
        _post(
            [
                OutgoingMail(
                    address=address,
                    user=user,
                    language=language,
                    kind=kind,
                    subject_key=subject_key,
                    thread_key=thread,
                    reply_to=reply_to,
                    subject=subject,
                    body=encryption.encrypt(body),
                    is_secret=True,
                    expires_at=DbNow() + lifetime,
                    next_attempt_at=DbNow(),
                )
            ]
        )


def resend_mail(*, mail_id: int) -> None:
    """Give a dead mail another round of attempts. Raises TransitionNotAllowed for any other.

    A secret mail is wiped when it dies: the person asks for a new code instead.
    """
    with transaction.atomic():
        mail = OutgoingMail.objects.select_for_update(of=("self",)).get(pk=mail_id)
        if mail.state != MailState.DEAD or mail.is_secret:
            raise TransitionNotAllowed("resend", mail.state)
        OutgoingMail.objects.filter(pk=mail_id).update(
            state=MailState.PENDING, attempts=0, next_attempt_at=DbNow()
        )
        doorbell.ring(DELIVER, mail_id=mail_id)


def forget(subject_keys: Sequence[str]) -> int:
    """Delete every mail and message about these objects, sent or not. How many mails.

    For retention only. A message is found by the mail that was written with it and, where that mail is
    gone, by the address of the page it is about. A worker that sends one now finds no row to stamp.
    """
    _require_transaction()
    if not subject_keys:
        return 0
    mails = OutgoingMail.objects.filter(subject_key__in=subject_keys)
    about = Q(dedupe_key__in=mails.exclude(dedupe_key=None).values("dedupe_key"))
    for key in subject_keys:
        about |= Q(url__contains=key)
    Notification.objects.filter(about).delete()
    count, _by_model = mails.delete()
    return count


def record_bounce(*, message_id: str, status: str, email: str) -> bool:
    """Note that a mail came back because its address is gone. Returns whether it is noted now.

    ``message_id``, ``status`` ("5.1.1"), ``email``: as the report says (RFC 3464). A report is a claim: it counts
    only with the random Message-ID of a mail that was sent, and only for the address that it went to. Idempotent.
    """
    key = _key_of(message_id)
    if key is None or not _GONE.fullmatch(status):
        return False
    sent = OutgoingMail.objects.filter(
        public_id=key, state=MailState.SENT, address__iexact=email, bounced_at=None
    )
    return bool(sent.update(bounced_at=DbNow(), bounce_status=status))


def _key_of(message_id: str) -> UUID | None:
    name, at, domain = message_id.strip().strip("<>").rpartition("@")
    if not at or domain.lower() != settings.OSK_MAIL_DOMAIN.lower():
        return None
    try:
        return UUID(name)
    except ValueError:
        return None


def mark_read(*, user: User, notification: Notification) -> None:
    """Idempotent: the time of the first reading stays."""
    Notification.objects.visible_to(user).unread().filter(pk=notification.pk).update(
        read_at=clock.now()
    )


def mark_all_read(*, user: User) -> int:
    """How many were unread."""
    return Notification.objects.visible_to(user).unread().update(read_at=clock.now())


def _require_transaction() -> None:
    if not transaction.get_connection().in_atomic_block:
        raise NotInTransaction("notify() belongs into the transaction of what it tells")


def _mail(
    message: Message,
    rendered: rendering.Rendered,
    *,
    address: str,
    language: str,
    user: User | None,
) -> OutgoingMail:
    return OutgoingMail(
        address=address,
        user=user,
        language=language,
        kind=message.kind,
        subject_key=message.subject_key,
        thread_key=message.thread,
        answers=_sendable(message.answers),
        subject=rendered.subject,
        body=rendered.body,
        attachments=[attachment.as_data() for attachment in message.attachments],
        expires_at=None if message.lifetime is None else DbNow() + message.lifetime,
        next_attempt_at=DbNow(),
    )


def _sendable(answers: Sequence[str]) -> list[str]:
    """What a header can carry of foreign Message-IDs. Of a long thread the first and the newest ones stay
    (RFC 5537, 3.4.4); without the one that is answered there is nothing to name."""
    if not answers or not _MESSAGE_ID.fullmatch(answers[-1]):
        return []
    good = [each for each in dict.fromkeys(answers) if _MESSAGE_ID.fullmatch(each)]
    # Named twice, it still stands last: what is answered is read from there.
    good = [each for each in good if each != answers[-1]] + [answers[-1]]
    return good if len(good) <= _MOST_IDS else [good[0], *good[1 - _MOST_IDS :]]


def _post(mails: list[OutgoingMail]) -> None:
    """Write the rows and ring for those that are new: a repeated message conflicts and is dropped."""
    OutgoingMail.objects.bulk_create(mails, ignore_conflicts=True)
    written = OutgoingMail.objects.filter(public_id__in=[mail.public_id for mail in mails])
    for mail_id in written.values_list("pk", flat=True):
        doorbell.ring(DELIVER, mail_id=mail_id)
