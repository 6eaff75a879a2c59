"""Every day: entries that nobody has changed for long, wherever they come from. Told once until something changes."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from catalog.models import Solution
from catalog.notifications import tell_of_age
from catalog.querysets import SolutionQuerySet
from osk_portal.toolkit import clock

logger = logging.getLogger(__name__)

MOST_A_DAY: Final = 100
"""A bulk import grows old all at once: those that have waited longest first."""


def tell() -> int:
    """Tell who maintains them, or the OSK; how many. A second run tells nothing twice."""
    due = _due(clock.now()).order_by("revised_at", "pk").values_list("pk", flat=True)
    count = sum(_tell(pk) for pk in list(due[:MOST_A_DAY]))
    logger.info("catalog: old entries told", extra={"told": count})
    return count


def _due(now: datetime) -> SolutionQuerySet:
    limit = now - timedelta(days=settings.OSK_STALE_DAYS)
    old = Q(source=None) | Q(source__changed_at=None) | Q(source__changed_at__lte=limit)
    untold = (
        Q(stale_told_at=None)
        | Q(stale_told_at__lt=F("revised_at"))
        | Q(stale_told_at__lt=F("source__changed_at"))
    )
    return Solution.objects.published().filter(old, untold, revised_at__lte=limit)


@transaction.atomic
def _tell(solution_id: int) -> bool:
    """Look again under the lock: somebody may have changed it, or told, meanwhile."""
    now = clock.now()
    rows = _due(now).select_related("source").select_for_update(of=("self",))
    solution = rows.filter(pk=solution_id).first()
    if solution is None:
        return False
    Solution.objects.filter(pk=solution_id).update(stale_told_at=now)
    tell_of_age(solution)
    return True
