"""A ClamAV daemon of a few lines on the loopback, for tests without the real one."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path


class FakeClamd:
    """Answers each stream with ``reply``; None: takes it and says nothing.

    ``limit``: answers and hangs up when a stream is longer. ``received``: the streams so far.
    """

    def __init__(
        self, reply: bytes | None = b"stream: OK\0", *, path: Path | None = None, limit: int = 0
    ) -> None:
        self.reply = reply
        self.limit = limit
        self.received: list[bytes] = []
        self.largest_chunk = 0
        self._lines: list[socket.socket] = []
        if path:
            self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._server.bind(str(path))
            self._server.listen()
            self.address = f"unix:{path}"
        else:
            self._server = socket.create_server(("127.0.0.1", 0))
            self.address = f"tcp://127.0.0.1:{self._server.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for line in self._lines:
            line.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._server.accept()
            except OSError:
                return
            self._lines.append(line)
            with contextlib.suppress(OSError):
                self._answer(line)

    def _answer(self, line: socket.socket) -> None:
        stream = line.makefile("rb")
        command = b""
        while not command.endswith(b"\0"):
            command += stream.read(1)
        if command == b"zPING\0":
            line.sendall(b"PONG\0")
            stream.close()
            line.close()
            return
        data = b""
        while size := int.from_bytes(stream.read(4), "big"):
            self.largest_chunk = max(self.largest_chunk, size)
            data += stream.read(size)
            if self.limit and len(data) > self.limit:
                break
        self.received.append(data)
        if self.reply is None:
            return
        line.sendall(self.reply)
        stream.close()
        line.shutdown(socket.SHUT_WR)
        if self.limit:
            while line.recv(65536):  # as clamd: what is still sent is read, not answered
                pass
        line.close()
