from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest

from sandbox import backends, provisioning
from sandbox.models import Booking, Environment
from tests.sandbox.fake_backend import FakeBackend, Killed


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeBackend:
    """The engine "fake" of the factories' slots."""
    fake = FakeBackend()
    monkeypatch.setitem(backends.BACKENDS, "fake", lambda: fake)
    return fake


@pytest.fixture
def run() -> Callable[[Booking], Environment]:
    """Do the work of a booking's newest environment as a worker would; a killed one just stops."""

    def newest(booking: Booking) -> Environment:
        return booking.environments.order_by("-generation")[0]

    def work(booking: Booking) -> Environment:
        with contextlib.suppress(Killed):
            provisioning.work(newest(booking).pk)
        booking.refresh_from_db()
        return newest(booking)

    return work
