"""Whether the author of a draft wants to see similar answers and solutions (product.md 1.1)."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction

from consulting.models import ConsultingRequest
from consulting.services.common import locked
from osk_portal.accounts.models import User


@transaction.atomic
def set_hints_hidden(*, case_id: int, actor: User, hidden: bool) -> ConsultingRequest:
    """Remember it for this draft. It is no content: open forms of the draft stay up to date.

    Raises PermissionDenied for everybody but the author.
    """
    case = locked(case_id)
    if case.author_id != actor.pk:
        raise PermissionDenied("hide the hints")
    if case.hides_hints != hidden:
        case.hides_hints = hidden
        case.save(update_fields=["hides_hints"])
    return case
