"""Drawing a foreign picture anew in a child process, and the files that come of it."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.files.storage import storages

from catalog.enums import PictureProblem

logger = logging.getLogger(__name__)

MOST_BYTES: Final = 4 * 1024 * 1024
MOST_SECONDS: Final = 20
MOST_ANSWER: Final = 8 * 1024 * 1024
FOLDER: Final = "pictures"
READABLE: Final = 0o640  # as settings.FILE_UPLOAD_PERMISSIONS
UNFINISHED_SECONDS: Final = 3600
SMALL: Final = "-s"


@dataclass(frozen=True, slots=True)
class Drawn:
    """Our picture of a foreign one; ``files`` the largest first, as drawing.SIZES has them."""

    width: int
    height: int
    is_light: bool
    files: tuple[bytes, ...]

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.files[0]).hexdigest()


def draw(kind: str, data: bytes) -> Drawn | PictureProblem:
    """Draw ``data`` anew in the sizes of ``kind``, or say what is wrong with it."""
    command = [sys.executable, "-E", "-s", "-B", "-m", "catalog.pictures.drawing", kind]
    try:
        done = subprocess.run(  # noqa: S603 # our own module, no shell
            command,
            input=data,
            capture_output=True,
            timeout=MOST_SECONDS,
            cwd=settings.BASE_DIR,
            env={},
            check=False,
        )
    except subprocess.TimeoutExpired:
        logger.warning("picture took too long")
        return PictureProblem.TOO_LARGE
    head, _newline, rest = done.stdout[:MOST_ANSWER].partition(b"\n")
    if done.returncode != 0:  # killed by its limits, or a decoder fell
        logger.warning("picture not drawn", extra={"code": done.returncode})
        return PictureProblem.UNREADABLE
    answer = json.loads(head)
    if "problem" in answer:
        return PictureProblem(answer["problem"])
    files, start = [], 0
    for size in answer["sizes"]:
        files.append(rest[start : start + size])
        start += size
    return Drawn(answer["width"], answer["height"], answer["is_light"], tuple(files))


def path_of(digest: str, *, small: bool = False) -> Path:
    name = f"{digest}{SMALL if small else ''}.webp"
    return Path(storages["default"].path(f"{FOLDER}/{digest[:2]}/{name}"))


def keep(drawn: Drawn) -> None:
    """Write the files; their names are their content, so that the same picture is kept once."""
    for file, small in zip(drawn.files, (False, True), strict=False):
        path = path_of(drawn.digest, small=small)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.{os.getpid()}")
        unfinished.write_bytes(file)
        unfinished.chmod(READABLE)
        unfinished.replace(path)


def forget(wanted: Collection[str]) -> int:
    """Delete the files of every other digest; those just written may not have their row yet. How many."""
    folder = Path(storages["default"].path(FOLDER))
    oldest = time.time() - UNFINISHED_SECONDS
    gone = 0
    for path in folder.glob("*/*"):
        if path.name[:64] not in wanted and path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
            gone += 1
    return gone
