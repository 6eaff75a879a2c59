"""A lock for each environment of the process backend: a file beside its folder."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from sandbox.backends.base import Retryable

LOCK_SECONDS = 3


@contextlib.contextmanager
def locked(root: Path, name: str, *, remove: bool = False) -> Iterator[int]:
    """One at a time, also between processes; the kernel frees it when its holders die.

    Gives the descriptor, which a launcher inherits. ``remove`` takes the file away afterwards. Raises Retryable
    where somebody holds it for too long.
    """
    path = root / f"{name}.lock"
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The holder before may have removed the file: then this lock guards nothing.
            if os.fstat(lock).st_ino == path.stat().st_ino:
                break
        except FileNotFoundError:
            pass
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(lock)
                raise Retryable(f"{name}: somebody else works on it") from None
            time.sleep(0.02)
        os.close(lock)
    try:
        yield lock
        if remove:
            path.unlink(missing_ok=True)
    finally:
        os.close(lock)
