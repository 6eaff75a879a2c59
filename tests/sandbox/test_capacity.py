"""Places are never given twice, and who loses is told when the next one is free."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections

from osk_portal.toolkit import clock as portal_clock
from sandbox import capacity, services
from sandbox.capacity import NoFreeSlot
from sandbox.models import Allocation, Booking
from sandbox.quotas import QuotaExceeded
from sandbox.timetable import Timetable, occupied
from tests.conftest import Clock
from tests.factories import MembershipFactory
from tests.sandbox.factories import AllocationFactory
from tests.sandbox.world import book, product

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.django_db
class TestOneAfterTheOther:
    def test_the_last_place_is_given_once(self) -> None:
        blueprint = product(slots=2)
        book(blueprint)
        book(blueprint)

        with pytest.raises(NoFreeSlot):
            book(blueprint)

        assert Booking.objects.count() == 2, "who loses leaves nothing behind"

    def test_the_loser_hears_when_the_next_place_is_free(self, clock: Clock) -> None:
        clock.move_to(NOON)
        blueprint = product()
        book(blueprint, days=2)

        with pytest.raises(NoFreeSlot) as refused:
            book(blueprint)

        # The end, half an hour for the removal, ten minutes for the next set-up.
        free = NOON + timedelta(days=2, minutes=40)
        assert refused.value.next_free == free
        assert book(blueprint, starts_in=free - NOON).starts_at == free

    def test_a_gap_between_two_bookings_is_found(self, clock: Clock) -> None:
        clock.move_to(NOON)
        blueprint = product()
        book(blueprint, days=1)
        book(blueprint, starts_in=timedelta(days=5), days=1)

        gap = capacity.next_free(blueprint.pool, NOON, NOON + timedelta(days=3))
        behind = capacity.next_free(blueprint.pool, NOON, NOON + timedelta(days=4))

        assert gap == NOON + timedelta(days=1, minutes=40)
        assert behind == NOON + timedelta(days=6, minutes=40)

    def test_without_places_there_is_no_next_one(self) -> None:
        with pytest.raises(NoFreeSlot) as refused:
            book(product(slots=0))

        assert refused.value.next_free is None

    def test_a_place_out_of_use_is_not_given(self) -> None:
        blueprint = product()
        blueprint.pool.slots.update(is_enabled=False)

        with pytest.raises(NoFreeSlot):
            book(blueprint)

    def test_a_booking_that_ended_early_frees_its_place_only_when_all_is_gone(self) -> None:
        blueprint = product()
        booking = book(blueprint)
        services.end_booking(booking_id=booking.pk, actor=booking.booked_by)

        with pytest.raises(NoFreeSlot):
            book(blueprint)

        services.release_slot(booking)
        assert book(blueprint)

    def test_a_place_that_should_be_empty_but_is_not_comes_last(self) -> None:
        blueprint = product(slots=2)
        late, empty = blueprint.pool.slots.order_by("pk")
        past = portal_clock.now() - timedelta(days=2)
        AllocationFactory(
            slot=late, occupies=type(book(product()).window)(past, past + timedelta(days=1))
        )

        for _chance in range(5):
            now = portal_clock.now()
            wanted = occupied(blueprint.pool, now, now + timedelta(days=1))
            assert capacity._candidates(blueprint.pool, wanted)[0] == empty

    def test_lead_and_removal_are_taken_with_the_window(self, clock: Clock) -> None:
        clock.move_to(NOON)
        booking = book(starts_in=timedelta(days=1), days=1)

        occupies = booking.allocations.get().occupies

        assert occupies.lower == NOON + timedelta(days=1, minutes=-10)
        assert occupies.upper == NOON + timedelta(days=2, minutes=30)

    def test_an_organisation_has_two_at_the_same_time(self) -> None:
        blueprint = product(slots=5)
        membership = MembershipFactory()
        book(blueprint, membership)
        book(blueprint, MembershipFactory(organisation=membership.organisation))

        with pytest.raises(QuotaExceeded, match="2"):
            book(blueprint, membership)

        assert book(blueprint), "another organisation has its own"
        assert book(blueprint, membership, starts_in=timedelta(days=8)), "later is another time"

    def test_an_ended_booking_no_longer_counts(self) -> None:
        blueprint = product(slots=5)
        membership = MembershipFactory()
        first = book(blueprint, membership)
        book(blueprint, membership)

        services.end_booking(booking_id=first.pk, actor=membership.user)

        assert book(blueprint, membership)

    def test_free_places_are_counted_for_the_page(self) -> None:
        blueprint = product(slots=3)
        book(blueprint)
        now = portal_clock.now()

        assert Timetable(blueprint.pool, now).free_places(now, now + timedelta(days=1)) == 2


def at_once(count: int, work: Callable[[int], object]) -> list[object]:
    """Run ``work`` in so many threads that begin together; what each returned or raised."""
    outcomes: list[object] = []
    barrier = threading.Barrier(count)

    def run(number: int) -> None:
        barrier.wait()
        try:
            outcomes.append(work(number))
        except (NoFreeSlot, QuotaExceeded) as error:
            outcomes.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.mark.django_db(transaction=True)
def test_storm() -> None:
    """Real connections at once: one booking for the one place, a clear message for all others."""
    slots, people = 1, 12
    assert not connection.in_atomic_block
    blueprint = product(slots=slots)
    memberships = [MembershipFactory() for _ in range(people)]

    outcomes = at_once(people, lambda number: book(blueprint, memberships[number]))

    assert len(outcomes) == people, "no other error, no deadlock"
    assert sum(isinstance(outcome, Booking) for outcome in outcomes) == slots
    refused = [outcome for outcome in outcomes if isinstance(outcome, NoFreeSlot)]
    assert len(refused) == people - slots
    assert all(error.next_free is not None for error in refused)
    assert Allocation.objects.held().count() == slots
    assert Booking.objects.count() == slots


@pytest.mark.django_db(transaction=True)
def test_storm_of_one_organisation_stays_within_its_quota() -> None:
    blueprint = product(slots=10)
    membership = MembershipFactory()

    outcomes = at_once(8, lambda _number: book(blueprint, membership))

    assert sum(isinstance(outcome, Booking) for outcome in outcomes) == 2
    assert sum(isinstance(outcome, QuotaExceeded) for outcome in outcomes) == 6
