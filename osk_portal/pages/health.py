"""Whether the portal can serve: for load balancers and the operator's monitoring (quality.md 2.4)."""

from __future__ import annotations

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from kombu.exceptions import OperationalError as BrokerError

from osk_portal.toolkit import clamav

_all_applied = False


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def migrations_applied() -> bool:
    """Whether the database has the shape that this code expects. Asked until it is so, then known."""
    global _all_applied
    if not _all_applied:
        executor = MigrationExecutor(connection)
        _all_applied = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _all_applied


def broker_answers() -> bool:
    """Without the broker the portal still serves: a sweep sends later what waits in the rows."""
    try:
        with current_app.connection_for_write(connect_timeout=1) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, timeout=1)
    except (BrokerError, OSError):
        return False
    return True


def scanner_answers() -> bool | None:
    """None where no scanner is configured. Without it uploaded files wait in quarantine."""
    return clamav.answers(settings.OSK_CLAMAV) if settings.OSK_CLAMAV else None
