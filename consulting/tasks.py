"""Celery's way into consulting. What is due is in the rows."""

from __future__ import annotations

import logging

from celery import shared_task

from consulting.services import appointment_times, deadline_mails, incoming, mailbox
from osk_portal.toolkit.imap import MailboxUnavailable

logger = logging.getLogger(__name__)


@shared_task(name="consulting.tasks.tell_deadlines")
def tell_deadlines() -> None:
    deadline_mails.send()


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
