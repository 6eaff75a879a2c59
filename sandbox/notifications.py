"""What people are told about their bookings. Never a password: it is shown on the page only."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from osk_portal.notifications.services import Message, notify
from sandbox.models import Booking, Environment

_REASON = _("You booked a test environment.")


def booking_ready(environment: Environment) -> None:
    """One mail a generation: a replaced environment has new passwords and lost its data."""
    _tell(
        environment.booking,
        "booking_ready",
        dedupe=f"sandbox.ready:{environment.public_id}",
        is_replacement=environment.generation > 1,
    )


def booking_failed(booking: Booking, *, generation: int, was_ready: bool) -> None:
    _tell(
        booking,
        "booking_failed",
        dedupe=f"sandbox.failed:{booking.public_id}:{generation}",
        was_ready=was_ready,
    )


def booking_ended(booking: Booking) -> None:
    _tell(booking, "booking_ended", dedupe=f"sandbox.ended:{booking.public_id}")


def _tell(booking: Booking, event: str, *, dedupe: str, **context: object) -> None:
    notify(
        Message(
            kind=f"sandbox.{event}",
            template=f"sandbox/email/{event}",
            url=booking.get_absolute_url(),
            dedupe=dedupe,
            subject_key=str(booking.public_id),
            context={
                "product": booking.blueprint_version.blueprint.name,
                "ends_at": booking.ends_at,
                **context,
            },
            reason=_REASON,
        ),
        [booking.booked_by],
    )
