"""What happens around every request: its id, its headers."""

from __future__ import annotations

import io
import json
import logging

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from osk_portal.toolkit import logs
from osk_portal.toolkit.middleware import RequestIdMiddleware


def _answer(request: HttpRequest) -> HttpResponse:
    return HttpResponse(logs.request_id.get())


@pytest.mark.parametrize("given", ["abcdef0123456789", "req-2026.11_23"])
def test_the_proxys_request_id_is_kept(given: str) -> None:
    response = RequestIdMiddleware(_answer)(RequestFactory().get("/", HTTP_X_REQUEST_ID=given))

    assert response["X-Request-ID"] == given == response.text


@pytest.mark.parametrize("given", ["", "short", "x" * 41, "a\nb\nc\nd\ne", '{"level":"ERROR"}'])
def test_a_hostile_request_id_is_replaced(given: str) -> None:
    response = RequestIdMiddleware(_answer)(RequestFactory().get("/", HTTP_X_REQUEST_ID=given))

    assert response["X-Request-ID"] != given
    assert len(response["X-Request-ID"]) == 32
    assert logs.request_id.get() == ""


def test_a_log_line_is_one_json_object_even_with_line_breaks() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(logs.RequestIdFilter())
    handler.setFormatter(logs.JsonFormatter(settings.LOGGING["formatters"]["json"]["fmt"]))
    record = logging.LogRecord(
        "osk", logging.INFO, "x", 1, 'eins\n{"levelname": "ERROR"}', None, None
    )
    token = logs.request_id.set("abcdef0123456789")

    handler.handle(record)

    logs.request_id.reset(token)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 1
    said = json.loads(lines[0])
    assert said["request_id"] == "abcdef0123456789"
    assert said["message"].startswith("eins\n")


@pytest.mark.django_db
def test_every_page_carries_the_protecting_headers(client) -> None:
    headers = client.get("/netzwerk/").headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy + ";"
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


@pytest.mark.django_db
def test_pages_of_a_signed_in_person_are_kept_by_no_cache(client, django_user_model) -> None:
    user = django_user_model.objects.create_user("kim@example.org")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    assert client.get("/netzwerk/")["Cache-Control"] == "no-store"
