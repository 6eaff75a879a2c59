"""Mail that comes in: stored first, then put where it belongs (product.md 1.2 and 1.3).

Storing is one transaction of its own: whoever delivers the mail may forget it afterwards. Where the mail
belongs is decided in a second one; what fails there leaves the mail in the Posteingang, for a person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q

from consulting import permissions
from consulting.enums import CaseState
from consulting.models import CaseMessage, ConsultingRequest, IncomingMail, IncomingMailContent
from consulting.models.incoming import MailAction, MailFlag, MailHint, MailState
from consulting.notifications import tell_mail_waits
from consulting.own_links import without_own_links
from consulting.querysets import CaseQuerySet
from consulting.reply_address import ReplyTo, read_reply_address
from consulting.services.common import locked
from consulting.services.conversation import add_message, reply
from consulting.services.mail_files import take_files
from consulting.services.mailbox_replies import say_for_mailbox
from consulting.shared_copies import mailbox_that_answers
from network.models import SharedMailbox
from osk_portal.accounts.models import User
from osk_portal.accounts.services import verified_emails
from osk_portal.notifications.models import OutgoingMail
from osk_portal.notifications.services import record_bounce
from osk_portal.toolkit import clock
from osk_portal.toolkit.inbound_mail import Bounce, InboundMail, read
from osk_portal.toolkit.transitions import TransitionNotAllowed

LONGEST_ADDRESS: Final = 320
# Controls, halves of characters, and what turns the direction of a line, so that it reads as another one.
_UNSTORABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_REFERENCE: Final = re.compile(r"\bOSK-(\d{4})-(\d{5})\b", re.IGNORECASE)


@dataclass(frozen=True)
class Reply:
    """For whom a reply address was made, and for which case: a person, or a Funktionspostfach."""

    person: User | None
    case: ConsultingRequest
    mailbox: bytes = b""


def receive_mail(raw: bytes, *, recipient: str = "") -> IncomingMail:
    """Keep a mail and put it where it belongs. The same mail again changes nothing.

    ``recipient``: the address of the envelope, where the server says it. Raises only what the database
    raises; after that the server must deliver again.
    """
    row = store_mail(raw, recipient=recipient)
    return route_mail(mail_id=row.pk)


@transaction.atomic
def store_mail(raw: bytes, *, recipient: str = "", is_cut: bool = False) -> IncomingMail:
    """Keep a mail as it came, whatever it is. ``is_cut``: the server has more of it than ``raw``.

    The texts to be shown lose the personal links of our own mails; the raw mail stays as it is.
    """
    mail = _read(raw)
    recipient = _line(recipient, LONGEST_ADDRESS)
    flags = _flags(mail)
    if is_cut and MailFlag.INCOMPLETE not in flags:
        flags.append(MailFlag.INCOMPLETE)
    sender = mail.sender
    row, is_new = IncomingMail.objects.get_or_create(
        sha256=mail.sha256,
        reply_address=_reply_address_in(mail, recipient),
        defaults={
            "recipient": recipient,
            "received_at": clock.now(),
            "size": len(raw),
            "sender_email": _line(sender.email, LONGEST_ADDRESS) if sender else "",
            "sender_name": _line(sender.name, 300) if sender else "",
            "reply_to": _answers_to(mail),
            "subject": _line(mail.subject, 500),
            "header_id": _line(mail.message_id, 260),
            "new_text": without_own_links(mail.new_text),
            "quoted_text": without_own_links(mail.quoted_text),
            "signature": without_own_links(mail.signature),
            "attachments": [
                {"name": _line(each.name, 200), "size": len(each.content)}
                for each in mail.attachments
            ],
            "flags": flags,
        },
    )
    if is_new:
        IncomingMailContent.objects.create(mail=row, raw=raw)
        row.note(MailAction.RECEIVE, "", None)
    return row


@transaction.atomic
def route_mail(*, mail_id: int) -> IncomingMail:
    """Decide once where a stored mail belongs: into a request, among the automatic ones, or the Posteingang."""
    row = locked_mail(mail_id)
    if row.routed_at is not None:
        return row
    row.routed_at = clock.now()
    row.save(update_fields=["routed_at"])
    if row.state != MailState.NEW:  # a person was faster
        return row
    mail = read_mail(row)
    to = _named_by(read_reply_address(row.reply_address))
    _suggest(row, mail, to)
    if is_for_nobody(row, mail):
        # RFC 3834: never a message, never an answer, and our clock goes on resting.
        row.move(MailAction.SORT_OUT, MailState.AUTOMATIC, actor=None)
        if mail.bounce is not None:
            _note_bounce(mail.bounce)
    elif to is not None:
        row.hint = _deliver(row, mail, to) or ""
        row.save(update_fields=["hint"])
    if row.state == MailState.NEW and row.suggested_case is not None:
        _say_that_it_waits(row, row.suggested_case)
    return row


def _say_that_it_waits(row: IncomingMail, case: ConsultingRequest) -> None:
    """Once, however many mails come before somebody has looked at them."""
    if not IncomingMail.objects.about(case.pk).exclude(pk=row.pk).exists():
        tell_mail_waits(row, case)


def _note_bounce(bounce: Bounce) -> None:
    """A mail of ours will never arrive; whether that counts, the outbox decides."""
    for failed in bounce.recipients:
        if failed.is_permanent:
            record_bounce(
                message_id=bounce.original_message_id, status=failed.status, email=failed.email
            )


def read_mail(row: IncomingMail) -> InboundMail:
    """The kept mail, read again: its attachments stand nowhere else."""
    return _read(bytes(row.content.raw))


def is_for_nobody(row: IncomingMail, mail: InboundMail) -> bool:
    """Written by a machine, or our own mail that came back."""
    is_ours = any(
        OutgoingMail.objects.filter(public_id=key).exists() for key in _keys([mail.message_id])
    )
    return mail.is_automatic or mail.is_loop or mail.bounce is not None or is_ours


def locked_mail(mail_id: int) -> IncomingMail:
    """The mail with its row locked. Always before the case's: nobody locks them the other way round."""
    return IncomingMail.objects.select_for_update(of=("self",)).get(pk=mail_id)


def addresses_of(person: User) -> list[str]:
    """From where a person may write: the confirmed addresses. Who was recorded by the OSK and never signed
    up has none yet; the reply address went to the recorded one and nowhere else."""
    return verified_emails(person) or [person.email.lower()]


def say_for(
    case: ConsultingRequest, person: User, row: IncomingMail, form_id: UUID
) -> CaseMessage | None:
    """The text of ``row`` as the words of ``person``: a reply while we wait for one, else a message.

    None when the same was said before (a mail that came twice on different ways). Raises
    PermissionDenied and TransitionNotAllowed.
    """
    say = reply if case.state == CaseState.WAITING_REQUESTER else add_message
    event = say(case_id=case.pk, actor=person, text=row.new_text, message_id=form_id)
    message = CaseMessage.objects.get(case=case, author=person, form_id=form_id)
    if event is None:
        return None
    message.quoted_text = row.quoted_text
    message.save(update_fields=["quoted_text"])
    event.data["by_mail"] = str(row.public_id)
    event.save(update_fields=["data"])
    return message


def _routable() -> CaseQuerySet:
    """Requests that a mail can be about: what was anonymised takes nothing any more."""
    return ConsultingRequest.objects.sent().filter(anonymised_at=None)


def _named_by(address: ReplyTo | None) -> Reply | None:
    """Person and case of a reply address, as far as they are still there."""
    if address is None:
        return None
    case = _routable().filter(public_id=address.case_id).first()
    if case is None:
        return None
    if address.user_id is None:
        return Reply(None, case, address.mailbox)
    person = User.objects.filter(pk=address.user_id).first()
    return Reply(person, case) if person else None


def _deliver(row: IncomingMail, mail: InboundMail, to: Reply) -> MailHint | None:
    """Put the mail into the request of its reply address, or say why not."""
    case = locked(to.case.pk)
    if to.person is None:
        mailbox = mailbox_that_answers(case, to.mailbox)
        refusal = _refusal_of_mailbox(row, mailbox) or _refusal_of_case(row, case)
    else:
        mailbox = None
        refusal = _refusal(row, case, to.person) or _refusal_of_case(row, case)
    if refusal is not None:
        return refusal
    form_id = _form_id(row)
    try:
        with transaction.atomic():
            if to.person is not None:
                message = say_for(case, to.person, row, form_id)
            else:
                message = say_for_mailbox(case, row, form_id)
    except PermissionDenied:
        return MailHint.NOT_ALLOWED
    except TransitionNotAllowed:
        return MailHint.ENDED
    row.case = case
    if message is None:
        whose = Q(author=to.person) if mailbox is None else Q(mailbox_of=case.organisation_id)
        row.message = CaseMessage.objects.get(whose, case=case, form_id=form_id)
    else:
        row.message = message
        row.files_refused = take_files(mail, case, actor=to.person, message=message)
    row.move(MailAction.DELIVER, MailState.JOINED, actor=None, case=str(case.public_id))
    return None


def _refusal(row: IncomingMail, case: ConsultingRequest, person: User) -> MailHint | None:
    """Why ``person`` does not speak in the case by this mail. Asked under the lock of the case."""
    if (
        not person.is_active
        or person.anonymised_at
        or not permissions.is_requester_side(person, case)
    ):
        return MailHint.NOT_ALLOWED
    return None if row.sender_email.lower() in addresses_of(person) else MailHint.OTHER_SENDER


def _refusal_of_mailbox(row: IncomingMail, mailbox: SharedMailbox | None) -> MailHint | None:
    """The same for a Funktionspostfach; None: the one of the address may not write here (any more)."""
    if mailbox is None:
        return MailHint.MAILBOX
    is_sender = row.sender_email.lower() == mailbox.address.lower()
    return None if is_sender else MailHint.OTHER_SENDER


def _refusal_of_case(row: IncomingMail, case: ConsultingRequest) -> MailHint | None:
    """Why the mail does not go into the case by itself, whoever sends it."""
    if case.state == CaseState.CLOSED:
        return MailHint.CLOSED
    if not case.takes_messages:
        return MailHint.ENDED
    if {MailFlag.INCOMPLETE, MailFlag.ENCRYPTED} & set(row.flags):
        return MailHint.UNREADABLE
    return None if row.new_text.strip() else MailHint.NO_TEXT


def _suggest(row: IncomingMail, mail: InboundMail, to: Reply | None) -> None:
    """Name the request that the mail is perhaps about; a person decides."""
    if to is not None:
        row.suggested_case = to.case
    elif named := _named_case(mail):
        row.suggested_case, row.hint = named, MailHint.NAMED
    elif found := _REFERENCE.search(mail.subject):
        reference = f"OSK-{found[1]}-{found[2]}"
        row.suggested_case = _routable().filter(reference=reference).first()
        row.hint = MailHint.REFERENCE if row.suggested_case else ""
    if to is None and row.reply_address:
        row.hint = MailHint.BROKEN
    row.save(update_fields=["suggested_case", "hint"])


def _named_case(mail: InboundMail) -> ConsultingRequest | None:
    """The request of the latest mail of ours that this one answers."""
    keys = _keys([*mail.in_reply_to, *reversed(mail.references)])
    sent = dict(
        OutgoingMail.objects.filter(public_id__in=keys).values_list("public_id", "subject_key")
    )
    about = [found for key in keys if (found := _uuid(sent.get(key, "")))]
    about += _keys([*mail.in_reply_to, *mail.references], "thread.")
    cases = {c.public_id: c for c in _routable().filter(public_id__in=about)}
    return next((cases[key] for key in about if key in cases), None)


def _keys(message_ids: list[str], before: str = "") -> list[UUID]:
    """Those that are Message-IDs of ours; with "thread." the threads that our mails answer to."""
    start, ending = f"<{before}", f"@{settings.OSK_MAIL_DOMAIN}>"
    ours = [
        each[len(start) : -len(ending)]
        for each in message_ids
        if each.startswith(start) and each.endswith(ending)
    ]
    return [key for each in ours if (key := _uuid(each))]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _form_id(row: IncomingMail) -> UUID:
    """Of the mail and what it says: the same one on two ways is said once, a forged repetition twice."""
    return uuid5(NAMESPACE_URL, f"{row.header_id or row.sha256}\n{row.new_text}")


def _line(text: str, most: int) -> str:
    return _UNSTORABLE.sub("", text).strip()[:most]


def _read(raw: bytes) -> InboundMail:
    ours = (parseaddr(settings.DEFAULT_FROM_EMAIL)[1], settings.OSK_REPLY_ADDRESS)
    return read(raw, own_addresses=frozenset(address.lower() for address in ours if address))


def _reply_address_in(mail: InboundMail, recipient: str) -> str:
    """The reply address that the mail was written to: the envelope's before those in its head. A broken
    one only where there is no good one."""
    named = [recipient, *(_line(a.email, LONGEST_ADDRESS) for a in (*mail.to, *mail.cc))]
    ours = f"{settings.OSK_REPLY_ADDRESS.rpartition('@')[0] or 'antwort'}+".lower()
    broken = [each for each in named if each.lower().startswith(ours)]
    return next((each for each in named if read_reply_address(each)), broken[0] if broken else "")


def _answers_to(mail: InboundMail) -> str:
    """The one address that the sender wants answers at, where it is another one."""
    if len(mail.reply_to) != 1:
        return ""
    address = _line(mail.reply_to[0].email, LONGEST_ADDRESS)
    return "" if mail.sender and address.lower() == mail.sender.email.lower() else address


def _flags(mail: InboundMail) -> list[MailFlag]:
    noticed = {
        MailFlag.AUTO: mail.is_automatic and not mail.is_out_of_office and mail.bounce is None,
        MailFlag.AWAY: mail.is_out_of_office,
        MailFlag.BOUNCE: mail.bounce is not None,
        MailFlag.LOOP: mail.is_loop,
        MailFlag.SIGNED: mail.is_signed,
        MailFlag.ENCRYPTED: mail.is_encrypted,
        MailFlag.WINMAIL: mail.has_winmail,
        MailFlag.INCOMPLETE: mail.is_incomplete,
    }
    return [flag for flag, is_so in noticed.items() if is_so]
