"""One Podman a run, for the tests marked ``containers``: they need root and Debian's podman."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.containers.elsewhere import another_machine
from tests.containers.podman import Podman


@pytest.fixture(scope="session")
def podman() -> Iterator[Podman]:
    """Its folder has a short name: paths of sockets may not be long."""
    engine = Podman(Path(tempfile.mkdtemp(prefix="osk-podman-", dir="/var/tmp")))
    engine.start()
    engine.import_busybox()
    yield engine
    engine.end()


@pytest.fixture(scope="session")
def other_machine() -> Iterator[str]:
    """The address of a page on another machine."""
    with another_machine() as url:
        yield url
