"""The main job: an authority asks, the OSK answers, and both hear of every step."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from osk_portal.toolkit import clock
from osk_portal.toolkit.working_days import add_working_days
from tests.e2e.asking import (
    ADVISOR,
    REQUESTER,
    describe,
    file_request,
    german,
    heading,
    reference_on,
)
from tests.e2e.person import Person, text_of, words

pytestmark = [pytest.mark.e2e]

PASSWORD = "Laubfrosch-Kanzlei-17"


def test_an_authority_files_a_request_through_all_steps(sign_in: Callable[[str], Person]) -> None:
    requester = sign_in("behoerde2")
    page = requester.page
    title = f"Termine online vergeben {requester.token}"
    promise = german(add_working_days(clock.today(), 10))
    requester.goto("/")
    requester.press("Beratung")
    requester.look("beratung")
    requester.press("Anfrage beginnen")
    requester.look("anfrage-1-anliegen")

    requester.press("Speichern und weiter")
    requester.sees("Wählen Sie, was Ihr Anliegen ist.")
    requester.look("anfrage-1-fehler")
    requester.tick("Idee")
    requester.press("Speichern und weiter")

    heading(page, "Worum geht es?")
    draft = page.url
    requester.fill("Titel", title)
    requester.press("Speichern und weiter")
    requester.sees("Beschreiben Sie Ihr Anliegen.")
    expect(requester.field("Titel")).to_have_value(title)
    requester.look("anfrage-2-fehler")
    describe(requester, title)
    requester.press("Als Entwurf speichern")
    requester.sees("Ihr Entwurf ist gespeichert.")
    requester.goto(draft)
    expect(requester.field("Titel")).to_have_value(title)
    requester.look("anfrage-2-thema")
    requester.press("Speichern und weiter")

    heading(page, "Umfeld")
    requester.sees("Bezirksamt Pankow")
    requester.fill("Ihr Zeichen", "BA Pankow Ä 12/26")
    requester.fill("Nach einer Lösung suchen", "Termine")
    requester.press("Suchen")
    requester.tick("ZMS")
    expect(requester.field("Ihr Zeichen")).to_have_value("BA Pankow Ä 12/26")
    requester.fill("Zahl der Nutzenden", "250")
    requester.look("anfrage-3-umfeld")
    requester.press("Speichern und weiter")

    heading(page, "Dateien")
    requester.look("anfrage-4-dateien")
    requester.press("Speichern und weiter")

    heading(page, "Wer darf mitlesen?")
    requester.tick("Nur ich")
    requester.look("anfrage-5-freigabe")
    requester.press("Speichern und weiter")

    heading(page, "Angaben prüfen")
    for said in (
        title,
        "Erste Idee",
        "Einführung, Nachnutzung",
        "BA Pankow Ä 12/26",
        "ZMS",
        promise,
    ):
        requester.sees(said)
    requester.look("anfrage-pruefen")
    requester.press("Anfrage absenden")

    heading(page, "Ihre Anfrage ist eingegangen")
    reference = reference_on(page)
    requester.sees(promise)
    requester.look("anfrage-gesendet")
    page.reload()
    requester.sees(reference)
    mail = requester.mail_to(REQUESTER, reference)
    text = words(text_of(mail))
    assert f"Antwort bis {promise}" in text or promise in text
    assert "BA Pankow Ä 12/26" in text
    assert "am Telefon" not in text, "a mail never carries what was written"
    requester.follow(mail)
    heading(page, title)
    requester.look("anfrage-eingegangen")

    stranger = sign_in("behoerde")
    stranger.allowed_statuses = {404}
    stranger.goto(page.url)
    stranger.sees("Diese Seite gibt es nicht")


def test_a_visitor_types_first_and_signs_up_at_the_first_save(
    visitor: Callable[[], Person],
) -> None:
    newcomer = visitor()
    page = newcomer.page
    address = newcomer.address("neu", "ba-pankow.berlin.de")
    title = f"Formulare ersetzen {newcomer.token}"
    newcomer.goto("/beratung/")
    newcomer.press("Anfrage beginnen")
    newcomer.tick("Frage")
    newcomer.press("Speichern und weiter")
    heading(page, "Worum geht es?")
    describe(newcomer, title)
    newcomer.press("Speichern und weiter")
    heading(page, "Zum Speichern anmelden")
    newcomer.look("anfrage-anmelden")

    newcomer.press("Mit E-Mail-Adresse registrieren")
    newcomer.look("registrieren")
    newcomer.fill("E-Mail-Adresse", address)
    newcomer.fill("Ihr Name", "Łukasiewicz-Şahin ẞ")
    newcomer.fill("Passwort", PASSWORD)
    newcomer.press("Konto anlegen")
    heading(page, "E-Mail-Adresse bestätigen")
    newcomer.look("registrieren-code")
    code = re.search(r"Ihr Code: (\S+)", text_of(newcomer.mail_to(address, "Code")))
    assert code
    newcomer.fill("Code aus der Mail", code.group(1))
    newcomer.press("Weiter")

    heading(page, "Worum geht es?")
    newcomer.sees("Ihre Angaben sind noch da")
    expect(newcomer.field("Titel")).to_have_value(title)
    expect(newcomer.field("Einführung")).to_be_checked()
    newcomer.press("Speichern und weiter")
    heading(page, "Umfeld")
    newcomer.sees("Bezirksamt Pankow")  # by the domain of the address, without a choice
    newcomer.press("Speichern und weiter")
    heading(page, "Dateien")
    newcomer.press("Speichern und weiter")
    newcomer.sees_not("Ihre Zugehörigkeit wird noch bestätigt")
    newcomer.tick("Alle Mitglieder meiner Behörde")
    newcomer.press("Speichern und weiter")
    newcomer.sees(title)
    newcomer.press("Anfrage absenden")
    heading(page, "Ihre Anfrage ist eingegangen")
    reference = reference_on(page)
    newcomer.mail_to(address, reference)


def test_a_request_goes_from_the_queue_to_the_answer_and_is_closed(
    sign_in: Callable[[str], Person],
) -> None:
    requester, advisor = sign_in("behoerde2"), sign_in("beratung")
    title = f"Umfragen mit freier Software {requester.token}"
    secret = f"Intern: erst im Haus fragen {requester.token}"
    reference = file_request(requester, title)
    case_page = requester.page.get_by_role("link", name="Anfrage ansehen")
    case_page.click()
    case = requester.page.url
    work = advisor.page

    # The queue
    advisor.follow(advisor.mail_to(ADVISOR, f"{reference}: Neue Anfrage"))
    heading(work, title)
    advisor.goto("/admin/")
    work.get_by_role("navigation").get_by_role("link", name=re.compile("^Neu")).first.click()
    heading(work, "Neue Anfragen")
    advisor.look("arbeit-neue-anfragen")
    work.get_by_role("link", name=title).click()
    heading(work, title)
    advisor.look("arbeit-anfrage")

    # Take up, assign to self, start; an internal note
    advisor.press("In die Sichtung nehmen")
    advisor.sees("In Prüfung")
    advisor.press("Mir zuweisen")
    advisor.sees("Sie sind jetzt zuständig.")
    advisor.press("Bearbeitung beginnen")
    advisor.sees("In Bearbeitung")
    advisor.fill("Interne Notiz", secret)
    advisor.press("Notiz speichern")
    advisor.sees("Die interne Notiz ist gespeichert.")
    advisor.sees(secret)
    for state in ("In Prüfung", "In Bearbeitung"):
        requester.mail_to(REQUESTER, f"{reference}: {state}")

    # Ask back, and the answer on the page
    advisor.press("Rückfrage stellen")
    advisor.look("arbeit-rueckfrage")
    advisor.press("Rückfrage stellen")
    advisor.sees("Schreiben Sie Ihre Frage.")
    advisor.fill("Frage an die Behörde", "Wie viele Umfragen sind es im Jahr?")
    advisor.press("Rückfrage stellen")
    advisor.sees("Wartet auf Behörde")

    mail = requester.mail_to(REQUESTER, f"{reference}: Wir haben eine Frage an Sie")
    assert "Umfragen sind es" not in text_of(mail)
    requester.follow(mail)
    assert requester.page.url == case
    requester.sees("Ihre Antwort fehlt")
    requester.sees("Wie viele Umfragen sind es im Jahr?")
    requester.sees_not(secret)
    requester.look("anfrage-frage")
    requester.fill("Ihre Antwort", "Etwa vierzig, dazu zwei große 🙂")
    requester.press("Antwort senden")
    requester.sees("Ihre Antwort ist gesendet.")
    requester.sees("In Bearbeitung")

    # The answer with a recommended solution
    advisor.follow(advisor.mail_to(ADVISOR, f"{reference}: Die Behörde hat geantwortet"))
    advisor.sees("Etwa vierzig, dazu zwei große 🙂")
    advisor.press("Beantworten")
    advisor.fill("Antwort an die Behörde", "Dafür passt **LimeSurvey**.")
    advisor.fill("Suchwörter", "LimeSurvey")
    advisor.press("Lösungen suchen")
    advisor.tick("LimeSurvey")
    advisor.fill("Warum LimeSurvey", "Läuft in mehreren Bezirken.")
    advisor.look("arbeit-antwort")
    advisor.press("Beantworten")
    advisor.sees("Beantwortet")
    advisor.look("arbeit-beantwortet")

    requester.follow(requester.mail_to(REQUESTER, f"{reference}: Unsere Antwort liegt vor"))
    requester.sees("Ist alles geklärt?")
    requester.sees("Dafür passt LimeSurvey.")
    requester.sees("Läuft in mehreren Bezirken.")
    requester.sees_not(secret)
    requester.look("anfrage-beantwortet")
    requester.press("Ja, alles geklärt")
    requester.sees("Abgeschlossen")
    requester.look("anfrage-abgeschlossen")
    advisor.mail_to(ADVISOR, f"{reference}: Abgeschlossen")
    assert secret not in requester.page.content()
    for mail in requester.mails_to(REQUESTER):
        assert secret not in text_of(mail)

    # The inbox says it once more
    requester.goto("/mein/nachrichten/")
    requester.sees(f"{reference}: Unsere Antwort liegt vor")
    requester.look("nachrichten")
    requester.goto("/mein/")
    requester.look("mein-bereich")
