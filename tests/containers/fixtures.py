"""One Podman a run, for the tests marked ``containers``: they need root and Debian's podman.

With ``OSK_TEST_ENGINE=docker`` a Docker takes its place (`make test-docker`).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.containers.docker import Docker
from tests.containers.elsewhere import another_machine
from tests.containers.podman import Podman


@pytest.fixture(scope="session")
def podman() -> Iterator[Podman]:
    """Its folder has a short name: paths of sockets may not be long."""
    make = Docker if os.environ.get("OSK_TEST_ENGINE") == "docker" else Podman
    engine = make(Path(tempfile.mkdtemp(prefix="osk-engine-", dir="/var/tmp")))
    engine.start()
    engine.import_busybox()
    yield engine
    engine.end()


@pytest.fixture(scope="session")
def other_machine() -> Iterator[str]:
    """The address of a page on another machine."""
    with another_machine() as url:
        yield url
