"""Try: products to book, the capacity they need, who booked what, and what exists of it."""

from sandbox.models.blueprints import Blueprint, BlueprintVersion
from sandbox.models.bookings import Booking, BookingEvent
from sandbox.models.capacity import Allocation, Pool, Slot
from sandbox.models.environments import Credential, Environment, EnvironmentEvent, RemovalProof

__all__ = [
    "Allocation",
    "Blueprint",
    "BlueprintVersion",
    "Booking",
    "BookingEvent",
    "Credential",
    "Environment",
    "EnvironmentEvent",
    "Pool",
    "RemovalProof",
    "Slot",
]
