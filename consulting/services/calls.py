"""Telefonnotiz: what was said on the telephone in a running case, for the authority or for the OSK only."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from consulting import permissions
from consulting.enums import CaseEventKind, MessageKind
from consulting.models import CaseEvent, CaseMessage
from consulting.notifications import tell
from consulting.services.common import check_version, is_said, locked, record
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed


@transaction.atomic
def add_call(
    *,
    case_id: int,
    actor: User,
    text: str,
    spoken_with: str,
    spoken_at: datetime,
    is_internal: bool,
    message_id: UUID | None = None,
    expected_version: int | None = None,
) -> CaseEvent | None:
    """Note a call: ``actor`` has spoken with ``spoken_with``. None when it was noted already.

    Public: the requester's side reads it and is told, as with a message of the OSK. Internal: nobody is
    told, and no form gets out of date. Raises PermissionDenied, TransitionNotAllowed, CaseChanged.
    """
    case = locked(case_id)
    if not permissions.can_note(actor, case):
        raise PermissionDenied("telephone note")
    if is_said(case, actor, message_id):
        return None
    if spoken_at > clock.now():
        raise ValueError("a call of the future")
    if not is_internal:
        check_version(case, "call", expected_version)
        if not case.takes_messages:
            raise TransitionNotAllowed(
                "call", case.state, _("This request takes no more messages.")
            )
    CaseMessage.objects.create(
        form_id=message_id,
        case=case,
        author=actor,
        by_osk=True,
        kind=MessageKind.CALL,
        is_internal=is_internal,
        body=text,
        spoken_with=spoken_with,
        spoken_at=spoken_at,
        created_at=clock.now(),
    )
    if is_internal:
        return record(case, CaseEventKind.CALL_NOTED, actor)
    case.note_message(from_requester=False)
    event = record(case, CaseEventKind.CALLED, actor)
    tell(event)
    return event
