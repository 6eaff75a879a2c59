"""What the tests of the test environments share: booking in the browser, and looking at the machine."""

from __future__ import annotations

import base64
import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from playwright.sync_api import expect

from osk_portal.embedded.stack import Stack
from tests.e2e.person import Person

READY_MS = 90_000


def fill_in(person: Person, purpose: str, *, on: date | None = None, days: int = 1) -> None:
    """Open the form of Radicale and fill it in; without ``on``, for now."""
    person.goto("/testumgebung/radicale/buchen/")
    if on is None:
        person.tick("Jetzt")
    else:
        person.tick("Später")
        person.fill("Beginn: Tag", on.isoformat())
        person.fill("Beginn: Uhrzeit", "10:00")
    person.fill("Für wie viele Tage?", str(days))
    person.fill("Wozu testen Sie?", purpose)
    person.tick("Ich verwende nur Testdaten")


def wait_until_ready(person: Person) -> None:
    """The page asks by itself; nobody reloads it."""
    expect(person.page.locator("main")).to_contain_text(
        "Ihre Testumgebung läuft bis", timeout=READY_MS
    )


def end_booking(person: Person) -> None:
    """End an environment that runs, and wait until the page says that it is gone."""
    person.press("Jetzt beenden")
    person.press("Jetzt beenden und löschen")
    person.sees("Die Buchung ist beendet. Wir löschen die Umgebung.")
    expect(person.page.locator("main")).to_contain_text(
        "Die Umgebung ist gelöscht seit", timeout=READY_MS
    )


@dataclass(frozen=True)
class OnMachine:
    """An environment as the machine has it."""

    folder: Path
    home: Path
    pid: int

    @property
    def is_running(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True


def folders(stack: Stack) -> set[Path]:
    """The folders of all environments, finished or not."""
    return {path for path in (stack.var / "sandboxes").glob("osk-*") if path.is_dir()}


def environments(stack: Stack) -> list[OnMachine]:
    """Every environment of the product Radicale with a folder and a process file.

    The demo world has one of its own, of another product.
    """
    found = []
    for file in sorted((stack.var / "sandboxes").glob("osk-*/radicale.json")):
        label = json.loads((file.parent / "label.json").read_text())
        if label["template"].startswith("radicale@"):
            pid = json.loads(file.read_text())["pid"]
            found.append(OnMachine(folder=file.parent, home=Path(label["home"]), pid=pid))
    return found


def propfind(url: str, user: str, password: str) -> int:
    """The status with which a CalDAV server answers to this login."""
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    request = urllib.request.Request(  # noqa: S310 # http on the loopback
        f"{url.rstrip('/')}/{user}/",
        method="PROPFIND",
        headers={"Authorization": f"Basic {token}", "Depth": "0"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 # as above
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
