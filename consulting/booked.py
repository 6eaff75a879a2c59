"""Test environments of a case: which may be linked with it, and how a page names them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext as _

from consulting.deadlines import berlin_day, short_date
from sandbox.enums import BookingState
from sandbox.models import Booking, ReportFile, TestParticipant
from sandbox.permissions import is_on_the_side

if TYPE_CHECKING:
    from consulting.models import ConsultingRequest
    from osk_portal.accounts.models import User
    from sandbox.querysets import BookingQuerySet


NEVER_ONE: Final = (BookingState.DRAFT, BookingState.REJECTED, BookingState.EXPIRED)


@dataclass(frozen=True)
class Shown:
    """A booking as a page of the case names it; ``url`` only for whom its own page opens."""

    public_id: UUID
    words: str
    url: str = ""
    has_result: bool = False


def of_case(case: ConsultingRequest, reader: User | None = None) -> list[Shown]:
    """The test environments of ``case``; who looks after one or tests along finds the way to it.

    To the OSK what came out is shown once it was given.
    """
    bookings = list(case.bookings.all())
    along = _participations(bookings, reader)
    return [
        Shown(
            booking.public_id,
            booking_in_words(booking),
            _way_to(booking, reader, along),
            has_result=booking.result_given_at is not None,
        )
        for booking in bookings
    ]


def _way_to(booking: Booking, reader: User | None, along: dict[int, TestParticipant]) -> str:
    if reader is None:
        return ""
    if is_on_the_side(reader, booking):
        return booking.get_absolute_url()
    participant = along.get(booking.pk)
    return "" if participant is None else participant.get_absolute_url()


def _participations(bookings: Sequence[Booking], reader: User | None) -> dict[int, TestParticipant]:
    """Where ``reader`` tests along; asked only where there is something that cannot be opened otherwise."""
    if reader is None or all(is_on_the_side(reader, booking) for booking in bookings):
        return {}
    found = TestParticipant.objects.visible_to(reader).filter(booking__in=bookings)
    return {participant.booking_id: participant for participant in found}


def report_files(case: ConsultingRequest, reader: User) -> list[tuple[str, ReportFile]]:
    """Files of handed-in test reports that ``reader`` may have, each with the words for its booking.

    The side of the booking reads them anyway, the OSK once the result was given to the request. Two queries.
    """
    words = {
        booking.pk: booking_in_words(booking)
        for booking in case.bookings.all()
        if is_on_the_side(reader, booking)
        or (reader.is_advisor and booking.result_given_at is not None)
    }
    files = ReportFile.objects.filter(
        report__booking__in=words, report__submitted_at__isnull=False
    ).select_related("report")
    found = files.order_by("report__booking", "created_at", "pk")
    return [(words[file.report.booking_id], file) for file in found]


def to_link(case: ConsultingRequest) -> BookingQuerySet:
    """Bookings of the authority of ``case`` that are not linked with it, the latest first; with ``product``.

    Not what was only offered or asked for, and never became one.
    """
    return (
        Booking.objects.filter(organisation=case.organisation_id)
        .exclude(state__in=NEVER_ONE)
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
