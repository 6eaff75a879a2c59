"""Several things of which none holds up another."""

from __future__ import annotations

from collections.abc import Callable

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError


def each(*jobs: Callable[[], object]) -> None:
    """Each of them, also where one before it fails; the first error comes at the end, and holds the others as notes.

    At once comes what the next one would meet as well: no database, no time left, the end of the process.
    """
    failed: list[Exception] = []
    for job in jobs:
        try:
            job()
        except (InterfaceError, OperationalError, SoftTimeLimitExceeded):
            raise
        except Exception as error:  # noqa: BLE001 # raised at the end
            failed.append(error)
    if failed:
        first, *others = failed
        for other in others:
            first.add_note(f"and then: {other!r}")
        raise first
