"""The sandbox's tables of the public statistics: bookings, never by person or organisation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from django.db.models import Min, Q
from django.utils.translation import gettext_lazy as _

from osk_portal import portal
from osk_portal.pages.counting import counted
from osk_portal.toolkit import clock
from sandbox.models import Blueprint, Booking
from sandbox.querysets import BookingQuerySet


def _public() -> BookingQuerySet:
    """Without prototypes, whose organisation would be known."""
    return Booking.objects.ever_promised().filter(blueprint_version__blueprint__organisation=None)


def _booked(spans: Sequence[portal.Span]) -> list[portal.Part]:
    return counted(_public(), [(_("Bookings"), Q())], spans, "created_at")


def _by_product(spans: Sequence[portal.Span]) -> list[portal.Part]:
    """Products that can no longer be booked count on."""
    public = Blueprint.objects.filter(organisation=None)
    products = public.order_by("name", "pk").values_list("pk", "name")
    parts = [(name, Q(blueprint_version__blueprint=pk)) for pk, name in products]
    return counted(_public(), parts, spans, "created_at")


def _since() -> date | None:
    first: datetime | None = _public().aggregate(first=Min("created_at"))["first"]
    return first.astimezone(clock.BERLIN).date() if first else None


STATISTICS: Final = (
    portal.Statistic(
        "buchungen",
        30,
        _("Booked test environments"),
        _("By the day of the booking, also those that were ended early."),
        _("Quarter"),
        _booked,
        is_series=True,
        since=_since,
    ),
    portal.Statistic(
        "buchungen-produkt",
        31,
        _("Booked test environments by product"),
        _("By the day of the booking, also those that were ended early."),
        _("Product"),
        _by_product,
    ),
)
