"""An environment that people have is kept, one that does not come is told; engines that fail to order."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from sandbox import (
    backends,
    capacity,
    operations,
    provisioning,
    quotas,
    reconciling,
    restoring,
    services,
)
from sandbox.admin.capacity import SlotForm
from sandbox.backends import machine
from sandbox.backends.base import (
    BackendError,
    BackendUnavailable,
    EnvRef,
    Health,
    Item,
    Observed,
    ObservedState,
    Permanent,
    Retryable,
)
from sandbox.enums import BookingState, EnvironmentState
from sandbox.leases import ref_of
from sandbox.models import Booking, EngineHealth, Environment, Pool, Slot
from sandbox.timetable import Timetable
from tests.conftest import Clock
from tests.factories import staff
from tests.sandbox.factories import SlotFactory
from tests.sandbox.fake_backend import FakeBackend
from tests.sandbox.world import book, product

pytestmark = pytest.mark.django_db

Run = Callable[[Booking], Environment]
AWAY = BackendUnavailable("away", after=30)


@pytest.fixture(autouse=True)
def _standing_still(clock: Clock) -> None:
    clock.move_to(portal_clock.now())


@pytest.fixture
def later(clock: Clock) -> Callable[..., None]:
    def move(**delta: float) -> None:
        clock.move_to(portal_clock.now() + timedelta(**delta))

    return move


def signed_in(client: Client, person: User) -> Client:
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def kinds(booking: Booking) -> list[str]:
    events = booking.environments.order_by("events__at", "events__pk")
    return list(events.values_list("events__kind", flat=True))


def mails(to: object) -> list[str]:
    found = OutgoingMail.objects.filter(user=to).order_by("pk")
    return [kind.removeprefix("sandbox.") for kind in found.values_list("kind", flat=True)]


def newest_mail(to: object) -> OutgoingMail:
    return OutgoingMail.objects.filter(user=to).order_by("-pk")[0]


# What somebody has worked in


def test_a_restart_survives_an_engine_that_is_away(
    engine: FakeBackend, run: Run, later: Callable[..., None]
) -> None:
    """The button says that the data stay."""
    operator = staff("operator")
    booking = book()
    name = run(booking).backend_key
    services.restart_environment(booking_id=booking.pk, actor=booking.booked_by)
    engine.fault("halt", *[AWAY] * 3)

    for _minutes in range(3):
        run(booking)
        later(minutes=11)
    environment = booking.environments.get()

    assert environment.state == EnvironmentState.DEGRADED
    assert (name in engine.objects, engine.count("destroy")) == (True, 0)
    assert mails(booking.booked_by) == ["booking_ready", "booking_disturbed"]
    assert mails(operator) == ["operator_alert"]

    environment = run(booking)
    assert (environment.state, environment.restart_at) == (EnvironmentState.READY, None)
    assert engine.count("halt") == 4, "the restart that was asked for came in the end"
    assert mails(booking.booked_by)[2:] == ["booking_repaired"]


def test_one_that_does_not_answer_is_kept_and_told_once(
    engine: FakeBackend, run: Run, later: Callable[..., None]
) -> None:
    operator = staff("operator")
    booking = book()
    environment = run(booking)
    engine.unhealthy.add(environment.backend_key)

    reconciling.reconcile()
    assert run(booking).state == EnvironmentState.DEGRADED
    assert mails(operator) == [], "nobody is told of a short disturbance"
    for _hour in range(3):
        later(hours=1)
        run(booking)

    assert run(booking).state == EnvironmentState.DEGRADED
    assert booking.environments.count() == 1
    assert mails(booking.booked_by) == ["booking_ready", "booking_disturbed"]
    assert mails(operator) == ["operator_alert"]
    assert environment.backend_key in newest_mail(operator).body
    engine.unhealthy.clear()
    later(hours=1)
    assert run(booking).state == EnvironmentState.READY
    assert mails(booking.booked_by)[2:] == ["booking_repaired"]


def test_each_disturbance_that_is_told_is_told_to_the_operators_too(
    engine: FakeBackend, run: Run, later: Callable[..., None]
) -> None:
    """And one that comes and goes each minute is told to nobody."""
    operator = staff("operator")
    booking = book()
    name = run(booking).backend_key

    def disturbed(minutes: int) -> None:
        engine.unhealthy.add(name)
        reconciling.reconcile()
        run(booking)
        later(minutes=minutes)
        run(booking)
        engine.unhealthy.clear()
        later(minutes=6)
        assert run(booking).state == EnvironmentState.READY

    for _time in range(5):
        disturbed(minutes=2)
    assert mails(operator) == []
    for _time in range(2):
        disturbed(minutes=11)

    assert mails(booking.booked_by)[1:] == ["booking_disturbed", "booking_repaired"] * 2
    assert mails(operator) == ["operator_alert"] * 2


def test_who_was_told_is_told_that_a_restart_has_helped(
    engine: FakeBackend, run: Run, later: Callable[..., None]
) -> None:
    booking = book()
    environment = run(booking)
    engine.unhealthy.add(environment.backend_key)
    reconciling.reconcile()
    run(booking)
    later(minutes=11)
    run(booking)
    services.restart_environment(booking_id=booking.pk, actor=booking.booked_by)
    engine.unhealthy.clear()

    assert run(booking).state == EnvironmentState.READY
    assert mails(booking.booked_by)[1:] == ["booking_disturbed", "booking_repaired"]
    services.restart_environment(booking_id=booking.pk, actor=booking.booked_by)
    run(booking)
    assert len(mails(booking.booked_by)) == 3, "nobody was told of anything since"


@pytest.mark.parametrize(
    "error", [Retryable("busy"), Permanent("", "image is gone")], ids=["retryable", "permanent"]
)
def test_what_cannot_be_started_again_is_not_given_up(
    engine: FakeBackend, run: Run, later: Callable[..., None], error: BackendError
) -> None:
    booking = book()
    name = run(booking).backend_key
    engine.kill(name)
    engine.fault("ensure", *[error] * 2)
    reconciling.reconcile()

    run(booking)
    later(minutes=11)
    run(booking)
    assert (booking.environments.get().state, name in engine.objects) == ("degraded", True)
    assert "booking_disturbed" in mails(booking.booked_by)
    later(minutes=11)

    assert run(booking).state == EnvironmentState.READY


def test_nothing_is_made_in_the_place_of_what_the_engine_cannot_tell(
    engine: FakeBackend, run: Run
) -> None:
    booking = book()
    name = run(booking).backend_key
    services.restart_environment(booking_id=booking.pk, actor=booking.booked_by)
    engine.objects[name] = replace(engine.objects[name], state=ObservedState.UNKNOWN)

    assert run(booking).state == EnvironmentState.STARTING
    assert (engine.count("ensure"), engine.count("halt")) == (1, 0)


def test_a_restart_of_what_has_disappeared_tells_that_the_data_are_gone(
    engine: FakeBackend, run: Run
) -> None:
    """An empty one under the same name would look as if the data had stayed."""
    booking = book()
    engine.lose(run(booking).backend_key)
    services.restart_environment(booking_id=booking.pk, actor=booking.booked_by)

    run(booking)

    assert run(booking).generation == 2
    assert mails(booking.booked_by) == ["booking_ready"] * 2
    assert "ist verloren" in newest_mail(booking.booked_by).body


def test_a_slow_start_has_the_time_of_its_product(
    engine: FakeBackend, run: Run, later: Callable[..., None]
) -> None:
    booking = book()
    booking.blueprint_version.spec |= {"ready_timeout": 900}
    booking.blueprint_version.save()
    engine.unhealthy.add(booking.environments.get().backend_key)
    run(booking)
    later(minutes=12)
    engine.fault("probe", Retryable("busy"))
    run(booking)
    engine.unhealthy.clear()
    later(minutes=2)

    environment = run(booking)

    assert (environment.generation, environment.state) == (1, EnvironmentState.READY)


# What does not come


def test_a_booking_whose_engine_was_away_all_the_time_has_failed(
    engine: FakeBackend, run: Run, later: Callable[..., None], expect_errors: None
) -> None:
    operator = staff("operator")
    booking = book(days=1)
    engine.fault("check", *[AWAY] * 1000)

    run(booking)
    for _hour in range(25):
        later(hours=1)
        provisioning.tick()
        run(booking)

    assert booking.state == BookingState.FAILED
    assert (engine.objects, engine.count("ensure")) == ({}, 0), "nothing was begun"
    assert kinds(booking).count("waiting_for_engine") == 1
    assert mails(booking.booked_by) == ["booking_late", "booking_failed"]
    assert mails(operator) == ["operator_alert"] * 2
    quarter = quotas.quarter_of(booking.starts_at.date())
    assert quotas.used_days(booking.organisation, [quarter])[quarter] == 0
    late, failed = OutgoingMail.objects.filter(user=booking.booked_by).order_by("pk")
    assert "antwortet" in late.body
    assert "zählen nicht" in failed.body
    later(hours=1)
    provisioning.tick()
    run(booking)
    assert booking.allocations.get().released_at is not None
    assert mails(booking.booked_by)[2:] == []


def test_a_place_that_is_never_cleared_is_told_and_fails_the_next_booking(
    engine: FakeBackend, run: Run, later: Callable[..., None], expect_errors: None
) -> None:
    operator = staff("operator")
    blueprint = product()
    first = book(blueprint, days=1)
    run(first)
    second = book(blueprint, starts_in=timedelta(days=1, hours=1), days=1)
    engine.fault("destroy", *[Retryable("busy", after=3600)] * 400)

    for _hour in range(50):
        later(hours=1)
        provisioning.tick()
        run(first)
        run(second)

    assert second.state == BookingState.FAILED
    assert first.state == BookingState.ENDED
    assert mails(second.booked_by) == ["booking_confirmed", "booking_late", "booking_failed"]
    assert "noch nicht entfernt" in (
        OutgoingMail.objects.get(user=second.booked_by, kind="sandbox.booking_late").body
    )
    alerts = OutgoingMail.objects.filter(user=operator).order_by("pk")
    causes = [dedupe.split(":")[1] for dedupe in alerts.values_list("dedupe_key", flat=True)]
    assert causes == ["removal", "late", "failed", "removal"], "each once: the last of the second"


def test_who_is_late_and_comes_is_told_once_and_reminded_of_the_end(
    engine: FakeBackend, run: Run, later: Callable[..., None]
) -> None:
    booking = book(days=1)
    Pool.objects.update(lead_minutes=0)
    engine.fault("check", *[AWAY] * 2)
    run(booking)
    later(minutes=14)
    provisioning.tick()
    assert mails(booking.booked_by) == []
    later(minutes=2)
    provisioning.tick()
    provisioning.tick()
    assert mails(booking.booked_by) == ["booking_late"]
    run(booking)
    later(minutes=10)

    assert run(booking).state == EnvironmentState.READY
    provisioning.tick()
    assert mails(booking.booked_by) == ["booking_late", "booking_ready"]


def test_the_lead_of_a_place_is_no_delay(
    engine: FakeBackend, run: Run, later: Callable[..., None]
) -> None:
    blueprint = product()
    Pool.objects.update(lead_minutes=60)
    booking = book(blueprint)
    due = portal_clock.now() + timedelta(hours=1)
    engine.fault("check", *[AWAY] * 9)
    run(booking)
    later(minutes=74)
    provisioning.tick()
    assert mails(booking.booked_by) == []
    later(minutes=2)
    provisioning.tick()

    assert mails(booking.booked_by) == ["booking_late"]
    assert f"{due.astimezone(portal_clock.BERLIN):%H:%M}" in newest_mail(booking.booked_by).body


def test_what_an_operator_tries_again_has_its_time_and_is_told_anew(
    engine: FakeBackend, run: Run, later: Callable[..., None], expect_errors: None
) -> None:
    operator = staff("operator")
    booking = book()
    Pool.objects.update(lead_minutes=0)
    engine.fault("check", AWAY)
    run(booking)
    later(minutes=16)
    provisioning.tick()
    engine.fault("ensure", Permanent("", "image is gone"))
    run(booking)
    run(booking)
    assert mails(booking.booked_by) == ["booking_late", "booking_failed"]
    later(hours=1)

    services.retry_booking(booking_id=booking.pk, actor=operator)
    provisioning.tick()
    assert len(mails(booking.booked_by)) == 2, "seconds after the click nothing is late"
    later(minutes=16)
    for _twice in range(2):
        provisioning.tick()

    assert mails(booking.booked_by)[2:] == ["booking_late"]


def test_the_engine_is_the_reason_only_while_it_does_not_answer(
    engine: FakeBackend, run: Run, later: Callable[..., None]
) -> None:
    blueprint = product()
    first = book(blueprint, days=1)
    run(first)
    second = book(blueprint, starts_in=timedelta(days=1, hours=1))
    engine.fault("destroy", *[Retryable("busy", after=60)] * 100)
    later(days=1, minutes=55)
    provisioning.tick()
    run(first)
    run(second)
    engine.fault("check", AWAY)
    later(minutes=6)
    run(second)
    later(minutes=20)
    run(second)
    provisioning.tick()

    assert kinds(second)[-4:] == [
        "waiting_for_slot",
        "waiting_for_engine",
        "waiting_for_slot",
        "late",
    ]
    assert "noch nicht entfernt" in newest_mail(second.booked_by).body


def test_one_that_is_lost_and_does_not_come_again_is_told_too(
    engine: FakeBackend, run: Run, later: Callable[..., None]
) -> None:
    booking = book()
    environment = run(booking)
    engine.lose(environment.backend_key)
    reconciling.reconcile()
    engine.fault("check", *[AWAY] * 20)
    run(booking)
    later(minutes=16)
    run(booking)
    later(minutes=16)
    provisioning.tick()

    assert mails(booking.booked_by) == ["booking_ready", "booking_late"]
    assert "ist verloren" in newest_mail(booking.booked_by).body


def test_no_set_up_begins_where_the_engine_says_that_it_cannot(
    engine: FakeBackend, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "check", lambda: Health(False, "disk full"))
    booking = book()

    environment = run(booking)

    assert environment.state == EnvironmentState.PENDING
    assert environment.error_for_operator == "disk full"
    assert not environment.credentials.exists()
    assert kinds(booking) == ["booked", "waiting_for_engine"]


# Engines that are not there, or answer wrongly


def test_an_unknown_engine_is_waited_for_and_told(
    engine: FakeBackend, run: Run, later: Callable[..., None], expect_errors: None
) -> None:
    blueprint = product()
    Slot.objects.update(backend="podman")
    booking = book(blueprint, days=1)

    for _hour in range(26):
        run(booking)
        later(hours=1)
        provisioning.tick()

    assert booking.state == BookingState.FAILED
    assert mails(booking.booked_by) == ["booking_late", "booking_failed"]


def test_an_engine_that_is_unset_while_it_is_set_up_is_no_exception(
    engine: FakeBackend, run: Run, monkeypatch: pytest.MonkeyPatch, later: Callable[..., None]
) -> None:
    booking = book()
    engine.fault("ensure", AWAY)
    run(booking)
    with monkeypatch.context() as patch:
        patch.delitem(backends.BACKENDS, "fake")
        for _minutes in range(3):
            later(minutes=11)
            assert run(booking).state == EnvironmentState.PROVISIONING
    later(minutes=11)
    environment = run(booking)

    assert (environment.generation, environment.state) == (1, EnvironmentState.READY)


def test_a_place_names_an_engine_that_there_is() -> None:
    data = {"name": "Platz 1", "backend": "podman"}
    assert "backend" in SlotForm(data).errors
    assert "backend" not in SlotForm(data | {"backend": "container"}).errors


@pytest.mark.parametrize("where", ["check", "observe_all"])
@pytest.mark.parametrize(
    "answer", [Permanent("", "400"), KeyError("Labels")], ids=["no", "nonsense"]
)
def test_one_engine_that_answers_wrongly_keeps_no_other_from_being_compared(
    engine: FakeBackend, run: Run, monkeypatch: pytest.MonkeyPatch, expect_errors: None,
    where: str, answer: Exception,
) -> None:  # fmt: skip
    wrong = FakeBackend("a-first")
    monkeypatch.setitem(backends.BACKENDS, "a-first", lambda: wrong)
    SlotFactory(backend="a-first")
    booking = book()
    engine.kill(run(booking).backend_key)
    wrong.fault(where, answer)

    reconciling.reconcile()

    assert booking.environments.get().state == EnvironmentState.DEGRADED
    assert EngineHealth.objects.get(backend="a-first").is_ok is False


def test_reap_goes_on_after_an_engine_that_answers_wrongly(
    engine: FakeBackend, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for key in list(backends.BACKENDS):
        if key != "fake":
            monkeypatch.delitem(backends.BACKENDS, key)
    engine.fault("observe_all", Permanent("", "400"))

    call_command("sandbox_reap")

    assert "fake: 400" in capsys.readouterr().out


def test_reap_goes_on_after_an_engine_that_answers_nonsense(
    engine: FakeBackend,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is the safety net: what others have that has expired goes all the same."""
    wrong = FakeBackend("a-first")
    monkeypatch.setattr(backends, "BACKENDS", {"a-first": lambda: wrong, "fake": lambda: engine})
    gone, stuck = run(book()), run(book())
    for environment in (gone, stuck):
        engine.set_expiry(ref_of(environment), portal_clock.now())
    wrong.fault("observe_all", KeyError("Labels"))
    engine.fault("destroy", KeyError("Labels"))

    with pytest.raises(CommandError):
        call_command("sandbox_reap", "--expired")

    assert len(engine.objects) == 1
    assert "KeyError" in capsys.readouterr().err


def test_a_removal_begins_although_nothing_can_be_seen_of_it(
    engine: FakeBackend, run: Run, later: Callable[..., None], expect_errors: None
) -> None:
    operator = staff("operator")
    booking = book()
    run(booking)
    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)
    engine.fault("observe", Permanent("", "400"))
    engine.fault("destroy", *[Permanent("", "400")] * 3)

    environment = run(booking)
    assert environment.state == EnvironmentState.TEARING_DOWN
    assert environment.next_action_at > portal_clock.now() + timedelta(minutes=3)
    for _quarter in range(2):
        later(minutes=16)
        run(booking)
    assert mails(operator) == ["operator_alert"]
    later(minutes=16)

    assert run(booking).state == EnvironmentState.GONE


@pytest.mark.parametrize("address", ["http://" + "a" * 300, "http://a\0b"])
def test_what_the_database_does_not_take_of_an_engine_is_given_up_too(
    engine: FakeBackend, run: Run, later: Callable[..., None], expect_errors: None,
    monkeypatch: pytest.MonkeyPatch, address: str,
) -> None:  # fmt: skip
    known = engine.ensure

    def lying(ref: EnvRef, *args: object, **named: object) -> Observed:
        engine.objects[ref.name] = replace(known(ref, *args, **named), endpoint=address)
        return engine.objects[ref.name]

    monkeypatch.setattr(engine, "ensure", lying)
    booking = book()
    for _minute in range(60):
        run(booking)
        later(minutes=1)

    assert booking.state == BookingState.FAILED
    assert run(booking).state == EnvironmentState.GONE


def test_an_answer_that_no_engine_gives_has_its_time_limits_and_is_told(
    engine: FakeBackend, run: Run, later: Callable[..., None], expect_errors: None
) -> None:
    """A word is missing in what it says: neither the set-up nor the removal goes on for ever in silence."""
    operator = staff("operator")
    engine.fault("ensure", *[KeyError("Labels")] * 100)
    booking = book()
    for _minute in range(60):
        run(booking)
        later(minutes=1)
    assert booking.state == BookingState.FAILED
    assert mails(booking.booked_by)[-1] == "booking_failed"

    engine.faults.clear()
    other = book()
    run(other)
    OutgoingMail.objects.all().delete()
    services.end_booking(booking_id=other.pk, actor=other.booked_by)
    engine.fault("observe", KeyError("Labels"))
    engine.fault("destroy", *[KeyError("Labels")] * 100)
    for _minute in range(25):
        environment = run(other)
        later(minutes=1)

    assert environment.state == EnvironmentState.TEARING_DOWN
    assert environment.error_for_operator == "unexpected: KeyError"
    assert mails(operator) == ["operator_alert"]


@pytest.mark.parametrize(
    "answer",
    [BackendUnavailable("away"), Observed("", ObservedState.UNKNOWN)],
    ids=["no", "unknown"],
)
def test_what_could_not_be_seen_when_the_removal_began_stands_in_the_proof(
    engine: FakeBackend, run: Run, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    """Else the proof says that everything listed is gone, and lists nothing of the engine."""
    booking = book()
    before = {(item.kind, item.name) for item in engine.objects[run(booking).backend_key].items}
    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)
    known, asked = engine.observe, iter([answer])

    def observe(ref: EnvRef) -> Observed:
        first = next(asked, None)
        if isinstance(first, BackendUnavailable):
            raise first
        return first if isinstance(first, Observed) else known(ref)

    monkeypatch.setattr(engine, "observe", observe)
    environment = run(booking)

    assert environment.state == EnvironmentState.GONE
    proofs = environment.proofs.exclude(kind="credential")
    assert set(proofs.values_list("kind", "name")) == before
    assert not proofs.filter(verified_at=None).exists()


@pytest.mark.parametrize(
    "odd",
    [Item("folder", None), Item("folder", "/a\0b"), Item("k" * 30, "/a")],  # type: ignore[arg-type] # no engine says so
    ids=["none", "nul", "long"],
)
@pytest.mark.parametrize("is_seen_late", [False, True])
def test_what_cannot_be_written_down_holds_up_no_removal(
    engine: FakeBackend, run: Run, expect_errors: None, odd: Item, is_seen_late: bool
) -> None:
    """What stands beside it in the list is named all the same."""
    booking = book()
    name = run(booking).backend_key
    engine.objects[name] = replace(engine.objects[name], items=(odd, Item("volume", "v1")))
    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)
    if is_seen_late:
        engine.fault("observe", AWAY)

    environment = run(booking)

    assert environment.state == EnvironmentState.GONE
    assert engine.objects == {}
    assert environment.proofs.filter(kind="volume", name="v1", verified_at__isnull=False).exists()


def test_a_removal_that_breaks_before_it_begins_is_told_and_tried_again(
    engine: FakeBackend, run: Run, later: Callable[..., None], expect_errors: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    operator = staff("operator")
    booking = book()
    run(booking)
    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)
    with monkeypatch.context() as broken:
        broken.setattr(restoring, "compare", lambda *_what: 1 / 0)
        run(booking)
        later(minutes=16)
        environment = run(booking)

    assert environment.state == EnvironmentState.READY
    assert environment.next_action_at > portal_clock.now()
    assert mails(operator) == ["operator_alert"]
    later(minutes=6)
    assert run(booking).state == EnvironmentState.GONE


# What is told


def test_an_outage_of_an_engine_is_told_to_the_operators_once(
    engine: FakeBackend, later: Callable[..., None]
) -> None:
    product()
    operator = staff("operator")

    def away(minutes: int) -> None:
        engine.fault("check", *[AWAY] * minutes)
        for _minute in range(minutes):
            reconciling.reconcile()
            later(minutes=1)
        reconciling.reconcile()

    away(4)
    assert mails(operator) == []
    away(8)
    assert mails(operator) == ["operator_alert"]
    assert "fake" in newest_mail(operator).subject
    later(hours=1)
    away(8)
    assert mails(operator) == ["operator_alert"] * 2, "another outage"


def test_an_engine_that_answers_only_half_of_it_is_told_once(
    engine: FakeBackend, later: Callable[..., None]
) -> None:
    """It says that it is well, and cannot list what it has."""
    product()
    operator = staff("operator")
    engine.fault("observe_all", *[AWAY] * 30)
    for _minute in range(30):
        reconciling.reconcile()
        later(minutes=1)

    assert mails(operator) == ["operator_alert"]


def test_no_words_of_a_product_stand_in_a_mail_of_the_portal(
    engine: FakeBackend, run: Run, expect_errors: None
) -> None:
    operator = staff("operator")
    booking = book()
    engine.log_lines = ["Please sign in again: https://evil.example"]
    engine.fault("ensure", Permanent("", "exec HTTPS://evil.example/x: not found\u2028second line"))

    environment = run(booking)

    body = newest_mail(operator).body
    assert "exec … not found" in body
    assert "evil" not in body
    assert "second line" not in body
    assert "sign in again" in Environment.objects.get(pk=environment.pk).error_for_operator


def test_one_that_was_lost_and_never_came_again_is_told_as_lost(
    engine: FakeBackend, run: Run, later: Callable[..., None], expect_errors: None
) -> None:
    operator = staff("operator")
    booking = book()
    engine.lose(run(booking).backend_key)
    reconciling.reconcile()
    run(booking)
    for generation in (2, 3):
        environment = booking.environments.get(generation=generation)
        engine.unhealthy.add(environment.backend_key)
        run(booking)
        later(seconds=61)
        run(booking)

    assert booking.state == BookingState.FAILED
    assert mails(booking.booked_by) == ["booking_ready", "booking_failed"]
    assert "ist verloren" in newest_mail(booking.booked_by).body
    assert mails(operator) == ["operator_alert"]
    assert booking.organisation.name in newest_mail(operator).body


def test_a_reset_whose_first_try_fails_is_told_as_a_reset(
    engine: FakeBackend, run: Run, later: Callable[..., None]
) -> None:
    booking = book()
    run(booking)
    services.reset_environment(booking_id=booking.pk, actor=booking.booked_by)
    run(booking)
    engine.unhealthy.add(booking.environments.get(generation=2).backend_key)
    run(booking)
    later(seconds=61)
    run(booking)

    assert run(booking).generation == 3
    assert "zurückgesetzt" in newest_mail(booking.booked_by).body


# Places that are not cleared yet


def test_a_place_whose_removal_is_late_is_taken_for_now(
    engine: FakeBackend, run: Run, later: Callable[..., None], client: Client
) -> None:
    """Reserved until half an hour after the end; the removal takes longer."""
    blueprint = product()
    first = book(blueprint, days=1)
    run(first)
    engine.fault("destroy", *[Retryable("busy", after=60)] * 100)
    later(days=1, minutes=31)
    provisioning.tick()
    run(first)

    now = portal_clock.now()
    table = Timetable(blueprint.pool, now)
    assert table.free_places(now, now + timedelta(days=1)) == 0
    assert table.next_free(now, timedelta(days=1)) == now + timedelta(minutes=40)
    assert operations.capacity()[0][0].free == 0
    with pytest.raises(capacity.NoFreeSlot):
        book(blueprint)
    assert (
        "kein platz ist frei"
        in signed_in(client, first.booked_by).get(blueprint.get_absolute_url()).text.lower()
    )
    assert book(blueprint, starts_in=timedelta(days=2)).state == BookingState.APPROVED


def test_who_waits_for_a_place_takes_another_one_that_is_empty(
    engine: FakeBackend, run: Run, later: Callable[..., None]
) -> None:
    blueprint = product()
    first = book(blueprint, days=1)
    run(first)
    second = book(blueprint, starts_in=timedelta(days=1, hours=1))
    other = SlotFactory(pool=blueprint.pool)
    engine.fault("destroy", *[Retryable("busy", after=60)] * 100)
    later(days=1, minutes=55)
    provisioning.tick()
    run(first)

    environment = run(second)

    assert (environment.state, environment.slot) == (EnvironmentState.READY, other)
    assert second.allocations.held().get().slot == other
    assert kinds(second).count("waiting_for_slot") == 0
    assert first.allocations.get().released_at is None


def test_another_place_is_taken_only_where_nothing_is_in_it_or_promised(
    engine: FakeBackend, run: Run, later: Callable[..., None]
) -> None:
    blueprint = product()
    first = book(blueprint, days=1)
    run(first)
    second = book(blueprint, starts_in=timedelta(days=1, hours=1))
    SlotFactory(pool=blueprint.pool)
    SlotFactory(pool=blueprint.pool, is_enabled=False)
    SlotFactory(pool=blueprint.pool, is_for_trials=True)
    book(blueprint, starts_in=timedelta(days=2))
    engine.fault("destroy", *[Retryable("busy", after=60)] * 100)
    later(days=1, minutes=55)
    provisioning.tick()
    run(first)

    assert run(second).state == EnvironmentState.PENDING
    assert kinds(second).count("waiting_for_slot") == 1


def test_a_late_hand_over_says_so(
    engine: FakeBackend, run: Run, later: Callable[..., None], client: Client
) -> None:
    early, late = book(), book()
    run(early)
    engine.fault("check", AWAY)
    run(late)
    later(minutes=12)
    run(late)

    assert "nach dem gebuchten Beginn" in newest_mail(late.booked_by).body
    assert "12 Minuten" in newest_mail(late.booked_by).body
    assert "gebuchten Beginn" not in newest_mail(early.booked_by).body
    assert "12 Minuten nach" in signed_in(client, late.booked_by).get(late.get_absolute_url()).text
    assert (
        "Bereit seit" not in signed_in(client, early.booked_by).get(early.get_absolute_url()).text
    )


def test_a_machine_says_how_much_room_is_left(tmp_path: Path) -> None:
    assert re.fullmatch(
        r"[\d.]+,\d GB Festplatte frei, [\d.]+,\d GB Arbeitsspeicher frei",
        machine.health(tmp_path).detail,
    )
    missing = machine.health(tmp_path / "missing", version="Podman 5")
    assert re.fullmatch(r"Podman 5 · [\d.]+,\d GB Arbeitsspeicher frei", missing.detail)
    assert (missing.disk_mb, missing.memory_mb is None) == (None, False)
