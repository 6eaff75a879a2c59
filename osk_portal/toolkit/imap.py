"""A mailbox on an IMAP server, as far as a portal needs it: number, take, mark. Knows no app.

Only TLS with a checked certificate, or a server on this machine (RFC 8314).
"""

from __future__ import annotations

import base64
import imaplib
import ipaddress
import re
import ssl
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import unquote, urlsplit

TIMEOUT: Final = 30.0
"""Seconds that the server may be silent."""
_TAKEN: Final = re.compile(rb"\bUID (\d+)\b", re.IGNORECASE)
_SIZE: Final = re.compile(rb"\bRFC822\.SIZE (\d+)\b", re.IGNORECASE)
_ASCII: Final = re.compile(r"[^\x20-\x7e]+")


class MailboxUnavailable(Exception):
    """The server cannot be reached, refuses, or speaks nonsense. Later it may be better."""


@dataclass(frozen=True)
class Mailbox:
    """Where the mail lies. ``name`` is without the password and may be logged."""

    host: str
    port: int
    user: str
    folder: str
    is_tls: bool

    @classmethod
    def from_url(cls, url: str) -> Mailbox:
        """From ``imaps://user@host[:port]/folder``. Raises ValueError in words for the operator."""
        parts = urlsplit(url)
        if parts.scheme not in ("imaps", "imap") or not parts.hostname or not parts.username:
            raise ValueError("must look like imaps://user@host/folder")
        if parts.password is not None:
            raise ValueError("must not hold the password: it has a setting of its own")
        if parts.scheme == "imap" and not _is_loopback(parts.hostname):
            raise ValueError("must begin with imaps: without TLS only a server on this machine")
        is_tls = parts.scheme == "imaps"
        return cls(
            host=parts.hostname,
            port=parts.port or (993 if is_tls else 143),
            user=unquote(parts.username),
            folder=unquote(parts.path.strip("/")) or "INBOX",
            is_tls=is_tls,
        )

    @property
    def name(self) -> str:
        return f"{self.user}@{self.host}:{self.port}/{self.folder}"


@dataclass(frozen=True)
class Taken:
    """A mail as the server holds it; ``is_cut``: it has more than we have asked for."""

    raw: bytes
    is_cut: bool


class Session:
    """The folder, open for reading and marking. All methods raise MailboxUnavailable."""

    def __init__(self, mailbox: Mailbox, password: str, *, timeout: float = TIMEOUT) -> None:
        self._mailbox = mailbox
        self._password = password
        self._timeout = timeout
        self._connection: imaplib.IMAP4
        self._abilities: list[bytes] = []
        self.uidvalidity = 0

    def __enter__(self) -> Self:
        where = self._mailbox
        try:
            if where.is_tls:
                self._connection = imaplib.IMAP4_SSL(
                    where.host,
                    where.port,
                    ssl_context=ssl.create_default_context(),
                    timeout=self._timeout,
                )
            else:
                self._connection = imaplib.IMAP4(where.host, where.port, timeout=self._timeout)
        except (imaplib.IMAP4.error, OSError) as error:
            raise MailboxUnavailable(f"{where.host}: {error}") from error
        try:
            _quoted(self._password)  # imaplib quotes it, and lets line breaks pass
            self._ask("login", _quoted(where.user), self._password)
            # Before the login a server names but a part of what it can.
            self._abilities = b" ".join(self._ask("capability")).upper().split()
            self._ask("select", _quoted(_modified_utf7(where.folder)))
            self.uidvalidity = int(self._said("UIDVALIDITY"))
        except BaseException:
            self._connection.shutdown()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._connection.logout()
        except (imaplib.IMAP4.error, OSError):
            self._connection.shutdown()

    def uids_after(self, uid: int) -> list[int]:
        """The numbers above ``uid``, rising. A server names its last mail for ``*`` in any case."""
        found = self._ask("uid", "SEARCH", "UID", f"{uid + 1}:*")
        words = b" ".join(each for each in found if isinstance(each, bytes)).split()
        return sorted(number for word in words if (number := int(word)) > uid)

    def take(self, uid: int, *, most: int) -> Taken | None:
        """The mail, at most ``most`` bytes of it, without marking it. None when it has gone meanwhile."""
        answer = self._ask("uid", "FETCH", str(uid), f"(RFC822.SIZE BODY.PEEK[]<0.{most}>)")
        holds_data = False
        for place, each in enumerate(answer):
            if not isinstance(each, tuple):
                continue
            holds_data = True
            # A server names number and size in any order, also behind the mail (RFC 3501, 7.4.2).
            rest = answer[place + 1] if place + 1 < len(answer) else b""
            about = each[0] + b" " + (rest if isinstance(rest, bytes) else b"")
            if any(int(found) == uid for found in _TAKEN.findall(about)):
                size = _SIZE.search(about)
                # Some servers tell another size than they send; more than ``most`` is what counts.
                return Taken(each[1], len(each[1]) >= most and (not size or int(size[1]) > most))
        if holds_data:  # never taken for gone: the mail would be passed over for ever
            raise MailboxUnavailable(f"the server sends another mail than {uid}")
        return None

    def mark_seen(self, uid: int) -> None:
        self._ask("uid", "STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)")

    def move(self, uid: int, folder: str) -> None:
        """Into ``folder``, in one step of the server (RFC 6851): never twice, never in neither."""
        if b"MOVE" not in self._abilities:
            raise MailboxUnavailable("the server cannot move mails (RFC 6851)")
        self._ask("uid", "MOVE", str(uid), _quoted(_modified_utf7(folder)))

    def _said(self, name: str) -> bytes:
        _kind, data = self._connection.response(name)
        value = data[0] if data else None
        if not isinstance(value, bytes) or not value.isdigit():
            raise MailboxUnavailable(f"the server says no {name}")
        return value

    def _ask(self, command: str, *arguments: str) -> list[Any]:
        try:
            kind, data = getattr(self._connection, command)(*arguments)
        except (imaplib.IMAP4.error, OSError) as error:
            raise MailboxUnavailable(f"{command}: {error}") from error
        if kind != "OK":
            raise MailboxUnavailable(
                f"{command} {arguments[0] if command == 'uid' else ''}: {data!r}"
            )
        return list(data)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _quoted(text: str) -> str:
    """As a quoted string (RFC 3501, 4.3). Raises MailboxUnavailable for what cannot stand in one."""
    if any(sign in text for sign in "\r\n\0"):
        raise MailboxUnavailable("a line break in user, password or folder")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _modified_utf7(name: str) -> str:
    """A folder's name as servers write it (RFC 3501, 5.1.3)."""

    def encode(found: re.Match[str]) -> str:
        packed = base64.b64encode(found[0].encode("utf-16-be")).decode("ascii")
        return f"&{packed.rstrip('=').replace('/', ',')}-"

    return _ASCII.sub(encode, name.replace("&", "&-"))
