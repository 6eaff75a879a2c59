"""Asking a product whether it answers: by the portal itself, never by an engine's own health check."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from collections.abc import Iterator

from sandbox.backends.base import ProbeResult
from sandbox.spec import Check, TcpCheck

TIMEOUT = 5.0


def ask(host: str, port: int, check: Check, *, timeout: float = TIMEOUT) -> ProbeResult:
    """One question, one answer; what went wrong stands in ``detail``. An answer that drips takes no longer."""
    if isinstance(check, TcpCheck):
        try:
            socket.create_connection((host, port), timeout).close()
        except OSError as error:
            return ProbeResult(False, f"{type(error).__name__}: {error}")
        return ProbeResult(True)
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.connect()
        with _cut_off(connection.sock, timeout) as is_cut_off:
            connection.request("GET", check.path)
            status = connection.getresponse().status
    except OSError as error:
        return ProbeResult(False, f"{type(error).__name__}: {error}")
    except http.client.HTTPException as error:
        # Its words are those of the product.
        return ProbeResult(False, type(error).__name__)
    finally:
        connection.close()
    if is_cut_off.is_set():
        # The end of the connection within the headers is taken for theirs.
        return ProbeResult(False, "timed out")
    if status != check.status:
        return ProbeResult(False, f"answers {status} instead of {check.status}")
    return ProbeResult(True)


@contextlib.contextmanager
def _cut_off(connection: socket.socket, timeout: float) -> Iterator[threading.Event]:
    """A socket's own limit begins anew with each byte: what sends one now and then would hold its worker for ever.

    The event says that it was cut off.
    """
    is_cut_off = threading.Event()
    timer = threading.Timer(timeout, _end, [connection, is_cut_off])
    timer.daemon = True
    timer.start()
    try:
        yield is_cut_off
    finally:
        timer.cancel()


def _end(connection: socket.socket, is_cut_off: threading.Event) -> None:
    is_cut_off.set()
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
