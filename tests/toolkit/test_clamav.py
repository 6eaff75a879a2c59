"""The client for ClamAV against a daemon of our own that says what a test wants."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from osk_portal.toolkit import clamav
from osk_portal.toolkit.clamav import Outcome, Verdict
from tests.toolkit.fake_clamd import FakeClamd


@pytest.fixture
def clamd() -> Iterator[Callable[..., FakeClamd]]:
    made: list[FakeClamd] = []

    def start(reply: bytes | None, **options: object) -> FakeClamd:
        made.append(FakeClamd(reply, **options))  # type: ignore[arg-type] # options of the test
        return made[-1]

    yield start
    for daemon in made:
        daemon.stop()


REPLIES = [
    (b"stream: OK\0", Verdict(Outcome.CLEAN)),
    (b"stream: Test.Evil FOUND\0", Verdict(Outcome.FOUND, "Test.Evil")),
    (b"stream: A b: c FOUND\0", Verdict(Outcome.FOUND, "A b: c")),
    (b"stream: OK", Verdict(Outcome.CLEAN)),  # hangs up instead of the NUL
    (b"Can't allocate memory ERROR\0", Verdict(Outcome.ERROR, "Can't allocate memory ERROR")),
    (b"OK\0", Verdict(Outcome.BROKEN, "OK")),
    (b"stream: OK FOUND?\0", Verdict(Outcome.BROKEN, "stream: OK FOUND?")),
    (b"\xff\xfe\0", Verdict(Outcome.BROKEN, "\ufffd\ufffd")),
    (b"", Verdict(Outcome.BROKEN, "")),
    (b"x" * 100_000, Verdict(Outcome.BROKEN, "endless reply")),
]


@pytest.mark.parametrize(("reply", "verdict"), REPLIES)
def test_every_reply_has_its_type(
    clamd: Callable[..., FakeClamd], reply: bytes, verdict: Verdict
) -> None:
    daemon = clamd(reply)

    assert clamav.scan(daemon.address, [b"abc", b"def"]) == verdict
    assert daemon.received == [b"abcdef"]
    assert verdict.is_settled == (verdict.outcome in (Outcome.CLEAN, Outcome.FOUND))


def test_large_content_goes_in_chunks_and_over_a_unix_socket(
    clamd: Callable[..., FakeClamd], tmp_path: Path
) -> None:
    daemon = clamd(b"stream: OK\0", path=tmp_path / "clamd.ctl")
    content = bytes(range(256)) * 3000

    assert clamav.scan(daemon.address, [content]).outcome is Outcome.CLEAN
    assert daemon.received == [content]
    assert daemon.largest_chunk <= clamav.CHUNK
    assert clamav.answers(daemon.address)


def test_a_stream_over_the_daemons_limit_is_told(clamd: Callable[..., FakeClamd]) -> None:
    daemon = clamd(b"INSTREAM size limit exceeded. ERROR\0", limit=clamav.CHUNK)

    verdict = clamav.scan(daemon.address, [b"x" * clamav.CHUNK * 40])

    assert verdict.outcome is Outcome.TOO_LARGE


def test_no_daemon_and_one_that_never_answers(clamd: Callable[..., FakeClamd]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    assert clamav.scan(nobody, [b"x"]).outcome is Outcome.UNREACHABLE
    assert clamav.scan("unix:/nowhere/clamd.ctl", [b"x"]).outcome is Outcome.UNREACHABLE
    assert not clamav.answers(nobody)
    mute = clamd(None)
    verdict = clamav.scan(mute.address, [b"x"], most_seconds=0.2)
    assert (verdict.outcome, "in time" in verdict.detail or "timed out" in verdict.detail) == (
        Outcome.UNREACHABLE,
        True,
    )


def test_an_error_of_our_disk_is_not_the_daemons(clamd: Callable[..., FakeClamd]) -> None:
    def broken() -> Iterator[bytes]:
        yield b"a"
        raise FileNotFoundError

    with pytest.raises(FileNotFoundError):
        clamav.scan(clamd(b"stream: OK\0").address, broken())


def test_addresses() -> None:
    assert clamav.parse("unix:/run/clamav/clamd.ctl").path == "/run/clamav/clamd.ctl"
    assert clamav.parse("tcp://[::1]:3310") == clamav.Address(host="::1", port=3310)
    for bad in ("", "unix:clamd", "tcp:127.0.0.1:1", "tcp://host", "tcp://h:0", "tcp://h:70000",
                "http://h:1", "tcp://h:²"):  # fmt: skip
        with pytest.raises(ValueError, match="must be unix"):
            clamav.parse(bad)


def test_the_wire_is_what_clamd_documents(clamd: Callable[..., FakeClamd]) -> None:
    seen: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        line, _ = server.accept()
        with line:
            while not b"".join(seen).endswith(b"\0\0\0\0"):
                seen.append(line.recv(100))
            line.sendall(b"stream: OK\0")

    thread = threading.Thread(target=listen)
    thread.start()
    with server:
        clamav.scan(f"tcp://127.0.0.1:{server.getsockname()[1]}", [b"ab", b""])
        thread.join(5)
    assert b"".join(seen) == b"zINSTREAM\0" + struct.pack("!I", 2) + b"ab" + b"\0\0\0\0"
