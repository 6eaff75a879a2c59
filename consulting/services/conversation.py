"""What is said in a case."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from consulting import permissions
from consulting.enums import CaseAction, CaseEventKind, CaseState, MessageKind
from consulting.models import CaseEvent
from consulting.notifications import tell
from consulting.services.common import (
    begin,
    check_version,
    is_said,
    locked,
    record,
    write_message,
)
from osk_portal.accounts.models import User
from osk_portal.toolkit.transitions import TransitionNotAllowed


@transaction.atomic
def reply(
    *, case_id: int, actor: User, text: str, message_id: UUID | None = None
) -> CaseEvent | None:
    """The requester's side answers our question; our time runs again. None when it was said already."""
    case = begin(case_id, CaseAction.REPLY, actor)
    if is_said(case, actor, message_id):
        return None
    event = case.reply(actor=actor)
    write_message(
        case,
        actor=actor,
        body=text,
        kind=MessageKind.REPLY,
        by_osk=False,
        message_id=message_id,
    )
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
    is_follow_up = from_requester and case.state == CaseState.ANSWERED
    write_message(
        case,
        actor=actor,
        body=text,
        kind=MessageKind.FOLLOW_UP if is_follow_up else MessageKind.MESSAGE,
        by_osk=not from_requester,
        message_id=message_id,
    )
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
    write_message(
        case,
        actor=actor,
        body=text,
        kind=MessageKind.NOTE,
        by_osk=True,
        is_internal=True,
        message_id=message_id,
    )
    return record(case, CaseEventKind.NOTE_ADDED, actor)
