"""Who may do what with bookings. *When* is in the models' tables."""

from __future__ import annotations

from network.models import Organisation
from network.permissions import active_memberships, is_manager_of
from osk_portal.accounts.models import User
from sandbox.models import Booking


def bookable_organisations(user: User) -> list[Organisation]:
    """For whom this person may book: organisations that are entitled to advice."""
    return [m.organisation for m in active_memberships(user) if m.organisation.is_entitled]


def can_see_credentials(user: User, booking: Booking) -> bool:
    """The booker alone: a manager sees that a booking exists, not how to get in."""
    return booking.booked_by_id == user.pk


def can_end(user: User, booking: Booking) -> bool:
    """The booker, and the Organisationsverwaltung when that person is away."""
    return booking.booked_by_id == user.pk or is_manager_of(user, booking.organisation)
