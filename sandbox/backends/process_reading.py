"""Runs the reader as the other user and hands on what it says."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from sandbox.backends import reader
from sandbox.backends.base import Retryable
from sandbox.backends.collecting import READ_FACTOR, Collector, EnoughError, Reason
from sandbox.backends.other_user import OtherUser

_LONGEST_HEADER = 64 * 1024


def read_files(
    home: Path, user: OtherUser | None, component: str, paths: Iterable[str], into: Collector
) -> None:
    """Hostile programs run as the same user: they may end or halt the reader, and that is all they can do.

    Raises EnoughError, Retryable.
    """
    order = {
        "uid": user.uid if user else None,
        "gid": user.gid if user else None,
        "home": str(home),
        "paths": [*paths],
        "most_bytes": into.most_bytes,
    }
    with subprocess.Popen(
        [sys.executable, "-I", "-S", str(Path(reader.__file__))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
        env={},
    ) as process:
        watch = threading.Timer(max(0.0, into.until - time.monotonic()), process.kill)
        watch.start()
        try:
            if process.stdin is None or process.stdout is None:
                raise EOFError
            process.stdin.write(json.dumps(order).encode())
            process.stdin.close()
            _take(process.stdout, component, into)
        except (
            BrokenPipeError, EOFError, ValueError, KeyError, TypeError, OverflowError,
        ) as error:  # fmt: skip
            raise Retryable(
                f"the reader did not come to its end: {type(error).__name__}"
            ) from error
        finally:
            watch.cancel()
            process.kill()


def _take(source: IO[bytes], component: str, into: Collector) -> None:
    left = READ_FACTOR * into.most_bytes
    while True:
        header = _header(source)
        path, kind = str(header["path"]), str(header["kind"])
        if kind == "end":
            return
        if kind != "file":
            into.leave_out(f"{component}/{path}", Reason(kind))
            continue
        size = int(header["size"])
        left -= size
        if left < 0:
            raise EnoughError
        rest = _chunks(source)
        into.add(component, path, size, rest, changed=float(header["changed"]))
        for _passed_over in rest:
            pass


def _header(source: IO[bytes]) -> dict[str, Any]:
    line = source.readline(_LONGEST_HEADER)
    if not line.endswith(b"\n"):
        raise EOFError
    found: dict[str, Any] = json.loads(line)
    return found


def _chunks(source: IO[bytes]) -> Iterator[bytes]:
    while size := int.from_bytes(_exactly(source, 4), "big"):
        if size > reader.CHUNK:
            raise ValueError("a chunk is too long")
        yield _exactly(source, size)


def _exactly(source: IO[bytes], size: int) -> bytes:
    found = source.read(size)
    if len(found) < size:
        raise EOFError
    return found
