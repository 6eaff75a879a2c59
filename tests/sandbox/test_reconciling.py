"""Desired against actual: orphans go, what is lost is repaired, what is unknown or foreign stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from sandbox import reconciling, tasks
from sandbox.backends.base import BackendUnavailable, Observed, ObservedState, Permanent
from sandbox.enums import BookingState, EnvironmentState, StrayVerdict
from sandbox.models import Booking, Environment, Stray
from tests.conftest import Bells, Clock
from tests.sandbox.factories import EnvironmentFactory
from tests.sandbox.fake_backend import FakeBackend
from tests.sandbox.world import book, product

pytestmark = pytest.mark.django_db

Run = Callable[[Booking], Environment]
OLD = timedelta(minutes=11)


ENV = "0badcafe-0000-4000-8000-000000000000"


def orphan(
    engine: FakeBackend,
    *,
    instance: str = "tryout",
    age: timedelta = OLD,
    is_remembered: bool = True,
) -> str:
    """What an engine still has of an environment that is gone, or that the database never knew."""
    env = ENV
    name = "osk-0badcafe-g1"
    if is_remembered:
        EnvironmentFactory(public_id=UUID(env), state="gone", gone_at=portal_clock.now())
    engine.objects[name] = Observed(
        name,
        ObservedState.RUNNING,
        instance=instance,
        env=env,
        generation=1,
        created_at=portal_clock.now() - age,
    )
    return name


def test_what_is_as_it_should_be_is_left_alone(engine: FakeBackend, run: Run, clock: Clock) -> None:
    clock.move_to(portal_clock.now())
    booking = book()
    run(booking)
    clock.move_to(portal_clock.now() + timedelta(minutes=20))

    tasks.reconcile()

    environment = run(booking)
    assert environment.state == EnvironmentState.READY
    assert environment.checked_at == portal_clock.now()
    assert engine.count("destroy") == 0


def test_an_orphan_goes_after_its_grace(engine: FakeBackend) -> None:
    product()
    orphan(engine)

    reconciling.reconcile()

    assert engine.objects == {}


def test_a_young_stranger_may_be_just_being_made(engine: FakeBackend) -> None:
    product()
    name = orphan(engine, age=timedelta(minutes=9))

    reconciling.reconcile()

    assert list(engine.objects) == [name]


def test_a_process_without_folder_has_no_grace(engine: FakeBackend) -> None:
    product()
    name = orphan(engine)
    engine.objects[name] = replace(engine.objects[name], created_at=None)

    reconciling.reconcile()

    assert engine.objects == {}


@pytest.mark.parametrize("env", ["", "no uuid"])
def test_a_damaged_label_is_a_matter_for_a_person(engine: FakeBackend, env: str) -> None:
    product()
    name = orphan(engine)
    engine.objects[name] = replace(engine.objects[name], env=env)

    reconciling.reconcile()

    assert list(engine.objects) == [name]
    assert engine.count("destroy") == 0


def test_another_portal_s_environment_is_not_touched(engine: FakeBackend) -> None:
    product()
    name = orphan(engine, instance="production-2")

    reconciling.reconcile()

    assert list(engine.objects) == [name]


def test_an_orphan_that_does_not_go_is_tried_again(engine: FakeBackend) -> None:
    product()
    orphan(engine)
    engine.fault("destroy", Permanent("", "foreign"))

    reconciling.reconcile()
    assert len(engine.objects) == 1
    reconciling.reconcile()

    assert engine.objects == {}


def test_an_engine_that_is_away_loses_nobody_anything(engine: FakeBackend, run: Run) -> None:
    booking = book()
    run(booking)
    engine.objects.clear()
    engine.fault("observe_all", BackendUnavailable("no socket"))

    reconciling.reconcile()

    assert run(booking).state == EnvironmentState.READY


def test_a_program_that_ended_is_started_again_with_the_same_passwords(
    engine: FakeBackend, run: Run, bells: Bells, commits: Callable
) -> None:
    booking = book()
    environment = run(booking)
    before = engine.secrets[environment.backend_key]
    engine.kill(environment.backend_key)

    with commits():
        reconciling.reconcile()
    assert bells.of("sandbox.tasks.work")[-1] == {"environment_id": environment.pk}
    environment = run(booking)

    assert environment.state == EnvironmentState.READY
    assert environment.generation == 1
    assert engine.secrets[environment.backend_key] == before
    kinds = list(environment.events.values_list("kind", flat=True))
    assert kinds[-2:] == ["disturbed", "repaired"]
    assert OutgoingMail.objects.count() == 1, "nobody is mailed about a short disturbance"


def test_what_has_disappeared_comes_back_new_and_its_person_is_told(
    engine: FakeBackend, run: Run
) -> None:
    booking = book()
    environment = run(booking)
    engine.lose(environment.backend_key)

    reconciling.reconcile()
    run(booking)
    environment = run(booking)

    assert environment.generation == 2
    assert environment.state == EnvironmentState.READY
    assert booking.state == BookingState.ACTIVE
    assert list(booking.environments.get(generation=1).events.values_list("kind", flat=True))[
        -4:
    ] == ["lost", "replaced", "removing", "gone"]
    assert OutgoingMail.objects.filter(kind="sandbox.booking_ready").count() == 2


def test_what_the_engine_cannot_tell_changes_nothing(engine: FakeBackend, run: Run) -> None:
    booking = book()
    name = run(booking).backend_key
    engine.objects[name] = replace(engine.objects[name], state=ObservedState.UNKNOWN)

    reconciling.reconcile()

    assert run(booking).state == EnvironmentState.READY


def test_a_check_that_fails_is_left_for_the_next_minute(engine: FakeBackend, run: Run) -> None:
    booking = book()
    environment = run(booking)
    engine.kill(environment.backend_key)
    engine.fault("observe", BackendUnavailable("gone away"))

    reconciling.reconcile()

    assert run(booking).state == EnvironmentState.READY


def test_one_that_was_ended_meanwhile_is_not_repaired(engine: FakeBackend, run: Run) -> None:
    booking = book()
    environment = run(booking)
    engine.kill(environment.backend_key)

    def somebody_ends_it() -> None:
        Environment.objects.filter(pk=environment.pk).update(desired="absent")

    engine.fault("observe", somebody_ends_it)
    reconciling.reconcile()

    environment.refresh_from_db()
    assert environment.state == EnvironmentState.READY


def test_a_broken_specification_keeps_nobody_else_from_being_checked(
    engine: FakeBackend, run: Run
) -> None:
    broken, well = book(), book()
    for booking in (broken, well):
        run(booking)
    broken.blueprint_version.spec = {"schema": 7}
    broken.blueprint_version.save()
    engine.kill(well.environments.get().backend_key)

    reconciling.reconcile()

    assert well.environments.get().state == EnvironmentState.DEGRADED


def test_an_answer_that_no_engine_gives_keeps_nobody_else_from_being_looked_at(
    engine: FakeBackend, run: Run, expect_errors: None
) -> None:
    """Of two environments that have ended the first cannot even be asked for."""
    first, second = book(), book()
    for booking in (first, second):
        engine.kill(run(booking).backend_key)
    engine.fault("observe", KeyError("Labels"))

    reconciling.reconcile()

    states = {booking.environments.get().state for booking in (first, second)}
    assert states == {EnvironmentState.READY, EnvironmentState.DEGRADED}


@pytest.mark.parametrize("odd", ["removal", "date", "label"])
def test_one_orphan_that_is_odd_holds_up_no_other(
    engine: FakeBackend, expect_errors: None, odd: str
) -> None:
    """Its own removal is tried again, and the operators read of it."""
    product()
    name = orphan(engine)
    other = UUID("0badcaff-0000-4000-8000-000000000000")
    EnvironmentFactory(public_id=other, state="gone", gone_at=portal_clock.now())
    engine.objects["osk-0badcaff-g1"] = replace(
        engine.objects[name], name="osk-0badcaff-g1", env=str(other)
    )
    if odd == "removal":
        engine.fault("destroy", KeyError("Labels"))
    elif odd == "date":
        engine.objects[name] = replace(engine.objects[name], created_at="yesterday")  # type: ignore[arg-type] # as no engine says it
    else:
        engine.objects[name] = replace(engine.objects[name], env=4711)  # type: ignore[arg-type] # as no engine says it

    reconciling.reconcile()

    assert list(engine.objects) == [name]
    if odd == "removal":
        stray = Stray.objects.get(name=name)
        assert (stray.verdict, stray.detail) == (StrayVerdict.STUCK, "unexpected: KeyError")
    engine.objects[name] = replace(
        engine.objects[name], env=ENV, created_at=portal_clock.now() - OLD
    )
    reconciling.reconcile()
    assert engine.objects == {}


def test_one_end_that_cannot_be_compared_hides_no_later_one(
    engine: FakeBackend, run: Run, expect_errors: None
) -> None:
    odd, later = (run(book()).backend_key for _number in range(2))
    engine.objects[odd] = replace(engine.objects[odd], expires_at="soon")  # type: ignore[arg-type] # as no engine says it
    end = portal_clock.now() + timedelta(days=99)
    engine.objects[later] = replace(engine.objects[later], expires_at=end)

    reconciling.reconcile()

    assert Stray.objects.get().name == later
