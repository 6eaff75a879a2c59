"""A database from yesterday destroys nothing of today."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied

from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import leases, provisioning, reconciling, restoring, services
from sandbox.enums import BookingState, EnvironmentState, RestoreEvidence, StrayVerdict
from sandbox.models import Booking, Environment, Measure, Restore, RestoreMarker, Stray
from tests.conftest import Clock
from tests.factories import staff
from tests.sandbox.fake_backend import FakeBackend
from tests.sandbox.test_reconciling import orphan
from tests.sandbox.world import book, product

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("expect_errors")]

Run = Callable[[Booking], Environment]


@pytest.fixture
def marker(tmp_path: Path, settings) -> Path:
    """The portal has run here, with this file."""
    settings.OSK_SANDBOX_MARKER = tmp_path / "var" / "marker.json"
    provisioning.tick()
    return settings.OSK_SANDBOX_MARKER


def restore_a_backup(*, hours: float = 12) -> None:
    """The database says what it said then; the file beside it does not."""
    past = portal_clock.now() - timedelta(hours=hours)
    RestoreMarker.objects.update(at=past)


def test_a_portal_that_runs_is_never_suspected(marker: Path, engine: FakeBackend) -> None:
    for _time in range(3):
        provisioning.tick()
    assert not restoring.is_held()
    marker.unlink()
    assert not restoring.is_held()
    assert not Restore.objects.exists()


def test_the_marker_goes_forward_even_when_the_clock_does_not(marker: Path, clock: Clock) -> None:
    clock.move_to(portal_clock.now() - timedelta(hours=2))
    before = RestoreMarker.objects.get().at

    provisioning.tick()

    assert RestoreMarker.objects.get().at > before
    assert not restoring.is_held()


def test_a_database_that_lost_its_last_seconds_was_not_restored(marker: Path) -> None:
    restore_a_backup(hours=0.01)
    assert not restoring.is_held()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"at": 7}', '{"at": "2026-01-01"}', '{"instance": "tryout"}']
)
def test_a_file_that_cannot_be_read_tells_nothing(marker: Path, text: str) -> None:
    marker.write_text(text)
    assert not restoring.is_held()
    provisioning.tick()
    assert json.loads(marker.read_text())["at"]


def test_a_file_of_another_portal_tells_nothing(marker: Path) -> None:
    known = json.loads(marker.read_text())
    marker.write_text(json.dumps({**known, "instance": "production-2"}))
    restore_a_backup()
    assert not restoring.is_held()


def test_a_new_database_has_nothing_to_be_wrong_about(marker: Path, engine: FakeBackend) -> None:
    RestoreMarker.objects.all().delete()
    assert not restoring.is_held()
    book()
    assert restoring.is_held()


def test_a_folder_that_cannot_be_written_stops_nobody(settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings.OSK_SANDBOX_MARKER = tmp_path / "file" / "marker.json"
    restoring.advance()
    assert RestoreMarker.objects.exists()


def test_a_restored_database_removes_nothing_until_an_operator_confirms(
    marker: Path, engine: FakeBackend, run: Run, clock: Clock
) -> None:
    """It says that a booking is over which was extended after the backup."""
    clock.move_to(portal_clock.now())
    booking = book(days=1)
    name = run(booking).backend_key
    restore_a_backup()
    clock.move_to(portal_clock.now() + timedelta(days=2))

    provisioning.tick()
    reconciling.reconcile()
    environment = run(booking)

    assert booking.state == BookingState.ACTIVE
    assert environment.state == EnvironmentState.READY
    assert list(engine.objects) == [name]
    assert Restore.objects.get().evidence == RestoreEvidence.MARKER

    services.confirm_restore(actor=staff("operator"))
    provisioning.tick()
    assert run(booking).state == EnvironmentState.GONE
    assert booking.state == BookingState.ENDED
    assert engine.objects == {}


def test_who_ends_meanwhile_waits_and_reads_why(
    marker: Path, engine: FakeBackend, run: Run, clock: Clock
) -> None:
    clock.move_to(portal_clock.now())
    booking = book()
    run(booking)
    restore_a_backup()

    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)
    for _time in range(3):
        environment = run(booking)
        clock.move_to(portal_clock.now() + timedelta(seconds=31))

    assert environment.state == EnvironmentState.READY
    assert len(engine.objects) == 1
    kinds = list(environment.events.values_list("kind", flat=True))
    assert kinds.count("removal_held") == 1

    services.confirm_restore(actor=staff("operator"))
    assert run(booking).state == EnvironmentState.GONE


def test_a_removal_that_had_begun_before_the_backup_waits_too(
    marker: Path, engine: FakeBackend, run: Run
) -> None:
    booking = book()
    name = run(booking).backend_key
    Environment.objects.update(state="tearing_down", desired="absent")
    Environment.objects.update(next_action_at=portal_clock.now())
    restore_a_backup()

    run(booking)

    assert list(engine.objects) == [name]


def test_people_are_served_meanwhile(marker: Path, engine: FakeBackend, run: Run) -> None:
    booking = book()
    restore_a_backup()
    assert restoring.is_held()

    assert run(booking).state == EnvironmentState.READY


def test_what_ended_by_itself_is_only_reported_meanwhile(
    marker: Path, engine: FakeBackend, run: Run
) -> None:
    booking = book()
    environment = run(booking)
    restore_a_backup()
    engine.lose(environment.backend_key)

    reconciling.reconcile()

    assert run(booking).state == EnvironmentState.READY
    services.confirm_restore(actor=staff("operator"))
    reconciling.reconcile()
    assert booking.environments.get().state == EnvironmentState.DEGRADED


def test_what_was_disturbed_at_the_backup_and_is_gone_waits_too(
    marker: Path, engine: FakeBackend, run: Run, clock: Clock
) -> None:
    """Its end after the backup is forgotten: nothing new is made in its place, and nobody told of a loss."""
    clock.move_to(portal_clock.now())
    booking = book(days=1)
    environment = run(booking)
    environment.disturb()
    restore_a_backup()
    engine.lose(environment.backend_key)
    before = OutgoingMail.objects.filter(user=booking.booked_by).count()

    for _quarter in range(3):
        assert run(booking).state == EnvironmentState.DEGRADED
        clock.move_to(portal_clock.now() + timedelta(minutes=15))

    assert OutgoingMail.objects.filter(user=booking.booked_by).count() == before
    services.confirm_restore(actor=staff("operator"))
    assert run(booking).generation == 2


def test_an_object_that_the_database_never_knew_starts_it_without_any_file(
    engine: FakeBackend, run: Run
) -> None:
    product()
    name = orphan(engine, is_remembered=False)

    for _time in range(2):
        reconciling.reconcile()

    assert list(engine.objects) == [name]
    assert Restore.objects.get().evidence == RestoreEvidence.UNKNOWN_OBJECT
    assert Stray.objects.get().verdict == StrayVerdict.HELD

    services.confirm_restore(actor=staff("operator"))
    reconciling.reconcile()
    assert engine.objects == {}
    assert Stray.objects.get().verdict == StrayVerdict.REMOVED
    assert not restoring.is_held()


def test_a_later_end_at_the_engine_starts_it(engine: FakeBackend, run: Run, clock: Clock) -> None:
    """The backup was made before an extension, and the file is lost."""
    clock.move_to(portal_clock.now())
    booking = book(days=1)
    environment = run(booking)
    engine.set_expiry(leases.ref_of(environment), environment.expires_at + timedelta(days=5))
    clock.move_to(portal_clock.now() + timedelta(days=2))

    provisioning.end_what_is_over()  # before any reconciliation
    environment = run(booking)
    assert environment.state == EnvironmentState.READY
    assert Restore.objects.get().evidence == RestoreEvidence.LATER_END
    reconciling.reconcile()
    assert Stray.objects.get().verdict == StrayVerdict.LATER_END
    assert len(engine.objects) == 1

    services.confirm_restore(actor=staff("operator"))
    clock.move_to(portal_clock.now() + timedelta(minutes=1))
    assert run(booking).state == EnvironmentState.GONE
    reconciling.reconcile()
    assert not restoring.is_held()


def test_an_extension_in_the_usual_way_is_no_contradiction(
    engine: FakeBackend, run: Run, clock: Clock
) -> None:
    clock.move_to(portal_clock.now())
    booking = book(days=1)
    run(booking)
    services.extend_booking(
        booking_id=booking.pk,
        actor=booking.booked_by,
        end=booking.ends_at + timedelta(days=1),
    )
    run(booking)
    reconciling.reconcile()
    assert not Restore.objects.exists()


def test_only_operators_confirm_and_only_once(marker: Path, engine: FakeBackend) -> None:
    book()
    with pytest.raises(TransitionNotAllowed):
        services.confirm_restore(actor=staff("operator"))
    restore_a_backup()
    assert restoring.is_held()
    with pytest.raises(PermissionDenied):
        services.confirm_restore(actor=staff("lead"))

    operator = staff("operator")
    restore = services.confirm_restore(actor=operator)

    assert restore.confirmed_by == operator
    assert Measure.objects.get().kind == "confirm"
    with pytest.raises(TransitionNotAllowed):
        services.confirm_restore(actor=operator)
    provisioning.tick()
    assert not restoring.is_held()


def test_two_signs_at_once_are_one_restore(engine: FakeBackend) -> None:
    restoring.suspect(RestoreEvidence.MARKER, "a")
    restoring.suspect(RestoreEvidence.LATER_END, "b")
    assert Restore.objects.count() == 1
