"""What a Funktionspostfach answers counts as from the organisation (product.md, Leaving).

Who has written it is unknown to us, so no person is named: neither at the message nor in the history.
"""

from __future__ import annotations

from uuid import UUID

from consulting.enums import CaseEventKind, CaseState, MessageKind
from consulting.models import CaseMessage, ConsultingRequest, IncomingMail
from consulting.notifications import tell
from consulting.services.common import record
from osk_portal.toolkit import clock


def say_for_mailbox(
    case: ConsultingRequest, row: IncomingMail, form_id: UUID
) -> CaseMessage | None:
    """The text of ``row`` as the organisation's word: a reply while we wait for one, else a message.

    The caller holds the lock of the case and has asked ``shared_copies.mailbox_that_answers``. None when the
    same was said before. Raises TransitionNotAllowed.
    """
    said = CaseMessage.objects.filter(case=case, mailbox_of=case.organisation_id, form_id=form_id)
    if said.exists():
        return None
    data: dict[str, object] = {"by_mail": str(row.public_id), "mailbox": case.organisation_id}
    if case.state == CaseState.WAITING_REQUESTER:
        kind, event = MessageKind.REPLY, case.reply(actor=None, **data)
    else:
        is_follow_up = case.state == CaseState.ANSWERED
        kind = MessageKind.FOLLOW_UP if is_follow_up else MessageKind.MESSAGE
        case.note_message(from_requester=True)
        event = record(case, CaseEventKind.MESSAGE_ADDED, None, from_requester=True, **data)
    message = CaseMessage.objects.create(
        form_id=form_id,
        case=case,
        mailbox_of=case.organisation,
        kind=kind,
        body=row.new_text,
        quoted_text=row.quoted_text,
        created_at=clock.now(),
    )
    tell(event)
    return message
