"""Who may do what with bookings. *When* is in the models' tables."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied

from network.models import Organisation
from network.permissions import active_memberships, is_manager_of, person_with_memberships
from osk_portal.accounts.models import User
from sandbox.models import Blueprint, Booking


def as_of_now(user: User) -> User:
    """The person with the memberships of this moment: asked under a lock for which somebody may have waited.

    Raises PermissionDenied where the person was locked out.
    """
    person = person_with_memberships(user.pk)
    if person is None:
        raise PermissionDenied("locked out")
    return person


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


def operates(user: User) -> bool:
    """Engines, products and capacity: the operators of the ITDZ (product.md, roles)."""
    return user.is_active and user.is_operator


def works_on_wishes(user: User) -> bool:
    """Advisors decide on wishes, operators set up what comes of them; both may block a product."""
    return user.is_active and (user.is_advisor or user.is_operator)


def can_read(user: User, booking: Booking) -> bool:
    """The page with all that it holds. The Organisationsverwaltung sees that the booking exists: who, which
    product, when, in which state; more once it has taken over (product.md, roles).
    """
    return is_on_the_side(user, booking)


def is_on_the_side(user: User, booking: Booking) -> bool:
    """Who booked, the deputy, a manager after a take-over; every advisor for what the OSK has booked."""
    if booking.is_trial:
        return user.is_operator and user.pk == booking.booked_by_id
    if booking.is_by_osk and user.is_advisor:
        return True
    people = (booking.booked_by_id, booking.deputy_id, booking.taken_over_by_id)
    return user.pk in people and _is_member(user, booking)


def can_change(user: User, booking: Booking) -> bool:
    """Extend, move, restart, reset, choose who takes part: whoever may end it."""
    return can_end(user, booking)


def can_see_credentials(user: User, booking: Booking) -> bool:
    """Those who test: a manager sees that a booking exists, not how to get in."""
    return is_on_the_side(user, booking)


def can_take_along(user: User, booking: Booking) -> bool:
    """Save the configuration, and have what was saved: whoever gets in."""
    return can_see_credentials(user, booking)


def can_end(user: User, booking: Booking) -> bool:
    return is_on_the_side(user, booking)


def can_take_over(user: User, booking: Booking) -> bool:
    """The Organisationsverwaltung, of what its own people have booked."""
    return (
        is_manager_of(user, booking.organisation)
        and not booking.is_by_osk
        and not is_on_the_side(user, booking)
    )


def can_name_deputy(user: User, booking: Booking) -> bool:
    return is_on_the_side(user, booking) and not (booking.is_by_osk or booking.is_trial)


def can_hand_over(user: User, booking: Booking) -> bool:
    """Whoever has its rights, the Organisationsverwaltung, and advisors, who end memberships too."""
    if booking.is_trial:
        return False
    if booking.is_by_osk:
        return user.is_advisor
    return (
        is_on_the_side(user, booking)
        or is_manager_of(user, booking.organisation)
        or user.is_advisor
    )


def can_succeed(user: User, booking: Booking) -> bool:
    """As booker or deputy: an active member; an advisor for what the OSK has booked."""
    if booking.is_by_osk:
        return user.is_active and user.is_advisor
    return user.is_active and _is_member(user, booking)


def can_publish(user: User, booking: Booking) -> bool:
    """Consent to a result on the page of the solution: whoever has the rights of the booking.

    Not the OSK for what it booked for a case or an event: the words are those of an authority.
    """
    return is_on_the_side(user, booking) and not (booking.is_trial or booking.is_by_osk)


def can_withdraw_result(user: User, booking: Booking) -> bool:
    """At any time: they, the Organisationsverwaltung, and advisors, who answer for the catalog."""
    return (
        is_on_the_side(user, booking)
        or is_manager_of(user, booking.organisation)
        or can_decide(user)
    )


def _is_member(user: User, booking: Booking) -> bool:
    return any(m.organisation_id == booking.organisation_id for m in active_memberships(user))
