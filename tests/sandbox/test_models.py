"""What the database and the models refuse, whoever asks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from psycopg.errors import CheckViolation, ExclusionViolation, UniqueViolation

from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox.enums import (
    BookingAction,
    BookingState,
    EnvironmentAction,
    EnvironmentState,
)
from sandbox.models import Booking, Environment
from tests.factories import UserFactory
from tests.sandbox.factories import (
    AllocationFactory,
    BlueprintVersionFactory,
    BookingFactory,
    EnvironmentFactory,
    SlotFactory,
)

pytestmark = pytest.mark.django_db


def test_a_slot_is_never_taken_twice_at_the_same_time() -> None:
    first = AllocationFactory()

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        AllocationFactory(slot=first.slot)

    assert isinstance(refused.value.__cause__, ExclusionViolation)


def test_moving_an_allocation_into_another_one_is_refused_too() -> None:
    first = AllocationFactory()
    later = DateTimeTZRange(first.occupies.upper, first.occupies.upper + timedelta(days=1))
    second = AllocationFactory(slot=first.slot, occupies=later)

    second.occupies = first.occupies
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        second.save()

    assert isinstance(refused.value.__cause__, ExclusionViolation)


def test_back_to_back_and_after_release_the_slot_is_free() -> None:
    first = AllocationFactory()
    end = first.occupies.upper

    AllocationFactory(slot=first.slot, occupies=DateTimeTZRange(end, end + timedelta(hours=1)))
    first.released_at = clock.now()
    first.save()
    AllocationFactory(slot=first.slot, occupies=first.occupies)

    assert first.slot.allocations.held().count() == 2


@pytest.mark.parametrize(
    ("lower", "upper", "bounds"),
    [(None, 1, "[)"), (0, None, "[)"), (0, 1, "[]"), (0, 1, "()"), (1, 1, "[)")],
)
def test_an_allocation_has_a_begin_and_an_end(
    lower: int | None, upper: int | None, bounds: str
) -> None:
    now = clock.now()
    moments = [n if n is None else now + timedelta(days=n) for n in (lower, upper)]

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        AllocationFactory(occupies=DateTimeTZRange(*moments, bounds))

    assert isinstance(refused.value.__cause__, CheckViolation)


def test_the_form_message_of_a_taken_slot_is_in_words() -> None:
    first = AllocationFactory()
    second = AllocationFactory.build(
        slot=first.slot, booking=BookingFactory(), occupies=first.occupies
    )

    with pytest.raises(ValidationError, match=r"place is taken|Platz ist"):
        second.full_clean()


def test_a_booking_has_one_existing_environment() -> None:
    first = EnvironmentFactory()

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        EnvironmentFactory(booking=first.booking, generation=2)

    assert isinstance(refused.value.__cause__, UniqueViolation)


def window(days: int = 3) -> DateTimeTZRange:
    return DateTimeTZRange(clock.now(), clock.now() + timedelta(days=days))


BOOKING_MOVES = {
    BookingAction.ACCEPT: lambda b: b.accept(actor=UserFactory(), hold_expires_at=None),
    BookingAction.APPROVE: lambda b: b.approve(actor=UserFactory()),
    BookingAction.REJECT: lambda b: b.reject(actor=UserFactory(), reason="Kein Platz."),
    BookingAction.EXPIRE: lambda b: b.expire(),
    BookingAction.MOVE: lambda b: b.move(window(), actor=UserFactory()),
    BookingAction.EXTEND: lambda b: b.extend(window(9), actor=UserFactory()),
    BookingAction.ACTIVATE: lambda b: b.activate(),
    BookingAction.CANCEL: lambda b: b.cancel(actor=UserFactory()),
    BookingAction.FINISH: lambda b: b.finish(),
    BookingAction.FAIL: lambda b: b.fail(),
    BookingAction.RETRY: lambda b: b.retry(actor=UserFactory()),
    BookingAction.RESUME: lambda b: b.resume(actor=UserFactory()),
}
STAYS = {BookingAction.MOVE, BookingAction.EXTEND}
"""Change the window, not the state."""


@pytest.mark.parametrize("action", BookingAction)
def test_booking_moves_only_as_its_table_says(action: BookingAction) -> None:
    """Every state; each new one must keep the database's constraints."""
    for state in BookingState:
        booking = BookingFactory(state=state)

        if state in Booking.ALLOWED[action]:
            event = BOOKING_MOVES[action](booking)
            assert (event.from_state, event.to_state) == (state, booking.state)
            assert (booking.state == state) == (action in STAYS), state
            assert event.words
        else:
            with pytest.raises(TransitionNotAllowed):
                BOOKING_MOVES[action](booking)
            booking.refresh_from_db()
            assert booking.state == state
            assert not booking.events.exists()


def test_what_people_must_learn_of_raises_the_sequence() -> None:
    booking = BookingFactory()

    booking.move(window(), actor=UserFactory())
    booking.extend(window(9), actor=UserFactory())
    booking.cancel(actor=UserFactory())

    booking.refresh_from_db()
    assert booking.sequence == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "requested", "hold_expires_at": None},
        {"state": "draft", "hold_expires_at": None},
        {"state": "approved", "hold_expires_at": clock.now()},
        {"state": "rejected", "decision_reason": ""},
        {"state": "expired", "ended_at": None},
    ],
    ids=lambda wrong: wrong["state"],
)
def test_the_database_refuses_half_a_decision(wrong: dict[str, object]) -> None:
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        BookingFactory(**wrong)

    assert isinstance(refused.value.__cause__, CheckViolation)


def test_an_allocation_is_for_a_booking_or_for_maintenance() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        AllocationFactory(
            booking=None, occupies=DateTimeTZRange(clock.now(), clock.now() + timedelta(hours=1))
        )


ENVIRONMENT_MOVES = {
    EnvironmentAction.PROVISION: lambda e: e.provision(),
    EnvironmentAction.START: lambda e: e.start(endpoint="http://127.0.0.1:1/"),
    EnvironmentAction.HAND_OVER: lambda e: e.hand_over(endpoint="http://127.0.0.1:1/"),
    EnvironmentAction.DISTURB: lambda e: e.disturb(),
    EnvironmentAction.RESTART: lambda e: e.restart(actor=UserFactory()),
    EnvironmentAction.FAIL: lambda e: e.fail(for_user="x", for_operator="y"),
    EnvironmentAction.TEAR_DOWN: lambda e: e.tear_down(),
    EnvironmentAction.VANISH: lambda e: e.vanish(),
    EnvironmentAction.ABANDON: lambda e: e.abandon(actor=UserFactory(), reason="x"),
    EnvironmentAction.QUARANTINE: lambda e: e.quarantine(actor=UserFactory(), until=clock.now()),
    EnvironmentAction.RELEASE: lambda e: e.release(actor=UserFactory()),
}


@pytest.mark.parametrize("action", EnvironmentAction)
def test_environment_moves_only_as_its_table_says(action: EnvironmentAction) -> None:
    for state in EnvironmentState:
        environment = EnvironmentFactory(
            state=state,
            attempts=3,
            endpoint="http://127.0.0.1:1/",
            ready_at=clock.now(),
            gone_at=clock.now() if state == "gone" else None,
            quarantined_until=clock.now() if state == "quarantined" else None,
        )

        if state in Environment.ALLOWED[action]:
            event = ENVIRONMENT_MOVES[action](environment)
            assert (event.from_state, event.to_state) == (state, environment.state)
            assert environment.attempts == 0
            assert event.words
        else:
            with pytest.raises(TransitionNotAllowed):
                ENVIRONMENT_MOVES[action](environment)
            assert not environment.events.exists()


def test_what_may_own_something_can_always_be_torn_down() -> None:
    """Complaints 2 and 5 of sandbox.md: no state from which a removal cannot start."""
    assert Environment.ALLOWED[EnvironmentAction.TEAR_DOWN] == frozenset(EnvironmentState) - {
        EnvironmentState.TEARING_DOWN,
        EnvironmentState.GONE,
        EnvironmentState.ABANDONED,
    }


def test_half_a_lease_is_refused() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        EnvironmentFactory(lease_until=clock.now())


def test_a_specification_that_no_engine_could_follow_is_refused() -> None:
    version = BlueprintVersionFactory.build(
        blueprint=BlueprintVersionFactory().blueprint, number=2, spec={"schema": 1}
    )

    with pytest.raises(ValidationError) as refused:
        version.full_clean()

    assert "spec" in refused.value.message_dict


def test_slots_that_are_out_of_use_do_not_count() -> None:
    SlotFactory(is_enabled=False)
    slot = SlotFactory()

    assert list(type(slot).objects.enabled()) == [slot]
