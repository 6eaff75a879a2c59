"""The pictures of the README, from the demo world. `make screenshots` runs this file by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.person import ROOT, Person

pytestmark = [pytest.mark.e2e]

FOLDER = ROOT / "docs" / "images"
WIDTH, MOST_BYTES = 1280, 300_000
CASE = "Ticketsystem für das Funktionspostfach des Ordnungsamts"


def take(person: Person, name: str, height: int) -> None:
    """The upper part of the page, as wide as the README shows it."""
    person.page.set_viewport_size({"width": WIDTH, "height": height})
    person.page.evaluate("document.fonts.ready")
    picture: Path = FOLDER / name
    FOLDER.mkdir(exist_ok=True)
    person.page.screenshot(path=picture)
    assert picture.stat().st_size < MOST_BYTES


def test_home_page(visitor: Callable[[], Person]) -> None:
    anyone = visitor()
    anyone.goto("/")
    take(anyone, "home.png", 1250)


def test_case_of_an_advisor(sign_in: Callable[[str], Person]) -> None:
    advisor = sign_in("beratung")
    advisor.goto("/admin/consulting/consultingrequest/queue/open/")
    advisor.page.get_by_role("link", name=CASE).click()
    advisor.sees("Interne Notiz")
    take(advisor, "fall.png", 1160)
