"""Asks a ClamAV daemon about bytes: INSTREAM over a Unix socket or TCP (clamd(8)).

Knows no models. Whoever asks gets a typed answer, never an exception, whatever the other side does.
"""

from __future__ import annotations

import re
import socket
import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

CHUNK: Final = 64 * 1024
CONNECT_SECONDS: Final = 3.0
# The whole conversation, so that a daemon that answers one byte a second holds nobody.
MOST_SECONDS: Final = 60.0
PING_SECONDS: Final = 1.0
_LONGEST_REPLY: Final = 4096
_FOUND: Final = re.compile(r"stream: (.+) FOUND")


class Outcome(Enum):
    CLEAN = "clean"
    FOUND = "found"
    """Malware; the detail is the name of the signature."""
    TOO_LARGE = "too large"
    """Longer than the daemon's StreamMaxLength: its settings do not fit ours."""
    ERROR = "error"
    """The daemon answered that it cannot."""
    UNREACHABLE = "unreachable"
    """No daemon, or none that answers in time."""
    BROKEN = "broken"
    """An answer that no ClamAV gives."""


@dataclass(frozen=True, slots=True)
class Verdict:
    outcome: Outcome
    detail: str = ""

    @property
    def is_settled(self) -> bool:
        """It says something about the bytes; everything else says something about the daemon."""
        return self.outcome in (Outcome.CLEAN, Outcome.FOUND)


@dataclass(frozen=True, slots=True)
class Address:
    """``path`` of a Unix socket, or ``host`` and ``port``."""

    path: str = ""
    host: str = ""
    port: int = 0


def parse(address: str) -> Address:
    """``unix:/run/clamav/clamd.ctl`` or ``tcp://127.0.0.1:3310``. Raises ValueError."""
    kind, _colon, rest = address.partition(":")
    if kind == "unix" and rest.startswith("/"):
        return Address(path=rest)
    if kind == "tcp" and rest.startswith("//"):
        host, _colon, port = rest[2:].rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if host and port.isascii() and port.isdigit() and 0 < int(port) < 65536:
            return Address(host=host, port=int(port))
    raise ValueError(f"is {address!r}, but must be unix:/path/to/socket or tcp://host:port.")


def scan(address: str, chunks: Iterable[bytes], *, most_seconds: float = MOST_SECONDS) -> Verdict:
    """What the daemon at ``address`` says about the bytes. What reading them raises passes through."""
    until = time.monotonic() + most_seconds
    try:
        with _connect(parse(address), until, CONNECT_SECONDS) as line:
            reply = _converse(line, chunks, until)
    except _ReplyTooLong:
        return Verdict(Outcome.BROKEN, "endless reply")
    except _DaemonError as error:
        return Verdict(Outcome.UNREACHABLE, _reason(error))
    return _read(reply)


def answers(address: str) -> bool:
    """Whether a daemon is there and ready."""
    until = time.monotonic() + PING_SECONDS
    try:
        with _connect(parse(address), until, PING_SECONDS) as line:
            _send(line, b"zPING\0", until)
            return _receive(line, until) == b"PONG"
    except (_DaemonError, _ReplyTooLong):
        return False


class _DaemonError(Exception):
    """The line to the daemon failed; kept apart from errors of whatever gives the bytes."""


class _ReplyTooLong(Exception):
    pass


def _connect(address: Address, until: float, most_seconds: float) -> socket.socket:
    try:
        if not address.path:
            wait = min(most_seconds, _left(until))
            return socket.create_connection((address.host, address.port), wait)
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            line.settimeout(min(most_seconds, _left(until)))
            line.connect(address.path)
        except BaseException:
            line.close()
            raise
    except OSError as error:
        raise _DaemonError from error
    return line


def _converse(line: socket.socket, chunks: Iterable[bytes], until: float) -> bytes:
    try:
        _send(line, b"zINSTREAM\0", until)
        for chunk in chunks:
            for start in range(0, len(chunk), CHUNK):
                part = chunk[start : start + CHUNK]
                _send(line, struct.pack("!I", len(part)) + part, until)
        _send(line, struct.pack("!I", 0), until)
    except _DaemonError as error:
        if not isinstance(error.__cause__, ConnectionError):
            raise
        # Past its size limit the daemon answers and closes while we still send: the answer counts.
        reply = _receive(line, until)
        if not reply:
            raise
        return reply
    return _receive(line, until)


def _send(line: socket.socket, data: bytes, until: float) -> None:
    try:
        line.settimeout(_left(until))
        line.sendall(data)
    except OSError as error:
        raise _DaemonError from error


def _receive(line: socket.socket, until: float) -> bytes:
    """The reply up to its NUL, or to the end of the line."""
    reply = b""
    while b"\0" not in reply:
        if len(reply) > _LONGEST_REPLY:
            raise _ReplyTooLong
        try:
            line.settimeout(_left(until))
            more = line.recv(_LONGEST_REPLY)
        except OSError as error:
            raise _DaemonError from error
        if not more:
            break
        reply += more
    return reply.partition(b"\0")[0]


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("no answer in time")
    return left


def _read(reply: bytes) -> Verdict:
    text = reply.decode("utf-8", "replace").strip()
    if text == "stream: OK":
        return Verdict(Outcome.CLEAN)
    found = _FOUND.fullmatch(text)
    if found:
        return Verdict(Outcome.FOUND, found[1][:200])
    if text.startswith("INSTREAM size limit exceeded"):
        return Verdict(Outcome.TOO_LARGE, text[:200])
    if text.endswith("ERROR"):
        return Verdict(Outcome.ERROR, text[:200])
    return Verdict(Outcome.BROKEN, text[:200])


def _reason(error: _DaemonError) -> str:
    cause = error.__cause__
    return f"{type(cause).__name__}: {cause}"[:200] if cause else "the daemon hung up"
