"""Celery's way into the sandbox. Names and ids only; what is due is in the rows."""

from __future__ import annotations

from celery import shared_task

from sandbox import provisioning, reconciling, services


@shared_task(name="sandbox.tasks.tick")
def tick() -> None:
    provisioning.tick()


@shared_task(name="sandbox.tasks.work")
def work(environment_id: int) -> None:
    provisioning.work(environment_id)


@shared_task(name="sandbox.tasks.offer_places")
def offer_places() -> None:
    services.offer_places()


@shared_task(name="sandbox.tasks.reconcile")
def reconcile() -> None:
    reconciling.reconcile()
