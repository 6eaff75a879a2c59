"""With the broker or the mail server away, people are served at once and mails go out later."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from osk_portal.embedded.stack import Stack
from tests.e2e.asking import REQUESTER, fill_in_request, heading, reference_on
from tests.e2e.person import Person

pytestmark = [pytest.mark.e2e]

# A submission without faults takes a tenth of it; a person would think that it hangs after five.
IN_TIME = 5.0
# The outbox tries again after a minute, found by a sweep every 15 seconds.
NEXT_ATTEMPT = 120.0


@contextmanager
def without(stack: Stack, name: str) -> Iterator[None]:
    """Afterwards who has ended meanwhile is started again, as `make run` and a service manager do: a worker ends
    where it loses the broker while it acknowledges (kombu 5.7, restoring over a closed connection)."""
    stack.stop_child(name)
    try:
        yield
    finally:
        stack.start_child(name)
        for ended in stack.ended():
            stack.start_child(ended)


def send_in_time(person: Person, title: str) -> str:
    """Send a request that is filled in; gives the reference. The confirmation must come in time."""
    fill_in_request(person, title)
    began = time.monotonic()
    person.press("Anfrage absenden")
    heading(person.page, "Ihre Anfrage ist eingegangen")
    assert time.monotonic() - began < IN_TIME
    return reference_on(person.page)


@pytest.mark.parametrize("server", ["broker", "mail"])
def test_a_request_is_confirmed_and_its_mail_goes_out_when_the_server_is_back(
    sign_in: Callable[[str], Person], stack: Stack, server: str
) -> None:
    requester = sign_in("behoerde2")
    with without(stack, server):
        reference = send_in_time(requester, f"Ohne {server} {requester.token}")
        requester.page.reload()
        requester.sees(reference)
        assert not requester.received(REQUESTER, reference)
        requester.goto("/mein/nachrichten/")
        requester.sees(reference)  # the inbox needs neither of them

    requester.mail_to(REQUESTER, reference, seconds=NEXT_ATTEMPT)
    assert len(requester.received(REQUESTER, reference)) == 1


def test_the_probe_says_that_the_portal_serves_without_a_broker(stack: Stack) -> None:
    with (
        without(stack, "broker"),
        urllib.request.urlopen(f"{stack.url}readyz", timeout=10) as response,  # noqa: S310 # our own stack
    ):
        answer = json.load(response)
    assert answer["status"] == "degraded"
    assert answer["checks"] == {"database": "ok", "migrations": "ok", "broker": "down"}
