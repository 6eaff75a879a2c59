"""No set-up begins where an engine has too little room; what runs there is repaired and ended all the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.test import Client
from django.urls import reverse

from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from sandbox import provisioning, reconciling, room, services
from sandbox.backends.base import CapacityExhausted, Health
from sandbox.enums import BookingState, EnvironmentState
from sandbox.models import Booking, EngineHealth, Environment
from sandbox.room import Need
from sandbox.spec import parse
from tests.conftest import Clock
from tests.factories import staff
from tests.sandbox.factories import EnvironmentFactory
from tests.sandbox.fake_backend import FakeBackend
from tests.sandbox.world import book, product
from tests.two_at_once import meet, stopped

pytestmark = pytest.mark.django_db

Run = Callable[[Booking], Environment]


@pytest.fixture(autouse=True)
def _standing_still(clock: Clock, settings) -> None:
    clock.move_to(portal_clock.now())
    settings.OSK_SANDBOX_LEAST_MEMORY_MB, settings.OSK_SANDBOX_LEAST_DISK_MB = 200, 1000


def mails(to: object) -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(user=to).order_by("pk"))


@pytest.mark.parametrize(
    ("memory_mb", "disk_mb", "wanted", "lacks"),
    [
        (None, None, Need(900, 900), ""),
        (200, 1000, Need(), ""),
        (264, None, Need(64, 9), ""),
        (263, 1000, Need(64), "263 MB Arbeitsspeicher frei, 264 MB nötig"),
        (500, 1063, Need(64, 64), "1063 MB Festplatte frei, 1064 MB nötig"),
        (
            1,
            1,
            Need(),
            "1 MB Arbeitsspeicher frei, 200 MB nötig, 1 MB Festplatte frei, 1000 MB nötig",
        ),
    ],
)
def test_what_an_engine_lacks(
    memory_mb: int | None, disk_mb: int | None, wanted: Need, lacks: str
) -> None:
    health = Health(True, "", memory_mb=memory_mb, disk_mb=disk_mb)
    assert room.shortage(health, wanted=wanted) == lacks


def test_what_is_at_nought_is_not_looked_at(settings) -> None:
    settings.OSK_SANDBOX_LEAST_MEMORY_MB = settings.OSK_SANDBOX_LEAST_DISK_MB = 0
    assert room.shortage(Health(True, "", memory_mb=1, disk_mb=1), wanted=Need(999)) == ""


def test_what_is_being_set_up_has_its_room_promised(engine: FakeBackend) -> None:
    spec = parse(IMAGE)
    mine, other = (
        EnvironmentFactory(
            state=state, booking__blueprint_version__spec=IMAGE, slot__backend="fake"
        )
        for state in ("pending", "provisioning")
    )
    now = portal_clock.now()
    assert room.need_for(mine, spec, asked_at=now) == Need(64 + 64, 256 + 256)
    other.ready_at, other.state = now - timedelta(seconds=1), EnvironmentState.READY
    other.endpoint = "http://127.0.0.1:1"
    other.save()
    assert room.need_for(mine, spec, asked_at=now) == Need(64, 256), "what runs uses its own"
    other.ready_at = now
    other.save()
    assert room.need_for(mine, spec, asked_at=now) == Need(128, 512), "it did not when we asked"


IMAGE = {
    "schema": 2,
    "components": [
        {
            "name": "web",
            "image": "localhost/osk-busybox:test",
            "limits": {"memory_mb": 64, "processes": 32, "cpu_millis": 500},
            "ports": [{"name": "web", "number": 8080}],
            "readiness": {"port": "web"},
            "volumes": [{"name": "data", "path": "/data", "size_mb": 256}],
        }
    ],
    "endpoints": [{"port": "web"}],
}


def test_a_set_up_waits_told_in_words_and_goes_on(
    engine: FakeBackend, run: Run, clock: Clock, client: Client
) -> None:
    operator = staff("operator")
    engine.memory_mb = 199
    booking = book(days=2)

    for _hour in range(20):
        environment = run(booking)
        assert environment.state == EnvironmentState.PENDING
        provisioning.tick()
        clock.move_to(portal_clock.now() + timedelta(hours=1))

    assert engine.objects == {}
    assert not environment.credentials.exists()
    assert list(environment.events.values_list("kind", flat=True)) == [
        "booked", "waiting_for_room", "late",
    ]  # fmt: skip
    assert environment.error_for_operator == "199 MB Arbeitsspeicher frei, 200 MB nötig"
    [late] = mails(booking.booked_by)
    assert "zu wenig Platz" in late.body
    [alert] = mails(operator)
    assert "zu wenig Platz" in alert.body
    client.force_login(booking.booked_by)
    assert "hat zurzeit zu wenig Platz" in client.get(booking.get_absolute_url()).text
    client.force_login(operator, backend="django.contrib.auth.backends.ModelBackend")
    assert "199 MB Arbeitsspeicher frei" in client.get(reverse("admin:sandbox_operations")).text

    engine.memory_mb = 200
    clock.move_to(portal_clock.now() + timedelta(minutes=6))
    assert run(booking).state == EnvironmentState.READY


def test_an_engine_that_is_full_meanwhile_is_waited_for_too(
    engine: FakeBackend, run: Run, clock: Clock
) -> None:
    """No generation is given up for what the next one would lack as well."""
    booking = book(days=2)
    engine.fault("ensure", *[CapacityExhausted("no space left", after=60)] * 30)
    for _minute in range(30):
        environment = run(booking)
        clock.move_to(portal_clock.now() + timedelta(minutes=6))

    assert (environment.generation, environment.state) == (1, EnvironmentState.PROVISIONING)
    kinds = list(environment.events.values_list("kind", flat=True))
    assert kinds == ["booked", "secrets_made", "waiting_for_room"]
    assert run(booking).state == EnvironmentState.READY


def test_what_runs_is_repaired_restarted_and_ended_however_little_is_left(
    engine: FakeBackend, run: Run, clock: Clock
) -> None:
    booking = book()
    environment = run(booking)
    engine.memory_mb = engine.disk_mb = 1
    engine.kill(environment.backend_key)
    reconciling.reconcile()

    assert run(booking).state == EnvironmentState.READY
    services.restart_environment(booking_id=booking.pk, actor=booking.booked_by)
    assert run(booking).state == EnvironmentState.READY
    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)
    assert run(booking).state == EnvironmentState.GONE
    assert booking.state == BookingState.CANCELLED


def test_operators_are_told_once_a_shortage_and_see_it(
    engine: FakeBackend, clock: Clock, client: Client
) -> None:
    product()
    operator = staff("operator")

    def short_for(minutes: int) -> None:
        engine.disk_mb = 10
        for _minute in range(minutes):
            reconciling.reconcile()
            clock.move_to(portal_clock.now() + timedelta(minutes=1))

    short_for(5)
    assert mails(operator) == []
    short_for(10)
    [told] = mails(operator)
    assert "zu wenig Platz" in told.subject
    assert "10 MB Festplatte frei, 1000 MB nötig" in told.body
    client.force_login(operator, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("admin:sandbox_operations")).text
    assert "Zu wenig Platz" in page
    assert "10 MB Festplatte frei, 1000 MB nötig" in page
    health = EngineHealth.objects.get()
    assert health.is_ok
    assert health.short_since is not None

    engine.disk_mb = 5000
    reconciling.reconcile()
    assert "Zu wenig Platz" not in client.get(reverse("admin:sandbox_operations")).text
    short_for(10)
    assert len(mails(operator)) == 2, "another shortage"


@pytest.mark.django_db(transaction=True)
def test_two_that_begin_at_once_do_not_see_the_same_room(
    engine: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is enough for one: the other one, who looked before the first had begun, waits."""
    environments = [
        EnvironmentFactory(booking__blueprint_version__spec=IMAGE, slot__backend="fake")
        for _ in range(2)
    ]
    engine.memory_mb = 200 + 64
    first, second = (partial(provisioning.work, one.pk) for one in environments)

    with stopped(monkeypatch, services, "ensure_credentials") as stop:
        meet(stop, first, second)

    states = [type(one).objects.get(pk=one.pk).state for one in environments]
    assert states == [EnvironmentState.READY, EnvironmentState.PENDING]
