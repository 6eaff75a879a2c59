"""The daily work of retention: tell 60 and 14 days ahead, then anonymise (product.md 1.6).

Nothing goes that was not announced twice: after an outage, a longer period or a hold the days are
counted anew from the notice. Without OSK_ARCHIVE_OFFER_SETTLED the job only counts.
"""

from __future__ import annotations

import logging
from collections import Counter
from datetime import date, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction

from consulting.enums import CaseEventKind
from consulting.keeping_mails import tell_retention
from consulting.models import Anonymisation, CaseRetention
from consulting.retention import (
    FIRST_NOTICE_DAYS,
    SECOND_NOTICE_DAYS,
    Plan,
    ended,
    plan_of,
    plans,
    rules_today,
)
from consulting.services.anonymisation import anonymise
from consulting.services.common import record
from osk_portal.toolkit import clock

logger = logging.getLogger(__name__)


def keep_or_anonymise() -> dict[str, int]:
    """One step for each case whose time has come; what was done, counted. Twice a day does it once."""
    done: Counter[str] = Counter()
    horizon = clock.today() + timedelta(days=FIRST_NOTICE_DAYS)
    near = [p.case.pk for p in plans() if p.due_on is not None and p.due_on <= horizon]
    if settings.OSK_ARCHIVE_OFFER_SETTLED:
        for case_id in near:
            try:
                done[_step(case_id)] += 1
            except (
                IntegrityError
            ):  # one case that a constraint keeps whole must not keep all others
                logger.exception("consulting: case not anonymised", extra={"case": case_id})
                done["failed"] += 1
    else:
        done["reported"] = len(near)
    return dict(done)


@transaction.atomic
def _step(case_id: int) -> str:
    """One case, claimed by its row's lock: who comes second at the same time leaves it alone."""
    case = ended().select_for_update(of=("self",), skip_locked=True).filter(pk=case_id).first()
    if case is None:
        return "left"
    plan = plan_of(case, rules_today())
    if plan.due_on is None or plan.rule is None:
        return "kept"
    # Asked for and not decided yet keeps it too: what is gone cannot be held any more.
    if case.holds.in_force().exists() or case.holds.pending().exists():
        return "kept"
    told, _created = CaseRetention.objects.get_or_create(case=case)
    today = clock.today()
    if told.due_on is not None and told.due_on < plan.due_on:
        told.due_on = told.first_told_at = told.second_told_at = None  # kept longer than announced
    if told.first_told_at is None:
        return _tell(plan, plan.due_on, told, FIRST_NOTICE_DAYS)
    if told.second_told_at is None:
        return _tell(plan, told.due_on or plan.due_on, told, SECOND_NOTICE_DAYS)
    if told.due_on is None or today < told.due_on:
        return "waiting"
    anonymise(plan, plan.rule)
    return "anonymised"


def _tell(plan: Plan, due_on: date, told: CaseRetention, days: int) -> str:
    """Announce when the time has come; never less than ``days`` ahead."""
    today = clock.today()
    if today < due_on - timedelta(days=days):
        told.save()
        return "waiting"
    told.due_on = max(due_on, today + timedelta(days=days))
    if days == FIRST_NOTICE_DAYS:
        told.first_told_at = clock.now()
    else:
        told.second_told_at = clock.now()
    told.save()
    event = record(
        plan.case,
        CaseEventKind.RETENTION_ANNOUNCED,
        None,
        due_on=told.due_on.isoformat(),
        notice=days,
    )
    tell_retention(event, told.due_on)
    return "announced"


def report() -> tuple[list[Plan], list[Plan], dict[int, CaseRetention]]:
    """For the Leitung: what is due within 60 days, by day; what lacks the end of its contract; and
    what the authorities were told."""
    horizon = clock.today() + timedelta(days=FIRST_NOTICE_DAYS)
    due: list[Plan] = []
    lacking: list[Plan] = []
    for plan in plans():
        if plan.lacks_contract_end:
            lacking.append(plan)
        elif plan.due_on is not None and plan.due_on <= horizon:
            due.append(plan)
    due.sort(key=lambda plan: (plan.due_on or date.max, plan.case.pk))
    rows = CaseRetention.objects.filter(case__in=[plan.case.pk for plan in due])
    told = {row.case_id: row for row in rows}
    return due, lacking, told


def done_lately(most: int = 50) -> list[Anonymisation]:
    return list(Anonymisation.objects.select_related("case__organisation")[:most])
