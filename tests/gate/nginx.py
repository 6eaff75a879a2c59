"""A real nginx with the configuration of deploy/gate, and a product that tells what reaches it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from osk_portal.embedded.processes import wait_until
from osk_portal.embedded.service import PROJECT, free_port

PROGRAM = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
DOMAIN = "test.example"
KEY = "key-of-the-gate-" + "k" * 32

MAIN = """
daemon off;
worker_processes 1;
worker_shutdown_timeout 1s;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/osk-gate.conf;
}}
"""


@dataclass
class Nginx:
    """Started with ``start``, ended with ``stop``; all of it lies in ``folder``."""

    folder: Path
    portal: str
    """``host:port`` of the portal's web process."""
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    silence: str = "60s"
    """How long a web socket may be silent."""

    def start(self) -> None:
        assert PROGRAM, "nginx is missing: make test-gate installs it"
        self.port = free_port()
        key, certificate = self.folder / "key.pem", self.folder / "cert.pem"
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
                *("-subj", f"/CN=*.{DOMAIN}", "-keyout", str(key), "-out", str(certificate)),
            ],
            check=True,
            capture_output=True,
        )
        text = (PROJECT / "deploy" / "gate" / "nginx.conf").read_text()
        for word, value in {
            "PORTAL_ADDRESS": self.portal,
            "PORTAL_HOST": "localhost",
            "PORTAL_URL": "http://localhost:8000",
            "CERTIFICATE_KEY": str(key),
            "CERTIFICATE": str(certificate),
            "GATE_KEY": KEY,
            "LISTEN": f"127.0.0.1:{self.port}",
            "DOMAIN": DOMAIN,
        }.items():
            text = text.replace(word, value)
        assert text.count("proxy_read_timeout 60s") == 1
        text = text.replace("proxy_read_timeout 60s", f"proxy_read_timeout {self.silence}")
        (self.folder / "osk-gate.conf").write_text(text)
        (self.folder / "nginx.conf").write_text(MAIN.format(folder=self.folder))
        self.process = subprocess.Popen(
            [PROGRAM, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert wait_until(self._answers, 15), (self.folder / "error.log").read_text()

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def reload(self) -> None:
        """As ``systemctl reload nginx``."""
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)

    def tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context

    def ask(
        self,
        host: str,
        path: str = "/",
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        connection = HTTPSConnection("127.0.0.1", self.port, timeout=15, context=self.tls())
        try:
            connection.request(method, path, body, {"Host": host, **(headers or {})})
            found = connection.getresponse()
            return Answer.of(found)
        finally:
            connection.close()

    def raw(self, request: bytes) -> bytes:
        """What no library would send, and the first part of the answer."""
        with self.open(request) as connection:
            return connection.recv(65536)

    def open(self, request: bytes) -> ssl.SSLSocket:
        """The same, and the connection stays."""
        plain = socket.create_connection(("127.0.0.1", self.port), 15)
        connection = self.tls().wrap_socket(plain)
        connection.sendall(request)
        return connection


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    text: str

    @classmethod
    def of(cls, found: HTTPResponse) -> Answer:
        return cls(found.status, found.getheaders(), found.read().decode("utf-8", "replace"))

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def first(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    @property
    def seen(self) -> dict[str, str]:
        """The headers that have reached the product, in small letters."""
        found: dict[str, str] = json.loads(self.text)["headers"]
        return found


class Product(BaseHTTPRequestHandler):
    """Answers with what it was sent; takes uploads and web sockets; sets cookies, and tries tricks."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.headers.get("Upgrade", "").lower() == "websocket":
            self._echo_socket()
            return
        self._tell()

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self._tell(len(self.rfile.read(length)))

    do_PUT = do_POST

    def _tell(self, size: int = 0) -> None:
        if self.path.startswith("/forbidden"):
            self.send_response(403)
        else:
            self.send_response(200)
        told = {name.lower(): value for name, value in self.headers.items()}
        body = json.dumps({"headers": told, "size": size, "path": self.path}).encode()
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-OSK-Upstream", "10.0.0.1:80")
        if self.path.startswith("/elsewhere"):
            self.send_header("X-Accel-Redirect", "/.osk/check")
        self.send_header("Set-Cookie", "wide=1; Domain=test.example; Path=/")
        self.send_header("Set-Cookie", "own=2; Path=/")
        self.end_headers()
        self.wfile.write(body)

    def _echo_socket(self) -> None:
        """The handshake of RFC 6455, then every byte back."""
        magic = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(
            hashlib.sha1(magic.encode(), usedforsecurity=False).digest()
        ).decode()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", accept)
        self.end_headers()
        self.wfile.flush()
        while said := self.connection.recv(64):
            self.wfile.write(said)
            if said == b"Hallo":
                break
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Nothing to say."""


class ProductServer:
    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Product)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> ProductServer:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def http_get(address: str, path: str, headers: Mapping[str, str]) -> Answer:
    host, _, port = address.partition(":")
    connection = HTTPConnection(host, int(port), timeout=15)
    try:
        connection.request("GET", path, headers=dict(headers))
        return Answer.of(connection.getresponse())
    finally:
        connection.close()
