"""Copies to the Funktionspostfach of an authority, and whether it may answer (product.md, Leaving).

Who reads that mailbox is unknown to us: it gets copies about requests only that every member may read, and never
about a confidential one. What is asked when a copy is written is asked again when it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from consulting import permissions
from consulting.enums import CaseEventKind, CaseState, Visibility
from consulting.models import ConsultingRequest
from consulting.reply_address import mailbox_key, mailbox_reply_address
from network.enums import MailboxKind
from network.models import SharedMailbox
from osk_portal.notifications.services import Message, notify_address

if TYPE_CHECKING:
    from consulting.models import CaseEvent

KIND: Final = "consulting.mailbox_copy"
_KINDS: Final = {
    CaseEventKind.ASKED_BACK: MailboxKind.QUESTION,
    CaseEventKind.ANSWERED: MailboxKind.ANSWER,
    CaseEventKind.REMINDED: MailboxKind.CLOSING,
    CaseEventKind.CLOSED: MailboxKind.CLOSING,
    CaseEventKind.CLOSED_SILENT: MailboxKind.CLOSING,
}


def send(event: CaseEvent, context: Mapping[str, object]) -> None:
    """Write the copy of ``event``, where the authority wants one of its kind and may have it."""
    kind = _KINDS.get(CaseEventKind(event.kind))
    if kind is None or not _is_for_everybody(event.case):
        return
    mailbox = _mailboxes(event.case).filter(kinds__contains=[kind]).first()
    if mailbox is not None:
        notify_address(
            Message(
                kind=KIND,
                template="consulting/email/mailbox_copy",
                url=event.case.get_absolute_url(),
                dedupe=f"consulting:event:{event.pk}:mailbox",
                subject_key=str(event.case.public_id),
                thread=str(event.case.public_id),
                context=context,
                reason=_("Your authority has named this address as its Funktionspostfach."),
            ),
            address=mailbox.address,
            reply_to=_answers_to(event.case, mailbox),
        )


def still_wanted(public_id: str) -> bool:
    """The case is still for every member, and its authority still has a mailbox that is confirmed."""
    case = ConsultingRequest.objects.filter(public_id=public_id).first()
    return case is not None and _is_for_everybody(case) and _mailboxes(case).exists()


def mailbox_that_answers(case: ConsultingRequest, key: bytes) -> SharedMailbox | None:
    """The Funktionspostfach for which a reply address was made (``ReplyTo.mailbox``), while it may write in the
    case: the same rule as for the copy that brought the address. Asked under the lock of the case."""
    mailbox = _mailboxes(case).first()
    if mailbox is None or mailbox_key(mailbox) != key or not _is_for_everybody(case):
        return None
    return mailbox


def _answers_to(case: ConsultingRequest, mailbox: SharedMailbox) -> str:
    """As for people (``notifications.replies``): nowhere once the case takes no words any more."""
    if not (case.takes_messages or case.state == CaseState.CLOSED):
        return ""
    return mailbox_reply_address(case, mailbox)


def _is_for_everybody(case: ConsultingRequest) -> bool:
    return (
        case.visibility == Visibility.ORGANISATION
        and not case.is_confidential
        and case.anonymised_at is None
        and not permissions.is_membership_open(case)
    )


def _mailboxes(case: ConsultingRequest) -> models.QuerySet[SharedMailbox]:
    return SharedMailbox.objects.filter(
        organisation=case.organisation_id, confirmed_at__isnull=False
    )
