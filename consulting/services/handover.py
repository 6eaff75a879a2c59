"""Somebody leaves the authority: a colleague goes on with the request (product.md, Leaving)."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from consulting import permissions
from consulting.enums import CaseEventKind
from consulting.models import CaseEvent
from consulting.notifications import tell
from consulting.querysets import NEEDS_SOMEBODY
from consulting.services.common import locked, record, touch
from osk_portal.accounts.models import User
from osk_portal.toolkit.transitions import TransitionNotAllowed


@transaction.atomic
def hand_over(*, case_id: int, person: User, successor: User, actor: User) -> CaseEvent | None:
    """``successor`` is the author from now on: is asked, gets the mails, changes the sharing.

    Who reads along stays the same otherwise. What ``person`` wrote keeps that name, and the event says
    who had it. None when it is no longer ``person``'s or has ended meanwhile. Raises PermissionDenied,
    and TransitionNotAllowed for a successor who does not belong to the authority.
    """
    case = locked(case_id)
    if case.author_id != person.pk or case.state not in NEEDS_SOMEBODY:
        return None
    if not permissions.can_hand_over(actor, case):
        raise PermissionDenied("hand over")
    if successor.pk == person.pk or not permissions.can_succeed(successor, case):
        raise TransitionNotAllowed(
            "hand_over", case.state, _("The successor is not a member of this authority.")
        )
    case.author = successor
    if case.deputy_id == successor.pk:
        case.deputy = None
    case.participants.filter(user=successor).delete()
    touch(case, "author", "deputy")
    event = record(case, CaseEventKind.HANDED_OVER, actor, person=person.pk, successor=successor.pk)
    tell(event)
    return event
