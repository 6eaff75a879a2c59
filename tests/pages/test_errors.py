"""Error pages are whole pages and ask the database nothing."""

import time
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.db.utils import DatabaseError
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import path, reverse
from django.utils.functional import SimpleLazyObject

from osk_portal.pages import errors
from osk_portal.toolkit.access import PUBLIC, access
from osk_portal.urls import (
    handler400,
    handler403,
    handler404,
    handler500,
)
from osk_portal.urls import urlpatterns as real_patterns

__all__ = ["handler400", "handler403", "handler404", "handler500"]


def failing(error: BaseException, cause: BaseException | None = None) -> Any:
    def view(request: HttpRequest) -> Any:
        raise error from cause

    return access(PUBLIC)(view)


urlpatterns = [
    path("test/400/", failing(SuspiciousOperation("bad"))),
    path("test/403/", failing(PermissionDenied())),
    path("test/500/", failing(ZeroDivisionError("ours"))),
    path("test/503/", failing(OperationalError("gone"), psycopg.OperationalError("gone"))),
    path(
        "test/deadlock/",
        failing(OperationalError("deadlock"), psycopg.errors.DeadlockDetected("deadlock")),
    ),
    *real_patterns,
]

here = pytest.mark.urls("tests.pages.test_errors")


@pytest.fixture
def visitor() -> Client:
    return Client(raise_request_exception=False)


@here
@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/test/400/", 400, "Wir können diese Eingabe nicht lesen"),
        ("/test/403/", 403, "Sie haben keinen Zugriff auf diese Seite"),
        ("/gibt/es/nicht/", 404, "Diese Seite gibt es nicht"),
        ("/test/500/", 500, "Bei uns ist ein Fehler aufgetreten"),
        ("/test/503/", 503, "Das Portal ist gerade nicht erreichbar"),
    ],
)
def test_each_error_is_a_whole_page_without_the_database(
    visitor: Client, expect_errors: None, address: str, status: int, words: str
) -> None:
    # No database mark: a single query fails this test.
    response = visitor.get(address)

    html = response.content.decode()
    assert response.status_code == status
    assert f'<h1 class="osk-h1">{words}</h1>' in html
    assert "<title>" in html
    assert "Impressum" in html
    assert "Content-Security-Policy" in response


@here
def test_error_pages_speak_english_too(visitor: Client) -> None:
    response = visitor.get("/gibt/es/nicht/", headers={"Accept-Language": "en"})

    assert "This page does not exist" in response.content.decode()


@here
def test_an_error_of_ours_has_a_number_to_tell(visitor: Client, expect_errors: None) -> None:
    response = visitor.get("/test/500/", headers={"X-Request-ID": "abcdef123456"})

    assert "abcdef123456" in response.content.decode()


@here
def test_an_outage_asks_to_come_back_and_leaves_no_trace(
    visitor: Client, caplog: pytest.LogCaptureFixture
) -> None:
    response = visitor.get("/test/503/")

    assert response["Retry-After"] == "30"
    assert [r.levelname for r in caplog.records if "unreachable" in r.getMessage()] == ["WARNING"]


@here
def test_after_one_has_found_the_outage_the_next_need_not_wait(visitor: Client) -> None:
    visitor.get("/test/503/")

    # No database mark: a query would fail.
    response = visitor.get("/netzwerk/", headers={"Accept-Language": "en"})

    assert response.status_code == 503
    assert "cannot be reached" in response.content.decode()
    assert "Content-Security-Policy" in response


@here
def test_probes_are_asked_even_in_an_outage(visitor: Client) -> None:
    errors.note_outage()

    assert visitor.get("/healthz").status_code == 200


@here
@pytest.mark.django_db
def test_an_outage_is_forgotten_soon(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    errors.note_outage()
    later = time.monotonic() + errors.KNOWN_SECONDS + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)

    assert visitor.get("/netzwerk/").status_code == 200


@here
def test_a_statement_that_fails_is_our_mistake(visitor: Client, expect_errors: None) -> None:
    assert visitor.get("/test/deadlock/").status_code == 500


@pytest.mark.parametrize(
    ("error", "cause", "is_down"),
    [
        (OperationalError(), psycopg.OperationalError(), True),
        (OperationalError(), psycopg.errors.AdminShutdown(), True),
        (OperationalError(), psycopg.errors.CannotConnectNow(), True),
        (OperationalError(), psycopg.errors.TooManyConnections(), True),
        (OperationalError(), psycopg.errors.DeadlockDetected(), False),
        (OperationalError(), psycopg.errors.QueryCanceled(), False),
        (InterfaceError(), None, True),
        (DatabaseError(), None, False),
        (ValueError(), None, False),
        (None, None, False),
    ],
)
def test_what_counts_as_an_outage(
    error: BaseException | None, cause: BaseException | None, is_down: bool
) -> None:
    if error is not None:
        error.__cause__ = cause

    assert errors.is_database_down(error) is is_down


def test_a_wrong_token_is_explained(db: None) -> None:
    strict = Client(enforce_csrf_checks=True)

    response = strict.post("/barriere-melden/", {"description": "x"})

    assert response.status_code == 403
    assert "Das Formular war zu lange geöffnet" in response.content.decode()


@pytest.mark.parametrize(
    "handler",
    [
        errors.bad_request,
        errors.permission_denied,
        errors.csrf_failure,
        errors.not_found,
        errors.unavailable,
        errors.server_error,
    ],
)
def test_no_error_page_asks_who_is_signed_in(rf: RequestFactory, handler: Any) -> None:
    def explode() -> None:
        raise AssertionError("an error page asked for the session")

    request = rf.get("/mein/")
    request.user = SimpleLazyObject(explode)
    request.session = SimpleLazyObject(explode)

    assert "Mein Bereich" in handler(request).content.decode()


def test_too_many_tries_is_a_page_of_ours(rf: RequestFactory) -> None:
    from django.shortcuts import render

    html = render(rf.get("/"), "429.html", status=429).content.decode()

    assert "Versuchen Sie es in 10 Minuten erneut." in html


@pytest.mark.django_db
def test_more_text_than_a_form_takes_is_read_and_told(client, expect_errors) -> None:
    body = b"description=" + b"x" * (13 * 1024 * 1024)

    response = client.post(
        "/barriere-melden/", body, content_type="application/x-www-form-urlencoded"
    )

    assert response.status_code == 400
    assert "zu viel Text" in response.text
    assert response.wsgi_request.read() == b""


@pytest.mark.django_db
def test_ten_megabytes_of_text_are_answered_at_the_field(client) -> None:
    response = client.post("/barriere-melden/", {"description": "x" * 10_000_000})

    assert response.status_code in (200, 422)
    assert "description" in response.context["form"].errors
    assert "x" * 10_000_000 in response.text


OURS = {"Sec-Fetch-Site": "same-origin"}
TYPED = {
    "text": "Die <Suche> ist langsam.\r\nSonst gut.",
    "password": "drei Worte hier",
    "slot": "0b7e9d1e-7d0c-4a47-9c0b-0d3a7b0f6c11",
}


@here
@pytest.mark.parametrize("address", ["/test/403/", "/gibt/es/nicht/", "/test/500/", "/test/503/"])
def test_what_was_typed_stands_on_the_error_page(
    visitor: Client, expect_errors: None, address: str
) -> None:
    page = visitor.post(address, TYPED, headers=OURS).text

    assert "Ihr Text wurde nicht gesendet" in page
    assert "Die &lt;Suche&gt; ist langsam.\nSonst gut." in page.replace("\r", "")
    assert "drei Worte" not in page
    assert TYPED["slot"] not in page
    # Without the browser's word the origin tells; a page of ours that sends no referrer has none.
    assert "langsam" in visitor.post(address, TYPED, headers={"Origin": "http://testserver"}).text


@here
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "null"},
        {"Origin": "https://testserver"},
        {"Origin": "http://example.org"},
    ],
)
def test_no_other_site_puts_words_into_our_pages(visitor: Client, headers: dict[str, str]) -> None:
    assert "langsam" not in visitor.post("/test/403/", TYPED, headers=headers).text


@here
def test_a_body_that_cannot_be_read_is_no_second_error(visitor: Client) -> None:
    broken = "multipart/form-data; boundary="

    assert visitor.post("/test/403/", b"x", content_type=broken, headers=OURS).status_code == 403
    other = "application/x-www-form-urlencoded; charset=iso-8859-1"
    assert visitor.post("/test/403/", b"x=a+b", content_type=other, headers=OURS).status_code == 403


@here
def test_each_of_several_fields_with_one_name_is_given_back(visitor: Client) -> None:
    sent = {"goal": ["Erstes Ziel", "Zweites Ziel"]}
    text = visitor.post("/test/403/", sent, headers=OURS).text
    assert "Erstes Ziel" in text
    assert "Zweites Ziel" in text


def test_a_wrong_token_keeps_the_text(db: None) -> None:
    strict = Client(enforce_csrf_checks=True)

    response = strict.post(
        "/barriere-melden/", {"description": "Der Kontrast fehlt."}, headers=OURS
    )

    assert response.status_code == 403
    assert "Der Kontrast fehlt." in response.text


def test_who_was_signed_out_while_writing_gets_the_text_back(db: None, client: Client) -> None:
    """And the way to the form's own page: the address itself takes a POST only."""
    where = reverse("sandbox:wish_join", args=[uuid4()])
    headers = {**OURS, "Referer": "http://testserver/testumgebung/wuensche/?page=2"}

    response = client.post(where, {"why": "Für die Schulung."}, headers=headers)

    assert response.status_code == 403
    assert "Sie sind nicht mehr angemeldet" in response.text
    assert "Für die Schulung." in response.text
    assert "/konto/login/?next=/testumgebung/wuensche/" in response.text
    foreign = {**OURS, "Referer": "https://example.org/anderswo/"}
    assert f"next={where}" in client.post(where, {"why": "Für uns."}, headers=foreign).text
    for sent in ({"why": "kurz"}, {}):
        assert client.post(where, sent, headers=OURS).status_code == 302
    assert client.post(where, {"why": "Für die Schulung."}).status_code == 302
    htmx = {**OURS, "HX-Request": "true"}
    assert client.post(where, {"why": "Für die Schulung."}, headers=htmx).status_code == 302
