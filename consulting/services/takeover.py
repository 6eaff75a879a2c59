"""The Organisationsverwaltung takes over a request of its organisation: leave, illness, somebody gone."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from consulting import permissions
from consulting.enums import CaseEventKind, CaseState, MessageKind
from consulting.models import CaseEvent, Participant
from consulting.notifications import tell
from consulting.services.common import locked, record, write_message
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed

_OVER = (CaseState.DECLINED, CaseState.DUPLICATE, CaseState.WITHDRAWN)


@transaction.atomic
def take_over(*, case_id: int, actor: User, reason: str) -> CaseEvent | None:
    """``actor`` works along from now on; the author is told and reads the reason in the conversation.

    None when the actor works along already: the same form, sent twice. The author stays the author; a new
    sharing leaves the take-over alone, unless it ends it by name (``share``). Raises PermissionDenied,
    TransitionNotAllowed.
    """
    case = locked(case_id)
    if not permissions.can_manage(actor, case):
        raise PermissionDenied("take over")
    if permissions.is_requester_side(actor, case):
        return None
    if case.state in _OVER:
        raise TransitionNotAllowed(
            "take_over", case.state, _("This request has ended. There is nothing to take over.")
        )
    Participant.objects.update_or_create(
        case=case,
        user=actor,
        defaults={"may_write": True, "has_taken_over": True, "via_duplicate": None},
    )
    case.version += 1
    case.updated_at = clock.now()
    case.save(update_fields=["version", "updated_at"])
    write_message(case, actor=actor, body=reason, kind=MessageKind.REASON, by_osk=False)
    event = record(case, CaseEventKind.TAKEN_OVER, actor)
    tell(event)
    return event
