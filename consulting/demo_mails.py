"""The demo world's Posteingang: a question, an answer without its reply address, an offer, a machine's mail."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Final

from consulting import services
from consulting.models import ConsultingRequest, IncomingMail
from osk_portal.accounts.demo import DOMAIN

_QUOTE: Final = (
    "\n\nAm Mo., 23. Nov. 2026 um 10:12 Uhr schrieb OSK-Portal <portal@osk.example>:\n"
    "> Guten Tag,\n> es gibt eine neue Nachricht zu Ihrer Anfrage.\n"
)


def load() -> str:
    """Receive the mails that are not there yet: the same bytes are one row."""
    before = IncomingMail.objects.count()
    for number, mail in enumerate(_mails(), start=1):
        mail["To"] = "opensource@osk.example"
        mail["Message-ID"] = f"<demo-{number}@{DOMAIN}>"
        services.receive_mail(mail.as_bytes())
    return f"{IncomingMail.objects.count() - before} new mails"


def _mails() -> list[EmailMessage]:
    question = _mail(
        "Robin Ruf <robin.ruf@schulamt.example>",
        "Nachnutzung einer Raumverwaltung",
        "Guten Tag,\n\nwir suchen für 40 Standorte eine Raumverwaltung. Auf der Roadshow hieß es, dass es"
        " dafür schon etwas im Land gibt. Die Anforderungen hängen an.\n\nMit freundlichen Grüßen\nRobin Ruf"
        "\n\n-- \nSchulamt Musterstadt\nTelefon 030 0000-00\n",
    )
    question.add_attachment(
        "Standorte;Räume;Nutzende\n40;610;2300\n", subtype="csv", filename="anforderungen.csv"
    )
    question.set_boundary("demo")  # a made-up one would make another mail of it each time
    answer = _mail(
        f"behoerde@{DOMAIN}",
        f"AW: {_reference()} Neue Nachricht",
        "Danke, das passt so. Wir brauchen es bis zum Sommer." + _QUOTE,
    )
    offer = _mail(
        "Vertrieb <vertrieb@anbieter.example>",
        "Unser Angebot für Ihr Haus",
        "Sehr geehrte Damen und Herren,\n\nwir stellen Ihnen gern unsere Produkte vor.\n",
    )
    away = _mail(
        "Sam Beispiel <sam@bezirk.example>",
        "Automatische Antwort: Neue Nachricht",
        "Ich bin bis Montag nicht im Büro.\n",
    )
    away["Auto-Submitted"] = "auto-replied"
    return [question, answer, offer, away]


def _reference() -> str:
    """A request to which the sender may still write."""
    mine = ConsultingRequest.objects.open().filter(author__email=f"behoerde@{DOMAIN}")
    first = mine.order_by("reference").first()
    return first.reference or "" if first else ""


def _mail(sender: str, subject: str, text: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = sender, subject
    mail.set_content(text, cte="8bit")
    return mail
