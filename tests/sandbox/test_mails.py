"""The mail sink: whose message it is, what is kept of it, who reads it, and that it goes."""

from __future__ import annotations

import asyncio
import smtplib
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email.message import EmailMessage
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from osk_portal.toolkit import clock
from osk_portal.toolkit.inbound_mail import read
from sandbox import mail_sink
from sandbox.backends.base import BackendUnavailable
from sandbox.backends.kubernetes import KubernetesBackend
from sandbox.backends.mail_host import mail_host
from sandbox.enums import EnvironmentState
from sandbox.leases import ref_of
from sandbox.mail_senders import environment_of
from sandbox.models import CaughtMail
from sandbox.services.mails import LONGEST_TEXT, MOST, keep_mail
from tests.sandbox.factories import EnvironmentFactory

pytestmark = pytest.mark.django_db


def message(text: str = "Hallo", subject: str = "Willkommen", **headers: str) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"] = "wiki@example.org", "bea@example.org"
    made["Subject"] = subject
    for name, value in headers.items():
        made[name] = value
    made.set_content(text)
    return made


def keep(environment, content: bytes | EmailMessage, recipients=("bea@example.org",)):
    return keep_mail(
        environment_id=environment.pk,
        sender="wiki@example.org",
        recipients=recipients,
        content=content if isinstance(content, bytes) else content.as_bytes(),
    )


# Whose it is


def sender(peer: str, local: str) -> int | None:
    return environment_of(peer, local, clock.now())


def test_a_container_is_known_by_its_network():
    first, second = (
        EnvironmentFactory(backend="container", endpoint=f"http://10.213.4.{host}:8080/")
        for host in (42, 74)
    )

    assert sender("10.213.4.43", "10.213.4.33") == first.pk
    assert sender("10.213.4.90", "10.213.4.65") == second.pk
    for stranger in ("10.213.4.110", "10.213.5.42", "10.0.0.1", "8.8.8.8", "::1", "", "x"):
        assert sender(stranger, "10.213.4.33") is None
    first.state, first.gone_at = EnvironmentState.GONE, first.created_at
    first.save()
    assert sender("10.213.4.43", "10.213.4.33") is None


def test_a_network_that_is_used_again_belongs_to_the_newest():
    EnvironmentFactory(backend="container", endpoint="http://10.213.4.42:8080/")
    newer = EnvironmentFactory(backend="container", endpoint="http://10.213.4.42:80/")

    assert sender("10.213.4.42", "10.213.4.33") == newer.pk


def test_a_program_is_known_by_the_address_that_it_was_told():
    first, second = (EnvironmentFactory(backend="process") for _ in range(2))

    assert sender("127.0.0.1", mail_host(first.backend_key)) == first.pk
    assert sender("127.0.0.1", mail_host(second.backend_key)) == second.pk
    assert sender("127.0.0.1", "127.0.0.1") is None
    assert sender("10.0.0.1", mail_host(first.backend_key)) is None
    assert mail_host("osk-00000001-g1") != mail_host("osk-00000001-g2")


def test_a_pod_is_known_by_what_the_cluster_says(settings, monkeypatch, caplog):
    settings.OSK_SANDBOX_KUBERNETES_MAIL = "10.96.0.25"
    settings.OSK_SANDBOX_KUBERNETES_SERVER = "https://10.0.0.1:6443"
    environment = EnvironmentFactory(backend="kubernetes")
    there = ref_of(environment)
    answers = {
        "10.244.0.1": there,
        "10.244.0.2": replace(there, instance="elsewhere"),
        "10.244.0.3": replace(there, env=str(uuid4())),
        "10.244.0.4": replace(there, env="x"),
        "10.244.0.5": ref_of(EnvironmentFactory(backend="container")),
        "10.244.0.6": None,
    }
    monkeypatch.setattr(KubernetesBackend, "sender_at", lambda _self, at, _since: answers[at])

    found = {at: sender(at, "10.244.0.99") for at in answers}

    assert found == {**dict.fromkeys(answers), "10.244.0.1": environment.pk}
    assert mail_sink._may_ask("10.244.0.1")
    assert not mail_sink._may_ask("8.8.8.8")
    environment.state, environment.gone_at = EnvironmentState.GONE, environment.created_at
    environment.save()
    assert sender("10.244.0.1", "10.244.0.99") is None
    settings.OSK_SANDBOX_KUBERNETES_MAIL = ""
    assert sender("10.244.0.1", "10.244.0.99") is None
    assert not mail_sink._may_ask("10.244.0.1")


# What is kept


def test_a_message_is_kept_as_the_envelope_says():
    caught = keep(EnvironmentFactory(), message(text="Grüße"), ("a@example.org", "b@example.org"))

    assert (caught.sender, caught.recipients) == (
        "wiki@example.org",
        "a@example.org, b@example.org",
    )
    assert (caught.subject, caught.text.strip()) == ("Willkommen", "Grüße")
    assert not caught.is_cut


def test_files_are_counted_and_not_kept():
    made = message()
    made.add_attachment(b"x" * 100_000, maintype="application", subtype="pdf", filename="a.pdf")
    caught = keep(EnvironmentFactory(), made)

    assert (caught.attachments, caught.size > 100_000) == (1, True)
    assert len(caught.text) < 100


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\0\0",
        b"Subject: =?utf-8?q?=00=1b[31m?=\r\n\r\nx\0y",
        b"Content-Type: text/plain; charset=kaputt\r\n\r\n\xff\xfe",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n",
        b"Subject: " + b"x" * 5000 + b"\r\n\r\n" + b"y" * 50_000,
        b"\xff" * 1000,
    ],
)
def test_whatever_a_product_sends_can_be_kept(content):
    environment = EnvironmentFactory()

    caught = keep(environment, content, ["x" * 400, "y\r\nBcc: z"] * 5)

    assert len(caught.text) <= LONGEST_TEXT
    assert len(caught.recipients) <= 1000
    assert caught.text.isprintable() or "\n" in caught.text
    assert "\n" not in caught.recipients + caught.subject
    assert caught.is_cut is (len(content) > 50_000)


def test_of_a_page_the_words_are_kept():
    made = EmailMessage()
    made.set_content("<p>Hallo <b>Bea</b></p><script>alert(1)</script>", subtype="html")
    caught = keep(EnvironmentFactory(), made)

    assert "Hallo" in caught.text
    assert "<" not in caught.text
    assert "alert" not in caught.text
    assert read(made.as_bytes()).new_text


def test_the_oldest_give_way():
    environment, other = EnvironmentFactory(), EnvironmentFactory()
    keep(other, message())
    for number in range(MOST + 2):
        keep(environment, message(subject=f"Nummer {number}"))

    subjects = [mail.subject for mail in environment.caught_mails.all()]
    assert len(subjects) == MOST
    assert (subjects[0], subjects[-1]) == (f"Nummer {MOST + 1}", "Nummer 2")
    assert other.caught_mails.count() == 1


def test_what_has_ended_gets_none():
    gone = EnvironmentFactory(state=EnvironmentState.ABANDONED)

    assert keep(gone, message()) is None
    assert not CaughtMail.objects.exists()


# The server


async def _send(
    *conversations: tuple[str, list[EmailMessage]],
) -> list[list[str]]:
    """What a real client is answered, by host and message."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(max_workers=1) as threads:
        sink = mail_sink.Sink(threads)
        server = await loop.create_server(lambda: mail_sink.conversation(sink), "0.0.0.0", 0)  # noqa: S104 # as the real one
        port = server.sockets[0].getsockname()[1]
        async with server:
            return [
                await loop.run_in_executor(None, _client, host, port, mails)
                for host, mails in conversations
            ]


def _client(host: str, port: int, mails: list[EmailMessage]) -> list[str]:
    answers = []
    with smtplib.SMTP(host, port, timeout=10) as client:
        for mail in mails:
            try:
                client.send_message(mail)
                answers.append("250")
            except smtplib.SMTPResponseException as error:
                answers.append(str(error.smtp_code))
    return answers


@pytest.mark.django_db(transaction=True)
def test_a_real_client_is_heard_within_bounds_and_strangers_are_not(monkeypatch):
    """One test, since what another thread shall see must be committed."""
    monkeypatch.setattr(mail_sink, "A_MINUTE", 2)
    monkeypatch.setattr(mail_sink, "LARGEST", 5000)
    one, other = (EnvironmentFactory(backend="process") for _ in range(2))
    first, second = (mail_host(environment.backend_key) for environment in (one, other))

    answers = asyncio.run(
        _send(
            ("127.0.0.1", [message()]),
            (first, [message("Grüße"), message(), message(), message()]),
            (second, [message("x" * 9000), message("Hallo")]),
        )
    )

    assert answers == [["550"], ["250", "250", "451", "451"], ["552", "250"]]
    assert [mail.text.strip() for mail in one.caught_mails.order_by("pk")] == ["Grüße", "Hallo"]
    assert other.caught_mails.get().text.strip() == "Hallo"


@pytest.mark.parametrize(
    ("peer", "without", "with_cluster"),
    [
        ("127.0.0.1", True, True),
        ("10.213.3.9", True, True),
        ("10.99.0.7", False, True),
        ("192.168.1.5", False, True),
        ("9.9.9.9", False, False),
        ("2001:4860:4860::8888", False, False),
    ],
)
def test_who_is_heard_at_all(settings, peer, without, with_cluster):
    """All others are hung up on, so that they take no room from products."""
    settings.OSK_SANDBOX_NETWORK = "10.213.0.0/20"
    settings.OSK_SANDBOX_KUBERNETES_MAIL = ""
    assert mail_sink._may_ask(peer) is without
    settings.OSK_SANDBOX_KUBERNETES_MAIL = "10.96.0.25"
    assert mail_sink._may_ask(peer) is with_cluster


@pytest.mark.django_db(transaction=True)
def test_where_the_cluster_cannot_tell_the_product_is_asked_to_wait(monkeypatch):
    def away(*_asked):
        raise BackendUnavailable("the API is away")

    monkeypatch.setattr(mail_sink, "environment_of", away)

    assert asyncio.run(_send(("127.0.0.1", [message()]))) == [["451"]]


def _greeted(host: str, port: int) -> socket.socket | None:
    """A connection that was greeted; None for one that was hung up on."""
    made = socket.create_connection((host, port), 5)
    try:
        if made.recv(3) == b"220":
            return made
    except ConnectionError:
        pass
    made.close()
    return None


def _crowd(port: int) -> list[int]:
    """How many of one environment are heard, of another meanwhile, and of the first when one has gone."""
    first = [_greeted("127.64.0.1", port) for _time in range(12)]
    heard = [made for made in first if made is not None]
    other = _greeted("127.64.0.2", port)
    count = len(heard)
    heard.pop().close()
    again = None
    for _time in range(100):
        again = again or _greeted("127.64.0.1", port)
    counts = [count, int(other is not None), int(again is not None)]
    for made in (*heard, other, again):
        if made is not None:
            made.close()
    return counts


def test_one_environment_leaves_room_for_the_others():
    assert asyncio.run(_beside_the_server(_crowd)) == [mail_sink.OF_ONE_SENDER, 1, 1]


async def _beside_the_server(ask: Callable[[int], list[int]]) -> list[int]:
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(max_workers=1) as threads:
        sink = mail_sink.Sink(threads)
        server = await loop.create_server(lambda: mail_sink.conversation(sink), "0.0.0.0", 0)  # noqa: S104 # as the real one
        async with server:
            found = await loop.run_in_executor(None, ask, server.sockets[0].getsockname()[1])
            await asyncio.sleep(0.05)  # what was closed is heard
            return found


def _many_recipients(port: int) -> list[int]:
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.ehlo()
        client.mail("wiki@example.org")
        return [client.rcpt(f"p{number}@example.org")[0] for number in range(102)]


def test_recipients_of_a_message_have_a_bound():
    assert asyncio.run(_beside_the_server(_many_recipients)) == [250] * 100 + [452] * 2


def test_of_a_container_the_network_is_its_name():
    sender = mail_sink._sender_of
    assert sender("10.213.4.42", "10.213.4.33") == sender("10.213.4.50", "10.213.4.33")
    assert sender("10.213.4.42", "10.213.4.33") != sender("10.213.4.74", "10.213.4.65")
    assert sender("127.0.0.1", "127.64.0.1") != sender("127.0.0.1", "127.64.0.2")
    # Of pods each has its own: what else lies near it may be another environment's.
    assert sender("10.244.0.42", "10.244.0.99") != sender("10.244.0.43", "10.244.0.99")


def test_the_command_says_what_is_missing(settings):
    settings.OSK_SANDBOX_MAIL_PORT = 0
    with pytest.raises(CommandError, match="OSK_SANDBOX_MAIL_PORT"):
        call_command("sandbox_mail")
