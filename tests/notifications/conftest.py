"""A mail server of our own that answers what a test wants."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller

SMTP = "django.core.mail.backends.smtp.EmailBackend"


@dataclass
class Server:
    """``rcpt`` and ``data``: what the server says; ``hang`` says nothing at all."""

    rcpt: str = "250 OK"
    data: str = "250 OK"
    hang: bool = False
    mails: list[Message] = field(default_factory=list)

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.hang:
            await asyncio.sleep(30)
        if self.data.startswith("250"):
            self.mails.append(message_from_bytes(envelope.content))
        return self.data


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def mail_server(settings: Any) -> Iterator[Server]:
    server = Server()
    controller = Controller(server, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.EMAIL_BACKEND = SMTP
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = controller.port
    settings.EMAIL_USE_TLS = False
    settings.EMAIL_TIMEOUT = 5
    yield server
    controller.stop()


@pytest.fixture
def no_mail_server(settings: Any) -> None:
    settings.EMAIL_BACKEND = SMTP
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = free_port()
    settings.EMAIL_USE_TLS = False


@pytest.fixture
def templates(settings: Any, tmp_path: Any) -> Callable[..., str]:
    """Writes a pair of mail templates and gives their common name."""
    settings.TEMPLATES = [
        {**settings.TEMPLATES[0], "DIRS": [tmp_path, *settings.TEMPLATES[0]["DIRS"]]}
    ]

    def write(
        subject: str = "Neues zu {{ title }}", body: str = "Guten Tag {{ recipient }}\n\n{{ url }}"
    ) -> str:
        (tmp_path / "thing.subject.txt").write_text(subject, encoding="utf-8")
        (tmp_path / "thing.body.txt").write_text(body, encoding="utf-8")
        return "thing"

    return write
