"""One PostgreSQL a run, a clock that tests can move, and rings that are recorded instead of sent."""

from __future__ import annotations

import gc
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import caches
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from psycopg.conninfo import conninfo_to_dict
from xdist.scheduler import LoadScopeScheduling

from osk_portal.embedded.postgres import throwaway_postgres
from osk_portal.notifications import doorbell
from osk_portal.toolkit import clock as portal_clock

# How long an example takes is measured in benchmarks: a busy machine must not fail a test.
hypothesis_settings.register_profile(
    "portal", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("portal")

pytest_plugins = ["tests.containers.fixtures", "tests.e2e.fixtures", "tests.kubernetes.fixtures"]

JOURNEYS = ("tests/e2e/", "tests/embedded/", "tests/faults/")
"""As in the Makefile."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is collected stays: looking for garbage among it costs a seventh of the run and finds nothing.
    What tests leave behind is looked through, but less often than by default: a page alone makes
    thousands of objects."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(50_000, 20, 10)
        gc.enable()


def pytest_itemcollected(item: pytest.Item) -> None:
    """`make test` looks for what needs the one stack in these folders only; elsewhere it would never run."""
    if item.get_closest_marker("e2e") and not item.nodeid.startswith(JOURNEYS):
        raise pytest.UsageError(f"{item.nodeid}: tests of e2e lie in {', '.join(JOURNEYS)}")


class _TwoHands(LoadScopeScheduling):
    """What shares the one stack stays in one process, in its order; the tests of starts and stops, which
    mostly wait for processes of their own, run beside it in another."""

    def _split_scope(self, nodeid: str) -> str:
        return "starts" if nodeid.startswith("tests/embedded/") else "stack"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    return _TwoHands(config, log) if config.getoption("dist") == "loadscope" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick tests, journeys on one real stack, what harms that stack, the check of all pages seen.

    The longest of the quick ones begin, so that no process ends long after the others.
    """

    def stage(item: pytest.Item) -> int:
        if item.path.name == "test_leaks.py":
            return -1
        if item.path.name.startswith("test_zz"):
            return 3
        harms = item.path.name.startswith("test_zy") or "faults" in item.path.parts
        if harms or item.get_closest_marker("faults"):
            return 2
        return 1 if item.get_closest_marker("e2e") else 0

    items.sort(key=stage)


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """DATABASE_URL, or a cluster of our own without fsync that lives as long as the run."""
    import os

    if os.environ.get("DATABASE_URL"):
        yield os.environ["DATABASE_URL"]
        return
    # One place for all runs: each removes what a killed one left there.
    with throwaway_postgres(settings.OSK_VAR / "test-postgresql") as postgres:
        yield postgres.url()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None, database_url: str) -> None:
    from django.db import connection

    parts = conninfo_to_dict(database_url)
    names = {
        "NAME": "dbname",
        "USER": "user",
        "PASSWORD": "password",
        "HOST": "host",
        "PORT": "port",
    }
    for name, key in names.items():
        connection.settings_dict[name] = str(parts.get(key, ""))


@pytest.fixture(autouse=True)
def _clean_caches() -> None:
    """Login limits leak from test to test otherwise."""
    for cache in caches.all(initialized_only=True):
        cache.clear()


@pytest.fixture(autouse=True)
def _in_german() -> None:
    """A request leaves its language behind in the thread; each test begins in German."""
    translation.activate("de")


@dataclass
class Clock:
    """Moves Python's and PostgreSQL's clock together."""

    def move_to(self, moment: datetime) -> datetime:
        assert moment.tzinfo is not None
        portal_clock.move_to(moment)
        return moment


@pytest.fixture
def clock() -> Iterator[Clock]:
    yield Clock()
    portal_clock.move_to(None)


@dataclass
class Bells:
    """What would have been sent to the broker: (task name, ids)."""

    rings: list[tuple[str, dict[str, str | int]]] = field(default_factory=list)

    def of(self, task_name: str) -> list[dict[str, str | int]]:
        return [ids for name, ids in self.rings if name == task_name]


@pytest.fixture(autouse=True)
def bells(monkeypatch: pytest.MonkeyPatch) -> Bells:
    """Records the rings at the border of the process; a test calls the domain itself."""
    recorded = Bells()

    def send_task(name: str, kwargs: dict[str, str | int], **options: Any) -> None:
        recorded.rings.append((name, kwargs))

    monkeypatch.setattr(doorbell.current_app, "send_task", send_task)
    monkeypatch.setattr(doorbell, "_silent_until", 0.0)
    return recorded


@pytest.fixture(autouse=True)
def _no_unexpected_errors(
    caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest
) -> Iterator[None]:
    """An ERROR record that the test does not expect (``expect_errors``) fails it."""
    yield
    if "expect_errors" in request.fixturenames:
        return
    errors = [r for r in caplog.get_records("call") if r.levelno >= logging.ERROR]
    assert not errors, [r.getMessage() for r in errors]


@pytest.fixture
def expect_errors() -> None:
    """For tests in which an ERROR line is the point."""


@pytest.fixture
def commits(django_capture_on_commit_callbacks: Any) -> Callable[..., Any]:
    """``with commits(): …`` runs what waits for the commit, as a committed request does."""

    def run() -> Any:
        return django_capture_on_commit_callbacks(execute=True)

    return run


@pytest.fixture(autouse=True)
def _force_login_proves_the_second_factor() -> Iterator[None]:
    """``client.force_login`` stands for a sign-in with everything that the person has set up."""
    from allauth.mfa.utils import is_mfa_enabled
    from django.contrib.auth.signals import user_logged_in

    from osk_portal.accounts import second_factor

    def receive(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
        forced = not request.path  # the test client makes an empty request for it
        if forced and user.is_staff and is_mfa_enabled(user):
            second_factor.note(request, user)

    user_logged_in.connect(receive)
    yield
    user_logged_in.disconnect(receive)


@pytest.fixture
def code() -> Callable[[], str]:
    """The code in the newest mail."""

    from osk_portal.notifications.models import OutgoingMail

    def read() -> str:
        text = OutgoingMail.objects.latest("pk").text
        found = re.search(r"^(?:Your code|Ihr Code): (\S+)$", text, re.MULTILINE)
        assert found, text
        return found.group(1)

    return read
