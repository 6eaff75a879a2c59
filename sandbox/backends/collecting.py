"""What people take along of an environment: regular files in a ZIP of our own making, within bounds.

What products wrote is hostile: links, devices, names that lead elsewhere, files without an end. Nothing of an
engine's archive is passed on; what comes here is named anew, counted and measured, and what is left out is told.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import stat
import tarfile
import tempfile
import time
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Final

from sandbox.backends.base import Retryable

if TYPE_CHECKING:
    from typing_extensions import Buffer

CHUNK: Final = 256 * 1024
LONGEST_NAME: Final = 400
MOST_TOLD: Final = 200
"""Names of what was left out; of more only the number."""
READ_FACTOR: Final = 4
"""So many times the limit is read of an engine's archive, which holds also what is left out."""
LOOKED_FACTOR: Final = 10
"""So many times the number of files is looked at."""
_IN_MEMORY: Final = 1024 * 1024
_TOO_LONG: Final = "reading took too long"


class Reason(StrEnum):
    """Why something was left out."""

    MISSING = "missing"
    LINK = "link"
    SPECIAL = "special"
    NAME = "name"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    UNREADABLE = "unreadable"
    REST = "rest"
    """Reading ended here: there was too much of it."""


class EnoughError(Exception):
    """Nothing more is read: a limit is reached."""


@dataclass
class Collector:
    """Takes files, one by one. ``archive`` is a new ZIP; ``until`` a moment of ``time.monotonic``."""

    archive: zipfile.ZipFile
    most_bytes: int
    most_files: int
    until: float
    files: int = 0
    size: int = 0
    left_out: list[tuple[str, Reason]] = field(default_factory=list)
    left_out_count: int = 0
    _seen: set[str] = field(default_factory=set)
    _looked_at: int = 0

    def leave_out(self, name: str, reason: Reason) -> None:
        self._look()
        self._tell(name, reason)

    def add(
        self, component: str, path: str, size: int, chunks: Iterable[bytes], *, changed: float = 0
    ) -> None:
        """A regular file of ``size`` bytes; ``path`` as it is called inside the component.

        Only what came to its end stands in the ZIP. Raises EnoughError, and Retryable where more comes than was said
        or the time is over in the middle.
        """
        self._look()
        name = _clean(f"{component}/{path.lstrip('/')}")
        key = "" if name is None else name.casefold()
        if name is None or key in self._seen:
            self._tell(f"{component}/{path}", Reason.NAME)
        elif self.files >= self.most_files:
            self._tell(name, Reason.TOO_MANY)
        elif size > self.most_bytes - self.size:
            self._tell(name, Reason.TOO_LARGE)
        else:
            self._seen.add(key)
            self._write(name, size, chunks, changed)

    def is_too_large(self, size: int) -> bool:
        return size > self.most_bytes - self.size

    def end(self) -> None:
        """The rest was not looked at."""
        self._tell("…", Reason.REST)

    def _look(self) -> None:
        self._looked_at += 1
        if self._looked_at > LOOKED_FACTOR * self.most_files or time.monotonic() > self.until:
            raise EnoughError

    def _tell(self, name: str, reason: Reason) -> None:
        self.left_out_count += 1
        if len(self.left_out) < MOST_TOLD:
            self.left_out.append((_printable(name), reason))

    def _write(self, name: str, size: int, chunks: Iterable[bytes], changed: float) -> None:
        """Read aside first: an entry that was begun would be closed as if it were whole."""
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as whole:
            try:
                read = self._read(size, chunks, whole)
            except EnoughError:
                if time.monotonic() > self.until:
                    raise Retryable(_TOO_LONG) from None
                self._tell(name, Reason.REST)
                raise
            if read < size:
                self._tell(name, Reason.UNREADABLE)
                return
            info = zipfile.ZipInfo(name, _moment(changed))
            info.external_attr = (stat.S_IFREG | 0o600) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            info.file_size = read  # from 2 GiB on the entry needs another form
            whole.seek(0)
            with self.archive.open(info, "w") as entry:
                shutil.copyfileobj(whole, entry, CHUNK)
        self.files += 1
        self.size += read

    def _read(self, size: int, chunks: Iterable[bytes], target: IO[bytes]) -> int:
        read = 0
        for chunk in chunks:
            read += len(chunk)
            if read > size:
                raise Retryable("a file grew while it was read")
            target.write(chunk)
            if time.monotonic() > self.until:
                raise Retryable(_TOO_LONG)
        return read


def take_tar(
    chunks: Iterable[bytes], into: Collector, *, component: str, folder: str, wanted: Iterable[str]
) -> None:
    """The files of a tar archive of ``folder``, as engines give it: its entries begin with the folder's own name.

    ``wanted``: which paths of the component; all else is passed over. Raises EnoughError, Retryable.
    """
    paths = [*wanted]
    base = PurePosixPath(folder)
    missing = {*paths}
    raw = _Source(chunks, READ_FACTOR * into.most_bytes, into.until)
    source = io.BufferedReader(raw, CHUNK)
    try:
        with tarfile.open(fileobj=source, mode="r|", bufsize=CHUNK) as tar:
            while (entry := tar.next()) is not None:
                tar.members.clear()  # type: ignore[attr-defined] # else it keeps all of them
                path = _inside(base, entry.name)
                asked = [p for p in paths if path is not None and f"{path}/".startswith(f"{p}/")]
                if path is None or not asked:
                    continue
                missing.difference_update(asked)
                _take(tar, entry, into, component, path)
    except (tarfile.TarError, ValueError, OverflowError, EOFError) as error:
        raise Retryable(f"the archive cannot be read: {type(error).__name__}") from error
    for path in sorted(missing):
        into.leave_out(f"{component}{path}", Reason.MISSING)


def _take(
    tar: tarfile.TarFile, entry: tarfile.TarInfo, into: Collector, component: str, path: str
) -> None:
    if entry.isdir():
        return
    name = f"{component}{path}"
    if entry.issym() or entry.islnk():
        into.leave_out(name, Reason.LINK)
    elif not entry.isreg() or entry.issparse():
        into.leave_out(name, Reason.SPECIAL)
    else:
        content = tar.extractfile(entry)
        if content is not None:
            into.add(component, path, entry.size, _read(content), changed=entry.mtime)


def _read(content: IO[bytes]) -> Iterator[bytes]:
    while chunk := content.read(CHUNK):
        yield chunk


def _inside(base: PurePosixPath, name: str) -> str | None:
    """Where it lies in the component; None for what claims to lie elsewhere."""
    parts = PurePosixPath(name).parts
    if not parts or parts[0] != base.name or ".." in parts:
        return None
    return str(base.joinpath(*parts[1:]))


class _Source(io.RawIOBase):
    """A stream of chunks as a file; ends a reader that has read enough."""

    def __init__(self, chunks: Iterable[bytes], most: int, until: float) -> None:
        self._chunks = iter(chunks)
        self._rest = b""
        self._left = most
        self._until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer)
        if not self._rest:
            if self._left <= 0 or time.monotonic() > self._until:
                raise EnoughError
            self._rest = next(self._chunks, b"")
            self._left -= len(self._rest)
        size = min(len(view), len(self._rest))
        view[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def _clean(name: str) -> str | None:
    """As it stands in the ZIP; None for what no system should unpack."""
    name = unicodedata.normalize("NFC", name)
    parts = name.split("/")
    is_good = (
        len(name) <= LONGEST_NAME
        and all(part not in ("", ".", "..") for part in parts)
        and name.isprintable()
        and not any(sign in name for sign in '\\:*?"<>|')
    )
    return name if is_good else None


def _printable(name: str) -> str:
    shown = "".join(sign if sign.isprintable() else "�" for sign in name)
    return shown if len(shown) <= LONGEST_NAME else f"{shown[:LONGEST_NAME]}…"


def _moment(changed: float) -> tuple[int, int, int, int, int, int]:
    """ZIP knows the years 1980 to 2107."""
    with contextlib.suppress(ValueError, OverflowError, OSError):
        moment = datetime.fromtimestamp(changed, UTC)
        if 1980 <= moment.year <= 2107:
            return (
                moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second,
            )  # fmt: skip
    return (1980, 1, 1, 0, 0, 0)
