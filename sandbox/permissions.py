"""Who may do what with bookings. *When* is in the models' tables."""

from __future__ import annotations

from network.models import Organisation
from network.permissions import active_memberships, is_manager_of
from osk_portal.accounts.models import User
from sandbox.models import Blueprint, Booking


def bookable_organisations(user: User, blueprint: Blueprint | None = None) -> list[Organisation]:
    """For whom this person may book: organisations that are entitled to advice.

    Of a prototype only the one to which it belongs.
    """
    only = None if blueprint is None else blueprint.organisation_id
    return [
        m.organisation
        for m in active_memberships(user)
        if m.organisation.is_entitled and only in (None, m.organisation_id)
    ]


def may_book_for(user: User, organisation: Organisation) -> bool:
    return organisation in bookable_organisations(user)


def can_decide(user: User) -> bool:
    """On applications: the advisors of the OSK (product.md, roles)."""
    return user.is_active and user.is_advisor


def works_on_wishes(user: User) -> bool:
    """Advisors decide on wishes, operators set up what comes of them; both may block a product."""
    return user.is_active and (user.is_advisor or user.is_operator)


def can_change(user: User, booking: Booking) -> bool:
    """Extend, move, restart, reset: whoever may end it."""
    return can_end(user, booking)


def can_see_credentials(user: User, booking: Booking) -> bool:
    """The booker alone: a manager sees that a booking exists, not how to get in."""
    return booking.booked_by_id == user.pk


def can_end(user: User, booking: Booking) -> bool:
    """The booker, and the Organisationsverwaltung when that person is away."""
    return booking.booked_by_id == user.pk or is_manager_of(user, booking.organisation)
