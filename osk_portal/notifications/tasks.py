"""Celery's way into the outbox and the daily work."""

from __future__ import annotations

import logging

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded

from osk_portal.notifications import delivery, queue

logger = logging.getLogger(__name__)


# Shorter than the lease: a server that answers one byte a second must not hold the mail for two workers.
@shared_task(name="osk_portal.notifications.tasks.deliver", soft_time_limit=50, time_limit=55)
def deliver(mail_id: int) -> None:
    try:
        delivery.deliver(mail_id)
    except SoftTimeLimitExceeded:
        logger.warning("mail server too slow, the lease runs out", extra={"mail": mail_id})


@shared_task(name="osk_portal.notifications.tasks.sweep")
def sweep() -> None:
    queue.sweep()


@shared_task(name="osk_portal.notifications.tasks.run_daily")
def run_daily() -> None:
    queue.ring_due_jobs()


@shared_task(name="osk_portal.notifications.tasks.run_job")
def run_job(name: str) -> None:
    queue.run_job(name)
