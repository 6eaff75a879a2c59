"""Celery's way into consulting. What is due is in the rows."""

from __future__ import annotations

import logging

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded

from consulting.services import deadline_mails, scanning

logger = logging.getLogger(__name__)


@shared_task(name="consulting.tasks.tell_deadlines")
def tell_deadlines() -> None:
    deadline_mails.send()


# Shorter than the lease: a daemon or a disk that hangs must not hold the file for two workers.
@shared_task(name="consulting.tasks.scan_file", soft_time_limit=100, time_limit=110)
def scan_file(file_id: int) -> None:
    try:
        scanning.scan(file_id)
    except SoftTimeLimitExceeded:
        logger.warning("scan too slow, the lease runs out", extra={"file": file_id})


@shared_task(name="consulting.tasks.sweep_scans")
def sweep_scans() -> None:
    scanning.sweep()
