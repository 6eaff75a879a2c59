"""A forge of the tests: a real TLS server that the catalog's client takes for the named hosts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from catalog.services import fetching
from osk_portal.toolkit.outbound import Outbound
from tests.toolkit.tls_server import Handler, TlsServer

HOST = "gitlab.opencode.de"
REPOSITORY = f"https://{HOST}/land/termine"
PATH = "/land/termine/-/raw/HEAD/publiccode.yml"


class TestForge:
    """Says ``body`` under PATH, with ``etag``, and ``status`` where that is set."""

    __test__ = False

    def __init__(self, server: TlsServer) -> None:
        self.server = server
        self.addresses = ["1.1.1.1"]
        self.body: bytes | None = None
        self.etag = ""
        self.status = 200
        server.respond = self.respond

    def respond(self, request: Handler) -> None:
        marks = {"ETag": self.etag} if self.etag else {}
        if self.status in (301, 302):
            request.say(self.status, Location=f"https://{HOST}/users/sign_in")
        elif self.status != 200:
            request.say(self.status)
        elif self.body is None or request.path != PATH:
            request.say(404)
        elif self.etag and request.headers.get("If-None-Match") == self.etag:
            request.say(304, **marks)
        else:
            request.say(200, self.body, **marks)

    @property
    def asked(self) -> list[str]:
        return [path for path, _headers in self.server.asked]

    def client(self) -> Outbound:
        return Outbound(
            hosts={HOST},
            resolve=lambda host: self.addresses,
            connect=self.server.connect,
            context=self.server.client_context(),
            most_seconds=5,
        )


@pytest.fixture(scope="session")
def tls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsServer]:
    made = TlsServer(tmp_path_factory.mktemp("forge"), HOST, lambda request: request.say(404))
    yield made
    made.stop()


@pytest.fixture
def forge(tls_server: TlsServer, monkeypatch: pytest.MonkeyPatch) -> TestForge:
    tls_server.asked.clear()
    forge = TestForge(tls_server)
    monkeypatch.setattr(fetching, "client", forge.client)
    return forge
