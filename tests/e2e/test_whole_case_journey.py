"""The whole case, from the draft to the survey: without JavaScript on a narrow screen, and by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from osk_portal.embedded.demo_logins import PASSWORD
from osk_portal.embedded.programs import run_step
from osk_portal.embedded.stack import Stack
from tests.e2e.asking import ADVISOR, REQUESTER, describe, heading, reference_on
from tests.e2e.keyboard import Keyboard
from tests.e2e.person import NARROW, Person, Report

pytestmark = [pytest.mark.e2e]

QUESTIONS = ("Hat Ihnen unsere Beratung geholfen?", "War unsere Antwort verständlich?")
ASK_FOR_SURVEYS = "from consulting.services.feedback import invite_to_survey as ask; ask()"


class NarrowPerson(Person):
    """Without JavaScript, at 320 px: no page that he or she leaves may have scrolled sideways."""

    def press(self, label: str) -> None:
        self.fits()
        super().press(label)

    def fits(self) -> None:
        # The locator waits for a page that is just coming; it has no root for a moment.
        wide = self.page.locator("html").evaluate("root => root.scrollWidth")
        if wide > NARROW["width"]:
            self.problems.append(f"{self.page.url} scrolls sideways: {wide} px")

    def keep(self, name: str) -> None:
        self.fits()
        super().keep(name)
        if self.report.keeps_pictures:
            self.page.screenshot(path=self.report.folder / f"{name}.png", full_page=True)


@pytest.fixture
def narrow(stack: Stack, browser: Browser, report: Report) -> Iterator[Callable[[], NarrowPerson]]:
    people: list[NarrowPerson] = []

    def make() -> NarrowPerson:
        context = browser.new_context(
            base_url=stack.url,
            locale="de-DE",
            timezone_id="Europe/Berlin",
            java_script_enabled=False,
            viewport=NARROW,
        )
        people.append(NarrowPerson(stack, context, report))
        return people[-1]

    yield make
    for person in people:
        person.leave()
    problems = [problem for person in people for problem in person.problems]
    assert not problems, "\n".join(problems)


def ask_for_surveys(stack: Stack) -> None:
    """At night the daily work sends them."""
    run_step(
        ["manage.py", "shell", "--command", ASK_FOR_SURVEYS],
        stack.environment(),
        stack.var / "run" / "survey.log",
        seconds=60,
    )


def test_the_whole_case_without_javascript_on_a_narrow_screen(
    narrow: Callable[[], NarrowPerson], visitor: Callable[[], Person], stack: Stack
) -> None:
    requester, advisor = narrow(), narrow()
    requester.sign_in("behoerde2")
    advisor.sign_in("beratung")
    page, work = requester.page, advisor.page
    title = f"Sitzungen ohne Papier {requester.token}"

    # The request, step by step
    requester.goto("/beratung/")
    requester.press("Anfrage beginnen")
    requester.press("Speichern und weiter")
    requester.sees("Wählen Sie, was Ihr Anliegen ist.")
    requester.keep("ohne-script-anliegen")
    requester.tick("Idee")
    requester.press("Speichern und weiter")
    heading(page, "Worum geht es?")
    describe(requester, title)
    requester.press("Speichern und weiter")
    heading(page, "Umfeld")
    requester.fill("Nach einer Lösung suchen", "ZMS")
    requester.press("Suchen")
    requester.tick("ZMS")
    requester.keep("ohne-script-umfeld")
    requester.press("Speichern und weiter")
    heading(page, "Dateien")
    requester.field("Dateien auswählen").set_input_files(
        {"name": "Ablauf der Sitzung.txt", "mimeType": "text/plain", "buffer": b"Erst die Akten.\n"}
    )
    requester.press("Dateien hinzufügen")
    requester.sees("Ablauf der Sitzung.txt")
    requester.keep("ohne-script-dateien")
    requester.press("Speichern und weiter")
    heading(page, "Wer darf mitlesen?")
    requester.press("Speichern und weiter")
    heading(page, "Angaben prüfen")
    requester.sees("Ablauf der Sitzung.txt")
    requester.keep("ohne-script-pruefen")
    requester.press("Anfrage absenden")
    heading(page, "Ihre Anfrage ist eingegangen")
    reference = reference_on(page)
    requester.press("Anfrage ansehen")
    heading(page, title)

    # The OSK takes it and asks back
    advisor.goto("/admin/")
    heading(work, "Neue Anfragen")
    advisor.press(title)
    heading(work, title)
    advisor.sees("Ablauf der Sitzung.txt")
    advisor.press("In die Sichtung nehmen")
    advisor.press("Mir zuweisen")
    advisor.press("Bearbeitung beginnen")
    advisor.sees("In Bearbeitung")
    advisor.keep("ohne-script-arbeit-anfrage")
    advisor.press("Rückfrage stellen")
    advisor.fill("Frage an die Behörde", "Wie viele Sitzungen sind es im Jahr?")
    advisor.press("Rückfrage stellen")
    advisor.sees("Wartet auf Behörde")

    requester.follow(requester.mail_to(REQUESTER, f"{reference}: Wir haben eine Frage an Sie"))
    requester.sees("Wie viele Sitzungen sind es im Jahr?")
    requester.keep("ohne-script-frage")
    requester.fill("Ihre Antwort", "Etwa dreißig.")
    requester.press("Antwort senden")
    requester.sees("Ihre Antwort ist gesendet.")

    # The answer, with a recommendation
    advisor.follow(advisor.mail_to(ADVISOR, f"{reference}: Die Behörde hat geantwortet"))
    advisor.sees("Etwa dreißig.")
    advisor.press("Beantworten")
    advisor.fill("Antwort an die Behörde", "Sehen Sie sich **LimeSurvey** an.")
    advisor.fill("Suchwörter", "LimeSurvey")
    advisor.press("Lösungen suchen")
    advisor.tick("LimeSurvey")
    advisor.fill("Warum LimeSurvey", "Läuft in mehreren Bezirken.")
    advisor.keep("ohne-script-arbeit-antwort")
    advisor.press("Beantworten")
    advisor.sees("Beantwortet")
    advisor.keep("ohne-script-arbeit-beantwortet")

    requester.follow(requester.mail_to(REQUESTER, f"{reference}: Unsere Antwort liegt vor"))
    requester.sees("Läuft in mehreren Bezirken.")
    requester.keep("ohne-script-beantwortet")
    requester.press("Ja, alles geklärt")
    requester.sees("Abgeschlossen")
    requester.keep("ohne-script-abgeschlossen")
    advisor.follow(advisor.mail_to(ADVISOR, f"{reference}: Abgeschlossen"))
    advisor.keep("ohne-script-arbeit-abgeschlossen")

    # The survey, by the link of the mail and without signing in.
    ask_for_surveys(stack)
    mail = requester.mail_to(REQUESTER, f"{reference}: Wie war unsere Beratung?")
    reader, somebody = visitor(), narrow()
    reader.follow(mail)
    reader.look("umfrage")
    somebody.follow(mail)
    somebody.press("Antwort senden")
    somebody.sees("Wählen Sie, ob Ihnen unsere Beratung geholfen hat.")
    somebody.keep("ohne-script-umfrage")
    for question in QUESTIONS:
        somebody.page.get_by_role("group", name=question).get_by_label("Eher ja").check()
    somebody.press("Antwort senden")
    somebody.sees("Danke, wir haben Ihre Antwort.")
    somebody.keep("ohne-script-umfrage-fertig")


def test_the_whole_case_by_keyboard_alone(stack: Stack, visitor: Callable[[], Person]) -> None:
    requester, advisor = visitor(), visitor()
    title = f"Passwörter sicher ablegen {requester.token}"

    keys = Keyboard(requester)
    requester.goto("/konto/login/")
    keys.write("E-Mail-Adresse", REQUESTER)
    keys.write("Passwort", PASSWORD)
    keys.send()
    requester.goto("/beratung/")
    keys.skip_to_content()
    keys.press("Anfrage beginnen")
    heading(requester.page, "Neue Anfrage")
    keys.skip_to_content()
    keys.press("Speichern und weiter")
    requester.sees("Wählen Sie, was Ihr Anliegen ist.")
    keys.choose("Frage")
    keys.press("Speichern und weiter")
    heading(requester.page, "Worum geht es?")
    keys.skip_to_content()
    keys.write("Titel", title)
    keys.write("Beschreibung", "Wo legen wir Passwörter ab?")
    keys.tick("Einführung")
    keys.select("Wie weit sind Sie?", "Erste Idee")
    keys.press("Speichern und weiter")
    for step in ("Umfeld", "Dateien", "Wer darf mitlesen?"):
        heading(requester.page, step)
        keys.skip_to_content()
        if step == "Dateien":
            keys.attach("Dateien auswählen", "regeln.txt", b"Mindestens zwoelf Zeichen\n")
        keys.press("Speichern und weiter")
    heading(requester.page, "Angaben prüfen")
    requester.sees("Erste Idee")
    requester.sees("regeln.txt")
    keys.press("Anfrage absenden")
    heading(requester.page, "Ihre Anfrage ist eingegangen")
    reference = reference_on(requester.page)

    at_work = Keyboard(advisor)
    advisor.goto("/konto/login/")
    at_work.write("E-Mail-Adresse", ADVISOR)
    at_work.write("Passwort", PASSWORD)
    at_work.send()
    advisor.goto("/admin/")
    heading(advisor.page, "Neue Anfragen")
    at_work.skip_to_content()
    at_work.press(title)
    heading(advisor.page, title)
    at_work.goes_round()
    at_work.press("Sofort antworten")
    heading(advisor.page, "Sofort antworten")
    at_work.skip_to_content()
    advisor.look("arbeit-sofort-antworten")
    at_work.press("Abbrechen")
    for button, done in (
        ("In die Sichtung nehmen", "In Prüfung"),
        ("Mir zuweisen", "Sie sind jetzt zuständig."),
        ("Bearbeitung beginnen", "In Bearbeitung"),
    ):
        heading(advisor.page, title)
        at_work.skip_to_content()
        at_work.press(button)
        advisor.sees(done)
    at_work.skip_to_content()
    at_work.press("Rückfrage stellen")
    heading(advisor.page, "Rückfrage stellen")
    at_work.skip_to_content()
    at_work.write("Frage an die Behörde", "Für wie viele Menschen?")
    at_work.press("Rückfrage stellen")
    advisor.sees("Wartet auf Behörde")

    requester.follow(requester.mail_to(REQUESTER, f"{reference}: Wir haben eine Frage an Sie"))
    keys.skip_to_content()
    keys.write("Ihre Antwort", "Für zwölf.")
    keys.press("Antwort senden")
    requester.sees("Ihre Antwort ist gesendet.")

    advisor.follow(advisor.mail_to(ADVISOR, f"{reference}: Die Behörde hat geantwortet"))
    at_work.skip_to_content()
    at_work.press("Beantworten")
    heading(advisor.page, "Beantworten")
    at_work.skip_to_content()
    at_work.write("Antwort an die Behörde", "In einem Passwortspeicher der Gruppe.")
    at_work.press("Beantworten")
    advisor.sees("Beantwortet")

    requester.follow(requester.mail_to(REQUESTER, f"{reference}: Unsere Antwort liegt vor"))
    requester.sees("In einem Passwortspeicher der Gruppe.")
    keys.goes_round()
    keys.press("Ja, alles geklärt")
    requester.sees("Abgeschlossen")

    ask_for_surveys(stack)
    requester.follow(requester.mail_to(REQUESTER, f"{reference}: Wie war unsere Beratung?"))
    keys.skip_to_content()
    for question in QUESTIONS:
        keys.choose("Eher ja", question)
    keys.press("Antwort senden")
    requester.sees("Danke, wir haben Ihre Antwort.")
