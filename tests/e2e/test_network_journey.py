"""Anyone browses the network: who is in it, where, what they know, which solutions they support."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.person import Person

pytestmark = [pytest.mark.e2e]


def names(page: Page) -> list[str]:
    return page.locator("article h3").all_inner_texts()


def test_a_visitor_filters_the_network_and_opens_an_organisation(
    visitor: Callable[[], Person],
) -> None:
    anyone = visitor()
    page = anyone.page
    anyone.goto("/")
    anyone.press("Netzwerk")
    expect(page.get_by_role("heading", level=1)).to_have_text("Netzwerk")
    everybody = int(page.locator("#organisations").inner_text().split()[0])
    anyone.look("netzwerk")

    anyone.tick("Andere öffentliche Verwaltung")
    anyone.tick("Hamburg")
    anyone.press("Filter anwenden")

    anyone.sees("Freie und Hansestadt Hamburg")
    assert 0 < int(page.locator("#organisations").inner_text().split()[0]) < everybody
    assert all("Hamburg" in name for name in names(page))

    page.get_by_role("link", name=re.compile("Landesbetrieb Geoinformation")).click()

    anyone.sees("Netzwerkmitglied · Andere öffentliche Verwaltung")
    expect(page.get_by_role("row", name=re.compile("Geodaten"))).to_contain_text("Masterportal")
    anyone.look("organisation")

    page.locator("main").get_by_role("link", name="Masterportal", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Masterportal")


def test_a_visitor_searches_by_expertise_and_is_helped_when_nothing_fits(
    visitor: Callable[[], Person],
) -> None:
    anyone = visitor()
    anyone.goto("/netzwerk/")
    anyone.fill("Name, Ort oder Fachwissen", "Barrierefreiheit")
    anyone.press("Suchen")
    assert names(anyone.page)

    anyone.fill("Name, Ort oder Fachwissen", "Zwiebelkuchenbäckerei")
    anyone.press("Suchen")
    anyone.sees("Dazu haben wir keine Organisation gefunden.")
    anyone.look("netzwerk-nichts-gefunden")
    anyone.press("Alle Organisationen zeigen")
    assert names(anyone.page)
