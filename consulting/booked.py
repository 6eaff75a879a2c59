"""Test environments of a case: which may be linked with it, and how a page names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext as _

from consulting.deadlines import berlin_day, short_date
from sandbox.models import Booking

if TYPE_CHECKING:
    from consulting.models import ConsultingRequest
    from osk_portal.accounts.models import User
    from sandbox.querysets import BookingQuerySet


@dataclass(frozen=True)
class Shown:
    """A booking as a page of the case names it; ``url`` only for whom its own page opens."""

    public_id: UUID
    words: str
    url: str = ""


def of_case(case: ConsultingRequest, reader: User | None = None) -> list[Shown]:
    """The test environments of ``case``; whoever booked one finds the way to it."""
    return [
        Shown(
            booking.public_id,
            booking_in_words(booking),
            booking.get_absolute_url()
            if reader is not None and booking.booked_by_id == reader.pk
            else "",
        )
        for booking in case.bookings.all()
    ]


def to_link(case: ConsultingRequest) -> BookingQuerySet:
    """Bookings of the authority of ``case`` that are not linked with it, the latest first; with ``product``."""
    return (
        Booking.objects.filter(organisation=case.organisation_id)
        .exclude(consulting_requests=case.pk)
        .annotate(product=F("blueprint_version__blueprint__name"))
        .order_by("-created_at", "-pk")
    )


def booking_in_words(booking: Booking) -> str:
    """``Radicale, 1.12. bis 8.12. (Beendet)``. ``booking`` comes with ``product``, else it is looked up."""
    product = getattr(booking, "product", "") or booking.blueprint_version.blueprint.name
    return _("%(product)s, %(start)s to %(end)s (%(state)s)") % {
        "product": product,
        "start": short_date(berlin_day(booking.starts_at)),
        "end": short_date(berlin_day(booking.ends_at)),
        "state": booking.get_state_display(),
    }
