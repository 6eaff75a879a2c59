"""The conversation with an engine's socket: what it says of itself, and where Podman and Docker differ."""

from __future__ import annotations

import contextlib
import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from sandbox.backends.base import AddressHeld, BackendUnavailable, Retryable
from sandbox.backends.engine import MOST_LOG, Engine

Answer = tuple[int, Any]
PODMAN = {"Api-Version": "1.41", "Libpod-Api-Version": "4.3.1"}
LOST = (500, {"message": 'getting container from store "4711": container not known'})


class Sockets(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


class Spoken:
    """An engine that answers what a test says, by path without its version."""

    def __init__(self, path: Path) -> None:
        self.address = f"unix://{path}"
        self.headers = dict(PODMAN)
        self.answers: dict[str, Answer | Callable[[str], Answer]] = {}
        self.asked: list[str] = []
        spoken = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                parts = urlsplit(self.path)
                path = parts.path if parts.path == "/_ping" else f"/{parts.path.split('/', 2)[2]}"
                length = int(self.headers.get("Content-Length", 0))
                self.rfile.read(length)
                spoken.asked.append(f"{self.command} {path}")
                said = spoken.answers.get(f"{self.command} {path}", (200, []))
                status, told = said(parts.query) if callable(said) else said
                body = told if isinstance(told, bytes) else json.dumps(told).encode()
                self.send_response_only(status)
                for name, value in spoken.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(BrokenPipeError):  # who asked has heard enough
                    self.wfile.write(body)

            do_GET = do_POST = do_DELETE = answer

            def log_message(self, *args: object) -> None: ...

        self.server = Sockets(str(path), Handler)
        threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True).start()


@pytest.fixture
def spoken(tmp_path: Path) -> Iterator[Spoken]:
    found = Spoken(tmp_path / "e.sock")
    yield found
    found.server.shutdown()
    found.server.server_close()


def test_it_is_known_by_one_question(spoken: Spoken) -> None:
    with Engine(spoken.address) as engine:
        assert (engine.is_podman, engine.version()) == (True, "Podman Engine 4.3.1")
    spoken.headers = {"Api-Version": "1.47", "Server": "Docker/27.5.1 (linux)"}
    with Engine(spoken.address) as engine:
        assert (engine.is_podman, engine.version()) == (False, "Docker Engine 27.5.1")

    assert spoken.asked == ["GET /_ping", "GET /_ping"]


def test_whoever_does_not_speak_as_an_engine_is_away(tmp_path: Path) -> None:
    class Other(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.rfile.readline()
            self.wfile.write(b"220 mail.example.org ESMTP\r\n")

    with Sockets(str(tmp_path / "o.sock"), Other) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        with pytest.raises(BackendUnavailable, match="no answer of an engine"):
            Engine(f"unix://{tmp_path}/o.sock")
        server.shutdown()


def test_a_pull_that_breaks_off_is_no_fault_of_the_image(tmp_path: Path) -> None:
    class Broken(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            line = self.rfile.readline()
            head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
            if b"/_ping" in line:
                self.wfile.write(head + b"Content-Length: 0\r\n\r\n")
            else:
                self.wfile.write(head + b"Transfer-Encoding: chunked\r\n\r\n3\r\n{}\n\r\n")

    with Sockets(str(tmp_path / "b.sock"), Broken) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        with Engine(f"unix://{tmp_path}/b.sock") as engine, pytest.raises(BackendUnavailable):
            engine.pull(f"registry.example.org/one@sha256:{'0' * 64}")
        server.shutdown()


def test_what_lost_its_storage_counts_as_dead_and_hides_nothing(spoken: Spoken) -> None:
    """Podman 4.3 then answers 500 to each of Docker's lists."""
    whole = {"Id": "1", "Names": ["/whole"], "State": "running", "Labels": {"a": "b"}}
    spoken.answers = {
        "GET /containers/json": lambda query: (200, [whole]) if "%221%22" in query else LOST,
        "GET /containers/lost/json": LOST,
        "GET /networks": LOST,
        "GET /libpod/containers/json": (
            200,
            [
                {"Id": "1", "Names": ["whole"], "State": "running", "Labels": {"a": "b"}},
                {"Id": "2", "Names": ["lost"], "State": "exited", "Labels": {"a": "b"}},
            ],
        ),
        "GET /libpod/networks/json": (
            200,
            [{"name": "net", "labels": {"a": "b"}, "subnets": [{"subnet": "10.0.0.0/27"}]}],
        ),
    }
    with Engine(spoken.address) as engine:
        listed = {c["Names"][0]: c["State"] for c in engine.containers({"a": "b"})}
        assert listed == {"/whole": "running", "/lost": "dead"}
        lost = engine.container("lost")
        assert lost
        assert (lost["State"]["Status"], lost["Config"]["Labels"]) == ("dead", {"a": "b"})
        network = engine.network("net")
        assert network
        assert network["IPAM"] == {"Config": [{"Subnet": "10.0.0.0/27"}]}
        assert engine.logs("lost", limit=5) == []
        assert engine.network("others") is None


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("IPAM error: requested ip address 10.0.0.9 is already allocated to 4711", AddressHeld),
        ("something else", Retryable),
    ],
)
def test_an_address_that_nobody_has_is_told_apart(
    spoken: Spoken, said: str, kind: type[Retryable]
) -> None:
    spoken.answers = {"POST /containers/one/start": (500, {"message": said})}
    with Engine(spoken.address) as engine, pytest.raises(Retryable) as raised:
        engine.start("one")
    assert type(raised.value) is kind


def test_what_cannot_be_stopped_is_removed_all_the_same(spoken: Spoken) -> None:
    """Podman's service was killed while it removed it."""
    improper = {"message": "refusing to clean up: container state improper"}
    spoken.answers = {"POST /containers/one/stop": (500, improper)}
    with Engine(spoken.address) as engine:
        engine.remove_container("one", patience=0)
    assert spoken.asked[-1] == "DELETE /containers/one"


def said_by(stream: int, text: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(text).to_bytes(4, "big") + text


def test_of_the_last_words_the_end_is_kept_and_no_more_than_anybody_reads(spoken: Spoken) -> None:
    """A line has no end where a product writes none, and the library would keep all of it. Of a line that is cut
    nothing is kept: half a password would not be recognised as one.
    """
    spoken.answers["GET /containers/loud/logs"] = (
        200,
        said_by(1, b"begun\n") + said_by(2, b"a" * 4 * MOST_LOG) + said_by(1, b"\nend"),
    )
    whole = b"b" * (MOST_LOG - 4) + b"\nend"
    spoken.answers["GET /containers/full/logs"] = (200, said_by(1, b"begun\n") + said_by(2, whole))
    spoken.answers["GET /containers/calm/logs"] = (200, said_by(1, b"one\nt") + said_by(2, b"wo\0"))
    spoken.answers["GET /containers/lost/logs"] = (200, b'{"cause":"container not known"}')
    spoken.answers["GET /containers/none/logs"] = (404, {"message": "no such container"})
    with Engine(spoken.address) as engine:
        assert engine.logs("loud", limit=40) == ["end"]
        assert engine.logs("full", limit=40) == ["b" * (MOST_LOG - 4), "end"]
        assert engine.logs("calm", limit=40) == ["one", "two"]
        assert engine.logs("none", limit=40) == []
        assert engine.logs("lost", limit=40) == []
