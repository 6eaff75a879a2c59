"""A world of few people: who books, her colleagues, and those who are not meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from network.enums import MembershipState
from network.models import Organisation
from osk_portal.accounts.models import User
from sandbox import provisioning
from sandbox.models import Blueprint, Booking, Environment
from tests.factories import MembershipFactory, OrganisationFactory, UserFactory
from tests.sandbox.fake_backend import FakeBackend
from tests.sandbox.world import book, product

BACKEND = "django.contrib.auth.backends.ModelBackend"


@dataclass
class World:
    authority: Organisation
    booker: User
    colleague: User
    manager: User
    stranger: User
    outsider: User
    unconfirmed: User
    blueprint: Blueprint
    engine: FakeBackend

    def book(self, **changes: Any) -> Booking:
        membership = self.booker.memberships.get()
        return book(self.blueprint, membership, **changes)

    def book_and_set_up(self) -> tuple[Booking, Environment]:
        booking = self.book()
        provisioning.work(booking.environments.get().pk)
        booking.refresh_from_db()
        return booking, booking.environments.get()


@pytest.fixture
def world(db: None, engine: FakeBackend) -> World:
    authority = OrganisationFactory(authority=True, name="Bezirksamt Beispiel")
    return World(
        authority=authority,
        booker=MembershipFactory(organisation=authority, user__name="Bea Bucht").user,
        colleague=MembershipFactory(organisation=authority).user,
        manager=MembershipFactory(organisation=authority, manager=True).user,
        stranger=MembershipFactory().user,
        outsider=MembershipFactory(organisation=OrganisationFactory(other_land=True)).user,
        unconfirmed=MembershipFactory(
            organisation=authority, state=MembershipState.PENDING, confirmed_at=None
        ).user,
        blueprint=product(
            slots=2, slug="radicale", name="Radicale", description="Kalender für **alle**."
        ),
        engine=engine,
    )


@pytest.fixture
def signed_in(client: Client) -> Any:
    def as_user(user: User | None) -> Client:
        if user is not None:
            client.force_login(user, backend=BACKEND)
        return client

    return as_user


@pytest.fixture
def nobody() -> User:
    """With an account and without any organisation."""
    return UserFactory()
