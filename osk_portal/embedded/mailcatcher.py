"""A mail server that keeps what it is given: one .eml file a mail, nothing leaves the machine."""

import asyncio
import email
import email.policy
import itertools
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import IO

from aiosmtpd.smtp import SMTP, Envelope, Session

from osk_portal.embedded.processes import EmbeddedError
from osk_portal.embedded.service import PROJECT, Service, free_port

ENVELOPE_TO = "X-Envelope-To"
FILE_NAME = re.compile(r"\d{8}T\d{12}Z-\d{6}\.eml")


@dataclass(frozen=True)
class CaughtMail:
    """A mail as its receiver would see it."""

    name: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    sent: str
    message_id: str
    body: str


class EmbeddedMailCatcher(Service):
    """The catcher as a process of its own, so that it can fail like a real mail server."""

    name = "mail"

    def __init__(self, folder: Path, mail_folder: Path) -> None:
        super().__init__(folder)
        self.mail_folder = mail_folder.absolute()
        self.port = 0

    def url(self) -> str:
        """The address for Django; the same after a restart."""
        if not self.port:
            raise EmbeddedError("The mail catcher is not started.")
        return f"smtp://127.0.0.1:{self.port}"

    def _prepare(self) -> None:
        self.mail_folder.mkdir(parents=True, exist_ok=True)
        self.mail_folder.chmod(0o700)  # mails hold codes to sign in with
        self.port = self.port or free_port()

    def _spawn(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "osk_portal.embedded", "catch-mail"]
        return subprocess.Popen(
            [*command, str(self.port), str(self.mail_folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=PROJECT,
            start_new_session=True,
        )

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                return connection.recv(4) == b"220 "
        except OSError:
            return False


def list_messages(folder: Path) -> list[CaughtMail]:
    """Every mail, the newest first; empty where the folder does not exist."""
    names = sorted((path.name for path in folder.glob("*.eml")), reverse=True)
    mails = (read_message(folder, name) for name in names)
    return [mail for mail in mails if mail is not None]


def read_message(folder: Path, name: str) -> CaughtMail | None:
    """One mail by its file name; None for a name that the catcher did not give."""
    if not FILE_NAME.fullmatch(name):
        return None
    try:
        raw = folder.joinpath(name).read_bytes()
    except FileNotFoundError:
        return None
    # The default policy decodes headers and bodies, and keeps going over broken ones.
    message = email.message_from_bytes(raw, policy=email.policy.default)
    return CaughtMail(
        name=name,
        sender=str(message.get("From", "")),
        recipients=tuple(str(value) for value in message.get_all(ENVELOPE_TO, [])),
        subject=str(message.get("Subject", "")),
        sent=str(message.get("Date", "")),
        message_id=str(message.get("Message-ID", "")),
        body=_text(message),
    )


def _text(message: EmailMessage) -> str:
    part = message.get_body(("plain", "html"))
    if part is None:
        return ""
    try:
        return str(part.get_content()).replace("\r\n", "\n")
    except (LookupError, UnicodeError):  # a character set that Python does not know
        return bytes(part.get_payload(decode=True) or b"").decode("latin-1")


class Keeper:
    """What aiosmtpd asks for each mail."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers = itertools.count(1)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content or b""
        self.keep(envelope.rcpt_tos, content.encode() if isinstance(content, str) else content)
        return "250 OK"

    def keep(self, recipients: Sequence[str], content: bytes) -> Path:
        """Write one mail; a reader never sees half of it."""
        # Names sort by time, and the number tells two of the same microsecond apart.
        moment = datetime.fromtimestamp(time.time(), tz=UTC).strftime("%Y%m%dT%H%M%S%fZ")
        path = self.folder / f"{moment}-{next(self.numbers) % 1_000_000:06}.eml"
        half = path.with_suffix(".part")
        lines = "".join(f"{ENVELOPE_TO}: {recipient}\r\n" for recipient in recipients)
        half.write_bytes(lines.encode("utf-8", "replace") + content)
        half.rename(path)
        return path


def catch_mail(port: int, folder: Path) -> None:
    """Serve until SIGTERM or SIGINT; what the process of EmbeddedMailCatcher runs."""
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(_serve(port, Keeper(folder)))


async def _serve(port: int, keeper: Keeper) -> None:
    loop = asyncio.get_running_loop()
    finish = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, finish.set)
    # A host name of our own: aiosmtpd would ask the network for one.
    server = await loop.create_server(
        lambda: SMTP(keeper, hostname="localhost", enable_SMTPUTF8=True), "127.0.0.1", port
    )
    async with server:
        await finish.wait()
