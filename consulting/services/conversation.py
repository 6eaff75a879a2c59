"""What is said in a case, with the files that come along: those staged under the same ``message_id``.

Each may raise uploads.Refused when there is no room for the files any more; nothing is said then.
"""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from consulting import permissions
from consulting.enums import CaseAction, CaseEventKind, CaseState, MessageKind
from consulting.models import CaseEvent, MessageVersion
from consulting.notifications import tell
from consulting.services.attachments import attach_staged
from consulting.services.common import (
    begin,
    check_seen,
    check_version,
    is_said,
    locked,
    record,
    write_message,
)
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed


@transaction.atomic
def reply(
    *,
    case_id: int,
    actor: User,
    text: str,
    message_id: UUID | None = None,
    was_seen: str | None = None,
) -> CaseEvent | None:
    """The requester's side answers our question; our time runs again. None when it was said already.

    ``was_seen``: the token of the page (``seen.token``); another question than that one is not answered.
    """
    case = begin(case_id, CaseAction.REPLY, actor)
    if is_said(case, actor, message_id):
        return None
    if case.can(CaseAction.REPLY):
        check_seen(case, CaseAction.REPLY, was_seen)
    event = case.reply(actor=actor)
    said = write_message(
        case,
        actor=actor,
        body=text,
        kind=MessageKind.REPLY,
        by_osk=False,
        message_id=message_id,
    )
    attach_staged(case, actor, message_id, message=said)
    tell(event)
    return event


@transaction.atomic
def add_message(
    *,
    case_id: int,
    actor: User,
    text: str,
    message_id: UUID | None = None,
    expected_version: int | None = None,
    was_seen: str | None = None,
) -> CaseEvent | None:
    """A public message of either side. None when it was said already (a form sent twice).

    The side follows from who speaks, never from a form: the requester's side when the person belongs
    to it, else the OSK. In W the requester's side replies instead.
    """
    case = locked(case_id)
    if not permissions.can_message(actor, case):
        raise PermissionDenied("message")
    if is_said(case, actor, message_id):
        return None
    check_version(case, "message", expected_version)
    from_requester = permissions.is_requester_side(actor, case)
    if from_requester and case.state == CaseState.WAITING_REQUESTER:
        raise TransitionNotAllowed(
            "message", case.state, _("We have a question for you. Please use the reply form.")
        )
    if not case.takes_messages:
        raise TransitionNotAllowed("message", case.state, _("This request takes no more messages."))
    check_seen(case, "message", was_seen)
    is_follow_up = from_requester and case.state == CaseState.ANSWERED
    said = write_message(
        case,
        actor=actor,
        body=text,
        kind=MessageKind.FOLLOW_UP if is_follow_up else MessageKind.MESSAGE,
        by_osk=not from_requester,
        message_id=message_id,
    )
    attach_staged(case, actor, message_id, message=said)
    case.note_message(from_requester=from_requester)
    event = record(case, CaseEventKind.MESSAGE_ADDED, actor, from_requester=from_requester)
    tell(event)
    return event


@transaction.atomic
def add_note(
    *, case_id: int, actor: User, text: str, message_id: UUID | None = None
) -> CaseEvent | None:
    """An internal note of the OSK. Tells nobody and makes no form out of date."""
    case = locked(case_id)
    if not permissions.can_note(actor, case):
        raise PermissionDenied("note")
    if is_said(case, actor, message_id):
        return None
    said = write_message(
        case,
        actor=actor,
        body=text,
        kind=MessageKind.NOTE,
        by_osk=True,
        is_internal=True,
        message_id=message_id,
    )
    attach_staged(case, actor, message_id, message=said)
    return record(case, CaseEventKind.NOTE_ADDED, actor)


@transaction.atomic
def edit_message(*, case_id: int, actor: User, message_id: int, text: str) -> CaseEvent | None:
    """Change one's own text within five minutes, also when it was read. None when nothing changes.

    What stood there before is kept for everybody who may read the message. What is internal stays internal.
    The mail that went out says nothing of it: it never held the text. Raises DoesNotExist,
    PermissionDenied, TransitionNotAllowed.
    """
    case = locked(case_id)
    said = case.messages.select_for_update(of=("self",)).get(pk=message_id)
    if not permissions.can_edit_message(actor, said, case):
        raise PermissionDenied("edit a message")
    if said.body == text:
        return None  # also the same form a second time
    if not said.can_be_edited:
        raise TransitionNotAllowed(
            "edit_message",
            case.state,
            _("A text can be changed for five minutes only. Please write a new one."),
        )
    MessageVersion.objects.create(
        message=said, body=said.body, written_at=said.edited_at or said.created_at
    )
    said.body = text
    said.edited_at = clock.now()
    said.save(update_fields=["body", "edited_at"])
    if said.is_internal:
        return record(case, CaseEventKind.NOTE_EDITED, actor, message=str(said.public_id))
    case.note_edit()  # whoever answers the old text is told
    return record(case, CaseEventKind.MESSAGE_EDITED, actor, message=str(said.public_id))
