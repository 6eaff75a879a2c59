"""Many at once, and any mixture of what people do: never an overlap, never a lost place."""

from __future__ import annotations

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

from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import provisioning, services
from sandbox.capacity import CannotBook, NoFreeSlot
from sandbox.enums import BookingAction, BookingState, EnvironmentState, WaitState
from sandbox.models import Allocation, Booking, Environment, WaitlistEntry
from sandbox.querysets import HOLDING
from tests.factories import MembershipFactory, staff
from tests.sandbox.test_capacity import at_once
from tests.sandbox.world import book, product

MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_two_hundred_for_three_places() -> None:
    """Forty people at a time, five times each, as the connections of one PostgreSQL allow."""
    assert not connection.in_atomic_block
    blueprint = product(slots=3)
    memberships = [MembershipFactory() for _ in range(40)]

    def five(number: int) -> list[object]:
        found: list[object] = []
        for _time in range(5):
            try:
                found.append(book(blueprint, memberships[number]))
            except NoFreeSlot as error:
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
    """The promises: no overlap, one place for each booking that stands, none held for one that does not."""
    rows = Allocation.objects.held().order_by("slot", "occupies")
    for one, two in pairwise(rows):
        assert one.slot_id != two.slot_id or one.occupies.upper <= two.occupies.lower
    for booking in Booking.objects.prefetch_related("environments", "allocations"):
        environment = next((e for e in booking.environments.all() if not e.is_final), None)
        allocation = next((a for a in booking.allocations.all() if a.released_at is None), None)
        stands = booking.state in HOLDING
        assert (allocation is not None) == (stands or environment is not None), booking.state
        if not stands or allocation is None:
            continue
        assert (environment is None) == booking.is_undecided
        assert allocation.occupies.lower <= booking.starts_at
        assert booking.ends_at < allocation.occupies.upper
        if environment is not None:
            assert environment.slot_id == allocation.slot_id
            assert environment.expires_at == booking.ends_at


class Places(RuleBasedStateMachine):
    """Two places, three organisations, a product without and one with approval."""

    @initialize()
    def begin(self) -> None:
        portal_clock.move_to(MONDAY)
        self.plain = product(slots=2, longest_days=10)
        self.asked = product(slots=0, needs_approval=True, longest_days=10, pool=self.plain.pool)
        self.members = [MembershipFactory() for _ in range(3)]
        self.advisor = staff("advisor")
        for who, day in ((0, 0), (1, 1), (2, 4)):
            self.book(who, day, 2, ask=False)
        self.book(1, 2, 2, ask=True)

    def _try(self, work: Callable[[], object]) -> None:
        """Refusals are answers; anything else is a fault."""
        with suppress(CannotBook, TransitionNotAllowed):
            work()

    def _one(self, number: int, action: BookingAction) -> Booking | None:
        """One of the bookings that the action concerns, else of all: a refusal is worth a look, too."""
        rows = list(Booking.objects.order_by("pk"))
        rows = [row for row in rows if row.can(action)] or rows
        return rows[number % len(rows)] if rows else None

    @rule(who=st.integers(0, 2), day=st.integers(0, 5), days=st.integers(1, 3), ask=st.booleans())
    def book(self, who: int, day: int, days: int, ask: bool) -> None:
        blueprint = self.asked if ask else self.plain
        start = timedelta(days=day + 3 if ask else day)
        self._try(lambda: book(blueprint, self.members[who], starts_in=start, days=days))

    @rule(number=st.integers(0, 9), days=st.integers(1, 3))
    def extend(self, number: int, days: int) -> None:
        booking = self._one(number, BookingAction.EXTEND)
        if booking is not None:
            end = booking.ends_at + timedelta(days=days)
            self._try(
                lambda: services.extend_booking(
                    booking_id=booking.pk, actor=booking.booked_by, end=end
                )
            )

    @rule(number=st.integers(0, 9), days=st.integers(-3, 3))
    def move(self, number: int, days: int) -> None:
        booking = self._one(number, BookingAction.MOVE)
        if booking is not None:
            shift = timedelta(days=days)
            self._try(
                lambda: services.move_booking(
                    booking_id=booking.pk,
                    actor=booking.booked_by,
                    start=booking.starts_at + shift,
                    end=booking.ends_at + shift,
                )
            )

    @rule(number=st.integers(0, 9), yes=st.booleans())
    def decide(self, number: int, yes: bool) -> None:
        booking = self._one(number, BookingAction.APPROVE)
        if booking is None:
            return
        if yes:
            self._try(lambda: services.approve_booking(booking_id=booking.pk, actor=self.advisor))
        else:
            self._try(
                lambda: services.reject_booking(
                    booking_id=booking.pk, actor=self.advisor, reason="Nein."
                )
            )

    @rule(number=st.integers(0, 9))
    def end(self, number: int) -> None:
        booking = self._one(number, BookingAction.CANCEL)
        if booking is not None:
            self._try(lambda: services.end_booking(booking_id=booking.pk, actor=booking.booked_by))

    @rule(who=st.integers(0, 2), days=st.integers(1, 4))
    def wait(self, who: int, days: int) -> None:
        member = self.members[who]
        services.join_waitlist(
            user=member.user,
            organisation=member.organisation,
            blueprint=self.plain,
            days=days,
            purpose="Wir warten.",
        )

    @rule(number=st.integers(0, 9))
    def accept(self, number: int) -> None:
        booking = self._one(number, BookingAction.ACCEPT)
        if booking is not None:
            self._try(lambda: services.accept_offer(booking_id=booking.pk, actor=booking.booked_by))

    @rule(hours=st.sampled_from([100, 49, 25]))
    def days_go_by(self, hours: int) -> None:
        self.time_goes_on(hours)

    @rule(hours=st.sampled_from([25, 49, 2]))
    def time_goes_on(self, hours: int) -> None:
        portal_clock.move_to(portal_clock.now() + timedelta(hours=hours))
        for environment_id in provisioning.tick():
            provisioning.work(environment_id)
        services.offer_places()

    @invariant()
    def every_promise_holds(self) -> None:
        _check_places()
        offered = WaitlistEntry.objects.filter(state=WaitState.OFFERED)
        drafts = Booking.objects.filter(state=BookingState.DRAFT)
        assert set(offered.values_list("booking", flat=True)) == set(
            drafts.values_list("pk", flat=True)
        )
        owning = Environment.objects.filter(state=EnvironmentState.READY)
        assert owning.count() == owning.values("slot").distinct().count()


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

    monkeypatch.setattr(django_settings, "OSK_SANDBOX_QUOTA", 9)
    run_state_machine_as_test(
        Rolled,
        settings=settings(
            max_examples=5,
            stateful_step_count=15,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
