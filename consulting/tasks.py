"""Celery's way into consulting. What is due is in the rows."""

from __future__ import annotations

from celery import shared_task

from consulting.services import appointment_times, deadline_mails


@shared_task(name="consulting.tasks.tell_deadlines")
def tell_deadlines() -> None:
    deadline_mails.send()


@shared_task(name="consulting.tasks.tend_appointments")
def tend_appointments() -> None:
    appointment_times.tend()
