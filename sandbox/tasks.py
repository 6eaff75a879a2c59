"""Celery's way into the sandbox. Names and ids only; what is due is in the rows."""

from __future__ import annotations

from celery import shared_task

from sandbox import provisioning, reconciling, services, taking_along
from sandbox.services import report_files, snapshots


@shared_task(name="sandbox.tasks.tick")
def tick() -> None:
    provisioning.tick()


@shared_task(name="sandbox.tasks.work")
def work(environment_id: int) -> None:
    provisioning.work(environment_id)


@shared_task(name="sandbox.tasks.offer_places")
def offer_places() -> None:
    services.offer_places()


@shared_task(name="sandbox.tasks.scan_file", soft_time_limit=100, time_limit=110)
def scan_file(file_id: int) -> None:
    report_files.QUEUE.scan(file_id)


@shared_task(name="sandbox.tasks.sweep_scans")
def sweep_scans() -> None:
    report_files.QUEUE.sweep()
    snapshots.QUEUE.sweep()


@shared_task(name="sandbox.tasks.take_snapshot", soft_time_limit=210, time_limit=230)
def take_snapshot(snapshot_id: int) -> None:
    taking_along.take(snapshot_id)


@shared_task(name="sandbox.tasks.scan_snapshot", soft_time_limit=100, time_limit=110)
def scan_snapshot(snapshot_id: int) -> None:
    snapshots.QUEUE.scan(snapshot_id)


@shared_task(name="sandbox.tasks.reconcile")
def reconcile() -> None:
    reconciling.reconcile()
