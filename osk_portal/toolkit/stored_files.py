"""Files in a storage whose rows are elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final

from django.core.files.storage import Storage

from osk_portal.toolkit import clock

logger = logging.getLogger(__name__)

SWEEP_AFTER: Final = timedelta(days=1)
"""A file is written before its row is there to be seen; younger ones are left alone."""


def remove_strays(
    storage: Storage, folder: str, known: Callable[[set[str]], Iterable[str]]
) -> None:
    """Remove the contents of ``folder`` without a row, left by a crash between disk and database.

    ``known``: of some paths those that a row names.
    """
    if not storage.exists(folder):
        return
    limit = clock.now() - SWEEP_AFTER
    paths = [f"{folder}/{name}" for name in storage.listdir(folder)[1]]
    old = {path for path in paths if storage.get_modified_time(path) < limit}
    for path in old - set(known(old)):
        storage.delete(path)
        logger.warning("a stored file without a row was removed", extra={"folder": folder})
