"""The client for foreign servers, against a real TLS server of our own and hostile name servers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from osk_portal.toolkit.outbound import Outbound, OutboundError, Trouble, is_public
from tests.toolkit.tls_server import Handler, TlsServer

HOST = "code.example.org"
PUBLIC = "1.1.1.1"
FILE = f"https://{HOST}/acme/tool/publiccode.yml"


@pytest.fixture(scope="module")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsServer]:
    made = TlsServer(tmp_path_factory.mktemp("tls"), HOST, lambda request: request.say(404))
    yield made
    made.stop()


@pytest.fixture
def server(_server: TlsServer) -> TlsServer:
    _server.asked.clear()
    return _server


@pytest.fixture
def client(server: TlsServer) -> Outbound:
    return Outbound(
        hosts={HOST},
        resolve=lambda host: [PUBLIC],
        connect=server.connect,
        context=server.client_context(),
    )


def trouble_of(ask: Callable[[], object]) -> Trouble:
    with pytest.raises(OutboundError) as caught:
        ask()
    return caught.value.trouble


def test_an_answer_comes_with_status_headers_and_body(server: TlsServer, client: Outbound) -> None:
    server.respond = lambda request: request.say(200, b"name: Tool\n", ETag='"7"')

    answer = client.get(f"{FILE}?ref=main", headers={"If-None-Match": '"6"'})

    assert (answer.status, answer.body) == (200, b"name: Tool\n")
    assert answer.headers["etag"] == '"7"'
    [(path, headers)] = server.asked
    assert path == "/acme/tool/publiccode.yml?ref=main"
    assert (headers["Host"], headers["If-None-Match"]) == (HOST, '"6"')
    assert "Cookie" not in headers


@pytest.mark.parametrize("status", [304, 404, 500])
def test_what_is_no_redirect_is_an_answer(server: TlsServer, client: Outbound, status: int) -> None:
    server.respond = lambda request: request.say(status)
    assert client.get(FILE).status == status


def test_head_asks_for_no_body(server: TlsServer, client: Outbound) -> None:
    server.respond = lambda request: request.say(200, b"x" * 600_000)
    assert client.get(FILE, method="HEAD").body == b""


@pytest.mark.parametrize(
    "url",
    [
        f"http://{HOST}/",
        f"ftp://{HOST}/",
        f"//{HOST}/",
        f"https://{HOST}:8443/",
        f"https://{HOST}:99999/",
        f"https://anna@{HOST}/",
        f"https://anna:geheim@{HOST}/",
        f"https://{HOST}@evil.example/",
        f"https://{HOST}\\@evil.example/",
        f"https://{HOST}/\r\nX-Evil: 1",
        f"https://{HOST}/a b",
        f"https://{HOST}/\x00",
        "https://[::1",
        "https:///pfad",
        "javascript:alert(1)",
        "file:///etc/passwd",
        f"https://{HOST}/" + "a" * 2000,
        "https://cöde.example.org/",
        "",
    ],
)
def test_bad_addresses_are_not_asked(server: TlsServer, client: Outbound, url: str) -> None:
    assert trouble_of(lambda: client.get(url)) == Trouble.BAD_ADDRESS
    assert not server.asked


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        f"{HOST}.evil.example",
        f"sub.{HOST}",
        f"{HOST}.",
        "localhost",
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "169.254.169.254",
        "metadata.google.internal",
    ],
)
def test_hosts_that_nobody_named_are_not_even_resolved(client: Outbound, host: str) -> None:
    def resolve(name: str) -> list[str]:
        raise AssertionError(f"{name} was looked up")

    careful = replace(client, resolve=resolve)
    assert trouble_of(lambda: careful.get(f"https://{host}/")) == Trouble.NOT_ALLOWED


HOSTILE = [
    "127.0.0.1",
    "0.0.0.0",  # noqa: S104 -- nothing binds to it
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "192.0.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:1.1.1.1",
    "64:ff9b::7f00:1",
    "64:ff9b::101:101",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "2001:0:7f00:1::1",
    "fc00::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "3fff::1",
    "ff02::1",
    "2001:db8::1",
    "nonsense",
]


@pytest.mark.parametrize("address", HOSTILE)
@pytest.mark.parametrize("others", [[], [PUBLIC]])
def test_one_address_that_is_not_public_is_enough_to_refuse(
    server: TlsServer, client: Outbound, address: str, others: list[str]
) -> None:
    hostile = replace(client, resolve=lambda host: [*others, address])
    assert trouble_of(lambda: hostile.get(FILE)) == Trouble.NOT_ALLOWED
    assert not server.asked


def test_public_addresses_are_public() -> None:
    assert all(map(is_public, [PUBLIC, "9.9.9.9", "2606:4700:4700::1111"]))


def test_the_name_is_resolved_once_and_that_address_is_used(
    server: TlsServer, client: Outbound
) -> None:
    server.respond = lambda request: request.say(200)
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    used: list[str] = []

    def connect(address: str, seconds: float) -> object:
        used.append(address)
        return server.connect(address, seconds)

    replace(client, resolve=lambda host: next(answers), connect=connect).get(FILE)  # type: ignore[arg-type] # a socket

    assert used == [PUBLIC]
    assert next(answers) == ["127.0.0.1"]


def test_a_redirect_is_not_followed(server: TlsServer, client: Outbound) -> None:
    server.respond = lambda request: request.say(302, Location="http://169.254.169.254/")

    with pytest.raises(OutboundError) as caught:
        client.get(FILE)

    assert (caught.value.trouble, caught.value.detail) == (
        Trouble.REDIRECT,
        "http://169.254.169.254/",
    )
    assert len(server.asked) == 1


def test_too_much_is_not_read(server: TlsServer, client: Outbound) -> None:
    server.respond = lambda request: request.say(200, b"x" * 1001)
    assert trouble_of(lambda: client.get(FILE, most_bytes=1000)) == Trouble.TOO_LARGE
    assert len(client.get(FILE, most_bytes=1001).body) == 1001


def test_too_much_without_a_length_is_not_read(server: TlsServer, client: Outbound) -> None:
    def endless(request: Handler) -> None:
        request.send_response(200)
        request.send_header("Connection", "close")
        request.end_headers()
        for _ in range(100):
            request.wfile.write(b"x" * 16_384)

    server.respond = endless
    assert trouble_of(lambda: client.get(FILE)) == Trouble.TOO_LARGE


def test_an_answer_that_breaks_off_is_none(server: TlsServer, client: Outbound) -> None:
    def half(request: Handler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "100")
        request.end_headers()
        request.wfile.write(b"half")
        request.close_connection = True

    server.respond = half
    assert trouble_of(lambda: client.get(FILE)) in (Trouble.BROKEN, Trouble.UNREACHABLE)


def test_a_certificate_of_another_name_is_not_trusted(server: TlsServer, client: Outbound) -> None:
    other = replace(client, hosts={"other.example.org"})
    assert trouble_of(lambda: other.get("https://other.example.org/")) == Trouble.NOT_TRUSTED
    assert not server.asked


def test_an_unknown_authority_is_not_trusted(server: TlsServer, client: Outbound) -> None:
    strict = Outbound(hosts={HOST}, resolve=client.resolve, connect=server.connect)
    assert trouble_of(lambda: strict.get(FILE)) == Trouble.NOT_TRUSTED


def test_a_server_that_drips_is_cut_off(server: TlsServer, client: Outbound) -> None:
    """Each byte comes in time, the whole never."""
    go_on = threading.Event()

    def drip(request: Handler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while not go_on.wait(0.02):
            request.wfile.write(b"x")
            request.wfile.flush()

    server.respond = drip
    slow = replace(client, most_seconds=0.4)
    try:
        assert trouble_of(lambda: slow.get(FILE)) == Trouble.TOO_SLOW
    finally:
        go_on.set()


def test_a_name_server_that_does_not_answer_holds_nobody(client: Outbound) -> None:
    go_on = threading.Event()

    def resolve(host: str) -> list[str]:
        go_on.wait(5)
        return [PUBLIC]

    slow = replace(client, resolve=resolve, most_seconds=0.2)
    try:
        assert trouble_of(lambda: slow.get(FILE)) == Trouble.TOO_SLOW
    finally:
        go_on.set()


def test_unreachable_is_told_apart_from_what_stays_wrong(client: Outbound) -> None:
    def nobody(address: str, seconds: float) -> object:
        raise ConnectionRefusedError(111, "refused")

    def no_name(host: str) -> list[str]:
        raise OSError("no such name")

    for away in (
        replace(client, connect=nobody),  # type: ignore[arg-type] # never returns
        replace(client, resolve=no_name),
        replace(client, resolve=lambda host: []),
    ):
        with pytest.raises(OutboundError) as caught:
            away.get(FILE)
        assert caught.value.trouble == Trouble.UNREACHABLE
        assert caught.value.is_passing
    assert not OutboundError(Trouble.NOT_ALLOWED).is_passing


def test_what_is_not_http_is_broken(tmp_path: Path, server: TlsServer, client: Outbound) -> None:
    def nonsense(request: Handler) -> None:
        request.wfile.write(b"SSH-2.0-OpenSSH\r\n\r\n")
        request.close_connection = True

    server.respond = nonsense
    assert trouble_of(lambda: client.get(FILE)) == Trouble.BROKEN
