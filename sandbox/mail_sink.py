"""A mail server for the test environments that delivers nothing: it keeps what it is given in the database.

One listener for all; who asks is known by the network (``mail_senders.py``). It runs as a process of its own
(``manage.py sandbox_mail``), so that a product that sends thousands of messages slows down nobody else.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import signal
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, ClassVar, Final, TypeVar

from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings
from django.db import DatabaseError, connection

from osk_portal.toolkit import clock
from sandbox.backends.base import BackendError
from sandbox.backends.container_plan import PREFIX
from sandbox.mail_senders import environment_of
from sandbox.services.mails import LARGEST, keep_mail

logger = logging.getLogger(__name__)

T = TypeVar("T")

CONNECTIONS: Final = 50
OF_ONE_SENDER: Final = 10
"""Connections of an environment: nobody keeps the others from being heard."""
RECIPIENTS: Final = 100
PATIENCE_SECONDS: Final = 60
A_MINUTE: Final = 30
"""Messages of an environment that are kept in a minute; a product that sends more is asked to wait."""
NOT_OURS: Final = "550 5.7.1 No test environment asks from this address."
TOO_MANY: Final = "451 4.7.1 Too many messages, try again in a minute."
TOO_MANY_RECIPIENTS: Final = "452 4.5.3 Too many recipients."
LATER: Final = "451 4.3.0 Try again later."


class Sink:
    """What aiosmtpd asks for each message."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self._threads = threads
        self._recent: dict[int, deque[float]] = defaultdict(deque)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= RECIPIENTS:
            return TOO_MANY_RECIPIENTS
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: _Conversation, session: Session, envelope: Envelope) -> str:
        if session.peer is None or server.transport is None:
            return LATER
        peer, local = session.peer[0], server.transport.get_extra_info("sockname")[0]
        try:
            environment_id = await self._in_thread(environment_of, peer, local, server.since)
            if environment_id is None:
                return NOT_OURS
            if not self._has_room(environment_id):
                return TOO_MANY
            kept = await self._in_thread(self._keep, environment_id, envelope)
        except (DatabaseError, BackendError):
            logger.warning("sandbox: a message was not kept", exc_info=True)
            return LATER
        return "250 OK" if kept else NOT_OURS

    def _has_room(self, environment_id: int) -> bool:
        times, now = self._recent[environment_id], time.monotonic()
        while times and times[0] < now - 60:
            times.popleft()
        if len(times) >= A_MINUTE:
            return False
        times.append(now)
        return True

    @staticmethod
    def _keep(environment_id: int, envelope: Envelope) -> bool:
        content = envelope.content or b""
        kept = keep_mail(
            environment_id=environment_id,
            sender=envelope.mail_from or "",
            recipients=envelope.rcpt_tos,
            content=content.encode() if isinstance(content, str) else content,
        )
        return kept is not None

    async def _in_thread(self, ask: Callable[..., T], *values: Any) -> T:
        def work() -> T:
            try:
                return ask(*values)
            finally:
                connection.close()

        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


class _Conversation(SMTP):
    """Hangs up on strangers, and on more than there is room for: of all, and of one sender."""

    open: ClassVar[Counter[str]] = Counter()
    sender = ""
    since: datetime
    """When the conversation began."""

    def connection_made(self, transport: Any) -> None:
        peer = transport.get_extra_info("peername")[0]
        sender = _sender_of(peer, transport.get_extra_info("sockname")[0])
        is_full = self.open.total() >= CONNECTIONS or self.open[sender] >= OF_ONE_SENDER
        if is_full or not _may_ask(peer):
            transport.abort()
            return
        self.sender, self.since = sender, clock.now()
        self.open[sender] += 1
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.sender:
            return  # was hung up on
        self.open[self.sender] -= 1
        if not self.open[self.sender]:
            del self.open[self.sender]
        super().connection_lost(error)


def _sender_of(peer: str, local: str) -> str:
    """One word for all that comes from one environment, as ``mail_senders`` tells them apart."""
    address = ipaddress.ip_address(peer)
    if address.is_loopback:
        return local
    if address not in ipaddress.ip_network(settings.OSK_SANDBOX_NETWORK):
        return peer
    return str(ipaddress.ip_network((peer, PREFIX), strict=False))


def _may_ask(peer: str) -> bool:
    """Pods may have any inner address: whose they are says the cluster, message by message."""
    address = ipaddress.ip_address(peer)
    if settings.OSK_SANDBOX_KUBERNETES_MAIL and not address.is_global:
        return True
    return address.is_loopback or address in ipaddress.ip_network(settings.OSK_SANDBOX_NETWORK)


def serve(port: int, listening: Callable[[], None]) -> None:
    """Until SIGTERM or SIGINT. ``listening`` is called once it answers. Raises OSError: the port is taken."""
    asyncio.run(_serve(port, listening))


async def _serve(port: int, listening: Callable[[], None]) -> None:
    # It writes every word of a conversation, addresses too.
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    loop, finish = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, finish.set)
    with ThreadPoolExecutor(max_workers=2) as threads:
        sink = Sink(threads)
        server = await loop.create_server(lambda: conversation(sink), "0.0.0.0", port)  # noqa: S104 # see _may_ask
        async with server:
            listening()
            await finish.wait()


def conversation(sink: Sink) -> SMTP:
    # A host name of our own: aiosmtpd would ask the network for one.
    return _Conversation(
        sink,
        hostname="mail.test",
        ident="OSK",
        enable_SMTPUTF8=True,
        data_size_limit=LARGEST,
        timeout=PATIENCE_SECONDS,
    )
