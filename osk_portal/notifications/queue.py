"""What keeps the outbox and the daily work moving when a doorbell was lost."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Q

from osk_portal import portal
from osk_portal.notifications import doorbell
from osk_portal.notifications.models import Heartbeat, OutgoingMail, PeriodicRun
from osk_portal.notifications.services import DELIVER
from osk_portal.toolkit import clock
from osk_portal.toolkit.clock import DbNow

logger = logging.getLogger(__name__)

SWEEP = "sweep"
SWEEP_LIMIT = 500
RUN_JOB = "osk_portal.notifications.tasks.run_job"
JOB_LEASE = timedelta(minutes=10)  # the longest time of a task (CELERY_TASK_TIME_LIMIT)
_SWEEP_LOCK = 0x05C_0001


def sweep() -> int:
    """Ring again for what is due, and leave a heartbeat. Returns how many rings.

    Two sweeps at once (two beats) do the work of one.
    """
    with transaction.atomic(), _alone() as alone:
        if not alone:
            return 0
        heartbeat(SWEEP)
        due = (
            OutgoingMail.objects.due()
            .order_by("next_attempt_at", "pk")
            .select_for_update(skip_locked=True, of=("self",))
            .values_list("pk", flat=True)[:SWEEP_LIMIT]
        )
        mail_ids = list(due)
        for mail_id in mail_ids:
            doorbell.ring(DELIVER, mail_id=mail_id)
    return len(mail_ids)


def due_mail_ids(limit: int = SWEEP_LIMIT) -> list[int]:
    """For ``outbox_drain``, which works without a broker."""
    due = OutgoingMail.objects.due().order_by("next_attempt_at", "pk")
    return list(due.values_list("pk", flat=True)[:limit])


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether this transaction holds the sweep's advisory lock; PostgreSQL gives it back at its end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_SWEEP_LOCK])
        yield bool(cursor.fetchone()[0])


def heartbeat(name: str) -> None:
    """Note that ``name`` ran now, by the database's clock."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, at=DbNow())],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["at"],
    )


def ring_due_jobs() -> None:
    """Ring for each daily job that has not run today (Berlin's day)."""
    names = [job.key for job in portal.daily_jobs]
    PeriodicRun.objects.bulk_create(
        [PeriodicRun(name=name) for name in names], ignore_conflicts=True
    )
    due = PeriodicRun.objects.filter(_not_run_today(), _not_running(), name__in=names)
    with transaction.atomic():
        for name in due.values_list("name", flat=True):
            doorbell.ring(RUN_JOB, name=name)


def run_job(name: str) -> None:
    """Run a daily job once a day. One that fails is due again when its lease has run out."""
    job = portal.daily_jobs.get(name)
    if job is None:
        logger.warning("daily job is gone", extra={"job": name})
        return
    today = clock.today()
    mine = PeriodicRun.objects.filter(_not_run_today(), _not_running(), name=name)
    if not mine.update(lease_until=DbNow() + JOB_LEASE):
        logger.info("daily job has run or runs", extra={"job": name})
        return
    job.run()
    # Without its lease it was asked for once more meanwhile, and stays due.
    held = PeriodicRun.objects.filter(name=name, lease_until__isnull=False)
    held.update(last_on=today, lease_until=None)
    logger.info("daily job done", extra={"job": name})


def run_again(name: str) -> None:
    """A daily job is due once more today, also one that runs at this moment; within the caller's transaction."""
    PeriodicRun.objects.filter(name=name).update(last_on=None, lease_until=None)


def _not_run_today() -> Q:
    return Q(last_on=None) | Q(last_on__lt=clock.today())


def _not_running() -> Q:
    return Q(lease_until=None) | Q(lease_until__lt=DbNow())
