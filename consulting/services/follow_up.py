"""The follow-up date: out of one's list until a day, with a note for that day (product.md 1.4)."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from consulting.enums import CaseAction, MessageKind
from consulting.models import CaseEvent
from consulting.services.common import begin, write_message
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed


@transaction.atomic
def snooze(
    *, case_id: int, actor: User, until: date, note: str = "", expected_version: int | None = None
) -> CaseEvent:
    """Set or move the follow-up date; the note becomes an internal one. The promise stays, nobody is told.

    Raises what every service raises, and ``TransitionNotAllowed`` for a day that is not to come.
    """
    case = begin(case_id, CaseAction.SNOOZE, actor, expected_version)
    if until <= clock.today():
        raise TransitionNotAllowed(CaseAction.SNOOZE, case.state)
    event = case.snooze(actor=actor, until=until, note=note)
    if note:
        write_message(
            case, actor=actor, body=note, kind=MessageKind.NOTE, by_osk=True, is_internal=True
        )
    return event


@transaction.atomic
def wake(*, case_id: int, actor: User, expected_version: int | None = None) -> CaseEvent:
    """Take the follow-up date back."""
    case = begin(case_id, CaseAction.WAKE, actor, expected_version)
    return case.wake(actor=actor)
