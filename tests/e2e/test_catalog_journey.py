"""Anyone finds software in the catalog; a partner's change goes through the OSK to the public page."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from catalog import publiccode
from tests.e2e.person import Person, words

pytestmark = [pytest.mark.e2e]

ENTRY = "/loesungen/musterhaus-terminerinnerung/"


def hits(page: Page) -> list[str]:
    return page.locator(".osk-results h3").all_inner_texts()


def count(page: Page) -> int:
    return int(page.locator("#hits").inner_text().split()[0])


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("Videokonferenzen", "BigBlueButton"),  # another form of the word
        ("Terminvergaben", "ZMS"),
        ("Nextclod", "Nextcloud"),  # a slip
        ("Buergerbeteiligung", "CONSUL"),  # no umlaut on the keyboard
        ("SharePoint", "Nextcloud"),  # what is to be replaced
    ],
)
def test_a_visitor_finds_a_solution_by_the_word_that_comes_to_mind(
    visitor: Callable[[], Person], wanted: str, found: str
) -> None:
    anyone = visitor()
    anyone.goto("/loesungen/")
    anyone.fill("Suche im Katalog", wanted)
    anyone.press("Suchen")
    expect(anyone.page.locator("#hits")).to_contain_text("gefunden")
    assert any(found in name for name in hits(anyone.page)), hits(anyone.page)


def test_a_visitor_narrows_down_opens_an_entry_and_downloads_its_file(
    visitor: Callable[[], Person],
) -> None:
    anyone = visitor()
    page = anyone.page
    anyone.goto("/")
    anyone.press("Lösungen")
    everything = count(page)
    assert everything >= 50
    anyone.look("loesungen")

    anyone.fill("Suche im Katalog", "Geodaten")
    anyone.press("Suchen")
    anyone.tick("Copyleft")
    expect(page.get_by_role("link", name="Filter entfernen: Copyleft")).to_be_visible()
    expect(page).to_have_url(re.compile("licence=copyleft"))  # at once, with JavaScript
    expect(page.get_by_label("Copyleft")).to_be_focused()
    anyone.press("Filter anwenden")
    expect(page.get_by_role("link", name="Filter entfernen: Copyleft")).to_be_visible()
    assert 0 < count(page) < everything
    assert "Geodaten" in page.get_by_label("Suche im Katalog").input_value()
    anyone.look("loesungen-gefiltert")
    page.get_by_role("link", name="Filter entfernen: Copyleft").click()
    page.locator(".osk-results").get_by_role("link", name="Masterportal").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Masterportal")
    anyone.sees("Was die Lösung leistet")
    anyone.look("loesung")
    with page.expect_download() as download:
        anyone.press("publiccode.yml herunterladen")
    assert download.value.suggested_filename == "publiccode.yml"
    result = publiccode.read(download.value.path().read_bytes())
    assert result.is_valid, result.errors
    assert result.document is not None
    assert result.document.name == "Masterportal"


def test_a_search_without_hits_shows_the_way_on(visitor: Callable[[], Person]) -> None:
    anyone = visitor()
    anyone.goto("/loesungen/?q=Zwiebelkuchenb%C3%A4ckerei")
    anyone.look("loesungen-nichts-gefunden")
    anyone.press("Mit dieser Suche Beratung anfragen")
    expect(anyone.page.get_by_role("heading", level=1)).to_be_visible()
    assert "/beratung/" in anyone.page.url


def test_a_partners_change_is_compared_accepted_and_public(
    visitor: Callable[[], Person], sign_in: Callable[[str], Person]
) -> None:
    partner = sign_in("partner")
    page = partner.page
    token = partner.token
    partner.goto(ENTRY)
    before = words(page.locator(".osk-title .osk-lead").inner_text())
    partner.press("Änderung vorschlagen")
    partner.look("vorschlag-neu")
    partner.press("Vorschlag einreichen")
    partner.sees("Sie haben noch nichts geändert.")

    partner.fill("Kurzbeschreibung", f"Erinnert an Termine per SMS und E-Mail, Stand {token}.")
    partner.field("Funktionen").fill(f"Erinnerung per SMS\nErinnerung per E-Mail\nAbsage {token}")
    partner.fill("Warum schlagen Sie das vor?", f"Neue Version {token}")
    partner.tick("Ich gebe die Texte")
    partner.press("Vorschlag einreichen")
    partner.sees("Vielen Dank. Das OSK hat Ihren Vorschlag erhalten.")
    expect(page.locator("main")).to_contain_text(re.compile(r"Entscheidung bis \w+, \d+\."))
    partner.look("vorschlag")
    proposal = page.url

    anyone = visitor()
    anyone.goto(ENTRY)
    anyone.sees(before)
    anyone.sees_not(token)
    stranger = sign_in("behoerde")
    stranger.allowed_statuses = {404}
    stranger.goto(proposal)
    stranger.sees("Diese Seite gibt es nicht")

    advisor = sign_in("beratung")
    mail = advisor.mail_to("beratung@demo.osk.example", "Vorschlag zu Musterhaus")
    advisor.follow(mail)
    work = advisor.page
    advisor.sees(f"Neue Version {token}")
    advisor.sees("2 Felder sind geändert.")
    short = work.get_by_role("region", name="Kurzbeschreibung")
    expect(short).to_contain_text("Veröffentlicht")
    expect(short.locator("ins").first).to_be_visible()
    expect(work.get_by_role("region", name="Funktionen")).to_contain_text(token)
    advisor.look("vorschlag-pruefen")
    advisor.press("Alles annehmen")
    advisor.sees("Angenommen. Die öffentliche Seite zeigt jetzt die Änderungen.")

    anyone.page.reload()
    anyone.sees(f"Erinnert an Termine per SMS und E-Mail, Stand {token}.")
    anyone.sees(f"Absage {token}")
    partner.mail_to("partner@demo.osk.example", "ist angenommen")
    partner.goto(proposal)
    partner.sees("Angenommen")
    partner.look("vorschlag-angenommen")
