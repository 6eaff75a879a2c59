"""Reads the files of an environment, as the other user and for nobody else's eyes.

Runs as a program of its own (``python -I -S reader.py``, the order as JSON on standard input) with the standard
library only, as the launcher does: nothing of the portal's rights touches a folder that the product can change.
It follows no link. What it writes is a header a line (JSON), and after that of a file its chunks: four bytes of
length and the content, until a length of nothing.
"""

import json
import os
import stat
import sys
from collections.abc import Iterator
from typing import Any

CHUNK = 256 * 1024
DEEPEST = 64
_FOLDER = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def main() -> int:
    order = json.load(sys.stdin)
    if order["uid"] is not None:
        os.setgroups([])
        os.setgid(order["gid"])
        os.setuid(order["uid"])
    home = os.open(order["home"], _FOLDER)
    for path in order["paths"]:
        read_path(home, path, order["most_bytes"])
    tell("", "end")
    sys.stdout.buffer.flush()
    return 0


def read_path(home: int, path: str, most: int) -> None:
    """``path``: relative; a link on the way to it counts as missing."""
    *folders, name = path.split("/")
    folder = os.dup(home)
    try:
        for part in folders:
            inner = os.open(part, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
        os.stat(name, dir_fd=folder, follow_symlinks=False)
        read_entry(folder, name, path, most, DEEPEST)
    except OSError:
        tell(path, "missing")
    finally:
        os.close(folder)


def read_entry(folder: int, name: str, path: str, most: int, depth: int) -> None:
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISLNK(found.st_mode):
            tell(path, "link")
        elif stat.S_ISDIR(found.st_mode) and depth:
            read_folder(os.open(name, _FOLDER, dir_fd=folder), path, most, depth - 1)
        elif not stat.S_ISREG(found.st_mode):
            tell(path, "special")
        elif found.st_size > most:
            tell(path, "too_large")
        else:
            read_file(os.open(name, _FILE, dir_fd=folder), path)
    except BrokenPipeError:
        raise
    except OSError:
        tell(path, "unreadable")


def read_folder(folder: int, path: str, most: int, depth: int) -> None:
    try:
        for name in sorted(os.listdir(folder)):
            read_entry(folder, name, f"{path}/{name}", most, depth)
    finally:
        os.close(folder)


def read_file(file: int, path: str) -> None:
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode):
            tell(path, "special")
            return
        tell(path, "file", size=found.st_size, changed=found.st_mtime)
        for chunk in chunks_of(file, found.st_size):
            sys.stdout.buffer.write(len(chunk).to_bytes(4, "big") + chunk)
        sys.stdout.buffer.write(bytes(4))
    finally:
        os.close(file)


def chunks_of(file: int, left: int) -> Iterator[bytes]:
    """No more than it said: who still writes to it could go on for ever."""
    while left > 0:
        chunk = os.read(file, min(CHUNK, left))
        if not chunk:
            return
        left -= len(chunk)
        yield chunk


def tell(path: str, kind: str, **more: Any) -> None:
    sys.stdout.buffer.write(json.dumps({"path": path, "kind": kind, **more}).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main())
