"""Files at rest: AES-GCM in chunks, each file under a key of its own.

The key lies encrypted in the file's row (``encryption``), so that ``manage.py rotate_keys`` need not touch the files,
and a file whose row has lost its key is lost as well. The number of a chunk and whether it is the last one are its
nonce: chunks can be neither exchanged nor cut off.
"""

from __future__ import annotations

import base64
import io
from typing import IO, TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from osk_portal.toolkit import encryption
from osk_portal.toolkit.encryption import CannotDecrypt

if TYPE_CHECKING:
    from typing_extensions import Buffer

CHUNK: Final = 256 * 1024
_TAG: Final = 16


def new_key() -> str:
    """As it stands in a row."""
    return encryption.encrypt(base64.b64encode(AESGCM.generate_key(256)).decode())


def _cipher(key: str) -> AESGCM:
    """Raises CannotDecrypt."""
    return AESGCM(base64.b64decode(encryption.decrypt(key)))


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def opened(source: IO[bytes], key: str) -> IO[bytes]:
    """The content in the clear. Raises CannotDecrypt, at the latest while it is read.

    Its begin is opened at once: whoever answers with the rest knows by then that the key fits.
    """
    return io.BufferedReader(_Opening(source, key), CHUNK)


class Sealing(io.RawIOBase):
    """What is written here arrives encrypted in ``target``, which stays open. Close it, or the end is missing."""

    def __init__(self, target: IO[bytes], key: str) -> None:
        self._target, self._aes = target, _cipher(key)
        self._waiting = bytearray()
        self._number = 0
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Buffer) -> int:
        given = bytes(data)
        self._waiting += given
        self.size += len(given)
        # The last chunk is known at the end only, so one always waits.
        while len(self._waiting) > CHUNK:
            self._put(bytes(self._waiting[:CHUNK]), is_last=False)
            del self._waiting[:CHUNK]
        return len(given)

    def close(self) -> None:
        if not self.closed:
            self._put(bytes(self._waiting), is_last=True)
        super().close()

    def _put(self, chunk: bytes, *, is_last: bool) -> None:
        self._target.write(self._aes.encrypt(_nonce(self._number, is_last=is_last), chunk, None))
        self._number += 1


class _Opening(io.RawIOBase):
    def __init__(self, source: IO[bytes], key: str) -> None:
        self._source, self._aes = source, _cipher(key)
        self._number = 0
        self._sealed = source.read(CHUNK + _TAG)
        self._clear = b""
        self._next()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        if not self._clear and self._sealed:
            self._next()
        view = memoryview(buffer)
        size = min(len(view), len(self._clear))
        view[:size] = self._clear[:size]
        self._clear = self._clear[size:]
        return size

    def close(self) -> None:
        self._source.close()
        super().close()

    def _next(self) -> None:
        sealed, self._sealed = self._sealed, self._source.read(CHUNK + _TAG)
        nonce = _nonce(self._number, is_last=not self._sealed)
        try:
            self._clear = self._aes.decrypt(nonce, sealed, None)
        except InvalidTag as error:
            raise CannotDecrypt from error
        self._number += 1
