"""No set-up begins where an engine has too little room; what runs there is repaired and ended all the same."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.test import Client
from django.urls import reverse

from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from sandbox import provisioning, reconciling, room, services
from sandbox.backends.base import BackendUnavailable, CapacityExhausted, Health
from sandbox.enums import BookingState, EnvironmentState
from sandbox.models import Booking, EngineHealth, Environment
from tests.conformance.conftest import make_container_spec
from tests.conftest import Clock
from tests.factories import staff
from tests.sandbox.factories import EnvironmentFactory
from tests.sandbox.fake_backend import FakeBackend
from tests.sandbox.world import book, product
from tests.two_at_once import Work

pytestmark = pytest.mark.django_db

Run = Callable[[Booking], Environment]


@pytest.fixture(autouse=True)
def _standing_still(clock: Clock, settings) -> None:
    clock.move_to(portal_clock.now())
    settings.OSK_SANDBOX_LEAST_MEMORY_MB, settings.OSK_SANDBOX_LEAST_DISK_MB = 200, 1000


def mails(to: object) -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(user=to).order_by("pk"))


@pytest.mark.parametrize(
    ("memory_mb", "disk_mb", "wanted_mb", "lacks"),
    [
        (None, None, 900, ""),
        (200, 1000, 0, ""),
        (264, None, 64, ""),
        (263, 1000, 64, "263 MB of memory free, 264 MB needed"),
        (500, 999, 0, "999 MB of disk free, 1000 MB needed"),
        (1, 1, 0, "1 MB of memory free, 200 MB needed, 1 MB of disk free, 1000 MB needed"),
    ],
)
def test_what_an_engine_lacks(
    memory_mb: int | None, disk_mb: int | None, wanted_mb: int, lacks: str
) -> None:
    health = Health(True, "", memory_mb=memory_mb, disk_mb=disk_mb)
    assert room.shortage(health, wanted_mb=wanted_mb) == lacks


def test_what_is_at_nought_is_not_looked_at(settings) -> None:
    settings.OSK_SANDBOX_LEAST_MEMORY_MB = settings.OSK_SANDBOX_LEAST_DISK_MB = 0
    assert room.shortage(Health(True, "", memory_mb=1, disk_mb=1), wanted_mb=999) == ""


def test_what_is_being_set_up_has_its_memory_promised(engine: FakeBackend) -> None:
    spec = make_container_spec()
    mine, other = (
        EnvironmentFactory(
            state=state, booking__blueprint_version__spec=IMAGE, slot__backend="fake"
        )
        for state in ("pending", "provisioning")
    )
    assert room.memory_for(mine, spec) == 64 + 64
    other.ready_at = portal_clock.now()
    other.save()
    assert room.memory_for(mine, spec) == 64, "what runs uses its own"


IMAGE = {
    "schema": 2,
    "components": [
        {
            "name": "web",
            "image": "localhost/osk-busybox:test",
            "limits": {"memory_mb": 64, "processes": 32, "cpu_millis": 500},
            "ports": [{"name": "web", "number": 8080}],
            "readiness": {"port": "web"},
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
    assert environment.error_for_operator == "199 MB of memory free, 200 MB needed"
    [late] = mails(booking.booked_by)
    assert "zu wenig Platz" in late.body
    [alert] = mails(operator)
    assert "zu wenig Platz" in alert.body
    client.force_login(booking.booked_by)
    assert "hat zurzeit zu wenig Platz" in client.get(booking.get_absolute_url()).text
    client.force_login(operator, backend="django.contrib.auth.backends.ModelBackend")
    assert "199 MB of memory free" in client.get(reverse("admin:sandbox_operations")).text

    engine.memory_mb = 200
    clock.move_to(portal_clock.now() + timedelta(minutes=6))
    assert run(booking).state == EnvironmentState.READY


@pytest.mark.django_db(transaction=True)
def test_two_that_begin_at_once_do_not_have_the_same_room(engine: FakeBackend) -> None:
    """Both have asked the engine before either began. Real connections."""
    engine.memory_mb = 200 + 64
    blueprint = product(slots=2)
    blueprint.versions.update(spec=IMAGE)
    bookings = [book(blueprint) for _number in range(2)]
    both = threading.Barrier(2, timeout=20)
    engine.fault("check", *[lambda: both.wait() and None] * 2)
    engine.fault("ensure", BackendUnavailable("busy", after=60))

    works = [Work(partial(provisioning.work, b.environments.get().pk)) for b in bookings]
    for work in works:
        work.start()
    for work in works:
        work.join(20)

    assert [work.outcome for work in works] == [None, None]
    states = sorted(Environment.objects.values_list("state", flat=True))
    assert states == [EnvironmentState.PENDING, EnvironmentState.PROVISIONING]


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
    assert "10 MB of disk free, 1000 MB needed" in told.body
    client.force_login(operator, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("admin:sandbox_operations")).text
    assert "Zu wenig Platz" in page
    assert "10 MB of disk free, 1000 MB needed" in page
    health = EngineHealth.objects.get()
    assert health.is_ok
    assert health.short_since is not None

    engine.disk_mb = 5000
    reconciling.reconcile()
    assert "Zu wenig Platz" not in client.get(reverse("admin:sandbox_operations")).text
    short_for(10)
    assert len(mails(operator)) == 2, "another shortage"
