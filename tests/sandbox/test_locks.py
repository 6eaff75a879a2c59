"""The order of locks (README): who meets whom, and that nobody loses by it. Real connections."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from psycopg.errors import DeadlockDetected

from network import leaving
from network import services as network_services
from network.enums import MembershipState
from network.models import Membership
from network.permissions import active_memberships
from osk_portal.accounts.models import User
from osk_portal.accounts.services import set_roles
from osk_portal.notifications.models import Notification
from osk_portal.pages import own_data
from osk_portal.toolkit import clock, encryption
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import capacity, provisioning, services
from sandbox.models import Booking
from sandbox.services import blocks, standing_in
from tests.factories import MembershipFactory, staff
from tests.sandbox.fake_backend import FakeBackend
from tests.sandbox.world import book, product
from tests.two_at_once import meet, stopped

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_deadlock(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Trying again is for what cannot be ordered: here everybody waits in the same order."""
    caplog.set_level(logging.WARNING)
    yield
    assert not [record for record in caplog.records if "deadlock" in record.message]


def test_who_leaves_meets_those_who_change_the_bookings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The organisation is locked before its bookings by both."""
    leaver = MembershipFactory()
    deputy, heir = (MembershipFactory(organisation=leaver.organisation) for _ in "12")
    blueprint = product(slots=2, longest_days=30)
    running = book(blueprint, leaver, days=2)
    later = book(blueprint, leaver, starts_in=timedelta(days=9), days=2)
    for booking in (running, later):
        services.name_deputy(booking_id=booking.pk, actor=leaver.user, deputy=deputy.user)
    choice = leaving.Choice(everything=heir.public_id)

    with stopped(monkeypatch, leaving, "_hand_over") as stop:
        outcomes = meet(
            stop,
            lambda: leaving.end_membership(
                membership_id=leaver.pk, actor=leaver.user, choice=choice
            ),
            lambda: services.extend_booking(
                booking_id=running.pk, actor=deputy.user, end=running.ends_at + timedelta(days=1)
            ),
            lambda: services.move_booking(
                booking_id=later.pk,
                actor=deputy.user,
                start=later.starts_at + timedelta(days=1),
                end=later.ends_at + timedelta(days=1),
            ),
        )

    assert outcomes[0] == leaving.Settled(handed_over=2, left=0)
    assert all(isinstance(outcome, Booking) for outcome in outcomes[1:]), outcomes
    for before in (running, later):
        now = Booking.objects.get(pk=before.pk)
        assert now.booked_by == heir.user
        assert now.ends_at == before.ends_at + timedelta(days=1)


def test_who_leaves_meets_who_asks_for_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    leaver = MembershipFactory()
    deputy, heir = (MembershipFactory(organisation=leaver.organisation) for _ in "12")
    blueprint = product(longest_days=30, needs_approval=True)
    booking = book(blueprint, leaver, starts_in=timedelta(days=14), days=2)
    advisor = staff("advisor")
    services.approve_booking(booking_id=booking.pk, actor=advisor)
    services.name_deputy(booking_id=booking.pk, actor=leaver.user, deputy=deputy.user)
    choice = leaving.Choice(everything=heir.public_id)
    end = booking.ends_at + timedelta(days=3)

    with stopped(monkeypatch, leaving, "_hand_over") as stop:
        outcomes = meet(
            stop,
            lambda: leaving.end_membership(
                membership_id=leaver.pk, actor=leaver.user, choice=choice
            ),
            lambda: services.ask_longer(booking_id=booking.pk, actor=deputy.user, end=end),
        )

    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    booking.refresh_from_db()
    assert (booking.booked_by, booking.asked_end) == (heir.user, end)


def test_who_has_left_meanwhile_books_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waited for the organisation is asked for the right of then, not of when the request began."""
    leaver = MembershipFactory()
    blueprint = product(slots=3, longest_days=30)
    booking = book(blueprint, leaver, days=2)
    person = User.objects.get(pk=leaver.user_id)
    assert len(active_memberships(person)) == 1  # as the view has asked

    with stopped(monkeypatch, leaving, "_hand_over") as stop:
        ended, *others = meet(
            stop,
            lambda: leaving.end_membership(
                membership_id=leaver.pk, actor=leaver.user, choice=leaving.Choice()
            ),
            lambda: services.extend_booking(
                booking_id=booking.pk, actor=person, end=booking.ends_at + timedelta(days=1)
            ),
            lambda: services.book(
                user=person, organisation=leaver.organisation, blueprint=blueprint,
                start=booking.starts_at, end=booking.ends_at, purpose="Schnell noch",
            ),
        )  # fmt: skip

    assert ended == leaving.Settled(handed_over=0, left=1)
    assert [type(outcome) for outcome in others] == [PermissionDenied, PermissionDenied]
    assert Booking.objects.get() == booking


def test_a_password_is_asked_for_while_everything_is_removed(
    monkeypatch: pytest.MonkeyPatch, engine: FakeBackend
) -> None:
    """The booking before its environment and its passwords, also to read one."""
    booking = book()
    environment = booking.environments.get()
    provisioning.work(environment.pk)
    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)
    credential = environment.credentials.get()

    with stopped(monkeypatch, services, "wipe_credentials") as stop:
        removed, shown = meet(
            stop,
            lambda: provisioning.work(environment.pk),
            lambda: services.reveal_credential(
                credential_id=credential.pk, actor=booking.booked_by
            ),
        )

    assert removed is None
    assert isinstance(shown, TransitionNotAllowed)
    assert not environment.events.filter(kind="credential_shown").exists()


def test_a_password_is_shown_to_nobody_who_has_lost_the_right_meanwhile(
    engine: FakeBackend,
) -> None:
    """The memberships are those of this moment, not of the beginning of the request."""
    membership = MembershipFactory()
    booking = book(membership=membership)
    provisioning.work(booking.environments.get().pk)
    credential, person = booking.environments.get().credentials.get(), membership.user
    plain = services.reveal_credential(credential_id=credential.pk, actor=person)
    assert plain == encryption.decrypt(credential.secret)

    Membership.objects.update(state=MembershipState.ENDED)

    for actor in (person, staff("operator"), MembershipFactory().user):
        with pytest.raises(PermissionDenied):
            services.reveal_credential(credential_id=credential.pk, actor=actor)


def test_who_loses_the_role_meets_the_own_booking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that name the person do not wait for the lock of the person."""
    advisor, lead, membership = staff("advisor"), staff("lead"), MembershipFactory()
    now = clock.now()
    booking = services.book(
        user=advisor, organisation=membership.organisation, blueprint=product(longest_days=30),
        start=now, end=now + timedelta(days=2), purpose="Vorführung", by_osk=True,
    )  # fmt: skip
    end = booking.ends_at + timedelta(days=1)

    with stopped(monkeypatch, standing_in, "_keys", after=True) as stop:
        _roles, extended = meet(
            stop,
            lambda: set_roles(user_id=advisor.pk, roles=[], actor=lead),
            lambda: services.extend_booking(booking_id=booking.pk, actor=advisor, end=end),
        )

    assert isinstance(extended, Booking)
    booking.refresh_from_db()
    assert (booking.booked_by, booking.ends_at) == (lead, end)


@pytest.mark.parametrize("how", ["ended", "handed over"])
def test_what_is_given_back_is_asked_again_under_the_lock(
    monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Ended, or a colleague's, since the list was read: then the lead gets nothing."""
    advisor, other, lead = staff("advisor"), staff("advisor"), staff("lead")
    now = clock.now()
    booking = services.book(
        user=advisor, organisation=MembershipFactory().organisation, blueprint=product(),
        start=now, end=now + timedelta(days=2), purpose="Vorführung", by_osk=True,
    )  # fmt: skip

    def change() -> object:
        if how == "ended":
            return services.end_booking(booking_id=booking.pk, actor=other)
        return services.hand_over_booking(
            booking_id=booking.pk, person=advisor, successor=other, actor=other
        )

    with stopped(monkeypatch, standing_in, "_keys", after=True) as stop:
        outcomes = meet(stop, lambda: set_roles(user_id=advisor.pk, roles=[], actor=lead), change)

    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    booking.refresh_from_db()
    assert booking.booked_by == (advisor if how == "ended" else other)


def test_a_block_waits_for_who_books_and_tells_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody books through a block that came at the same moment without reading of it."""
    blueprint, membership, operator = product(), MembershipFactory(), staff("operator")

    with stopped(monkeypatch, capacity, "allocate") as stop:
        booked, blocked = meet(
            stop,
            lambda: book(blueprint, membership),
            lambda: blocks.block_product(blueprint_id=blueprint.pk, actor=operator, reason="Lücke"),
        )

    assert isinstance(booked, Booking)
    assert not isinstance(blocked, Exception)
    told = Notification.objects.filter(kind="sandbox.product_blocked")
    assert [one.user for one in told] == [membership.user]


def test_two_book_the_same_product_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What keeps a block out keeps no other booking waiting."""
    blueprint = product(slots=2)
    with stopped(monkeypatch, capacity, "allocate") as stop:
        second = None

        def other() -> object:
            nonlocal second
            second = book(blueprint)
            assert not stop.go_on.is_set(), "it waited for the first one"
            return second

        outcomes = meet(stop, lambda: book(blueprint), other)
    assert all(isinstance(outcome, Booking) for outcome in outcomes), outcomes


class TestWhatCannotBeOrdered:
    """These take what others have, in any order: PostgreSQL ends one, and it is done again."""

    @pytest.fixture(autouse=True)
    def no_deadlock(self) -> None:
        """Each of these has one."""

    @pytest.mark.parametrize(
        ("module", "name", "act"),
        [
            (leaving, "_locked", lambda m, lead: leaving.end_membership(
                membership_id=m.pk, actor=lead, choice=leaving.Choice())),
            (network_services, "_decidable", lambda m, lead: network_services.refuse_membership(
                membership_id=m.pk, actor=lead)),
            (own_data, "obstacles_of", lambda m, lead: own_data.end_account(user_id=m.user_id)),
        ],
        ids=["end", "refuse", "account"],
    )  # fmt: skip
    def test_it_is_done_again(self, monkeypatch, module, name, act) -> None:
        membership = MembershipFactory(
            **(
                {"state": MembershipState.PENDING, "confirmed_at": None}
                if name == "_decidable"
                else {}
            )
        )
        known, tries = getattr(module, name), []

        def ended(*args):
            tries.append(1)
            if len(tries) == 1:
                raise OperationalError from DeadlockDetected()
            return known(*args)

        monkeypatch.setattr(module, name, ended)
        act(membership, staff("lead"))

        assert len(tries) == 2
        membership.refresh_from_db()
        assert membership.state != MembershipState.ACTIVE
