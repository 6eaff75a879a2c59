"""The pages around the main job: home, search, languages, the law's pages, a report of a barrier."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.e2e.person import AXE, AXE_ALL, Person, text_of, words

pytestmark = [pytest.mark.e2e]


def test_the_home_page_leads_to_everything_that_the_portal_offers(
    visitor: Callable[[], Person],
) -> None:
    anyone = visitor()
    page = anyone.page
    anyone.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Freie Software für die Berliner Verwaltung"
    )
    anyone.look("startseite")
    for area, heading in (
        ("Beratung anfragen", "Beratung"),
        ("Lösungen finden", "Lösungen"),
        ("Testumgebung buchen", "Testumgebung"),
        ("Netzwerk kennenlernen", "Netzwerk"),
    ):
        anyone.goto("/")
        page.locator("main article").get_by_role("link", name=area, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(heading)


def test_one_search_finds_what_is_in_the_catalog_and_in_the_network(
    visitor: Callable[[], Person],
) -> None:
    anyone = visitor()
    anyone.goto("/")
    anyone.fill("Was suchen Sie?", "Geodaten")
    anyone.press("Suchen")
    anyone.sees(re.compile(r"Treffer für „Geodaten“"))
    for group in ("Lösungen", "Netzwerk"):
        expect(anyone.page.locator("main").get_by_role("heading", name=group)).to_be_visible()
    anyone.look("suche")

    anyone.fill("Suche im ganzen Portal", "Zwiebelkuchenbäckerei")
    anyone.press("Suchen")
    anyone.sees("Zu „Zwiebelkuchenbäckerei“ haben wir nichts gefunden")
    anyone.look("suche-nichts-gefunden")


def test_every_page_of_the_footer_can_be_read(visitor: Callable[[], Person]) -> None:
    anyone = visitor()
    page = anyone.page
    anyone.goto("/")
    links = page.locator("footer nav a").all()
    addresses = [urlsplit(link.evaluate("a => a.href")).path for link in links]
    assert len(addresses) == len(set(addresses)) >= 13
    for address in addresses:
        anyone.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        anyone.look(f"fuss-{address.strip('/')}")


def test_a_visitor_reads_the_portal_in_english_and_goes_back(
    visitor: Callable[[], Person],
) -> None:
    anyone = visitor()
    page = anyone.page
    anyone.goto("/netzwerk/?q=Hamburg")
    anyone.press("English")

    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("heading", level=1)).to_have_text("Network")
    assert page.url.endswith("/netzwerk/?q=Hamburg")
    anyone.look("netzwerk-englisch")
    anyone.goto("/")
    anyone.look("startseite-englisch")

    anyone.press("Deutsch")
    expect(page.locator("html")).to_have_attribute("lang", "de")


def test_a_wrong_address_offers_the_search(visitor: Callable[[], Person]) -> None:
    anyone = visitor()
    anyone.allowed_statuses = {404}
    anyone.goto("/gibt-es-nicht/")
    anyone.sees("Diese Seite gibt es nicht")
    anyone.look("fehler-404")
    anyone.fill("Suche im ganzen Portal", "Nextcloud")
    anyone.press("Suchen")
    expect(anyone.page.locator("main").get_by_role("link", name="Nextcloud").first).to_be_visible()


def test_the_menu_and_the_skip_link_work_with_the_keyboard_alone(
    visitor: Callable[[], Person],
) -> None:
    anyone = visitor()
    page = anyone.page
    anyone.goto("/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Zum Inhalt springen")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#inhalt")).to_be_focused()


def test_the_watch_over_every_page_notices_what_is_wrong(
    visitor: Callable[[], Person],
) -> None:
    anyone = visitor()
    anyone.goto("/")
    anyone.page.evaluate(
        """() => {
            const picture = document.createElement("img");
            picture.src = "https://elsewhere.example/a.png";
            document.querySelector("main").append(picture);
        }"""
    )
    anyone.goto("/gibt-es-nicht/")
    anyone.page.evaluate("document.querySelector('main').append(document.createElement('input'))")
    anyone.page.evaluate(AXE)
    barriers = anyone.barriers(AXE_ALL)
    seen, anyone.problems = anyone.problems, []
    assert any("Content Security Policy" in problem for problem in seen)
    assert any(problem.startswith("404 GET") for problem in seen)
    assert any(problem.startswith("axe label") for problem in barriers)


def test_a_barrier_is_reported_and_confirmed_by_mail(visitor: Callable[[], Person]) -> None:
    anyone = visitor()
    page = anyone.page
    anyone.goto("/netzwerk/")
    anyone.press("Barriere melden")
    anyone.look("barriere-melden")
    anyone.fill("Um welche Seite geht es?", "Netzwerk")
    anyone.press("Meldung absenden")
    anyone.sees("Bitte prüfen Sie 1 Angabe")
    expect(
        page.get_by_role("link", name="Beschreiben Sie, was nicht funktioniert.")
    ).to_be_visible()
    anyone.look("barriere-melden-fehler")
    assert anyone.field("Um welche Seite geht es?").input_value() == "Netzwerk"

    anyone.fill("Was funktioniert nicht?", "Der Filter hat keine Beschriftung.")
    anyone.fill("Ihre E-Mail-Adresse", anyone.address("melderin"))
    anyone.press("Meldung absenden")

    anyone.sees("Ihre Meldung ist angekommen")
    promise = words(page.locator(".osk-lead").inner_text())
    assert re.search(r"spätestens am \w+, \d+\. \w+ \d{4}", promise)
    anyone.look("barriere-gemeldet")
    page.reload()
    anyone.sees(promise)
    mail = anyone.mail_to(anyone.address("melderin"), "Ihre Meldung einer Barriere")
    assert promise in words(text_of(mail))
    assert urlsplit(page.url).path in text_of(mail)
