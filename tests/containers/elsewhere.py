"""Another machine: a network namespace with a web server, joined to this machine by a cable of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from osk_portal.embedded.processes import wait_until
from tests.containers.looking import answers

HOST, ADDRESS = "198.51.100.1", "198.51.100.2"
URL = f"http://{ADDRESS}:8080/"
TEXT = "Draußen\n"


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextmanager
def another_machine() -> Iterator[str]:
    """The address of its page, which this machine can open."""
    space, cable = f"osk-out-{os.getpid()}", f"osk{os.getpid()}"
    folder = Path(tempfile.mkdtemp(prefix="osk-outside-"))
    (folder / "index.html").write_text(TEXT)
    server = None
    ip("netns", "add", space)
    try:
        ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", space)
        ip("addr", "add", f"{HOST}/30", "dev", cable)
        ip("link", "set", cable, "up")
        for words in (
            ("addr", "add", f"{ADDRESS}/30", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
            ("route", "add", "default", "via", HOST),
        ):
            ip("-n", space, *words)
        server = subprocess.Popen(
            [
                *("ip", "netns", "exec", space),
                *("busybox", "httpd", "-f", "-p", "8080", "-h", str(folder)),
            ]
        )
        assert wait_until(lambda: answers(URL, TEXT), 10), "the machine outside does not answer"
        yield URL
    finally:
        if server is not None:
            server.kill()
            server.wait()
        ip("netns", "del", space)  # and its end of the cable, with which ours goes
        shutil.rmtree(folder)
