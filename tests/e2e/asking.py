"""Filing a request in the browser, as several tests do."""

from __future__ import annotations

import re
from datetime import date

from django.utils import translation
from playwright.sync_api import Page, expect

from osk_portal.templatetags.osk import long_date
from tests.e2e.person import Person, words

REQUESTER, ADVISOR = "behoerde2@demo.osk.example", "beratung@demo.osk.example"
REFERENCE = re.compile(r"OSK-\d{4}-\d{5}")


def german(day: date) -> str:
    with translation.override("de"):
        return words(str(long_date(day)))


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def describe(person: Person, title: str) -> None:
    """Fill in the step on what it is about."""
    person.fill("Titel", title)
    person.fill("Beschreibung", "Wir vergeben Termine am Telefon.\n\nWas nutzen andere Bezirke?")
    person.tick("Einführung")
    person.tick("Nachnutzung")
    person.field("Wie weit sind Sie?").select_option(label="Erste Idee")


def fill_in_request(person: Person, title: str) -> None:
    """From the first page to the one where all is checked, by someone who is signed in."""
    page = person.page
    person.goto("/beratung/anfrage/neu/")
    person.tick("Frage")
    person.press("Speichern und weiter")
    heading(page, "Worum geht es?")
    describe(person, title)
    person.press("Speichern und weiter")
    heading(page, "Umfeld")
    person.press("Speichern und weiter")
    heading(page, "Dateien")
    person.press("Speichern und weiter")
    heading(page, "Wer darf mitlesen?")
    person.press("Speichern und weiter")
    heading(page, "Angaben prüfen")


def file_request(person: Person, title: str) -> str:
    """Fill in and send; gives the reference."""
    fill_in_request(person, title)
    person.press("Anfrage absenden")
    heading(person.page, "Ihre Anfrage ist eingegangen")
    return reference_on(person.page)


def reference_on(page: Page) -> str:
    found = REFERENCE.search(page.locator("main").inner_text())
    assert found, page.locator("main").inner_text()
    return found.group()
