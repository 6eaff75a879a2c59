"""One control plane a run, for the tests marked ``kubernetes`` (make test-kubernetes)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kubernetes.control_plane import ControlPlane, running


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    with running() as plane:
        yield plane
