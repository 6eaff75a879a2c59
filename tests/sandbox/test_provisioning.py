"""From a booking to an environment and back, with an engine that fails to order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError

from osk_portal.embedded.processes import wait_until
from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit import encryption
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import leases, provisioning, services, tasks
from sandbox.backends.base import (
    BackendUnavailable,
    EnvRef,
    Observed,
    ObservedState,
    Permanent,
    Retryable,
)
from sandbox.enums import BookingState, Desired, EnvironmentEventKind, EnvironmentState
from sandbox.models import Booking, Environment
from tests.conftest import Bells, Clock
from tests.factories import MembershipFactory, staff
from tests.sandbox.fake_backend import FakeBackend, Killed
from tests.sandbox.world import book, product

pytestmark = pytest.mark.django_db

Run = Callable[[Booking], Environment]
WORK = "sandbox.tasks.work"


def kinds(booking: Booking) -> list[str]:
    return list(
        booking.environments.order_by("events__at", "events__pk").values_list(
            "events__kind", flat=True
        )
    )


def later(clock: Clock, **delta: float) -> None:
    clock.move_to(portal_clock.now() + timedelta(**delta))


def mails() -> list[str]:
    return list(OutgoingMail.objects.order_by("pk").values_list("kind", flat=True))


def test_from_booking_to_ready_in_one_go(engine: FakeBackend, run: Run, bells: Bells) -> None:
    booking = book()

    environment = run(booking)

    assert environment.state == EnvironmentState.READY
    assert environment.endpoint == engine.objects[environment.backend_key].endpoint
    assert environment.lease_token is None
    assert booking.state == BookingState.ACTIVE
    assert kinds(booking) == ["booked", "secrets_made", "started", "ready"]
    assert mails() == ["sandbox.booking_ready"]


def test_booking_rings_for_itself(engine: FakeBackend, bells: Bells, commits: Callable) -> None:
    with commits():
        booking = book()

    assert bells.of(WORK) == [{"environment_id": booking.environments.get().pk}]


def test_work_that_comes_twice_changes_nothing(engine: FakeBackend, run: Run) -> None:
    booking = book()
    run(booking)
    calls = list(engine.calls)

    run(booking)
    tasks.work(environment_id=booking.environments.get().pk)

    assert engine.calls == calls
    assert mails() == ["sandbox.booking_ready"]


def test_work_for_a_row_that_is_gone_is_nothing(engine: FakeBackend) -> None:
    tasks.work(environment_id=4711)


def test_the_engine_gets_the_passwords_that_people_see(engine: FakeBackend, run: Run) -> None:
    booking = book()
    environment = run(booking)
    credential = environment.credentials.get()

    plain = services.reveal_credential(credential_id=credential.pk, actor=booking.booked_by)

    assert engine.secrets[environment.backend_key] == {"test": plain}
    assert plain not in credential.secret


def test_a_later_booking_waits_for_its_lead(
    engine: FakeBackend, run: Run, clock: Clock, bells: Bells
) -> None:
    clock.move_to(portal_clock.now())
    booking = book(starts_in=timedelta(hours=2))

    assert run(booking).state == EnvironmentState.PENDING
    assert provisioning.tick() == []

    later(clock, hours=1, minutes=51)
    assert provisioning.tick() == [booking.environments.get().pk]
    assert run(booking).state == EnvironmentState.READY


@pytest.mark.parametrize(
    "moment", ["ensure", "ensure:after", "probe", "observe"], ids=lambda m: m.replace(":", "-")
)
def test_a_worker_that_dies_leaves_one_environment(
    engine: FakeBackend, run: Run, clock: Clock, moment: str
) -> None:
    """Twice at the same moment; each time the lease runs out and another worker goes on."""
    clock.move_to(portal_clock.now())
    booking = book()
    engine.fault(moment, Killed(), Killed())

    for _death in range(2):
        assert run(booking).lease_token is not None
        assert provisioning.tick() == [], "nobody takes it while the lease is good"
        later(clock, seconds=31)
        assert len(provisioning.tick()) == 1
    environment = run(booking)

    assert environment.state == EnvironmentState.READY
    assert list(engine.objects) == [environment.backend_key]
    assert booking.environments.count() == 1
    assert mails() == ["sandbox.booking_ready"]


@pytest.mark.parametrize("moment", ["destroy", "destroy:after", "observe"])
def test_a_worker_that_dies_while_removing_leaves_nothing(
    engine: FakeBackend, run: Run, clock: Clock, moment: str
) -> None:
    clock.move_to(portal_clock.now())
    booking = book()
    run(booking)
    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)
    engine.fault(moment, Killed())

    run(booking)
    later(clock, seconds=31)
    environment = run(booking)

    assert environment.state == EnvironmentState.GONE
    assert engine.objects == {}
    assert mails() == ["sandbox.booking_ready", "sandbox.booking_ended"]


def test_a_worker_that_lost_its_lease_writes_nothing(engine: FakeBackend, run: Run) -> None:
    """Slow, not dead: when it comes back, another one has taken over (fencing)."""
    booking = book()
    pk = booking.environments.get().pk

    def other_worker_takes_over() -> None:
        Environment.objects.filter(pk=pk).update(
            lease_token="11111111-1111-4111-8111-111111111111",
            lease_until=portal_clock.now() + timedelta(seconds=30),
        )

    engine.fault("ensure:after", other_worker_takes_over)
    environment = run(booking)

    assert environment.state == EnvironmentState.PROVISIONING
    assert str(environment.lease_token).startswith("1111")


def test_ending_while_it_is_set_up_removes_what_came_late(engine: FakeBackend, run: Run) -> None:
    booking = book()
    engine.fault(
        "ensure:after",
        lambda: services.end_booking(booking_id=booking.pk, actor=booking.booked_by) and None,
    )

    environment = run(booking)

    assert environment.state == EnvironmentState.GONE
    assert engine.objects == {}
    assert booking.state == BookingState.CANCELLED
    assert mails() == ["sandbox.booking_ended"]


def test_ending_while_it_is_checked_never_hands_over(engine: FakeBackend, run: Run) -> None:
    booking = book()
    engine.fault(
        "probe",
        lambda: services.end_booking(booking_id=booking.pk, actor=booking.booked_by) and None,
    )

    assert run(booking).state == EnvironmentState.GONE
    assert "ready" not in kinds(booking)


def test_the_end_of_the_window_ends_it(engine: FakeBackend, run: Run, clock: Clock) -> None:
    clock.move_to(portal_clock.now())
    booking = book(days=1)
    run(booking)

    later(clock, days=1, seconds=1)
    provisioning.tick()
    environment = run(booking)

    assert environment.state == EnvironmentState.GONE
    assert booking.state == BookingState.ENDED
    assert booking.allocations.get().released_at is not None
    provisioning.tick()
    assert mails() == ["sandbox.booking_ready", "sandbox.booking_ended"]


def test_the_tick_rings_for_what_is_due(
    engine: FakeBackend, bells: Bells, commits: Callable
) -> None:
    booking = book()
    bells.rings.clear()

    with commits():
        tasks.tick()

    assert bells.of(WORK) == [{"environment_id": booking.environments.get().pk}]


def test_what_can_no_longer_be_booked_is_refused(engine: FakeBackend) -> None:
    blueprint = product(is_bookable=False)

    with pytest.raises(TransitionNotAllowed):
        book(blueprint)


def test_removals_come_before_set_ups(engine: FakeBackend, run: Run, clock: Clock) -> None:
    clock.move_to(portal_clock.now())
    starting = book()
    ending = book()
    run(ending)
    services.end_booking(booking_id=ending.pk, actor=ending.booked_by)

    assert provisioning.tick() == [ending.environments.get().pk, starting.environments.get().pk]


def test_gone_leaves_a_proof_and_no_password(engine: FakeBackend, run: Run) -> None:
    booking = book()
    environment = run(booking)
    plain = engine.secrets[environment.backend_key]["test"]
    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)

    environment = run(booking)

    proofs = environment.proofs.all()
    assert {p.kind for p in proofs} == {"folder", "process", "credential"}
    assert all(p.verified_at for p in proofs)
    credential = environment.credentials.get()
    assert credential.secret == ""
    assert credential.wiped_at
    assert plain not in str(list(environment.events.values()))


def test_what_the_engine_cannot_tell_is_not_gone(
    engine: FakeBackend, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking = book()
    environment = run(booking)
    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)
    unknown = engine.objects[environment.backend_key]
    monkeypatch.setattr(
        engine,
        "observe",
        lambda ref: type(unknown)(unknown.name, ObservedState.UNKNOWN),
    )

    environment = run(booking)

    assert environment.state == EnvironmentState.TEARING_DOWN
    assert booking.allocations.get().released_at is None
    assert not environment.proofs.filter(verified_at__isnull=False).exists()


def test_a_fault_that_passes_is_tried_again_later(
    engine: FakeBackend, run: Run, clock: Clock
) -> None:
    clock.move_to(portal_clock.now())
    booking = book()
    engine.fault("ensure", Retryable("busy"), Retryable("busy"))

    environment = run(booking)
    assert environment.state == EnvironmentState.PROVISIONING
    assert environment.next_action_at > portal_clock.now()
    assert run(booking).attempts == environment.attempts, "not before its time"
    later(clock, seconds=10)
    run(booking)
    later(clock, seconds=20)

    assert run(booking).state == EnvironmentState.READY
    assert kinds(booking).count("retrying") == 1


def test_an_engine_that_names_no_address_is_told_and_given_up(
    engine: FakeBackend,
    run: Run,
    clock: Clock,
    expect_errors: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It says that all runs and answers: nobody could open it."""
    clock.move_to(portal_clock.now())
    known = engine.ensure

    def nowhere(ref: EnvRef, *args: object, **named: object) -> Observed:
        engine.objects[ref.name] = replace(known(ref, *args, **named), endpoint="")
        return engine.objects[ref.name]

    monkeypatch.setattr(engine, "ensure", nowhere)
    booking = book()

    assert run(booking).error_for_operator == "the engine names no address"
    for _minute in range(20):
        later(clock, minutes=1)
        run(booking)

    assert booking.state == BookingState.FAILED
    assert mails() == ["sandbox.booking_failed"]


def test_an_engine_that_is_away_is_waited_for(engine: FakeBackend, run: Run, clock: Clock) -> None:
    clock.move_to(portal_clock.now())
    booking = book()
    engine.fault("ensure", BackendUnavailable("no socket", after=60))

    environment = run(booking)

    assert environment.next_action_at >= portal_clock.now() + timedelta(seconds=60)
    assert "retrying" not in kinds(booking)


def test_what_can_never_work_ends_at_once(
    engine: FakeBackend, run: Run, expect_errors: None
) -> None:
    booking = book()
    engine.log_lines = ["warming up"]
    engine.fault("ensure", Permanent("", "program missing"))

    environment = run(booking)

    assert booking.state == BookingState.FAILED
    assert environment.state == EnvironmentState.GONE
    assert environment.error_for_operator == "program missing\nwarming up"
    assert booking.allocations.get().released_at is not None
    assert mails() == ["sandbox.booking_failed"]
    assert Notification.objects.get().user == booking.booked_by


def test_the_log_that_is_kept_holds_no_password(
    engine: FakeBackend, run: Run, expect_errors: None
) -> None:
    booking = book()

    def product_prints_its_password() -> None:
        [secrets] = engine.secrets.values()
        engine.log_lines = [f"login with {secrets['test']}"]
        raise Permanent("", "crashed")

    engine.fault("ensure:after", product_prints_its_password)

    environment = run(booking)

    assert environment.error_for_operator == "crashed\nlogin with •••"


def test_a_generation_that_never_answers_is_replaced_and_in_the_end_given_up(
    engine: FakeBackend, run: Run, clock: Clock, expect_errors: None
) -> None:
    clock.move_to(portal_clock.now())
    booking = book()

    for generation in (1, 2, 3):
        environment = booking.environments.get(generation=generation)
        engine.unhealthy.add(environment.backend_key)
        run(booking)
        later(clock, seconds=61)
        run(booking)

    assert booking.state == BookingState.FAILED
    assert engine.objects == {}
    assert [e.state for e in booking.environments.all()] == ["gone"] * 3
    assert mails() == ["sandbox.booking_failed"]
    assert kinds(booking).count("replaced") == 2


def test_a_replacement_has_new_passwords(engine: FakeBackend, run: Run, clock: Clock) -> None:
    clock.move_to(portal_clock.now())
    booking = book()
    first = booking.environments.get()
    engine.unhealthy.add(first.backend_key)
    run(booking)
    before = engine.secrets[first.backend_key]
    later(clock, seconds=61)
    run(booking)

    second = run(booking)

    assert second.state == EnvironmentState.READY
    assert second.generation == 2
    assert engine.secrets[second.backend_key] != before
    assert list(engine.objects) == [second.backend_key]
    assert "was Sie eingegeben haben" not in OutgoingMail.objects.get().body, "nobody had it yet"


def test_provisioning_that_takes_too_long_is_given_up(
    engine: FakeBackend, run: Run, clock: Clock
) -> None:
    clock.move_to(portal_clock.now())
    booking = book()
    engine.fault("ensure", Retryable("busy", after=700), Retryable("still busy"))
    run(booking)

    later(clock, seconds=701)
    run(booking)

    assert booking.environments.get(generation=1).state == EnvironmentState.GONE
    assert booking.environments.count() == 2


def test_a_program_that_ends_during_the_start_is_started_again(
    engine: FakeBackend, run: Run, clock: Clock
) -> None:
    clock.move_to(portal_clock.now())
    booking = book()
    name = booking.environments.get().backend_key
    engine.fault("probe", lambda: engine.kill(name))

    assert run(booking).state == EnvironmentState.STARTING
    later(clock, seconds=6)

    assert run(booking).state == EnvironmentState.READY
    assert engine.count("ensure") == 2


def test_a_removal_that_does_not_end_is_reported_and_never_dropped(
    engine: FakeBackend,
    run: Run,
    clock: Clock,
    expect_errors: None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock.move_to(portal_clock.now())
    booking = book()
    run(booking)
    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)
    engine.fault("destroy", *[Retryable("busy")] * 3, Permanent("", "foreign"))

    for _attempt in range(4):
        run(booking)
        later(clock, minutes=16)

    assert "the removal does not end" in caplog.text
    assert run(booking).state == EnvironmentState.GONE


def test_a_place_that_is_not_empty_yet_is_waited_for(
    engine: FakeBackend, run: Run, clock: Clock
) -> None:
    """The rows promise an empty place; only the engine's "absent" makes it one."""
    clock.move_to(portal_clock.now())
    blueprint = product()
    first = book(blueprint, days=1)
    run(first)
    second = book(blueprint, starts_in=timedelta(days=1, hours=1))
    engine.fault("destroy", *[Retryable("busy", after=7200)] * 1)
    later(clock, days=1, minutes=55)
    provisioning.tick()
    run(first)

    waiting = run(second)
    assert waiting.state == EnvironmentState.PENDING
    assert EnvironmentEventKind.WAITING_FOR_SLOT in kinds(second)

    later(clock, hours=3)
    assert run(first).state == EnvironmentState.GONE
    assert run(second).state == EnvironmentState.READY
    assert kinds(second).count("waiting_for_slot") == 1


def test_a_cancelled_later_booking_never_starts(engine: FakeBackend, run: Run) -> None:
    booking = book(starts_in=timedelta(days=1))

    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)
    environment = run(booking)

    assert environment.state == EnvironmentState.GONE
    assert engine.count("ensure") == 0
    assert booking.allocations.get().released_at is not None


def test_a_lost_encryption_key_does_not_hold_the_worker(
    engine: FakeBackend, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking = book()

    def key_lost(token: str) -> str:
        raise encryption.CannotDecrypt

    with monkeypatch.context() as patch:
        patch.setattr(encryption, "decrypt", key_lost)
        provisioning.work(booking.environments.get().pk)

    assert booking.environments.get(generation=1).state == EnvironmentState.GONE
    assert run(booking).state == EnvironmentState.READY


def test_a_broken_specification_fails_in_words(
    engine: FakeBackend, run: Run, expect_errors: None
) -> None:
    booking = book()
    booking.blueprint_version.spec = {"schema": 7}
    booking.blueprint_version.save()

    run(booking)

    assert booking.state == BookingState.FAILED


def test_an_operator_retries_a_failed_booking(
    engine: FakeBackend, run: Run, expect_errors: None
) -> None:
    booking = book()
    engine.fault("ensure", Permanent("", "program missing"))
    run(booking)

    services.retry_booking(booking_id=booking.pk, actor=staff("operator"))
    environment = run(booking)

    assert environment.state == EnvironmentState.READY
    assert environment.generation == 2
    assert booking.state == BookingState.ACTIVE
    assert booking.allocations.held().count() == 1


def test_a_failed_booking_is_not_tried_again_past_the_quota(
    engine: FakeBackend, run: Run, settings, expect_errors: None
) -> None:
    """What has failed does not count, so something else was booked in its place meanwhile."""
    settings.OSK_SANDBOX_QUOTA = 1
    blueprint, membership, operator = product(slots=2), MembershipFactory(), staff("operator")
    failed = book(blueprint, membership)
    engine.fault("ensure", Permanent("", "program missing"))
    run(failed)
    other = book(blueprint, membership)

    with pytest.raises(TransitionNotAllowed, match="Kontingent"):
        services.retry_booking(booking_id=failed.pk, actor=operator)
    failed.refresh_from_db()
    assert failed.state == BookingState.FAILED
    services.end_booking(booking_id=other.pk, actor=membership.user)
    assert services.retry_booking(booking_id=failed.pk, actor=operator).generation == 2


def test_an_operator_forgets_what_cannot_be_removed(
    engine: FakeBackend, run: Run, clock: Clock
) -> None:
    clock.move_to(portal_clock.now())
    booking = book()
    run(booking)
    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)
    engine.fault("destroy", *[BackendUnavailable("engine sold")] * 3)
    environment = run(booking)
    operator = staff("operator")

    services.forget_environment(
        environment_id=environment.pk, actor=operator, reason="Maschine verschrottet"
    )

    environment.refresh_from_db()
    assert environment.state == EnvironmentState.ABANDONED
    event = environment.events.get(kind="abandoned")
    assert event.actor == operator
    assert "Maschine" not in str(event.data)
    assert not environment.proofs.exclude(kind="credential").filter(verified_at__isnull=False)
    assert booking.allocations.get().released_at is not None
    later(clock, hours=1)
    assert run(booking).state == EnvironmentState.ABANDONED


def test_desired_absent_wins_in_every_state(engine: FakeBackend, run: Run) -> None:
    from tests.sandbox.factories import EnvironmentFactory

    for state in ("pending", "provisioning", "starting", "ready", "degraded", "failed"):
        environment = EnvironmentFactory(
            state=state,
            desired=Desired.ABSENT,
            endpoint="http://127.0.0.1:1/",
            ready_at=portal_clock.now(),
            booking__state=BookingState.CANCELLED,
            booking__ended_at=portal_clock.now(),
        )

        provisioning.work(environment.pk)

        environment.refresh_from_db()
        assert environment.state == EnvironmentState.GONE, state


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_keeps_a_slow_step_its_lease(
    engine: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a connection of its own, as in a worker; it ends with the step."""
    monkeypatch.setattr(leases, "HEARTBEAT_SECONDS", 0.02)
    pk = book().environments.get().pk
    seen: list[object] = []

    def lease() -> object:
        return Environment.objects.values_list("lease_until", flat=True).get(pk=pk)

    def slow() -> None:
        seen.append(lease())
        assert wait_until(lambda: lease() != seen[0], 5)

    engine.fault("ensure", slow)
    provisioning.work(pk)

    assert seen
    assert not [t for t in threading.enumerate() if t.name == "sandbox-heartbeat"]


@pytest.mark.django_db(transaction=True)
def test_a_heartbeat_without_database_is_no_end(
    engine: FakeBackend, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(leases, "HEARTBEAT_SECONDS", 0.02)
    claimed = leases.claim(book().environments.get().pk)
    assert claimed is not None

    def down(*args: object, **kwargs: object) -> None:
        raise OperationalError("server is gone")

    with monkeypatch.context() as patch:
        patch.setattr(type(Environment.objects.all()), "update", down)
        with claimed.heartbeat():
            assert wait_until(lambda: "heartbeat missed" in caplog.text, 5)


def test_ending_what_keeps_failing_does_not_wait_for_the_next_attempt(
    engine: FakeBackend, run: Run, clock: Clock
) -> None:
    clock.move_to(portal_clock.now())
    booking = book()
    engine.fault("ensure", *[Retryable("busy")] * 3)
    for _ in range(3):
        run(booking)
        later(clock, minutes=2)

    def end_and_fail() -> None:
        services.end_booking(booking_id=booking.pk, actor=booking.booked_by)
        raise BackendUnavailable("busy", after=60)

    engine.fault("ensure", end_and_fail)

    assert run(booking).state == EnvironmentState.GONE


def test_what_comes_after_the_removal_was_proved_is_removed(
    engine: FakeBackend, run: Run, clock: Clock
) -> None:
    """A worker that stood still past its lease wakes up and sets up what has long been ended."""
    clock.move_to(portal_clock.now())
    booking = book()

    def stand_still() -> None:
        services.end_booking(booking_id=booking.pk, actor=booking.booked_by)
        later(clock, minutes=1)
        provisioning.work(booking.environments.get().pk)
        assert booking.environments.get().state == EnvironmentState.GONE

    engine.fault("ensure", stand_still)

    run(booking)

    assert engine.objects == {}


def test_forgetting_a_failed_generation_fails_the_booking_and_tells_its_person(
    engine: FakeBackend, run: Run, clock: Clock, expect_errors: None
) -> None:
    """Otherwise it would be "being provided" until its end, and no operator could try again."""
    clock.move_to(portal_clock.now())
    booking = book()
    engine.unhealthy.add(booking.environments.get().backend_key)
    run(booking)
    later(clock, minutes=5)
    engine.fault("destroy", *[Retryable("stuck")] * 3)
    environment = run(booking)
    assert environment.state == EnvironmentState.TEARING_DOWN

    services.forget_environment(
        environment_id=environment.pk, actor=staff("operator"), reason="Maschine verschrottet"
    )

    booking.refresh_from_db()
    assert booking.state == BookingState.FAILED
    assert mails() == ["sandbox.booking_failed"]
    services.retry_booking(booking_id=booking.pk, actor=staff("operator"))
    assert run(booking).state == EnvironmentState.READY


@pytest.mark.parametrize("fault", [BackendUnavailable("no socket"), None], ids=["away", "unknown"])
def test_what_waits_for_its_set_up_is_cancelled_although_its_engine_is_away(
    engine: FakeBackend, run: Run, monkeypatch: pytest.MonkeyPatch, fault: Exception | None
) -> None:
    """It has asked the engine for nothing: its place is free at once, and nobody reads of a slow removal."""
    blueprint = product()
    booking = book(blueprint, starts_in=timedelta(days=3))
    if fault is None:
        unknown = Observed("", ObservedState.UNKNOWN)
        monkeypatch.setattr(engine, "observe", lambda ref: unknown)
    engine.fault("observe", *[BackendUnavailable("no socket")] * 3)
    engine.fault("destroy", *[BackendUnavailable("no socket")] * 3)

    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)

    assert run(booking).state == EnvironmentState.GONE
    assert not booking.allocations.held().exists()
    assert kinds(booking) == ["booked", "removing", "gone"]
    book(blueprint, starts_in=timedelta(days=3))


def test_what_is_set_up_or_may_be_waits_for_its_engine(engine: FakeBackend, run: Run) -> None:
    booking = book()
    run(booking)
    engine.fault("destroy", BackendUnavailable("no socket"))

    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)

    assert run(booking).state == EnvironmentState.TEARING_DOWN
    assert booking.allocations.held().exists()


def test_one_mail_that_cannot_be_written_holds_up_nobody(
    engine: FakeBackend, bells: Bells, commits: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking = book()
    environment = booking.environments.get()
    bells.rings.clear()

    def broken() -> None:
        raise RuntimeError("template")

    monkeypatch.setattr(services, "tell_late", broken)
    reminded: list[None] = []
    monkeypatch.setattr(services, "send_reminders", lambda: reminded.append(None))
    with commits(), pytest.raises(RuntimeError):
        provisioning.tick()

    assert bells.of(WORK) == [{"environment_id": environment.pk}]
    assert reminded, "what comes after it is done as well"


def test_one_booking_that_cannot_be_ended_holds_up_no_other(
    engine: FakeBackend, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.move_to(portal_clock.now())
    bookings = [book() for _number in range(3)]
    first = Booking.objects.all()[0]  # the newest is looked at first
    known = provisioning.notifications.booking_failed

    def broken(environment: Environment, **named: bool) -> None:
        if environment.booking_id == first.pk:
            raise RuntimeError("template")
        known(environment, **named)

    monkeypatch.setattr(provisioning.notifications, "booking_failed", broken)
    later(clock, days=8)
    with pytest.raises(RuntimeError):
        provisioning.tick()

    states = dict(Booking.objects.values_list("pk", "state"))
    assert states.pop(first.pk) == BookingState.APPROVED
    assert set(states.values()) == {BookingState.FAILED}
    assert len(states) == len(bookings) - 1


@pytest.mark.parametrize(
    ("error", "goes_on"),
    [
        (RuntimeError("template"), True),
        (OperationalError("no database"), False),
        (SoftTimeLimitExceeded(), False),
        (SystemExit(), False),
    ],
    ids=["ours", "database", "time", "end"],
)
def test_the_tick_goes_on_only_where_the_next_thing_can_be_done(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, goes_on: bool
) -> None:
    """Without a database, without time or at the end of the process each one would only break as well."""
    reminded: list[None] = []

    def broken() -> None:
        raise error

    monkeypatch.setattr(services, "tell_late", broken)
    monkeypatch.setattr(services, "send_reminders", lambda: reminded.append(None))

    with pytest.raises(type(error)):
        provisioning.tick()

    assert bool(reminded) == goes_on
