"""Termine of a case: which one counts now, and in which words and calendars it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from consulting import confidential
from consulting.enums import AppointmentState, CaseEventKind
from consulting.models import Appointment, AppointmentSlot, ConsultingRequest
from osk_portal.notifications.rendering import absolute_url
from osk_portal.toolkit import clock, ics
from osk_portal.toolkit.working_days import is_working_day
from sandbox.windows import LocalTimeError, berlin_moment

if TYPE_CHECKING:
    from osk_portal.accounts.models import User


Slot = tuple[datetime, datetime]
"""Begin and end, both aware."""


@dataclass(frozen=True)
class Arranged:
    """An appointment with its slots, as a page shows it."""

    appointment: Appointment
    slots: Sequence[AppointmentSlot]

    @property
    def free_slots(self) -> list[AppointmentSlot]:
        return [slot for slot in self.slots if not slot.is_past]

    @property
    def is_open_offer(self) -> bool:
        """Waits for a choice that can still be made."""
        return self.appointment.is_offered and bool(self.free_slots)

    @property
    def is_current(self) -> bool:
        return self.is_open_offer or self.appointment.is_upcoming


def of_case(case: ConsultingRequest) -> list[Arranged]:
    """All appointments of ``case``, the newest first: one query, and none while nothing was offered.

    ``case`` comes with ``conversation.EVENTS``, which tell whether there is anything to read.
    """
    if "appointments" in getattr(case, "_prefetched_objects_cache", {}):  # by case_rows, with slots
        return [Arranged(one, list(one.slots.all())) for one in case.appointments.all()]
    if not any(event.kind == CaseEventKind.APPOINTMENT_OFFERED for event in case.events.all()):
        return []
    slots = AppointmentSlot.objects.filter(appointment__case=case).select_related(
        "appointment__picked_by", "appointment__offered_by"
    )
    found: dict[int, tuple[Appointment, list[AppointmentSlot]]] = {}
    for slot in slots:
        found.setdefault(slot.appointment_id, (slot.appointment, []))[1].append(slot)
    return [Arranged(*found[pk]) for pk in sorted(found, reverse=True)]


def case_of(public_id: UUID) -> UUID | None:
    """The public id of the case to which the appointment belongs. Says nothing about who may read it."""
    found: UUID | None = (
        Appointment.objects.filter(public_id=public_id)
        .values_list("case__public_id", flat=True)
        .first()
    )
    return found


def has_to_come(case: ConsultingRequest) -> bool:
    """Whether people still wait for one: fixed and not over, or offered with a time to choose from."""
    now = clock.now()
    return case.appointments.filter(
        Q(state=AppointmentState.FIXED, ends_at__gt=now)
        | Q(state=AppointmentState.OFFERED, slots__starts_at__gt=now)
    ).exists()


def current_of(case: ConsultingRequest) -> Arranged | None:
    """The one that people wait for: an offer that can be chosen from, or what is fixed and to come."""
    return next((arranged for arranged in of_case(case) if arranged.is_current), None)


def slot_times(day: date, hour: time, minutes: int) -> Slot:
    """Begin and end for that wall clock time in Berlin.

    Raises LocalTimeError, whose text is for people, where the clocks change and the begin does not exist
    or begin or end comes twice: a calendar could not tell which one is meant.
    """
    start = berlin_moment(day, hour)
    end = start + timedelta(minutes=minutes)
    check_names_one_moment(end)
    return start, end


def check_names_one_moment(moment: datetime) -> None:
    """Raises LocalTimeError when Berlin's clock shows the time of ``moment`` twice."""
    local = moment.astimezone(clock.BERLIN)
    if local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset():
        raise LocalTimeError(
            _("This time comes twice on that day: the clocks are put back. Choose another one."),
            (local.replace(fold=0), local.replace(fold=1)),
        )


def invitation(appointment: Appointment, person: User, *, method: ics.Method, url: str) -> str:
    """The appointment for the calendar of one person: REQUEST or CANCEL, in the present language."""
    return ics.invitation(
        method,
        entry_of(appointment, absolute_url(url)),
        organiser=ics.Person(settings.OSK_SITE_NAME, settings.OSK_CONTACT_EMAIL),
        attendee=ics.Person(str(person), person.email),
        at=clock.now(),
    )


def entry_of(appointment: Appointment, url: str) -> ics.Entry:
    """The same event in mail, file and feed: one ``uid``. Its note never leaves the portal.

    Of a confidential case only the reference; place or link stays, without it nobody could take part.
    """
    case = appointment.case
    if appointment.starts_at is None:
        raise ValueError("nothing is fixed yet")
    return ics.Entry(
        uid=uid_of(appointment.public_id),
        title=_("Appointment with the OSK: %(what)s") % {"what": name_outside(case)},
        starts=appointment.starts_at,
        ends=appointment.ends_at,
        url=url,
        place=appointment.place,
        text=f"{appointment.get_kind_display()}: {appointment.place}",
        sequence=appointment.sequence,
        takes_time=True,
    )


def uid_of(public_id: object, what: str = "") -> str:
    return f"{public_id}{what and '-'}{what}@{settings.OSK_MAIL_DOMAIN}"


def name_outside(case: ConsultingRequest) -> str:
    """Reference and, unless the case is confidential, title."""
    return f"{case.reference} {confidential.title_outside(case)}".strip()


def previous_working_day(day: date) -> date:
    """The last working day before ``day``."""
    before = day - timedelta(days=1)
    while not is_working_day(before):
        before -= timedelta(days=1)
    return before
