"""What people paste and what strangers try: an answer in words or 400, 403, 404; never 500, never lost.

Over HTTP against the real server, because it is the server that reads the bodies.
"""

from __future__ import annotations

import html
import http.client
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode

import pytest

from osk_portal.embedded.demo_logins import PASSWORD
from osk_portal.embedded.stack import Stack

pytestmark = [pytest.mark.e2e]

HARMLESS = (200, 302, 400, 403, 404, 405, 409, 413, 422, 429)
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
VERSION = re.compile(r'name="version" value="(\d+)"')
SHALOM, EMOJI, NAME = "שלום עולם", "Grüße 🙂👩‍👩‍👧‍👦", "Łukasiewicz-Şahin ẞ"


@dataclass
class Answer:
    status: int
    text: str
    location: str


@dataclass
class Client:
    """A browser without courtesy: sends what it is told, follows nothing."""

    stack: Stack
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.stack.port, timeout=60)
        try:
            sent = {
                "Host": f"localhost:{self.stack.port}",
                "Origin": self.stack.url.rstrip("/"),
                "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()),
                **({"Content-Type": "application/x-www-form-urlencoded"} if body else {}),
                **headers,
            }
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            for cookie in response.headers.get_all("Set-Cookie") or ():
                name, _, value = cookie.split(";")[0].partition("=")
                self.cookies[name] = value
            text = response.read().decode("utf-8", "replace")
            return Answer(response.status, text, response.headers.get("Location", ""))
        finally:
            connection.close()

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def post(self, path: str, values: dict[str, object], page: str = "") -> Answer:
        """Send a form that stands on ``page`` (the same address where it is not named)."""
        form = self.get(page or path).text
        hidden = {"csrfmiddlewaretoken": TOKEN.findall(form)[-1]}
        if version := VERSION.search(form):
            hidden["version"] = version.group(1)
        body = urlencode({**hidden, **values}, doseq=True).encode()
        return self.ask("POST", path, body)

    def sign_in(self, name: str) -> Client:
        answer = self.post(
            "/konto/login/", {"login": f"{name}@demo.osk.example", "password": PASSWORD}
        )
        assert answer.status == 302, answer.text
        return self


@pytest.fixture
def stranger(stack: Stack) -> Client:
    return Client(stack)


@pytest.fixture(scope="module")
def member(stack: Stack) -> Client:
    return Client(stack).sign_in("behoerde2")


@pytest.fixture(scope="module")
def partner(stack: Stack) -> Client:
    return Client(stack).sign_in("partner")


@pytest.fixture
def draft(member: Client) -> Iterator[str]:
    """The address of the second step of a draft, which goes away afterwards."""
    answer = member.post("/beratung/anfrage/neu/", {"kind": "question"})
    assert answer.status == 302, answer.text
    yield answer.location
    member.post(answer.location.replace("/thema/", "/loeschen/"), {})


def subject(**changed: object) -> dict[str, object]:
    return {
        "title": "Ein Titel",
        "description": "Eine Beschreibung",
        "topics": ["introduction"],
        "phase": "idea",
        "wished_on": "",
        **changed,
    }


@pytest.mark.parametrize(
    ("field_name", "value", "message"),
    [
        ("title", "", "Geben Sie einen Titel ein."),
        ("title", "a" * 201, "höchstens 200 Zeichen"),
        ("title", "Ein\x00Titel", None),
        ("title", "Ein\x07Titel", None),
        ("title", "Zwei\nZeilen", None),
        ("title", "\u202egnugithcsel", None),  # reads otherwise than it is
        ("description", "b" * 20_001, "höchstens 20000 Zeichen"),
        ("description", "Text\x1b[31m", None),
        ("topics", ["gibt-es-nicht"], None),
        ("phase", "gibt-es-nicht", None),
        ("wished_on", "2026-02-30", "Geben Sie ein Datum ein"),
        ("wished_on", "0001-01-01", "nicht in der Vergangenheit"),
        ("wished_on", "99999-01-01", "Geben Sie ein Datum ein"),
    ],
)
def test_a_wrong_entry_gets_a_german_message_and_keeps_the_others(
    member: Client, draft: str, field_name: str, value: object, message: str | None
) -> None:
    kept = {"title": f"Bleibt {NAME}", "description": f"{EMOJI}\r\n{SHALOM}"}
    kept.pop(field_name, None)
    answer = member.post(draft, subject(**{**kept, field_name: value}))
    page = html.unescape(answer.text)
    assert answer.status in (200, 422)
    assert "Bitte prüfen Sie 1 Angabe" in page
    if message:
        assert message in page
    for text in kept.values():
        assert text.replace("\r\n", "\n") in page.replace("\r\n", "\n")


def test_ten_megabytes_of_text_are_refused_in_words_and_still_there(
    member: Client, draft: str
) -> None:
    text = "Wort " * 2_000_000
    answer = member.post(draft, subject(title="Bleibt", description=text))
    assert answer.status in (200, 422)
    assert "Kürzen Sie den Text auf höchstens 20000 Zeichen." in answer.text
    assert 'value="Bleibt"' in answer.text
    assert text.strip() in answer.text


@pytest.mark.parametrize("text", ["ü" * 5_000_000, "a" * 50_000_000])
def test_what_no_form_can_hold_gets_a_page_and_the_server_goes_on(
    member: Client, draft: str, text: str
) -> None:
    answer = member.post(draft, subject(description=text))
    assert answer.status in (400, 413)
    assert "zu viel Text" in answer.text
    assert member.get(draft).status == 200


def test_every_script_of_the_world_comes_back_as_it_was(member: Client, draft: str) -> None:
    description = f"{NAME}\n{SHALOM}\n{EMOJI}\n<script>alert(1)</script> {{{{ 7*7 }}}} ' OR 1=1 --"
    answer = member.post(draft, subject(title=f"{EMOJI} {NAME}", description=description))
    assert answer.status == 302, answer.text
    page = member.get(draft).text
    assert "<script>alert(1)" not in page
    shown = html.unescape(page).replace("\r\n", "\n")
    assert f"{EMOJI} {NAME}" in shown
    assert description in shown


@pytest.mark.parametrize("spoiled", [{}, {"csrfmiddlewaretoken": "x" * 64}])
def test_a_form_without_our_token_is_refused_in_words(
    member: Client, draft: str, spoiled: dict[str, str]
) -> None:
    body = urlencode({**subject(), **spoiled}, doseq=True).encode()
    answer = member.ask("POST", draft, body)
    assert answer.status == 403
    assert "Das Formular war zu lange geöffnet" in answer.text


def test_a_form_sent_from_elsewhere_is_refused(member: Client, draft: str) -> None:
    body = urlencode(subject(), doseq=True).encode()
    answer = member.ask("POST", draft, body, Origin="https://elsewhere.example")
    assert answer.status == 403


@pytest.mark.parametrize(
    "path",
    [
        "/beratung/anfrage/{id}/",
        "/beratung/anfrage/{id}/thema/",
        "/beratung/anfrage/{id}/pruefen/",
        "/beratung/anfrage/{id}/gesendet/",
        "/beratung/anfrage/{id}/loeschen/",
        "/testumgebung/buchung/{id}/",
        "/testumgebung/buchung/{id}/beenden/",
        "/loesungen/vorschlaege/{id}/",
        "/netzwerk/mitgliedschaft/{id}/",
        "/barriere-melden/{id}/",
        "/beratung/anfrage/1/",
        "/beratung/anfrage/..%2f..%2fetc%2fpasswd/",
        "/loesungen/%00/",
        "/netzwerk/%F0%9F%99%82/",
        "/testumgebung/nicht-da/buchen/",
        "/dev/mail/..%2f..%2fsecrets.env",
    ],
)
def test_an_address_that_is_not_ones_own_is_not_there(
    member: Client, draft: str, stack: Stack, path: str
) -> None:
    assert member.get(path.format(id=uuid.uuid4())).status in (400, 404)
    own = draft.split("/")[3]
    if "{id}" in path and path.startswith("/beratung"):
        other = Client(stack).sign_in("behoerde")
        assert other.get(path.format(id=own)).status == 404


def test_foreign_ids_in_forms_change_nothing(member: Client, draft: str) -> None:
    context, sharing = (draft.replace("/thema/", f"/{step}/") for step in ("umfeld", "freigabe"))
    assert member.post(draft, subject()).status == 302
    answer = member.post(context, {"organisation": "senfin", "solutions": ["gibt-es-nicht"]})
    assert answer.status in (200, 422)
    assert "Wählen Sie Lösungen aus der Liste." in html.unescape(answer.text)
    answer = member.post(
        sharing, {"visibility": "selected", "readers": [str(uuid.uuid4()), "'; DROP TABLE"]}
    )
    assert answer.status in (200, 422)
    assert "Bitte prüfen Sie" in answer.text


class FieldNames(HTMLParser):
    """Names of everything that can be typed or chosen in the forms inside ``<main>``."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.is_main = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.is_main = self.is_main or tag == "main"
        given = dict(attrs)
        if self.is_main and tag in ("input", "textarea", "select") and given.get("name"):
            self.names.add(str(given["name"]))


HOSTILE = {
    "empty": "",
    "controls": "a\x00b\x07c\x1b[2J",
    "direction": f"\u202e{SHALOM}\u2066{NAME}",
    "emoji": EMOJI * 50,
    "half a character": b"\xff\xed\xa0\x80",
    "long": "x" * 100_000,
    "digits of another script": "٣٠٠",
    "huge number": "9" * 400,
    "minus": "-1",
    "not a number": "NaN",
    "no date": "0000-00-00",
    "uuid of nobody": "00000000-0000-4000-8000-000000000000",
    "several": ["a", "b", "\x00"],
}
FORMS = [
    ("", "/barriere-melden/"),
    ("", "/konto/signup/"),
    ("", "/konto/password/reset/"),
    ("behoerde2", "/testumgebung/radicale/buchen/"),
    ("behoerde2", "/beratung/anfrage/neu/"),
    ("behoerde2", "{draft}/thema/"),
    ("behoerde2", "{draft}/umfeld/"),
    ("behoerde2", "{draft}/freigabe/"),
    ("behoerde2", "/konto/email/"),
    ("behoerde2", "/konto/password/change/"),
    ("partner", "/loesungen/musterhaus-terminerinnerung/vorschlag/"),
]


@pytest.mark.parametrize("what", HOSTILE)
def test_no_form_breaks(
    member: Client, partner: Client, stack: Stack, draft: str, what: str
) -> None:
    people = {"": Client(stack), "behoerde2": member, "partner": partner}
    for name, form in FORMS:
        path = form.format(draft=draft.removesuffix("/thema/"))
        page = people[name].get(path)
        assert page.status == 200, (path, page.status, page.location)
        hidden = {"csrfmiddlewaretoken", "version", "base_revision"}
        names = FieldNames(page.text).names - hidden
        answer = people[name].post(path, dict.fromkeys(names, HOSTILE[what]))
        assert answer.status in HARMLESS, (path, answer.status)


@pytest.mark.parametrize("path", ["/suche/", "/loesungen/", "/netzwerk/"])
@pytest.mark.parametrize(
    "query",
    [
        "",
        "%00",
        "%FF%FE",
        "%25%5F%27%22%5C",
        "a" * 6_000,
        "%E2%80%AEtset",
        urlencode({"": EMOJI})[1:],
        urlencode({"": NAME})[1:],
        "%26%7C%21%28%29%3A%2A",
    ],
)
def test_no_search_breaks(stranger: Client, path: str, query: str) -> None:
    rest = "&page=-1&page=99999999999999999999&kind=x&licence=%00&sort=%27&category=" + "b" * 500
    answer = stranger.get(f"{path}?q={query}{rest}")
    assert answer.status in (200, 400, 404, 414)


@pytest.mark.parametrize("path", ["/", "/konto/login/", "/beratung/anfrage/neu/", "/admin/"])
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "POST"])
def test_no_method_breaks(stranger: Client, method: str, path: str) -> None:
    assert stranger.ask(method, path, b"\xff\x00=&&&").status in HARMLESS
