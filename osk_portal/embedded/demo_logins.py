"""The logins of the demo world, as `make run` prints them and `manage.py demo` makes them."""

from typing import NamedTuple

PASSWORD = "demo-OSK-2026"  # noqa: S105 # known to everybody on purpose; exists only in the demo world


class DemoLogin(NamedTuple):
    email: str
    role: str


DEMO_LOGINS = (
    DemoLogin("behoerde@demo.osk.example", "Organisationsverwaltung, Bezirksamt Mitte"),
    DemoLogin("behoerde2@demo.osk.example", "Mitglied, Bezirksamt Pankow"),
    DemoLogin("land@demo.osk.example", "Mitglied, Verwaltung eines anderen Landes"),
    DemoLogin("partner@demo.osk.example", "Redaktion eines Partners"),
    DemoLogin("beratung@demo.osk.example", "Beratung des OSK"),
    DemoLogin("leitung@demo.osk.example", "OSK-Leitung"),
    DemoLogin("betrieb@demo.osk.example", "Betrieb"),
)
