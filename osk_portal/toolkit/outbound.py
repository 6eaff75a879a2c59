"""Fetches files from foreign servers without becoming a way into our own network (ASVS 5.0 v5.0.0-1.3.6, 13.2.4).

https on port 443 only, to hosts that the operator has named, by an address of the public network. The name
is resolved once and that address is used, so a second answer of the name server changes nothing. No
redirect is followed, no cookie kept, no proxy of the environment used. Knows no models.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as ResolverTimeout
from dataclasses import dataclass, field
from enum import Enum
from typing import Final
from urllib.parse import urlsplit

MOST_BYTES: Final = 512 * 1024
CONNECT_SECONDS: Final = 5.0
MOST_SECONDS: Final = 10.0
"""The whole of it: name, connection, answer. A server that sends a byte a second holds nobody."""
LONGEST_ADDRESS: Final = 2000
PORT: Final = 443
AGENT: Final = "OSK-Portal"
_CHUNK: Final = 16 * 1024
_NAME: Final = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_UNICAST: Final = ipaddress.ip_network("2000::/3")
"""What of IPv6 is given out to the public network. Beside it lies what only some networks use: fec0::/10."""
_SPECIAL: Final = tuple(
    ipaddress.ip_network(network) for network in ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")
)
"""Of no server in the public network, although some versions of Python say so (IANA, special-purpose addresses)."""


class Trouble(Enum):
    """Why there is no answer. What is told to people should not tell NOT_ALLOWED from UNREACHABLE."""

    BAD_ADDRESS = "bad address"
    NOT_ALLOWED = "not allowed"
    """A host that the operator has not named, or one that leads into a network that is not public."""
    UNREACHABLE = "unreachable"
    NOT_TRUSTED = "not trusted"
    """The certificate does not belong to the name."""
    TOO_SLOW = "too slow"
    TOO_LARGE = "too large"
    REDIRECT = "redirect"
    BROKEN = "broken"
    """An answer that is not HTTP."""


class OutboundError(Exception):
    """``trouble`` says what was wrong; ``host`` may be logged, the rest of the address may not."""

    def __init__(self, trouble: Trouble, host: str = "", detail: str = "") -> None:
        super().__init__(f"{trouble.value}: {host or 'no host'} {detail}".strip())
        self.trouble = trouble
        self.host = host
        self.detail = detail

    @property
    def is_passing(self) -> bool:
        """Another try later may succeed."""
        return self.trouble in (Trouble.UNREACHABLE, Trouble.TOO_SLOW, Trouble.BROKEN)


@dataclass(frozen=True, slots=True)
class Answer:
    """``headers``: names in lower case. ``body`` is empty for 304."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Resolve = Callable[[str], Sequence[str]]
"""All addresses of a name, IPv4 and IPv6; OSError when there is none."""
Connect = Callable[[str, float], socket.socket]
"""A connection to an address within some seconds."""


def _resolve(host: str) -> list[str]:
    found = socket.getaddrinfo(host, PORT, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _connect(address: str, seconds: float) -> socket.socket:
    return socket.create_connection((address, PORT), timeout=seconds)


@dataclass(frozen=True)
class Outbound:
    """``hosts``: exact names in lower case. ``resolve``, ``connect`` and ``context`` are for tests, and for
    an operator whose machine needs a way out of its own."""

    hosts: Collection[str]
    resolve: Resolve = _resolve
    connect: Connect = _connect
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    most_seconds: float = MOST_SECONDS

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        most_bytes: int = MOST_BYTES,
        method: str = "GET",
        is_cut: bool = False,
    ) -> Answer:
        """Ask for ``url`` with GET or HEAD. ``is_cut``: of a longer body only the beginning, instead of an error.

        Returns every answer but a redirect, 404 and 500 too. Raises OutboundError.
        """
        deadline = time.monotonic() + self.most_seconds
        host, target = self.check(url)
        address = self._public_address(host, deadline)
        connection = self._open(host, address, deadline)
        with _cut_off(connection, deadline) as is_over:
            try:
                answer = self._ask(
                    connection, host, method, target, headers or {}, most_bytes, is_cut=is_cut
                )
            except (OSError, http.client.HTTPException, ValueError) as error:
                if is_over.is_set() or isinstance(error, TimeoutError):
                    raise OutboundError(Trouble.TOO_SLOW, host) from error
                trouble = Trouble.UNREACHABLE if isinstance(error, OSError) else Trouble.BROKEN
                raise OutboundError(trouble, host, type(error).__name__) from error
            if is_over.is_set():  # what was cut off may look complete
                raise OutboundError(Trouble.TOO_SLOW, host)
            return answer

    def check(self, url: str) -> tuple[str, str]:
        """Host and request target of an address that may be asked; nothing is sent.

        Raises OutboundError (BAD_ADDRESS, NOT_ALLOWED).
        """
        if len(url) > LONGEST_ADDRESS or not url.isascii() or re.search(r"[\x00-\x20\x7f\\]", url):
            raise OutboundError(Trouble.BAD_ADDRESS)
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise OutboundError(Trouble.BAD_ADDRESS) from error
        has_login = "@" in parts.netloc
        if parts.scheme != "https" or port not in (None, PORT) or has_login or not host:
            raise OutboundError(Trouble.BAD_ADDRESS, host)
        # Only names: an address in whatever spelling (2130706433, 0x7f.1, [::1]) is never named.
        if not _NAME.fullmatch(host) or host not in self.hosts:
            raise OutboundError(Trouble.NOT_ALLOWED, host)
        target = parts.path or "/"
        return host, f"{target}?{parts.query}" if parts.query else target

    def _public_address(self, host: str, deadline: float) -> str:
        pool = ThreadPoolExecutor(1, thread_name_prefix="resolver")
        try:
            found = pool.submit(self.resolve, host).result(_left(deadline))
        except ResolverTimeout as error:
            raise OutboundError(Trouble.TOO_SLOW, host, "name server") from error
        except (OSError, UnicodeError) as error:
            raise OutboundError(Trouble.UNREACHABLE, host, "no such name") from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        if not found:
            raise OutboundError(Trouble.UNREACHABLE, host, "no such name")
        # One that is not public among many is an attack, not an accident.
        if not all(map(is_public, found)):
            raise OutboundError(Trouble.NOT_ALLOWED, host, "not a public address")
        return found[0]

    def _open(self, host: str, address: str, deadline: float) -> ssl.SSLSocket:
        plain: socket.socket | None = None
        try:
            plain = self.connect(address, min(CONNECT_SECONDS, _left(deadline)))
            plain.settimeout(_left(deadline))
            return self.context.wrap_socket(plain, server_hostname=host)
        except ssl.SSLError as error:
            _close(plain)
            raise OutboundError(Trouble.NOT_TRUSTED, host, error.reason or "") from error
        except TimeoutError as error:
            _close(plain)
            raise OutboundError(Trouble.TOO_SLOW, host) from error
        except OSError as error:
            _close(plain)
            raise OutboundError(Trouble.UNREACHABLE, host, error.strerror or "") from error

    def _ask(
        self,
        connection: ssl.SSLSocket,
        host: str,
        method: str,
        target: str,
        headers: Mapping[str, str],
        most_bytes: int,
        *,
        is_cut: bool,
    ) -> Answer:
        client = http.client.HTTPConnection(host, PORT)
        client.sock = connection
        ours = {"User-Agent": AGENT, "Accept-Encoding": "identity", "Connection": "close"}
        client.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in {"Host": host, **ours, **headers}.items():
            client.putheader(name, value)
        client.endheaders()
        with contextlib.closing(client.getresponse()) as response:
            if 300 <= response.status < 400 and response.status != http.HTTPStatus.NOT_MODIFIED:
                where = response.getheader("Location", "")[:500]
                raise OutboundError(Trouble.REDIRECT, host, where)
            found = {name.lower(): value for name, value in response.getheaders()}
            if is_cut:
                return Answer(response.status, found, response.read(most_bytes))
            if (response.length or 0) > most_bytes and method != "HEAD":
                raise OutboundError(Trouble.TOO_LARGE, host)
            body = bytearray()
            while chunk := response.read(min(_CHUNK, most_bytes + 1 - len(body))):
                body += chunk
                if len(body) > most_bytes:
                    raise OutboundError(Trouble.TOO_LARGE, host)
            if response.length and method != "HEAD":  # it promised more than came
                raise OutboundError(Trouble.BROKEN, host, "cut off")
            return Answer(response.status, found, bytes(body))


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public network, also behind what wraps IPv4 in IPv6."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and (
        found not in _UNICAST or found.sixtofour or found.teredo
    ):
        return False  # no server that we ask has such an address; an attacker may
    if any(found in network for network in _SPECIAL if network.version == found.version):
        return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def _left(deadline: float) -> float:
    """Seconds until the deadline; a little more than none, because no time-out at all means for ever."""
    return max(deadline - time.monotonic(), 0.001)


def _close(connection: socket.socket | None) -> None:
    if connection is not None:
        connection.close()


@contextlib.contextmanager
def _cut_off(connection: socket.socket, deadline: float) -> Iterator[threading.Event]:
    """Ends the connection at the deadline whatever it does, and in any case afterwards."""
    is_over = threading.Event()

    def cut() -> None:
        is_over.set()
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(_left(deadline), cut)
    timer.daemon = True
    timer.start()
    try:
        yield is_over
    finally:
        timer.cancel()
        connection.close()
