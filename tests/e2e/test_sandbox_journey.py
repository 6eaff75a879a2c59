"""An authority tries a real product: booked, provisioned, signed in to, ended, gone."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from osk_portal.embedded.stack import Stack
from osk_portal.toolkit import clock
from tests.e2e.booking import (
    end_booking,
    environments,
    fill_in,
    propfind,
    wait_until_ready,
)
from tests.e2e.person import Person, text_of

pytestmark = [pytest.mark.e2e]


def test_a_test_environment_is_booked_used_and_gone(
    sign_in: Callable[[str], Person], visitor: Callable[[], Person], stack: Stack, browser: Browser
) -> None:
    before = {one.folder for one in environments(stack)}
    booker = sign_in("behoerde2")
    page = booker.page
    anyone = visitor()
    anyone.goto("/")
    anyone.press("Testumgebung")
    anyone.look("testumgebung")
    booker.goto("/testumgebung/radicale/")
    booker.look("testprodukt")
    booker.press("Testumgebung buchen")
    booker.press("Testumgebung buchen")
    booker.sees("Bestätigen Sie, dass Sie nur Testdaten verwenden.")
    booker.look("buchen-fehler")

    purpose = f"Kalender für das Sekretariat, Probe {booker.token}"
    fill_in(booker, purpose)
    booker.look("buchen")
    booker.press("Testumgebung buchen")
    expect(page.get_by_role("heading", level=1)).to_have_text("Radicale")
    booker.sees("Schritten erledigt")
    wait_until_ready(booker)
    booker.look("testumgebung-bereit")
    booking = page.url
    mail = booker.mail_to("behoerde2@demo.osk.example", "Ihre Testumgebung Radicale ist bereit")
    assert booking in text_of(mail)

    # The credentials, on demand only
    secret = page.locator("[data-secret]")
    expect(secret).to_have_count(0)
    address = page.get_by_role("link", name="Testumgebung öffnen").get_attribute("href")
    assert address
    booker.press("Anzeigen: Passwort von Testperson")
    password = secret.inner_text()
    assert password not in text_of(mail)
    assert propfind(address, "test", password) == 207
    assert propfind(address, "test", "falsch") == 401
    page.goto(booking)
    expect(secret).to_have_count(0)
    booker.sees("Passwort angezeigt")

    # A person signs in to the product's own page and makes a calendar
    with browser.new_context(locale="de-DE") as context:
        product = context.new_page()
        product.goto(address)
        product.get_by_placeholder("Username").fill("test")
        product.get_by_placeholder("Password").fill(password)
        product.get_by_role("button", name="Next").click()
        expect(product.locator("#collectionsscene")).to_be_visible()

    # Nobody else
    stranger = sign_in("behoerde")
    stranger.allowed_statuses = {404}
    stranger.goto(booking)
    stranger.sees("Diese Seite gibt es nicht")

    # The end
    (running,) = [one for one in environments(stack) if one.folder not in before]
    assert running.is_running
    assert running.home.is_dir()
    end_booking(booker)
    assert not running.is_running
    assert not running.folder.exists()
    assert not running.home.exists()
    booker.sees(f"PID {running.pid}")
    booker.look("testumgebung-beendet")
    booker.mail_to("behoerde2@demo.osk.example", "Ihre Testumgebung Radicale ist gelöscht")


def test_two_people_want_the_last_place_and_one_gets_it(
    sign_in: Callable[[str], Person],
) -> None:
    first, second = sign_in("behoerde"), sign_in("behoerde2")
    # Later than the demo world's own bookings, of which one has another place.
    day = clock.today() + timedelta(days=random.randint(16, 80))
    bookings = []
    for person in (first, second):  # of three places, two are taken
        fill_in(person, f"Platz belegen {person.token}", on=day)
        person.press("Testumgebung buchen")
        person.sees("Ihre Testumgebung ist gebucht.")
        bookings.append((person, person.page.url))
    for person in (first, second):
        fill_in(person, f"Der letzte Platz {person.token}", on=day)
    moment = (time.time() + 1) * 1000
    for person in (first, second):
        person.page.evaluate(
            """moment => {
                const button = document.querySelector("main form button[type=submit]");
                setTimeout(() => button.click(), moment - Date.now());
            }""",
            moment,
        )
    told = re.compile(r"Ihre Testumgebung ist gebucht\.|Dieser Termin ist nicht mehr frei\.")
    for person in (first, second):
        person.sees(told)

    won = [person for person in (first, second) if "/buchung/" in person.page.url]
    assert len(won) == 1
    (winner,) = won
    loser = first if winner is second else second
    loser.sees("Wählen Sie einen anderen.")
    expect(loser.field("Wozu testen Sie?")).to_have_value(f"Der letzte Platz {loser.token}")
    loser.look("buchen-kein-platz")
    for person, url in [*bookings, (winner, winner.page.url)]:
        person.goto(url)
        person.press("Buchung stornieren")
        person.press("Buchung jetzt stornieren")
        person.sees("storniert")


def test_who_is_not_entitled_is_told_so(sign_in: Callable[[str], Person]) -> None:
    colleague = sign_in("land")
    colleague.allowed_statuses = {403}
    colleague.goto("/testumgebung/radicale/buchen/")
    colleague.sees("Sie können noch nicht buchen")
    colleague.look("buchen-nicht-berechtigt")
