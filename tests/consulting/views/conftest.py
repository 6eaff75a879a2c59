from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from osk_portal.accounts.models import User


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """A browser of its own for each person."""

    def browser(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return browser


def queries(call: Callable[[], Any]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        call()
    return len(captured)


HOSTILE = [
    "Łukasiewicz-Şahin ẞ 👩🏽‍💻",
    "שלום עולם, مرحبا",
    "<script>alert(1)</script> {{ 7*7 }} {% now %}",
    "'; DROP TABLE consulting_consultingrequest; --",
    "\u200b\u00ad" * 3 + "x",
    "e\u0301" * 50,
]
REFUSED = ["mit\x00Null", "mit\x1bEscape", "mit\x07Glocke", "\x85\x9f"]
