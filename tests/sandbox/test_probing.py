"""Asking a product that is slow on purpose."""

from __future__ import annotations

import socket
import threading
import time

from sandbox.backends.probing import ask
from sandbox.spec import HttpCheck

GOOD = b"HTTP/1.1 200 OK\r\nX-Slow: "
ANSWER = b"a" * 150 + b"\r\nContent-Length: 0\r\n\r\n"


def test_an_answer_that_drips_holds_nobody() -> None:
    """Each byte comes in time, the answer does not: a product could keep the portal's workers for itself.

    Nor is it good for its first line: where it was cut off nobody knows the rest.
    """
    server = socket.create_server(("127.0.0.1", 0))
    sent = bytearray()

    def drip() -> None:
        connection, _peer = server.accept()
        with connection:
            connection.sendall(GOOD)
            for number in range(len(ANSWER)):
                try:
                    connection.sendall(ANSWER[number : number + 1])
                except OSError:
                    return
                sent.append(ANSWER[number])
                time.sleep(0.05)

    dripping = threading.Thread(target=drip, daemon=True)
    dripping.start()
    with server:
        result = ask("127.0.0.1", server.getsockname()[1], HttpCheck("web"), timeout=0.5)
        dripping.join(20)

    assert (result.ok, result.detail) == (False, "timed out")
    assert not dripping.is_alive()
    assert len(sent) < len(ANSWER)
