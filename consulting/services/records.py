"""What is taken out of the portal."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction

from consulting import permissions
from consulting.enums import CaseEventKind
from consulting.models import CaseEvent
from consulting.services.common import locked, record
from osk_portal.accounts.models import User


@transaction.atomic
def take_record(*, case_id: int, actor: User) -> CaseEvent:
    """Note that the full record leaves the portal. Tells nobody and makes no form out of date.

    Raises PermissionDenied, and TransitionNotAllowed for an anonymised case: its record is empty.
    """
    case = locked(case_id)
    if case.is_draft or not permissions.may_read(actor, case):
        raise PermissionDenied("record")
    return record(case, CaseEventKind.RECORD_TAKEN, actor)
