"""As ``proposal_deadlines``, of what else carries a promised day: statements, reports, claims, corrections."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from catalog.enums import PromiseSubject, ProposalDeadline
from catalog.models import Assessment, Claim, EntryReport, PromiseReminder, Statement
from catalog.notifications import tell_promise_deadline
from catalog.promises import deadline_of, soon_until
from osk_portal.toolkit.working_days import is_office_hour

logger = logging.getLogger(__name__)

MOST_AT_ONCE: Final = 200
_Due = tuple[PromiseSubject, UUID, date]


def _rows() -> Iterator[tuple[PromiseSubject, QuerySet[Any], str]]:
    """What waits for the OSK, and the column of the promised day."""
    yield PromiseSubject.STATEMENT, Statement.objects.proposed(), "promised_on"
    yield PromiseSubject.REPORT, EntryReport.objects.undecided(), "promised_on"
    yield PromiseSubject.CLAIM, Claim.objects.ready(), "promised_on"
    yield PromiseSubject.CORRECTION, Assessment.objects.with_open_correction(), "correction_until"


def remind() -> int:
    """Tell what is to be told now; how many. Twice, or by two workers at once, tells nothing twice."""
    if not is_office_hour():
        return 0
    waiting: list[_Due] = []
    for about, rows, column in _rows():
        near = rows.filter(**{f"{column}__lte": soon_until()}).order_by(column, "pk")
        waiting += [(about, *row) for row in near.values_list("public_id", column)]
    told = set(
        PromiseReminder.objects.filter(subject__in=[key for _about, key, _day in waiting])
        .values_list("subject", "kind", "promised_on")
        .iterator()
    )
    fresh = [
        (about, key) for about, key, day in waiting if (key, deadline_of(day), day) not in told
    ]
    count = sum(_tell(about, key) for about, key in fresh[:MOST_AT_ONCE])
    logger.info("catalog: other promises told", extra={"told": count})
    return count


@transaction.atomic
def _tell(about: PromiseSubject, key: UUID) -> bool:
    """Look again under the lock: somebody may have decided, or told, meanwhile."""
    rows, column = next((rows, column) for which, rows, column in _rows() if which == about)
    locked = rows.select_related("solution").select_for_update(of=("self",))
    row = locked.filter(public_id=key, **{f"{column}__lte": soon_until()}).first()
    if row is None:
        return False
    day: date = getattr(row, column)
    kind: ProposalDeadline = deadline_of(day)
    _reminder, is_new = PromiseReminder.objects.get_or_create(
        subject=key, kind=kind, promised_on=day, defaults={"about": about}
    )
    if is_new:
        tell_promise_deadline(about, row, day, kind)
    return is_new
