"""What products say reaches the booking's page, and no secret with it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from osk_portal.toolkit import clock as portal_clock
from sandbox import failing, log_tail, services
from sandbox.backends.base import BackendUnavailable, Permanent, Retryable
from sandbox.enums import BookingState, EnvironmentState
from sandbox.models import Booking, Environment
from tests.conftest import Clock
from tests.sandbox.fake_backend import FakeBackend
from tests.sandbox.world import book

Run = Callable[[Booking], Environment]
SECRET = "kJ7mQw3xZt9pRv2n"


@pytest.mark.parametrize(
    "line",
    [
        f"admin password: {SECRET}",
        f"connecting to postgres://wiki:{SECRET}@db/wiki",
        f"GET /?pw={SECRET}&x=1",
        f"{SECRET}{SECRET}",
        f"\x1b[31m{SECRET[:5]}\x1b[0m{SECRET[5:]}",
        f"{SECRET[:5]}\u200b{SECRET[5:]}",
        f"Authorization: Basic {base64.b64encode(f'test:{SECRET}'.encode()).decode()}",
        f"stored {base64.b64encode(SECRET.encode()).decode()}",
        f"{'x' * 295}{SECRET}",
    ],
)
def test_a_known_password_is_hidden_in_whatever_form(line: str) -> None:
    [kept] = log_tail.redact([line], {"test": SECRET})

    for length in range(5, len(SECRET) + 1):
        assert SECRET[:length] not in kept
    assert base64.b64encode(SECRET.encode()).decode()[:12] not in kept
    assert len(kept) <= log_tail.MOST_CHARACTERS


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("DB_PASSWORD=abc def", "DB_PASSWORD=••• def"),
        ('{"api_key": "abc", "port": 80}', '{"api_key": •••, "port": 80}'),
        ("Ihr Passwort lautet geheim", "Ihr Passwort lautet •••"),
        ("set-cookie: sid=1; path=/", "set-cookie: ••• path=/"),
        ("authorization: Bearer eyJhbGciOi", "authorization: Bearer •••"),
        ("Listening on port 8080", "Listening on port 8080"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ],
)
def test_what_calls_itself_a_secret_goes_and_the_rest_stays(line: str, kept: str) -> None:
    assert log_tail.redact([line], {}) == [kept]


def starting(engine: FakeBackend, run: Run, *lines: str) -> Booking:
    booking = book()
    engine.unhealthy.add(booking.environments.get().backend_key)
    engine.log_lines = [*lines]
    run(booking)
    assert booking.environments.get().state == EnvironmentState.STARTING
    return booking


@pytest.mark.django_db
def test_the_page_shows_the_last_words_folded_and_escaped(
    engine: FakeBackend, run: Run, client: Client
) -> None:
    booking = starting(engine, run, *(f"line {n}" for n in range(30)), "<b>moved</b>")
    environment = booking.environments.get()
    secret = services.plain_credentials(environment)["test"]
    engine.log_lines.append(f"password is {secret}")
    Environment.objects.update(next_action_at=environment.created_at)
    run(booking)

    client.force_login(booking.booked_by)
    page = client.get(booking.get_absolute_url())
    assert "<details" in page.text
    assert "&lt;b&gt;moved&lt;/b&gt;" in page.text
    assert "line 5\n" not in page.text, "bounded"
    assert secret not in page.text
    assert secret not in Environment.objects.get().log_tail

    address = reverse("sandbox:booking_log", args=[booking.public_id])
    assert "&lt;b&gt;moved" in client.get(address).text
    seen = page.context["log_seen"]
    assert client.get(address, {"seen": seen}).status_code == 204
    assert client.post(address).status_code == 405


@pytest.mark.django_db
def test_strangers_read_nothing_and_the_end_empties_it(
    engine: FakeBackend, run: Run, client: Client
) -> None:
    booking = starting(engine, run, "hello")
    address = reverse("sandbox:booking_log", args=[booking.public_id])
    assert client.get(address).status_code == 302
    client.force_login(book().booked_by)
    assert client.get(address).status_code == 404

    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)
    run(booking)

    assert booking.environments.get().log_tail == ""
    client.force_login(booking.booked_by)
    assert client.get(address).status_code == 204


@pytest.mark.django_db
@pytest.mark.parametrize(
    "answer", [BackendUnavailable("gone"), KeyError("Labels")], ids=["no", "nonsense"]
)
def test_an_engine_that_tells_nothing_holds_nobody_up(
    engine: FakeBackend, run: Run, clock: Clock, expect_errors: None, answer: Exception
) -> None:
    """Neither while it starts nor when it is given up."""
    clock.move_to(portal_clock.now())
    booking = book()
    engine.unhealthy.add(booking.environments.get().backend_key)
    engine.fault("logs", *[answer] * 100)
    run(booking)

    assert booking.environments.get().state == EnvironmentState.STARTING
    assert booking.environments.get().log_tail == ""
    clock.move_to(portal_clock.now() + timedelta(minutes=20))
    run(booking)

    assert booking.environments.count() == 2
    assert "failed" in booking.environments.get(generation=1).events.values_list("kind", flat=True)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [Permanent, Retryable])
def test_what_the_database_does_not_take_of_an_error_is_left_out(
    engine: FakeBackend, run: Run, expect_errors: None, kind: type[Permanent | Retryable]
) -> None:
    said = "no such\0 thing \udcff"
    engine.fault("ensure", Permanent(said, said) if kind is Permanent else Retryable(said))
    booking = book()

    environment = run(booking)

    assert environment.error_for_operator.startswith("no such thing ?")
    is_over = booking.state == BookingState.FAILED
    assert is_over == (kind is Permanent)


@pytest.mark.django_db
def test_what_breaks_while_it_is_given_up_breaks_no_worker(
    engine: FakeBackend, run: Run, monkeypatch: pytest.MonkeyPatch, expect_errors: None
) -> None:
    monkeypatch.setattr(failing, "give_up", lambda *_what, **_named: 1 / 0)
    engine.fault("ensure", Permanent("", "no"))
    booking = book()

    environment = run(booking)

    assert environment.error_for_operator == "unexpected: ZeroDivisionError"
    assert environment.lease_token is None
