"""Celery's way into consulting. What is due is in the rows."""

from __future__ import annotations

import logging

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded

from consulting.services import (
    appointment_times,
    deadline_mails,
    incoming,
    mail_notices,
    mailbox,
    scanning,
    urgency,
)
from osk_portal.toolkit.imap import MailboxUnavailable

logger = logging.getLogger(__name__)


@shared_task(name="consulting.tasks.tell_deadlines")
def tell_deadlines() -> None:
    deadline_mails.send()
    urgency.remind_of_urgency()


@shared_task(name="consulting.tasks.tell_mails")
def tell_mails() -> None:
    mail_notices.send()


@shared_task(name="consulting.tasks.tend_appointments")
def tend_appointments() -> None:
    appointment_times.tend()


@shared_task(name="consulting.tasks.poll_mailbox")
def poll_mailbox() -> None:
    """A server that is away is the operator's affair, and the next round is near."""
    try:
        mailbox.poll()
    except MailboxUnavailable as error:
        logger.warning("consulting: the mailbox cannot be read", extra={"error": str(error)})


@shared_task(name="consulting.tasks.route_mail")
def route_mail(mail_id: int) -> None:
    incoming.route_mail(mail_id=mail_id)


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
