"""With the database away, people read why; when it is back, nothing needs a restart."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from osk_portal.embedded.stack import Stack
from tests.e2e.asking import REQUESTER, file_request
from tests.e2e.person import Person

pytestmark = [pytest.mark.e2e]

IN_TIME = 12.0


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=30) as response:  # noqa: S310 # our own stack
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_without_a_database_people_read_a_page_and_afterwards_all_goes_on(
    sign_in: Callable[[str], Person], stack: Stack
) -> None:
    person = sign_in("behoerde2")
    person.allowed_statuses = {503}
    person.goto("/loesungen/")
    stack.stop_child("database")
    try:
        began = time.monotonic()
        person.page.reload()
        person.sees("Das Portal ist gerade nicht erreichbar")
        person.sees("Ihre letzten Eingaben sind nicht gespeichert.")
        assert time.monotonic() - began < IN_TIME
        person.look("fehler-503")
        assert status(f"{stack.url}healthz") == 200
        assert status(f"{stack.url}readyz") == 503
    finally:
        stack.start_child("database")

    person.wait_until_sees("Freie Software, die Berliner Behörden nutzen")
    person.allowed_statuses = set()
    expect(person.page.get_by_role("button", name="Abmelden")).to_be_attached()
    reference = file_request(person, f"Nach dem Ausfall {person.token}")
    person.mail_to(REQUESTER, reference, seconds=120)  # the worker has found it again, too
    assert not stack.ended()
