from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db


def test_start_page_says_what_for_how_long_and_what_not(client: Client, clock: Any) -> None:
    clock.move_to(datetime(2026, 11, 23, 9, tzinfo=UTC))

    page = client.get(reverse("consulting:home"))

    text = page.content.decode().replace("\xa0", " ")
    assert page.status_code == 200
    assert "Mittwoch, 25. November 2026" in text
    assert "Montag, 7. Dezember 2026" in text
    assert "Verschlusssachen" in text
    assert reverse("consulting:request_start") in text
    assert client.post(reverse("consulting:home")).status_code == 405
