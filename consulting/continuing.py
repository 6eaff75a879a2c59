"""A request that goes on from an older one: who reads the older one too is shown which it is."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef

from consulting.models import ConsultingRequest
from osk_portal.accounts.models import User

CONTINUED = "continues"
"""For ``select_related`` of a case whose older request is shown."""


def with_continued(user: User) -> dict[str, Any]:
    """For ``annotate``: does ``user`` read the older request? It may belong to somebody else's share."""
    readable = ConsultingRequest.objects.visible_to(user).filter(pk=OuterRef("continues"))
    return {"reads_continued": Exists(readable)}


def continued(case: ConsultingRequest) -> ConsultingRequest | None:
    """The older request, of a case that was read ``with_continued``; None where the reader may not know."""
    return case.continues if getattr(case, "reads_continued", False) else None
