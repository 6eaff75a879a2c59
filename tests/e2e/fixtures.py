"""One real stack a run (web, worker, beat, PostgreSQL, Valkey, mail catcher) and a real browser.

The demo world is loaded once. Tests sign in as its people; what a test changes, it makes itself.
Fixtures for tests/e2e and tests/faults; Playwright is imported by those who use it.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from osk_portal.embedded.stack import Stack, bare_environment

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.e2e.person import Person, Report

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """OSK_E2E_VAR names a folder that is kept, for a quick start while one writes a test."""
    kept = os.environ.get("OSK_E2E_VAR")
    var = Path(kept) if kept else tmp_path_factory.mktemp("stack") / "var"
    made = Stack(var, free_port(), demo=True, durable=False, environment=bare_environment())
    with made:
        yield made


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import Error, sync_playwright

    found = os.environ.get("OSK_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        pytest.fail("No Chromium found. Install it: apt-get install chromium")
    with sync_playwright() as playwright:
        try:
            running = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        except Error as error:
            pytest.fail(f"Chromium does not start: {error.message}")
        yield running
        running.close()


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """What the run has seen: HTML for the checker, with OSK_SCREENSHOTS=folder pictures for people."""
    from tests.e2e.person import Report

    kept = os.environ.get("OSK_SCREENSHOTS")
    folder = Path(kept).absolute() if kept else tmp_path_factory.mktemp("seen")
    folder.mkdir(parents=True, exist_ok=True)
    return Report(folder, keeps_pictures=bool(kept))


@pytest.fixture
def visitor(stack: Stack, browser: Browser, report: Report) -> Iterator[Callable[[], Person]]:
    """Makes people with a browser of their own; at the end nothing may have gone wrong unseen."""
    from tests.e2e.person import Person

    people: list[Person] = []

    def make() -> Person:
        context = browser.new_context(
            base_url=stack.url, locale="de-DE", timezone_id="Europe/Berlin", reduced_motion="reduce"
        )
        people.append(Person(stack, context, report))
        return people[-1]

    yield make
    for person in people:
        person.leave()
    problems = [problem for person in people for problem in person.problems]
    assert not problems, "\n".join(problems)


@pytest.fixture
def sign_in(visitor: Callable[[], Person]) -> Callable[[str], Person]:
    """``sign_in("behoerde")``: a person of the demo world, signed in."""

    def enter(name: str) -> Person:
        person = visitor()
        person.sign_in(name)
        return person

    return enter
