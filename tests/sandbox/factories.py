"""A world of few: one pool, one product, one booking of an authority."""

from __future__ import annotations

import uuid
from datetime import timedelta

import factory
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from factory.django import DjangoModelFactory

from osk_portal.toolkit import clock
from sandbox.models import (
    Allocation,
    Blueprint,
    BlueprintVersion,
    Booking,
    Environment,
    Pool,
    Slot,
)
from tests.factories import OrganisationFactory, UserFactory

SPEC = {
    "schema": 1,
    "components": [
        {
            "name": "web",
            "program": "python",
            "args": ["-c", "pass"],
            "ports": ["web"],
            "readiness": {"port": "web"},
        }
    ],
    "endpoint": {"port": "web"},
    "accounts": [{"role": "test", "label": "Testperson", "username": "test"}],
    "ready_timeout": 60,
}


class PoolFactory(DjangoModelFactory[Pool]):
    class Meta:
        model = Pool

    slug = factory.Sequence(lambda n: f"plaetze-{n}")
    name = factory.Sequence(lambda n: f"Testplätze {n}")


class SlotFactory(DjangoModelFactory[Slot]):
    class Meta:
        model = Slot

    pool = factory.SubFactory(PoolFactory)
    name = factory.Sequence(lambda n: f"Platz {n}")
    backend = "fake"


class BlueprintFactory(DjangoModelFactory[Blueprint]):
    class Meta:
        model = Blueprint

    slug = factory.Sequence(lambda n: f"produkt-{n}")
    name = factory.Sequence(lambda n: f"Testprodukt {n}")
    pool = factory.SubFactory(PoolFactory)
    summary = "Ein Programm zum Ausprobieren."
    first_steps = "Öffnen Sie die Adresse.\nMelden Sie sich an."
    longest_days = 14
    is_bookable = True


class BlueprintVersionFactory(DjangoModelFactory[BlueprintVersion]):
    class Meta:
        model = BlueprintVersion

    blueprint = factory.SubFactory(BlueprintFactory)
    number = 1
    spec = factory.LazyFunction(lambda: dict(SPEC))
    published_at = factory.LazyFunction(clock.now)


class BookingFactory(DjangoModelFactory[Booking]):
    class Meta:
        model = Booking

    blueprint_version = factory.SubFactory(BlueprintVersionFactory)
    organisation = factory.SubFactory(OrganisationFactory, authority=True)
    booked_by = factory.SubFactory(UserFactory)
    state = "approved"
    purpose = "Wir prüfen, ob das Produkt zu uns passt."
    test_data_acknowledged_at = factory.LazyFunction(clock.now)
    window = factory.LazyFunction(
        lambda: DateTimeTZRange(clock.now(), clock.now() + timedelta(days=7))
    )

    @factory.lazy_attribute
    def hold_expires_at(self):
        """What is not decided is held; the database refuses it otherwise."""
        undecided = self.state in ("draft", "requested")
        return clock.now() + timedelta(days=2) if undecided else None

    @factory.lazy_attribute
    def ended_at(self):
        over = self.state in ("ended", "cancelled", "rejected", "expired")
        return clock.now() if over else None

    @factory.lazy_attribute
    def decided_by(self):
        return UserFactory() if self.state == "rejected" else None

    @factory.lazy_attribute
    def decision_reason(self):
        return "Zu groß für den Testplatz." if self.state == "rejected" else ""


class AllocationFactory(DjangoModelFactory[Allocation]):
    class Meta:
        model = Allocation

    slot = factory.SubFactory(SlotFactory)
    booking = factory.SubFactory(BookingFactory)
    occupies = factory.SelfAttribute("booking.window")


class EnvironmentFactory(DjangoModelFactory[Environment]):
    class Meta:
        model = Environment

    booking = factory.SubFactory(BookingFactory)
    slot = factory.SubFactory(SlotFactory)
    generation = 1
    public_id = factory.LazyFunction(uuid.uuid4)
    backend = "fake"
    backend_key = factory.LazyAttribute(lambda e: Environment.key_for(e.public_id, e.generation))
    expires_at = factory.SelfAttribute("booking.ends_at")
