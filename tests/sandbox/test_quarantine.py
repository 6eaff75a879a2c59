"""Kept for a look: stopped, cut off, out of the booker's hands, and gone at its date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import provisioning, reconciling, services
from sandbox.backends.base import BackendUnavailable, ObservedState, Retryable
from sandbox.enums import BookingState, EnvironmentState
from sandbox.models import Allocation, Booking, Environment, Measure, Restore
from tests.conftest import Clock
from tests.factories import staff
from tests.sandbox.fake_backend import FakeBackend
from tests.sandbox.world import book, product

pytestmark = pytest.mark.django_db

Run = Callable[[Booking], Environment]


def quarantine(environment: Environment, *, days: float = 10, actor=None) -> Environment:
    return services.quarantine_environment(
        environment_id=environment.pk,
        actor=actor or staff("operator"),
        reason="Auffälliger Zugriff",
        until=portal_clock.now() + timedelta(days=days),
    )


def test_it_is_stopped_kept_and_removed_at_its_date(
    engine: FakeBackend, run: Run, clock: Clock
) -> None:
    clock.move_to(portal_clock.now())
    booking = book(days=2)
    name = run(booking).backend_key

    quarantine(run(booking))
    environment = run(booking)

    assert environment.state == EnvironmentState.QUARANTINED
    assert environment.isolated_at is not None
    assert engine.objects[name].state == ObservedState.EXITED
    assert engine.objects[name].expires_at == environment.quarantined_until
    assert booking.state == BookingState.FAILED
    assert not Allocation.objects.held().exists(), "the place is free once it is stopped"
    [measure] = Measure.objects.all()
    assert (measure.kind, measure.reason) == ("quarantine", "Auffälliger Zugriff")

    clock.move_to(portal_clock.now() + timedelta(days=9))
    provisioning.tick()
    reconciling.reconcile()
    assert run(booking).state == EnvironmentState.QUARANTINED, "past the end of the booking"
    clock.move_to(portal_clock.now() + timedelta(days=2))
    environment = run(booking)

    assert environment.state == EnvironmentState.GONE
    assert engine.objects == {}
    assert all(proof.verified_at for proof in environment.proofs.all())
    assert not environment.credentials.filter(wiped_at=None).exists()
    assert booking.environments.count() == 1


def test_one_that_is_shorter_than_its_booking_ends_at_its_date_and_is_no_restore(
    engine: FakeBackend, run: Run, clock: Clock
) -> None:
    clock.move_to(portal_clock.now())
    booking = book()
    quarantine(run(booking), days=2)
    reconciling.reconcile()
    assert not Restore.objects.exists()
    assert run(booking).isolated_at is not None

    clock.move_to(portal_clock.now() + timedelta(days=2))

    assert run(booking).state == EnvironmentState.GONE
    assert engine.objects == {}


def test_the_booker_reads_a_calm_line_and_gets_in_nowhere(
    engine: FakeBackend, run: Run, client: Client
) -> None:
    booking = book()
    quarantine(run(booking))
    run(booking)
    client.force_login(booking.booked_by)

    page = client.get(booking.get_absolute_url())

    assert page.context["phase"] == "halted"
    assert "Ihre Testumgebung ist angehalten." in page.text
    assert "Auffälliger Zugriff" not in page.text
    assert not page.context["is_open"]
    assert not page.context["may_end"]
    credential = booking.environments.get().credentials.get()
    reveal = reverse("sandbox:credential_reveal", args=[booking.public_id, credential.public_id])
    assert client.post(reveal).status_code == 302
    with pytest.raises(TransitionNotAllowed):
        services.reveal_credential(credential_id=credential.pk, actor=booking.booked_by)
    mail = OutgoingMail.objects.get(kind="sandbox.booking_halted")
    assert "Auffälliger" not in mail.text
    assert OutgoingMail.objects.count() == 2, "ready, and halted"


def test_whoever_works_on_it_meanwhile_starts_nothing_again(engine: FakeBackend, run: Run) -> None:
    booking = book()
    environment = booking.environments.get()
    engine.fault("ensure:after", lambda: quarantine(environment) and None)

    environment = run(booking)

    assert environment.state == EnvironmentState.QUARANTINED
    assert engine.objects[environment.backend_key].state == ObservedState.EXITED


@pytest.mark.parametrize("state", [EnvironmentState.TEARING_DOWN, EnvironmentState.GONE])
def test_what_is_removed_while_it_is_stopped_is_not_set_up_again(
    engine: FakeBackend, run: Run, state: EnvironmentState
) -> None:
    """A quarantine ends by its removal, too: that is not lifted."""
    booking = book()
    environment = booking.environments.get()

    def meanwhile() -> None:
        services.end_environment(
            environment_id=environment.pk, actor=staff("operator"), reason="Weg damit"
        )
        if state == EnvironmentState.TEARING_DOWN:
            engine.fault("destroy:after", Retryable("busy", after=60))
        assert run(booking).state == state

    engine.fault("ensure:after", lambda: quarantine(environment) and None)
    engine.fault("halt", meanwhile)

    assert run(booking).state == state
    assert engine.count("ensure") == 1
    assert engine.objects == {}


def test_an_engine_that_is_away_is_asked_again(engine: FakeBackend, run: Run, clock: Clock) -> None:
    clock.move_to(portal_clock.now())
    booking = book()
    quarantine(run(booking))
    engine.fault("halt", BackendUnavailable("no socket"))

    environment = run(booking)
    assert (environment.state, environment.isolated_at) == (EnvironmentState.QUARANTINED, None)
    assert Allocation.objects.held().exists()
    clock.move_to(portal_clock.now() + timedelta(minutes=6))

    assert run(booking).isolated_at is not None


def test_what_cannot_be_stopped_is_told_to_operators_and_removed_at_its_end(
    engine: FakeBackend, run: Run, clock: Clock, expect_errors: None
) -> None:
    """Its person does not read of a removal that has not begun."""
    clock.move_to(portal_clock.now())
    operator = staff("operator")
    booking = book()
    environment = quarantine(run(booking), actor=operator)
    engine.fault("halt", *[Retryable("does not stop")] * 50)
    for _minute in range(20):
        run(booking)
        clock.move_to(portal_clock.now() + timedelta(minutes=6))

    assert "removal_slow" not in environment.events.values_list("kind", flat=True)
    [alert] = OutgoingMail.objects.filter(user=operator)
    assert "Die Quarantäne greift nicht" in alert.subject
    assert "does not stop" in alert.body
    assert run(booking).isolated_at is None

    services.end_environment(environment_id=environment.pk, actor=operator, reason="Weg damit")
    run(booking)

    assert booking.environments.get().state == EnvironmentState.GONE
    assert engine.objects == {}


def test_an_operator_ends_a_quarantine_early(engine: FakeBackend, run: Run) -> None:
    booking = book()
    quarantine(run(booking))
    environment = run(booking)

    services.end_environment(
        environment_id=environment.pk, actor=staff("operator"), reason="Geprüft"
    )

    assert run(booking).state == EnvironmentState.GONE
    assert engine.objects == {}


def test_who_books_next_gets_the_place_meanwhile(engine: FakeBackend, run: Run) -> None:
    blueprint = product()
    first = book(blueprint)
    quarantine(run(first))
    run(first)

    second = book(blueprint)

    assert run(second).state == EnvironmentState.READY
    assert run(first).state == EnvironmentState.QUARANTINED


def test_only_operators_and_only_what_is_there(engine: FakeBackend, run: Run) -> None:
    booking = book(starts_in=timedelta(days=3))
    waiting = booking.environments.get()
    with pytest.raises(TransitionNotAllowed):
        quarantine(waiting)
    running = run(book())
    with pytest.raises(PermissionDenied):
        quarantine(running, actor=staff("lead"))
    with pytest.raises(PermissionDenied):
        quarantine(running, actor=booking.booked_by)
    with pytest.raises(ValueError, match="past"):
        quarantine(running, days=-1)
    quarantine(running)
    with pytest.raises(TransitionNotAllowed):
        quarantine(running)
    assert Measure.objects.count() == 1


def test_an_operator_ends_what_runs(engine: FakeBackend, run: Run) -> None:
    booking = book()
    environment = run(booking)
    with pytest.raises(PermissionDenied):
        services.end_environment(
            environment_id=environment.pk, actor=staff("advisor"), reason="Schluss"
        )

    services.end_environment(
        environment_id=environment.pk, actor=staff("operator"), reason="Stört andere"
    )
    with pytest.raises(TransitionNotAllowed):
        services.end_environment(
            environment_id=environment.pk, actor=staff("operator"), reason="Stört andere"
        )

    assert run(booking).state == EnvironmentState.GONE
    assert booking.state == BookingState.CANCELLED
    assert "ended_by_operator" in environment.events.values_list("kind", flat=True)
    assert engine.objects == {}
