"""Many at once, and any mixture of what people do: never an overlap, never a lost place."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from network.models import Membership
from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import capacity, provisioning, services
from sandbox.capacity import CannotBook
from sandbox.enums import BookingAction, BookingState, WaitState
from sandbox.models import Allocation, Booking, Environment, WaitlistEntry
from tests.factories import MembershipFactory, staff
from tests.sandbox.test_capacity import at_once
from tests.sandbox.world import book, product

MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
RUNS, ROUNDS = 3, 3
"""Enough to find each of these when planted: a place that is not given back when a hold, an offer or an
environment ends, an environment that does not follow its booking, an offer that keeps its longer time."""


@pytest.mark.django_db(transaction=True)
def test_two_hundred_for_three_places() -> None:
    """Forty people at a time, five times each, as the connections of one PostgreSQL allow.

    Two hundred browsers at the same moment: tests/faults/test_storm.py.
    """
    assert not connection.in_atomic_block
    blueprint = product(slots=3)
    memberships = [MembershipFactory() for _ in range(40)]

    def five(number: int) -> list[object]:
        found: list[object] = []
        for _time in range(5):
            try:
                found.append(book(blueprint, memberships[number]))
            except CannotBook as error:
                found.append(error)
        return found

    outcomes = [one for many in at_once(40, five) for one in many]  # type: ignore[attr-defined] # lists

    assert len(outcomes) == 200, "no other error, no deadlock"
    assert sum(isinstance(outcome, Booking) for outcome in outcomes) == 3
    assert Allocation.objects.held().count() == Booking.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_changes_and_bookings_at_once_leave_no_overlap_and_no_error() -> None:
    """Extend, move, approve, withdraw, book and maintain on the same two places."""
    blueprint = product(slots=2, longest_days=30)
    operator, advisor = staff("operator"), staff("advisor")
    early = [book(blueprint, starts_in=timedelta(days=1), days=2) for _ in range(2)]
    late = [book(blueprint, starts_in=timedelta(days=6), days=2) for _ in range(2)]
    blueprint.needs_approval = True
    blueprint.save()
    asked = book(blueprint, starts_in=timedelta(days=20), days=1)
    blueprint.needs_approval = False
    blueprint.save()
    members = [MembershipFactory() for _ in range(6)]
    start = portal_clock.now()
    works: list[Callable[[], object]] = [
        *(
            lambda b=b, days=days: services.extend_booking(
                booking_id=b.pk, actor=b.booked_by, end=b.ends_at + timedelta(days=days)
            )
            for b in early
            for days in (1, 4)
        ),
        *(
            lambda b=b, days=days: services.move_booking(
                booking_id=b.pk,
                actor=b.booked_by,
                start=b.starts_at - timedelta(days=days),
                end=b.ends_at - timedelta(days=days),
            )
            for b in late
            for days in (1, 3)
        ),
        *(lambda m=m: book(blueprint, m, starts_in=timedelta(days=4), days=1) for m in members),
        lambda: services.approve_booking(booking_id=asked.pk, actor=advisor),
        lambda: services.end_booking(booking_id=asked.pk, actor=asked.booked_by),
        lambda: services.add_blackout(
            actor=operator,
            pool=blueprint.pool,
            slots=list(blueprint.pool.slots.all()),
            start=start + timedelta(days=3, hours=12),
            end=start + timedelta(days=4),
            reason="Wartung",
        ),
    ]

    def work(number: int) -> object:
        try:
            return works[number]()
        except (CannotBook, TransitionNotAllowed, services.PlacesTaken) as error:
            return error

    assert len(at_once(len(works), work)) == len(works), "no other error, no deadlock"
    _check_places()


def _check_places() -> None:
    """No overlap; what is held is needed; what needs a place has exactly one, where its environment is."""
    held = list(
        Allocation.objects.held()
        .order_by("slot", "occupies")
        .select_related("booking", "blackout", "slot__pool")
    )
    for one, two in pairwise(held):
        assert one.slot_id != two.slot_id or one.occupies.upper <= two.occupies.lower
    existing = {e.booking_id: e for e in Environment.objects.existing()}
    standing = {b.pk: b for b in Booking.objects.holding()}
    of_bookings = [a for a in held if a.booking_id is not None]
    assert sorted(a.booking_id for a in of_bookings) == sorted(standing.keys() | existing.keys())
    assert sorted(existing) == sorted(
        {pk for pk, booking in standing.items() if booking.is_holding}
        | {pk for pk in existing if pk not in standing}
    )
    for allocation in of_bookings:
        environment = existing.get(allocation.booking_id)
        if environment is not None:
            assert environment.slot_id == allocation.slot_id
            assert environment.expires_at == allocation.booking.ends_at
        if allocation.booking_id in standing:
            removal = timedelta(minutes=allocation.slot.pool.buffer_minutes)
            assert allocation.occupies.upper == allocation.booking.ends_at + removal
            assert allocation.occupies.lower <= allocation.booking.starts_at


CHANCE = st.randoms(use_true_random=True)  # of a seed that hypothesis draws: the same each time


class Places(RuleBasedStateMachine):
    """Two places that are scarce from the first moment on: two in use, one waits, one asks.

    A rule is a round, in which everything that is possible is done once, in an order of chance: single
    rules would need thousands of steps until each has found something to do.
    """

    @initialize(chance=CHANCE)
    def begin(self, chance: random.Random) -> None:
        self.chance = capacity._chance = chance
        self.done: list[str] = []
        portal_clock.move_to(MONDAY)
        self.plain = product(slots=2, longest_days=10)
        self.asked = product(slots=0, needs_approval=True, longest_days=10, pool=self.plain.pool)
        self.members = [MembershipFactory() for _ in range(3)]
        self.advisor = staff("advisor")
        for who, day, days in ((0, 0, 1), (1, 0, 2), (1, 10, 1), (2, 12, 1), (1, 14, 1)):
            book(self.plain, self.members[who], starts_in=timedelta(days=day), days=days)
        self._wait(self.members[2], 1)
        book(self.asked, self.members[0], starts_in=timedelta(days=4), days=1)

    @rule(chance=CHANCE)
    def round(self, chance: random.Random) -> None:
        self.chance = capacity._chance = chance
        steps = [
            self.book, self.extend, self.move, self.approve, self.reject, self.cancel, self.end,
            self.wait, self.accept, self.a_hold_runs_out, self.a_window_ends,
        ]  # fmt: skip
        self.chance.shuffle(steps)
        for step in steps:
            self.done.append(step.__name__)
            # Refusals are answers; anything else is a fault.
            with suppress(CannotBook, TransitionNotAllowed):
                step()
            try:
                self.check()
            except AssertionError as error:
                error.add_note(f"after {self.done}")
                raise

    def _one(self, action: BookingAction, *states: BookingState) -> Booking:
        """One of the bookings that the action concerns."""
        rows = [
            row
            for row in Booking.objects.select_related("booked_by").order_by("pk")
            if row.can(action) and (not states or row.state in states)
        ]
        if not rows:
            raise TransitionNotAllowed(action, "nothing")
        return self.chance.choice(rows)

    def book(self) -> None:
        blueprint = self.chance.choice([self.plain, self.asked])
        start = timedelta(days=self.chance.randint(3, 8))
        book(blueprint, self.chance.choice(self.members), starts_in=start, days=2)

    def extend(self) -> None:
        booking = self._one(BookingAction.EXTEND)
        end = booking.ends_at + timedelta(days=self.chance.randint(1, 3))
        services.extend_booking(booking_id=booking.pk, actor=booking.booked_by, end=end)

    def move(self) -> None:
        """To the time of another one on the same place: the other place may be free then."""
        booking = self._one(BookingAction.MOVE, BookingState.APPROVED)
        place = Allocation.objects.held().filter(booking=booking).values("slot")
        others = Booking.objects.filter(
            allocations__in=Allocation.objects.held().filter(slot__in=place),
            state=BookingState.APPROVED,
            window__startswith__gt=portal_clock.now(),
        ).exclude(pk=booking.pk)
        there = self.chance.choice([*others.order_by("pk")] or [booking])
        start = there.starts_at + timedelta(hours=self.chance.choice([0, 0, 30]))
        end = start + timedelta(days=1)
        services.move_booking(booking_id=booking.pk, actor=booking.booked_by, start=start, end=end)

    def approve(self) -> None:
        booking = self._one(BookingAction.APPROVE)
        services.approve_booking(booking_id=booking.pk, actor=self.advisor)

    def reject(self) -> None:
        booking = self._one(BookingAction.REJECT)
        services.reject_booking(booking_id=booking.pk, actor=self.advisor, reason="Nein.")

    def cancel(self) -> None:
        """What has no environment yet."""
        self._end(self._one(BookingAction.CANCEL, BookingState.DRAFT, BookingState.REQUESTED))

    def end(self) -> None:
        self._end(self._one(BookingAction.CANCEL))

    def _end(self, booking: Booking) -> None:
        services.end_booking(booking_id=booking.pk, actor=booking.booked_by)
        self.work()

    def wait(self) -> None:
        self._wait(self.chance.choice(self.members), self.chance.randint(1, 4))
        self.work()

    def _wait(self, member: Membership, days: int) -> None:
        services.join_waitlist(
            user=member.user,
            organisation=member.organisation,
            blueprint=self.plain,
            days=days,
            purpose="Wir warten.",
        )

    def accept(self) -> None:
        booking = self._one(BookingAction.ACCEPT)
        services.accept_offer(booking_id=booking.pk, actor=booking.booked_by)

    def a_hold_runs_out(self) -> None:
        booking = self._one(BookingAction.EXPIRE)
        assert booking.hold_expires_at is not None
        self._go_on_to(booking.hold_expires_at)

    def a_window_ends(self) -> None:
        self._go_on_to(min(b.ends_at for b in Booking.objects.promised()))

    def _go_on_to(self, moment: datetime) -> None:
        portal_clock.move_to(max(portal_clock.now(), moment))
        self.work()

    def work(self) -> None:
        """As the worker does it; the last look offers what the removals have freed."""
        for environment_id in provisioning.tick():
            provisioning.work(environment_id)
        services.offer_places()

    @invariant()
    def check(self) -> None:
        _check_places()
        offered = WaitlistEntry.objects.filter(state=WaitState.OFFERED)
        drafts = Booking.objects.filter(state=BookingState.DRAFT)
        assert {entry.booking_id for entry in offered} == {booking.pk for booking in drafts}
        owning = [environment.slot_id for environment in Environment.objects.owning()]
        assert len(owning) == len(set(owning))


@pytest.mark.django_db
def test_whatever_people_do(engine, clock, monkeypatch) -> None:
    """Each run in a savepoint of its own, so that hypothesis begins anew."""

    class Rolled(Places):
        def __init__(self) -> None:
            super().__init__()
            self._atomic = transaction.atomic()
            self._atomic.__enter__()

        def teardown(self) -> None:
            transaction.set_rollback(True)
            self._atomic.__exit__(None, None, None)
            portal_clock.move_to(None)

    monkeypatch.setattr(capacity, "_chance", capacity._chance)
    monkeypatch.setattr(django_settings, "OSK_SANDBOX_QUOTA", 9)
    run_state_machine_as_test(
        Rolled,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=ROUNDS,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
