"""What time does to Termine: a reminder the working day before, and offers that nobody took."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

from django.db import transaction

from consulting.appointment_mails import remind_of_appointment
from consulting.appointments import previous_working_day
from consulting.deadlines import berlin_day
from consulting.enums import AppointmentState
from consulting.models import Appointment
from consulting.services.appointments import lapse_offer
from consulting.services.common import locked
from osk_portal.toolkit import clock
from osk_portal.toolkit.working_days import is_office_hour

logger = logging.getLogger(__name__)

FRESH: Final = timedelta(days=1)
"""Who was told of the time within the last day needs no reminder of it."""
LONGEST_BREAK: Final = timedelta(days=21)
"""More than any row of days off: what begins later need not be looked at."""


def tend() -> int:
    """Remind and end what is due, in office hours only. How many; twice does nothing twice."""
    if not is_office_hour():
        return 0
    now = clock.now()
    soon = Appointment.objects.filter(
        state=AppointmentState.FIXED,
        reminded_at=None,
        starts_at__gt=now,
        starts_at__lt=now + LONGEST_BREAK,
    )
    reminded = sum(_remind(*keys) for keys in list(soon.order_by("pk").values_list("pk", "case")))
    over = Appointment.objects.filter(state=AppointmentState.OFFERED).exclude(
        slots__starts_at__gt=now
    )
    lapsed = sum(
        lapse_offer(appointment_id=pk)
        for pk in list(over.order_by("pk").values_list("pk", flat=True))
    )
    logger.info("consulting: appointments", extra={"reminded": reminded, "lapsed": lapsed})
    return reminded + lapsed


@transaction.atomic
def _remind(appointment_id: int, case_id: int) -> bool:
    """Look again under the lock: it may have been moved, cancelled or told of meanwhile."""
    case = locked(case_id)
    appointment = case.appointments.get(pk=appointment_id)
    starts_at, set_at = appointment.starts_at, appointment.set_at
    if not appointment.is_upcoming or appointment.reminded_at or not starts_at or not set_at:
        return False
    day = berlin_day(starts_at)
    if not previous_working_day(day) <= clock.today() < day or set_at > clock.now() - FRESH:
        return False
    appointment.reminded_at = clock.now()
    appointment.save(update_fields=["reminded_at"])
    remind_of_appointment(appointment)
    return True
