"""Extend, move, restart, reset: under the constraint, and told to the engine."""

from __future__ import annotations

from datetime import timedelta

import pytest

from network.models import Organisation
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import capacity, leases, provisioning, services, setting_up
from sandbox.backends.base import BackendUnavailable
from sandbox.enums import BookingState, EnvironmentState
from tests.factories import MembershipFactory
from tests.sandbox.fake_backend import Killed
from tests.sandbox.test_approval import MONDAY
from tests.sandbox.world import book, product

pytestmark = pytest.mark.django_db


@pytest.fixture
def running(engine, clock, run):
    """A week from Monday noon, ready, on the only place; the product allows two."""
    clock.move_to(MONDAY)
    booking = book(product())
    run(booking)
    return booking


def extend(booking, **delta):
    return services.extend_booking(
        booking_id=booking.pk, actor=booking.booked_by, end=booking.ends_at + timedelta(**delta)
    )


def move(booking, **delta):
    shift = timedelta(**delta)
    return services.move_booking(
        booking_id=booking.pk,
        actor=booking.booked_by,
        start=booking.starts_at + shift,
        end=booking.ends_at + shift,
    )


def test_what_is_moved_to_now_has_its_lead_from_then_on(engine, clock, run):
    """Nothing is late seconds after the click."""
    clock.move_to(MONDAY)
    blueprint = product()
    blueprint.pool.lead_minutes = 60
    blueprint.pool.save()
    booking = book(blueprint, starts_in=timedelta(days=3))
    clock.move_to(MONDAY + timedelta(days=1))
    engine.fault("check", *[BackendUnavailable("no socket")] * 9)
    now = portal_clock.now() + timedelta(minutes=1)
    services.move_booking(
        booking_id=booking.pk, actor=booking.booked_by, start=now, end=now + timedelta(days=2)
    )
    run(booking)
    told = OutgoingMail.objects.filter(kind="sandbox.booking_late")

    for minutes, count in ((20, 0), (74, 0), (76, 1)):
        clock.move_to(now - timedelta(minutes=1) + timedelta(minutes=minutes))
        provisioning.tick()
        assert told.count() == count, minutes


def test_an_extension_reaches_row_allocation_and_engine(running, engine, run):
    end = running.ends_at + timedelta(days=3)

    extend(running, days=3)
    environment = run(running)

    assert running.ends_at == end
    assert environment.expires_at == environment.next_action_at == end
    assert engine.objects[environment.backend_key].expires_at == end
    assert running.allocations.get().occupies.upper == end + timedelta(minutes=30)
    assert [e.kind for e in running.events.all()] == ["book", "activate", "extend"]
    assert OutgoingMail.objects.filter(kind="sandbox.booking_changed").count() == 1
    assert provisioning.tick() == []


def test_the_same_end_twice_is_one_extension(running):
    end = running.ends_at + timedelta(days=2)
    for _twice in range(2):
        services.extend_booking(booking_id=running.pk, actor=running.booked_by, end=end)

    assert running.events.filter(kind="extend").count() == 1


def test_an_extension_into_somebody_elses_time_names_the_latest_end(running, clock):
    other = book(
        running.blueprint_version.blueprint, starts_in=timedelta(days=9), days=1
    )  # its place is taken ten minutes earlier
    latest = other.starts_at - timedelta(minutes=40)

    with pytest.raises(capacity.TooLong) as refused:
        extend(running, days=3)
    assert refused.value.latest_end == latest

    services.extend_booking(booking_id=running.pk, actor=running.booked_by, end=latest)
    running.refresh_from_db()
    assert running.ends_at == latest


def test_an_organisation_that_lost_its_entitlement_gets_no_more_time(running):
    Organisation.objects.filter(pk=running.organisation_id).update(is_entitled=False)
    end = running.ends_at

    with pytest.raises(TransitionNotAllowed):
        extend(running, days=1)
    running.refresh_from_db()
    assert running.ends_at == end


def test_longer_than_the_product_allows_is_refused(running):
    with pytest.raises(capacity.TooLong):
        extend(running, days=8)


def test_an_engine_that_does_not_answer_costs_nothing_but_time(running, engine, run, clock):
    engine.fault("set_expiry", BackendUnavailable("away"))
    clock.move_to(MONDAY + timedelta(hours=2))
    extend(running, days=3)

    assert run(running).state == EnvironmentState.READY
    clock.move_to(portal_clock.now() + timedelta(minutes=1))
    environment = run(running)

    assert environment.state == EnvironmentState.READY
    assert engine.objects[environment.backend_key].expires_at == running.ends_at


def test_an_extension_while_it_is_set_up_reaches_the_engine(engine, clock, run):
    clock.move_to(MONDAY)
    booking = book(product())
    engine.fault("ensure:after", lambda: extend(booking, days=1) and None)

    environment = run(booking)

    assert environment.state == EnvironmentState.READY
    assert engine.objects[environment.backend_key].expires_at == booking.ends_at


def test_what_is_over_or_ended_is_not_extended(running, clock):
    clock.move_to(running.ends_at)
    with pytest.raises(TransitionNotAllowed):
        extend(running, days=1)


def test_moving_before_the_start_takes_another_place_where_it_must(clock, run, engine):
    clock.move_to(MONDAY)
    blueprint = product(slots=2)
    first = book(blueprint, starts_in=timedelta(days=10))
    second = book(blueprint, starts_in=timedelta(days=20))
    slot = first.allocations.get().slot
    if second.allocations.get().slot != slot:
        type(second.allocations.get()).objects.filter(booking=second).update(slot=slot)

    move(first, days=10)

    held = first.allocations.get()
    environment = first.environments.get()
    assert held.slot == environment.slot != slot
    assert environment.next_action_at == held.occupies.lower
    first.refresh_from_db()
    assert first.starts_at == MONDAY + timedelta(days=20)
    assert first.sequence == 1
    assert run(first).state == EnvironmentState.PENDING


def test_moving_to_a_taken_time_names_the_next_free_one(clock):
    clock.move_to(MONDAY)
    blueprint = product()
    taken = book(blueprint, starts_in=timedelta(days=10), days=2)
    booking = book(blueprint, starts_in=timedelta(days=20), days=2)

    with pytest.raises(capacity.NoFreeSlot) as refused:
        move(booking, days=-10)

    assert refused.value.next_free == taken.ends_at + timedelta(minutes=40)
    booking.refresh_from_db()
    assert booking.starts_at == MONDAY + timedelta(days=20), "it keeps what it has"


def test_a_worker_that_has_the_row_when_it_is_moved_sets_up_nothing(clock, engine, run):
    clock.move_to(MONDAY)
    booking = book(product(), starts_in=timedelta(minutes=20))
    environment = booking.environments.get()
    clock.move_to(MONDAY + timedelta(minutes=11))
    claimed = leases.claim(environment.pk)
    move(booking, days=2)

    setting_up.prepare(claimed)

    environment.refresh_from_db()
    assert environment.state == EnvironmentState.PENDING
    assert not environment.credentials.exists()


def test_what_is_being_set_up_is_not_moved(running):
    with pytest.raises(TransitionNotAllowed):
        move(running, days=1)


@pytest.mark.parametrize("moment", ["halt", "ensure", "ensure:after", "probe"])
def test_a_restart_keeps_the_data_whoever_dies(running, engine, run, clock, moment):
    environment = running.environments.get()
    secrets = engine.secrets[environment.backend_key]
    engine.fault(moment, Killed())

    services.restart_environment(booking_id=running.pk, actor=running.booked_by)
    with pytest.raises(TransitionNotAllowed):
        services.restart_environment(booking_id=running.pk, actor=running.booked_by)
    run(running)
    clock.move_to(portal_clock.now() + timedelta(seconds=31))
    environment = run(running)

    assert environment.state == EnvironmentState.READY
    assert (environment.generation, environment.restart_at) == (1, None)
    assert engine.secrets[environment.backend_key] == secrets
    assert 1 <= engine.count("halt") <= 2
    assert OutgoingMail.objects.filter(kind="sandbox.booking_ready").count() == 1


def test_a_reset_is_the_next_generation_in_the_same_place(running, engine, run):
    first = running.environments.get()
    secrets = engine.secrets[first.backend_key]

    services.reset_environment(booking_id=running.pk, actor=running.booked_by)
    with pytest.raises(TransitionNotAllowed):
        services.reset_environment(booking_id=running.pk, actor=running.booked_by)
    run(running)
    second = run(running)

    assert (second.generation, second.state) == (2, EnvironmentState.READY)
    assert second.slot == first.slot
    assert engine.secrets[second.backend_key] != secrets
    assert list(engine.objects) == [second.backend_key]
    assert running.state == BookingState.ACTIVE
    mail = OutgoingMail.objects.filter(kind="sandbox.booking_ready").latest("pk")
    assert "zurückgesetzt" in mail.body


def test_ending_while_it_is_reset_is_told_once(running, run):
    """Not as cancelled before its time: there was something, and it is removed."""
    services.reset_environment(booking_id=running.pk, actor=running.booked_by)
    provisioning.work(running.environments.get().pk)
    assert running.environments.get(generation=2).state == EnvironmentState.PENDING

    services.end_booking(booking_id=running.pk, actor=running.booked_by)
    run(running)

    ends = OutgoingMail.objects.filter(
        kind__in=["sandbox.booking_cancelled", "sandbox.booking_ended"]
    )
    assert [mail.kind for mail in ends] == ["sandbox.booking_ended"]


def test_resets_do_not_count_as_failures(running, engine, run):
    for _reset in range(3):
        services.reset_environment(booking_id=running.pk, actor=running.booked_by)
        run(running)
        run(running)
    assert running.environments.count() == 4

    engine.lose(run(running).backend_key)
    running.environments.filter(generation=4).update(state=EnvironmentState.DEGRADED)
    running.environments.filter(generation=4).update(next_action_at=portal_clock.now())
    run(running)
    run(running)

    assert run(running).state == EnvironmentState.READY
    assert running.state == BookingState.ACTIVE


def test_another_organisation_cannot_lengthen_past_its_quota(clock, run, engine):
    clock.move_to(MONDAY)
    membership = MembershipFactory()
    blueprint = product(slots=5)
    booking = book(blueprint, membership, days=2)
    for _twice in range(2):
        book(blueprint, membership, starts_in=timedelta(days=4), days=2)

    with pytest.raises(capacity.CannotBook):
        extend(booking, days=3)
