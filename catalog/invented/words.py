"""Words of invented entries: what administrations need, in German and English, and where it belongs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Task:
    """What a solution is for. ``german`` and ``english`` complete "Software for …"."""

    german: str
    english: str
    categories: tuple[str, ...]
    replaces: tuple[str, ...] = ()


def _task(german: str, english: str, categories: str, replaces: str = "") -> Task:
    return Task(
        german, english, tuple(categories.split()), tuple(replaces.split("|") if replaces else ())
    )


# The order is the weight: what stands first is invented most often.
TASKS: Final = (
    _task("die elektronische Akte", "electronic records", "document-management", "Fabasoft"),
    _task(
        "die Terminvergabe im Bürgerbüro",
        "appointments at the citizens' office",
        "appointment-scheduling online-booking",
    ),
    _task("Formulare und Anträge", "forms and applications", "data-collection digital-citizenship"),
    _task(
        "Videokonferenzen", "video conferences", "video-conferencing web-conferencing", "Zoom|Webex"
    ),
    _task(
        "die Zusammenarbeit an Dokumenten",
        "working on documents together",
        "collaboration productivity-suite",
        "SharePoint",
    ),
    _task(
        "das Büropaket am Arbeitsplatz",
        "the office suite at the workplace",
        "office productivity-suite",
        "Microsoft Office",
    ),
    _task(
        "Karten und Geodaten",
        "maps and geodata",
        "geographic-information-systems data-visualization",
        "ArcGIS",
    ),
    _task(
        "Umfragen und Beteiligung",
        "surveys and participation",
        "survey feedback-and-reviews-management",
        "SurveyMonkey",
    ),
    _task(
        "die Anmeldung an Fachverfahren",
        "signing in to specialist applications",
        "identity-management it-security",
        "Active Directory",
    ),
    _task(
        "den Auskunftsdienst am Telefon",
        "the telephone information service",
        "call-center-management voip",
    ),
    _task(
        "Störungsmeldungen und Anfragen",
        "incidents and requests",
        "help-desk it-service-management service-desk",
        "Jira Service Management",
    ),
    _task(
        "Projekte und Aufgaben",
        "projects and tasks",
        "project-management task-management",
        "Microsoft Project",
    ),
    _task(
        "die Kita-Platzvergabe",
        "allocating day-care places",
        "digital-citizenship resource-management",
    ),
    _task("Baugenehmigungen", "building permits", "workflow-management document-management"),
    _task("die Arbeitszeiterfassung", "recording working hours", "time-tracking time-management"),
    _task(
        "den Haushalt und die Kosten",
        "budgets and costs",
        "budgeting financial-reporting accounting",
        "SAP",
    ),
    _task("Beschaffung und Vergabe", "procurement and tenders", "procurement"),
    _task(
        "Lernen und Fortbildung",
        "learning and training",
        "learning-management-system educational-content",
    ),
    _task("Bibliotheken und Medien", "libraries and media", "integrated-library-system"),
    _task(
        "Internetseiten der Verwaltung",
        "websites of the administration",
        "content-management website-builder",
    ),
    _task(
        "den Wissensaustausch",
        "sharing knowledge",
        "knowledge-management web-collaboration",
        "Confluence",
    ),
    _task(
        "Kurznachrichten im Team",
        "team messages",
        "instant-messaging communications",
        "Slack|Microsoft Teams",
    ),
    _task("die Personalverwaltung", "human resources", "hr employee-management"),
    _task("Bewerbungen", "job applications", "applicant-tracking talent-management"),
    _task("Fuhrpark und Geräte", "vehicles and equipment", "fleet-management it-asset-management"),
    _task(
        "Gebäude und Liegenschaften",
        "buildings and property",
        "facility-management property-management",
    ),
    _task(
        "Ratsinformationen und Sitzungen",
        "council information and meetings",
        "event-management document-management",
    ),
    _task(
        "Hinweise von Beschäftigten",
        "reports by whistleblowers",
        "whistleblowing compliance-management",
    ),
    _task("die Überwachung von Servern", "monitoring servers", "network-management it-management"),
    _task("Datensicherung", "backups", "backup it-management"),
    _task(
        "Auswertungen und Berichte",
        "analyses and reports",
        "business-intelligence data-analytics",
        "Tableau|Power BI",
    ),
    _task(
        "Fördermittel und Zuwendungen",
        "grants and subsidies",
        "grant-management workflow-management",
    ),
    _task(
        "Katastrophenschutz und Lagebild",
        "civil protection and situation reports",
        "resource-management communications",
    ),
    _task(
        "Museen und Sammlungen",
        "museums and collections",
        "digital-asset-management inventory-management",
    ),
    _task("die Übersetzung in Leichte Sprache", "translating into easy language", "translation"),
    _task(
        "Softwareentwicklung und Tests",
        "developing and testing software",
        "application-development test-management it-development",
        "GitHub Enterprise",
    ),
    _task(
        "Sportstätten und Hallenzeiten",
        "sports grounds and halls",
        "online-booking facility-management",
    ),
    _task(
        "Bürgeranliegen und Mängelmeldung",
        "citizens' concerns and defects",
        "customer-service-and-support crm",
    ),
    _task("digitale Unterschriften", "digital signatures", "e-signature it-security", "DocuSign"),
    _task("Besuche und Einlass", "visitors and admission", "visitor-management"),
)

BEGINNINGS: Final = (
    "Akten", "Amts", "Antrag", "Archi", "Bezirks", "Bürger", "Civi", "Daten", "Deich", "Digi", "Eichen",
    "Falken", "Feder", "Fluss", "Form", "Freu", "Geo", "Hafen", "Havel", "Insel", "Kanal", "Karto", "Kiez",
    "Klar", "Kreis", "Lageo", "Linden", "Lotse", "Markt", "Mole", "Nova", "Offen", "Panke", "Plan", "Quell",
    "Rathaus", "Reihe", "Sand", "Spree", "Stadt", "Tafel", "Termin", "Ufer", "Verbund", "Weg", "Werk", "Wolken",
    "Zeit", "Ziel", "Zirkel",
)  # fmt: skip
ENDINGS: Final = (
    "anker", "blick", "bogen", "brücke", "desk", "faden", "flink", "flow", "fuchs", "garten", "gate", "haus",
    "hub", "kasten", "kompass", "kontor", "leiter", "licht", "mappe", "netz", "ordner", "pilot", "platz", "post",
    "punkt", "raum", "schrank", "spur", "stube", "tisch", "tor", "wagen", "weiser", "werk", "zug",
)  # fmt: skip
KINDS: Final = (
    "",
    "",
    "",
    "",
    " Pro",
    " Kommunal",
    " Server",
    " NG",
    " Community",
    " Land",
    " Web",
    " 2",
)

LINES: Final = (
    "Adler", "Ahorn", "Amsel", "Anis", "Aster", "Basalt", "Bernstein", "Birke", "Biber", "Buche", "Dachs",
    "Dahlie", "Distel", "Dohle", "Drossel", "Eibe", "Elster", "Erle", "Esche", "Farn", "Fichte", "Fink",
    "Flieder", "Ginster", "Granit", "Hasel", "Heide", "Holunder", "Igel", "Iltis", "Kiefer", "Kleiber", "Koralle",
    "Kranich", "Lärche", "Lavendel", "Lerche", "Luchs", "Malve", "Marder", "Meise", "Mistel", "Mohn", "Myrte",
    "Nelke", "Otter", "Pappel", "Pirol", "Quarz", "Rabe", "Reiher", "Rotbuche", "Schiefer", "Schilf", "Specht",
    "Tanne", "Ulme", "Wacholder", "Weide", "Zeder",
)  # fmt: skip
GERMAN_SHORT: Final = (
    "Software für {task}, gemacht für Behörden.",
    "Werkzeug für {task} mit Rechten, Fristen und Protokoll.",
    "Fachanwendung für {task}, im Browser und auf dem Telefon.",
    "Verbindet {task} mit vorhandenen Fachverfahren.",
    "Einfacher Einstieg in {task} ohne Papier.",
)
ENGLISH_SHORT: Final = (
    "Software for {task}, made for authorities.",
    "A tool for {task} with rights, deadlines and a log.",
    "An application for {task}, in the browser and on the phone.",
    "Connects {task} with existing specialist applications.",
    "An easy start into {task} without paper.",
)
GERMAN_LONG: Final = (
    "{name} unterstützt {task}. Beschäftigte sehen auf einen Blick, was zu tun ist, und wer zuständig ist.",
    "Vorgänge laufen von der Eingabe bis zum Bescheid durch; jeder Schritt ist nachvollziehbar.",
    "Die Oberfläche ist barrierefrei nach BITV und läuft auch auf kleinen Bildschirmen.",
    "Rollen und Rechte kommen aus dem Verzeichnisdienst des Hauses; die Anmeldung geht über SAML oder OpenID Connect.",
    "Schnittstellen nach offenen Standards tauschen Daten mit Registern und dem Dokumentenmanagement aus.",
    "Der Betrieb ist auf eigenen Servern, im Rechenzentrum des Landes und in Containern erprobt.",
    "Auswertungen zeigen Bearbeitungszeiten und Rückstände, ohne einzelne Personen zu nennen.",
    "Vorlagen für Schreiben und Bescheide pflegt die Fachabteilung selbst.",
    "Eine Arbeitsgruppe mehrerer Städte entscheidet gemeinsam, was als Nächstes gebaut wird.",
    "Die Einführung dauert wenige Wochen; Schulungsunterlagen liegen bei.",
    "Personenbezogene Daten werden nach einstellbaren Fristen gelöscht.",
    "Ohne Netz erfasste Daten gleicht die Anwendung später ab.",
)
ENGLISH_LONG: Final = (
    "{name} supports {task}. Staff see at a glance what is to be done, and who is in charge.",
    "Cases run from the first entry to the decision; each step can be followed.",
    "The interface is accessible and works on small screens too.",
    "Roles and rights come from the directory of the house; sign-in works by SAML or OpenID Connect.",
    "Interfaces after open standards exchange data with registers and records.",
    "It runs on own servers, in the data centre of the state and in containers.",
    "Reports show how long cases take, without naming single persons.",
    "Templates of letters and decisions are kept by the department itself.",
    "A group of several cities decides together what is built next.",
    "Introducing it takes a few weeks; training material is included.",
    "Personal data are deleted after periods that can be set.",
    "Data entered without a network are brought together later.",
)
FEATURES: Final = (
    ("Fristen und Wiedervorlage", "Deadlines and follow-up"),
    ("Vier-Augen-Prinzip", "Four-eyes principle"),
    ("Suche über alle Felder", "Search over all fields"),
    ("Ausgabe als PDF und CSV", "Output as PDF and CSV"),
    ("Benachrichtigung per E-Mail", "Notification by mail"),
    ("Anmeldung mit SAML oder OpenID Connect", "Sign-in with SAML or OpenID Connect"),
    ("Mandanten für mehrere Ämter", "Tenants for several offices"),
    ("Einträge auf der Karte", "Entries on the map"),
    ("Kalender mit iCalendar", "Calendars by iCalendar"),
    ("Vorlagen für Schreiben", "Templates of letters"),
    ("Protokoll jeder Änderung", "A log of each change"),
    ("Schnittstelle nach OpenAPI", "An interface after OpenAPI"),
    ("Warteschlangen und Vertretung", "Queues and deputies"),
    ("Bezahlung über das Landesportal", "Payment through the state portal"),
    ("Bildschirmleser und Tastatur", "Screen readers and keyboard"),
    ("Löschfristen je Vorgang", "Retention by case"),
)
BODIES: Final = (
    "Stadt Musterhausen", "Landkreis Beispielland", "Landesbetrieb Erfunden", "Gemeinde Probeheim",
    "Verein Offene Verwaltung Muster", "Universität Beispielstadt", "Zweckverband Musternetz", "Musterwerk eG",
)  # fmt: skip
