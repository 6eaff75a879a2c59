"""Celery's way into the outbox and the daily work."""

from __future__ import annotations

from celery import shared_task


@shared_task(name="osk_portal.notifications.tasks.deliver")
def deliver(mail_id: int) -> None: ...


@shared_task(name="osk_portal.notifications.tasks.sweep")
def sweep() -> None: ...


@shared_task(name="osk_portal.notifications.tasks.run_daily")
def run_daily() -> None: ...
