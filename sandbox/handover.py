"""A person's bookings on the page on which a membership ends (product.md, Leaving)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from network.models import Organisation
from osk_portal import portal
from osk_portal.accounts.models import User
from osk_portal.templatetags.osk import berlin_datetime
from sandbox.models import Booking
from sandbox.services import standing_in


def rows(person: User, organisation: Model, viewer: User) -> Iterable[portal.HandoverRow]:
    """Product and window: what the Organisationsverwaltung may read of a booking."""
    found = Booking.objects.to_hand_over(person, organisation).order_by("pk")
    for booking in found.select_related("blueprint_version__blueprint"):
        name = booking.blueprint_version.blueprint.name
        start, end = berlin_datetime(booking.starts_at), berlin_datetime(booking.ends_at)
        yield portal.HandoverRow(booking.public_id, f"{name}, {start} – {end}")


def hand_over(*, public_id: UUID, person: User, successor: User, actor: User) -> bool:
    booking_id = Booking.objects.values_list("pk", flat=True).get(public_id=public_id)
    given = standing_in.hand_over_booking(
        booking_id=booking_id, person=person, successor=successor, actor=actor
    )
    return given is not None


def leave(person: User, organisation: Organisation, actor: User | None) -> None:
    standing_in.end_rights(person=person, organisation=organisation, actor=actor)


HANDOVER: Final = portal.Handover(
    "sandbox",
    25,
    _("Test environment"),
    Booking.objects.to_hand_over,
    rows,
    hand_over,
)
