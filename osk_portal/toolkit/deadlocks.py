"""Transactions that PostgreSQL may end, because each of two waits for what the other one holds."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, TypeVar

from django.db import OperationalError, connection
from psycopg.errors import DeadlockDetected

logger = logging.getLogger(__name__)

R = TypeVar("R")
TRIES: Final = 4


def without_deadlock(work: Callable[[], R]) -> R:
    """Run a whole transaction; again where PostgreSQL ended it to resolve a deadlock (40P01).

    Inside another transaction it runs once: only whoever has begun that one can begin it anew.
    """
    if connection.in_atomic_block:
        return work()
    for tried in range(1, TRIES + 1):
        try:
            return work()
        except OperationalError as error:
            if not isinstance(error.__cause__, DeadlockDetected) or tried == TRIES:
                raise
            logger.warning("deadlock, tried again", extra={"tried": tried})
    raise AssertionError("unreachable")
