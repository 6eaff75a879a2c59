"""kill -9 of the worker in the middle of a provisioning: one environment, no orphan, ready."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from osk_portal.embedded.processes import wait_until
from osk_portal.embedded.stack import Stack
from sandbox.backends import machine
from tests.e2e.booking import (
    end_booking,
    environments,
    fill_in,
    folders,
    propfind,
    wait_until_ready,
)
from tests.e2e.person import Person

pytestmark = [pytest.mark.e2e]


def test_the_booking_becomes_ready_with_exactly_one_environment(
    sign_in: Callable[[str], Person], stack: Stack
) -> None:
    before = folders(stack)
    # The demo world's, which is of another product.
    others = labelled_leaders(stack) - {one.pid for one in environments(stack)}
    booker = sign_in("behoerde")
    fill_in(booker, f"Der Worker stirbt {booker.token}")
    booker.press("Testumgebung buchen")
    booker.sees("Schritten erledigt")
    # The folder is the first thing that a provisioning makes, before any program runs.
    assert wait_until(lambda: bool(folders(stack) - before), 60, every=0.005)
    stack.kill("worker")
    booker.goto(booker.page.url)
    booker.sees("Wir richten Ihre Umgebung ein.")
    stack.start_child("worker")

    wait_until_ready(booker)

    made = folders(stack) - before
    assert len(made) == 1, made
    (folder,) = made
    (running,) = [one for one in environments(stack) if one.folder == folder]
    assert running.is_running
    assert labelled_leaders(stack) - others == {one.pid for one in environments(stack)}
    address = booker.page.get_by_role("link", name="Testumgebung öffnen").get_attribute("href")
    booker.press("Anzeigen: Passwort von Testperson")
    password = booker.page.locator("[data-secret]").inner_text()
    assert propfind(str(address), "test", password) == 207
    end_booking(booker)
    assert not running.is_running
    assert folders(stack) == before


def labelled_leaders(stack: Stack) -> set[int]:
    """Processes of this stack's environments whose parent is none of them."""
    root = str(stack.var / "sandboxes")
    pids = {
        pid
        for pid, variables in machine.labels().items()
        if variables.get("OSK_SANDBOX_ROOT") == root
    }
    return {pid for pid in pids if parent_of(pid) not in pids}


def parent_of(pid: int) -> int:
    with open(f"/proc/{pid}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[1])
