"""Telling everybody whom a notice concerns: a job in batches, so that a crash in the middle tells nobody twice.

Due rows are claimed as those of the fetches (services.fetching); waiting lives in ``next_attempt_at``.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from catalog.audience import Person, concerned_by
from catalog.enums import NoticeKind, NoticeNews, NoticeState
from catalog.models import Notice, NoticeReceipt, NoticeTelling
from catalog.notifications import tell_of_notice
from catalog.services import fetching
from catalog.services.notices import TELL, start_telling
from osk_portal.accounts.models import User
from osk_portal.notifications.doorbell import ring
from osk_portal.toolkit import clock
from osk_portal.toolkit.clock import DbNow
from osk_portal.toolkit.working_days import add_working_days, is_office_hour

logger = logging.getLogger(__name__)

BATCH: Final = 200
MOST_AT_ONCE: Final = 100
LEASE: Final = timedelta(seconds=120)
"""From batch to batch; a batch takes about a second."""


def run(telling_id: int) -> int:
    """Tell those who are still to be told, if the row is due and nobody else is at it. How many were told."""
    telling = fetching.claim(NoticeTelling.objects.filter(done_at=None), telling_id)
    if telling is None:
        return 0
    people = _people(telling)
    waiting = sorted(key for key in people if key > telling.cursor)
    told = 0
    for start in range(0, len(waiting), BATCH):
        batch = waiting[start : start + BATCH]
        if not _tell(telling, [people[key] for key in batch]):
            return told
        told += len(batch)
    _finish(telling)
    logger.info("notice told", extra={"telling": telling.pk, "people": told})
    return told


def sweep() -> int:
    """Ring for what is due and was perhaps rung for in vain. How many rings."""
    due = NoticeTelling.objects.filter(fetching.due(), done_at=None).order_by("pk")
    with transaction.atomic():
        keys = list(due.values_list("pk", flat=True)[:MOST_AT_ONCE])
        for key in keys:
            ring(TELL, telling_id=key)
    return len(keys)


def remind() -> int:
    """Begin the one reminder of each security notice that was told OSK_NOTICE_REMIND_DAYS working days ago
    and that somebody has not confirmed yet. In office hours only. How many began."""
    days = settings.OSK_NOTICE_REMIND_DAYS
    if not days or not is_office_hour():
        return 0
    began = 0
    open_ones = (
        Notice.objects.published()
        .standing()
        .filter(kind=NoticeKind.SECURITY, receipts__confirmed_at=None, receipts__isnull=False)
    )
    for notice in open_ones.distinct().order_by("pk"):
        if add_working_days(notice.told_on, days) > clock.today():
            continue
        known = NoticeTelling.objects.filter(
            notice=notice, news=NoticeNews.REMINDER, version=notice.told_version
        )
        if known.exists():
            continue
        with transaction.atomic():
            start_telling(notice, NoticeNews.REMINDER, notice.told_version)
        began += 1
    return began


def _people(telling: NoticeTelling) -> dict[int, Person]:
    """By key. Of a withdrawal and a reminder hear only those who were told before."""
    receipts = NoticeReceipt.objects.filter(notice=telling.notice_id)
    if telling.news == NoticeNews.REMINDER:
        receipts = receipts.filter(confirmed_at=None)
    before = {
        receipt.user_id: Person(receipt.user_id, list(receipt.reasons), receipt.organisation_id)
        for receipt in receipts
    }
    match telling.news:
        case NoticeNews.ISSUED:
            return concerned_by(telling.notice.solution)
        case NoticeNews.CORRECTED:
            return {**before, **concerned_by(telling.notice.solution)}
        case _:
            return before


@transaction.atomic
def _tell(claimed: NoticeTelling, people: list[Person]) -> bool:
    """One batch: receipts, messages, and the place where the next one begins. False: not ours any more,
    or nothing to tell any more."""
    # The notice's row first, as its services lock it: what they change is told by a row of theirs.
    notice = (
        Notice.objects.select_for_update(of=("self",), no_key=True)
        .select_related("solution", "successor")
        .get(pk=claimed.notice_id)
    )
    telling = fetching.mine(NoticeTelling.objects.filter(done_at=None), claimed)
    if telling is None:
        return False
    if _is_past(telling, notice):
        telling.done_at = clock.now()
        telling.save(update_fields=["done_at"])
        return False
    known = User.objects.in_bulk([person.user_id for person in people])
    active = [person for person in people if known[person.user_id].is_active]
    if telling.news in (NoticeNews.ISSUED, NoticeNews.CORRECTED):
        _write_receipts(notice, telling.version, active)
    for reasons, group in _by_reasons(active):
        recipients = [known[person.user_id] for person in group]
        tell_of_notice(notice, telling.news, telling.version, reasons, recipients)
    NoticeTelling.objects.filter(pk=telling.pk).update(
        cursor=people[-1].user_id, leased_until=DbNow() + LEASE
    )
    return True


def _is_past(telling: NoticeTelling, notice: Notice) -> bool:
    """The notice has gone on: what it said is not told any more, or is told anew by another row."""
    if telling.news == NoticeNews.WITHDRAWN:
        return False
    is_newer = notice.told_version != telling.version
    return notice.state == NoticeState.WITHDRAWN or is_newer or not notice.solution.is_published


def _write_receipts(notice: Notice, version: int, people: Iterable[Person]) -> None:
    now = clock.now()
    rows = [
        NoticeReceipt(
            notice=notice,
            user_id=person.user_id,
            organisation_id=person.organisation_id,
            reasons=person.reasons,
            version=version,
            told_at=now,
        )
        for person in people
    ]
    NoticeReceipt.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["notice", "user"],
        update_fields=["organisation", "reasons", "version", "told_at", "confirmed_at"],
    )


def _by_reasons(people: Iterable[Person]) -> Iterable[tuple[tuple[str, ...], list[Person]]]:
    groups: defaultdict[tuple[str, ...], list[Person]] = defaultdict(list)
    for person in people:
        groups[tuple(person.reasons)].append(person)
    return groups.items()


@transaction.atomic
def _finish(claimed: NoticeTelling) -> None:
    telling = fetching.mine(NoticeTelling.objects.filter(done_at=None), claimed)
    if telling is not None:
        telling.done_at = clock.now()
        telling.save(update_fields=["done_at"])
