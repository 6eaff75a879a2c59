"""People and things that most tests need."""

from __future__ import annotations

from datetime import timedelta

from osk_portal.toolkit import clock
from sandbox import services
from sandbox.models import Booking
from tests.factories import MembershipFactory
from tests.sandbox.factories import BlueprintVersionFactory, SlotFactory


def product(*, slots: int = 1, **fields):
    """A bookable product with so many places."""
    version = BlueprintVersionFactory(
        **{f"blueprint__{name}": value for name, value in fields.items()}
    )
    for _number in range(slots):
        SlotFactory(pool=version.blueprint.pool)
    return version.blueprint


def book(blueprint=None, membership=None, *, starts_in=timedelta(), days=7) -> Booking:
    membership = membership or MembershipFactory()
    start = clock.now() + starts_in
    return services.book(
        user=membership.user,
        organisation=membership.organisation,
        blueprint=blueprint or product(),
        start=start,
        end=start + timedelta(days=days),
        purpose="Wir prüfen, ob das Produkt zu uns passt.",
    )
