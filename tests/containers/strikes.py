"""Two things that stand beside a Podman for the tests of its sudden end: a door before its socket, at which a
call of the portal can be struck by name, and a registry that can stop in the middle of an image.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.containers.podman import Podman

REQUEST = re.compile(rb"([A-Z]+) (\S+) HTTP/1")
PATIENCE = 120.0
AT_WORK = 0.01
"""Seconds after which the engine is in the middle of what it was told."""


@dataclass
class Order:
    """Strike at the call whose first line matches."""

    call: re.Pattern[str]
    answered: bool
    """When the engine has done it and nobody has heard of it; else while it works."""


@dataclass
class Door:
    """Passes on what comes to ``path``. ``strike`` is what happens at an ordered call, once."""

    path: Path
    engine: Path
    strike: Callable[[], None]
    taken: threading.Event = field(default_factory=threading.Event)
    _order: Order | None = None

    def order(self, call: str, *, answered: bool) -> None:
        self.taken.clear()
        self._order = Order(re.compile(call), answered)

    def forget(self) -> None:
        self._order = None

    @contextlib.contextmanager
    def open(self) -> Iterator[Door]:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(self.path))
            server.listen(50)
            threading.Thread(target=self._serve, args=[server], daemon=True).start()
            yield self
            # Wakes the thread that waits in accept(), which ends with its socket.
            server.shutdown(socket.SHUT_RDWR)

    def _serve(self, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = server.accept()[0]
                threading.Thread(target=self._talk, args=[client], daemon=True).start()

    def _talk(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as engine, contextlib.suppress(OSError):
            engine.connect(str(self.engine))
            withheld = threading.Event()
            back = threading.Thread(
                target=self._answer, args=[engine, client, withheld], daemon=True
            )
            back.start()
            while data := client.recv(65_536):
                order = self._met(data)
                if order is not None and order.answered:
                    withheld.set()
                engine.sendall(data)
                if order is not None and not order.answered:
                    threading.Timer(AT_WORK, self._hit).start()
            engine.shutdown(socket.SHUT_WR)
            back.join()

    def _answer(
        self, engine: socket.socket, client: socket.socket, withheld: threading.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while data := engine.recv(65_536):
                if withheld.is_set():
                    self._hit()
                    break
                client.sendall(data)
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)

    def _met(self, data: bytes) -> Order | None:
        line = REQUEST.match(data)
        order = self._order
        if line is None or order is None or not order.call.search(line[0].decode()):
            return None
        self._order = None
        return order

    def _hit(self) -> None:
        self.strike()
        self.taken.set()


@dataclass
class Registry:
    """Gives out one image by digest; after ``hold`` it stops in the middle of its layer until ``go_on``."""

    folder: Path
    address: str = ""
    halfway: threading.Event = field(default_factory=threading.Event)
    _free: threading.Event = field(default_factory=threading.Event)

    def hold(self) -> None:
        self.halfway.clear()
        self._free.clear()

    def go_on(self) -> None:
        self._free.set()

    def take(self, podman: Podman, image: str) -> str:
        """What it gives out from now on. Returns the digest."""
        podman.run("save", "--quiet", "--format", "oci-dir", "--output", str(self.folder), image)
        index = json.loads((self.folder / "index.json").read_text())
        digest: str = index["manifests"][0]["digest"]
        return digest

    def _blob(self, digest: str) -> bytes:
        return (self.folder / "blobs" / "sha256" / digest.removeprefix("sha256:")).read_bytes()

    @contextlib.contextmanager
    def running(self) -> Iterator[Registry]:
        registry = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                self.answer(with_body=False)

            def do_GET(self) -> None:
                self.answer(with_body=True)

            def answer(self, *, with_body: bool) -> None:
                kind, _, digest = self.path.rpartition("/")
                try:
                    body = registry._blob(digest) if digest else b"{}"
                except FileNotFoundError:
                    self.send_error(404)
                    return
                is_manifest = kind.endswith("/manifests")
                name = "vnd.oci.image.manifest.v1+json" if is_manifest else "octet-stream"
                self.send_response(200)
                self.send_header("Content-Type", f"application/{name}")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if not with_body:
                    return
                half = len(body) // 2
                self.wfile.write(body[:half])
                self.wfile.flush()
                if half > 100_000 and not registry._free.is_set():
                    registry.halfway.set()
                    registry._free.wait(PATIENCE)
                self.wfile.write(body[half:])

            def handle(self) -> None:
                with contextlib.suppress(OSError):  # who asked was killed
                    super().handle()

            def log_message(self, *args: object) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.address = f"127.0.0.1:{server.server_port}"
        self.go_on()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            self.go_on()
            server.shutdown()
            server.server_close()
