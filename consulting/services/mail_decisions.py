"""What an advisor does with a mail of the Posteingang: join, make a request of it, answer, discard, put back.

All take ``expected_version``, the version that the page showed. The same form of the same person again
changes nothing; who comes second gets ``MailMoved``.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from consulting import permissions
from consulting.enums import CaseEventKind, Channel, MessageKind
from consulting.models import CaseMessage, ConsultingRequest, IncomingMail
from consulting.models.incoming import MailAction, MailState
from consulting.notifications import requester_side, send_mail_answer, tell
from consulting.reply_address import read_reply_address
from consulting.services.common import locked, record
from consulting.services.incoming import addresses_of, locked_mail, read_mail, say_for
from consulting.services.mail_files import take_files
from consulting.services.recording import record_request
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed

_LEADS_TO: Final = {
    MailAction.JOIN: MailState.JOINED,
    MailAction.MAKE: MailState.MADE,
    MailAction.ANSWER: MailState.ANSWERED,
    MailAction.DISCARD: MailState.DISCARDED,
    MailAction.RESTORE: MailState.NEW,
}


class MailMoved(TransitionNotAllowed):
    """Somebody was faster; nothing was written."""

    def __init__(self, action: str, mail: IncomingMail) -> None:
        self.mail = mail
        super().__init__(
            action,
            mail.state,
            _("This mail has been handled in the meantime. Your text is still here."),
        )


@dataclass(frozen=True)
class Decided:
    """``mail`` as it is now. ``files_refused``: how many attachments did not pass the checks."""

    mail: IncomingMail
    files_refused: int = 0


@transaction.atomic
def join_mail(
    *,
    mail_id: int,
    actor: User,
    expected_version: int,
    case_id: int,
    is_internal: bool,
    files: Collection[int] = (),
) -> Decided:
    """Put a mail into a request, with the attachments at the positions ``files``.

    Public and written from an address of the requester's side, or to the reply address of one of them, it
    is said by that person, as the page would have taken it: in W it is the reply. Otherwise it stands
    there as a mail that the OSK added.
    Raises PermissionDenied, MailMoved, and TransitionNotAllowed for a request that takes no messages.
    """
    row = _begin(mail_id, MailAction.JOIN, actor, expected_version)
    if row is None:
        return Decided(locked_mail(mail_id))
    case = locked(case_id)
    if not permissions.can_note(actor, case):
        raise PermissionDenied("join a mail")
    if not is_internal and not case.takes_messages:
        raise TransitionNotAllowed("join", case.state, _("This request takes no more messages."))
    person = None if is_internal else _writer(row, case)
    if person is not None and row.new_text.strip():
        message = say_for(case, person, row, _form_id(row, "join"))
        speaker = person
    else:
        message = _add(row, case, actor, is_internal=is_internal)
        speaker = actor
    if message is not None:
        row.files_refused = take_files(
            read_mail(row),
            case,
            actor=speaker,
            message=message,
            is_internal=is_internal,
            only=files,
        )
    row.case, row.message = case, message
    row.move(MailAction.JOIN, MailState.JOINED, actor=actor, case=str(case.public_id))
    return Decided(row, row.files_refused)


@transaction.atomic
def record_from_mail(
    *, mail_id: int, actor: User, expected_version: int, files: Collection[int] = (), **said: Any
) -> Decided:
    """Make a request of a mail. ``said``: what ``record_request`` takes, without its channel and id.

    Raises PermissionDenied, MailMoved, and NotRecordable.
    """
    row = _begin(mail_id, MailAction.MAKE, actor, expected_version)
    if row is None:
        return Decided(locked_mail(mail_id))
    case = record_request(
        actor=actor, channel=Channel.MAIL, request_id=_form_id(row, "make"), **said
    )
    row.files_refused = take_files(
        read_mail(row), locked(case.pk), actor=actor, message=None, only=files
    )
    row.case = case
    row.move(MailAction.MAKE, MailState.MADE, actor=actor, case=str(case.public_id))
    return Decided(row, row.files_refused)


@transaction.atomic
def answer_mail(*, mail_id: int, actor: User, expected_version: int, text: str) -> Decided:
    """Answer the sender without a request. Raises PermissionDenied and MailMoved; TransitionNotAllowed
    for a mail that names no sender."""
    row = _begin(mail_id, MailAction.ANSWER, actor, expected_version)
    if row is None:
        return Decided(locked_mail(mail_id))
    if not row.answer_to:
        raise TransitionNotAllowed(
            "answer", row.state, _("This mail names no sender who can be reached.")
        )
    row.answer = text
    row.move(MailAction.ANSWER, MailState.ANSWERED, actor=actor)
    # What the mail answered itself is read from the kept mail: it stands nowhere else.
    thread = read_mail(row)
    send_mail_answer(row, [*(thread.references or thread.in_reply_to), row.header_id])
    return Decided(row)


@transaction.atomic
def discard_mail(*, mail_id: int, actor: User, expected_version: int, reason: str) -> Decided:
    """Lay a mail aside for a reason; the row and the mail stay."""
    row = _begin(mail_id, MailAction.DISCARD, actor, expected_version)
    if row is None:
        return Decided(locked_mail(mail_id))
    row.discard_reason = reason
    row.move(MailAction.DISCARD, MailState.DISCARDED, actor=actor)
    return Decided(row)


@transaction.atomic
def restore_mail(*, mail_id: int, actor: User, expected_version: int) -> Decided:
    """Put a mail back that was discarded, or taken for automatic by mistake."""
    row = _begin(mail_id, MailAction.RESTORE, actor, expected_version)
    if row is None:
        return Decided(locked_mail(mail_id))
    row.discard_reason = ""
    row.move(MailAction.RESTORE, MailState.NEW, actor=actor)
    return Decided(row)


def _begin(
    mail_id: int, action: MailAction, actor: User, expected_version: int
) -> IncomingMail | None:
    """The mail with its lock; None when the same person has just sent the same form."""
    if not permissions.may_handle_mail(actor):
        raise PermissionDenied(f"{action} a mail")
    row = locked_mail(mail_id)
    if row.version == expected_version and row.can(action):
        return row
    is_repeated = (
        row.version == expected_version + 1
        and row.state == _LEADS_TO[action]
        and row.decided_by_id == actor.pk
    )
    if is_repeated:
        return None
    raise MailMoved(action, row)


def _writer(row: IncomingMail, case: ConsultingRequest) -> User | None:
    """Who of the requester's side has said it: whose address the mail claims, else for whom the reply
    address was made that it was sent to. A person of the OSK stands for that by joining it."""
    side = list(requester_side(case))
    sender = row.sender_email.lower()
    to = read_reply_address(row.reply_address)
    named = to.user_id if to is not None and to.case_id == case.public_id else None
    return next(
        (p for p in side if sender in addresses_of(p)),
        next((p for p in side if p.pk == named), None),
    )


def _add(
    row: IncomingMail, case: ConsultingRequest, actor: User, *, is_internal: bool
) -> CaseMessage:
    """The mail as what it is: somebody's mail, put there by the OSK. No answer and no reply of anybody."""
    kind = CaseEventKind.MAIL_NOTED if is_internal else CaseEventKind.MAIL_ADDED
    message = CaseMessage.objects.create(
        form_id=_form_id(row, "join"),
        case=case,
        author=actor,
        by_osk=True,
        kind=MessageKind.MAIL,
        is_internal=is_internal,
        body=row.new_text.strip() or str(row),
        quoted_text=row.quoted_text,
        spoken_with=row.sender[:200],
        spoken_at=row.received_at,
        created_at=clock.now(),
    )
    tell(record(case, kind, actor, by_mail=str(row.public_id)))
    return message


def _form_id(row: IncomingMail, what: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"{row.public_id}/{row.version}/{what}")
