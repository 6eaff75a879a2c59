"""The only place that touches the broker: rings a task by name after the commit."""

from __future__ import annotations

import logging
import time

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

SILENCE_SECONDS = 15
_silent_until = 0.0
_failures = 0


def ring(task_name: str, **ids: str | int) -> None:
    """Ring ``task_name`` with ``ids`` once the present transaction is committed.

    Never raises: a broker that is down costs one warning and then nothing for 15 seconds. What it would
    have said is in the rows, and a sweep finds it (foundations.md, Broker and doorbell).
    """

    def send() -> None:  # a named function: a failed robust callback is logged by __qualname__
        global _failures, _silent_until
        if time.monotonic() < _silent_until:
            _failures += 1
            return
        try:
            current_app.send_task(task_name, kwargs=ids)
        except OperationalError:
            _failures += 1
            _silent_until = time.monotonic() + SILENCE_SECONDS
            logger.warning(
                "doorbell: broker unreachable, the sweep takes over", extra={"task": task_name}
            )

    transaction.on_commit(send, robust=True)


def failures() -> int:
    """How many rings of this process the broker did not get (metrics)."""
    return _failures
