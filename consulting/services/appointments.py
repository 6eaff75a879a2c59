"""Termine: offered by the OSK, one chosen by the requester's side, moved and cancelled.

All under the lock of the case, so that of two people who choose at once one wins. Each change makes the
mails that put it into the calendars of those who take part (RFC 5546).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from consulting import permissions
from consulting.appointment_mails import (
    host_of,
    tell_appointment,
    tell_appointment_over,
    tell_new_host,
    tell_offer,
    tell_offer_withdrawn,
)
from consulting.appointments import Slot, check_names_one_moment
from consulting.deadlines import moment_in_words
from consulting.enums import AppointmentKind, AppointmentState, CaseEventKind, MessageKind
from consulting.models import Appointment, AppointmentSlot, CaseEvent, ConsultingRequest
from consulting.models.appointment import FEWEST_SLOTS, MOST_SLOTS, AppointmentAction
from consulting.notifications import tell
from consulting.services.common import check_version, is_said, locked, record, write_message
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed

OFFER: Final = "offer_appointment"
K = CaseEventKind
_FIXED: Final = AppointmentState.FIXED
Hosts = Sequence[tuple[Appointment, User]]


@transaction.atomic
def offer_appointment(
    *,
    case_id: int,
    actor: User,
    slots: Sequence[Slot],
    kind: AppointmentKind,
    place: str,
    note: str = "",
    form_id: UUID | None = None,
    expected_version: int | None = None,
) -> CaseEvent | None:
    """Offer two to five ``slots`` (begin, end); the requester's side is told. None when sent already.

    Raises PermissionDenied, TransitionNotAllowed (CaseChanged), LocalTimeError, and ValueError for a
    number of slots that no form sends.
    """
    case = locked(case_id)
    if not permissions.can_arrange(actor, case):
        raise PermissionDenied("offer an appointment")
    if form_id and case.appointments.filter(offered_by=actor, form_id=form_id).exists():
        return None
    check_version(case, OFFER, expected_version)
    if not case.takes_messages:
        raise TransitionNotAllowed(
            OFFER, case.state, _("This request has ended. No appointment can be offered.")
        )
    if not FEWEST_SLOTS <= len({start for start, _end in slots}) == len(slots) <= MOST_SLOTS:
        raise ValueError("two to five different slots")
    for slot in slots:
        _check_time(slot)
    for appointment in case.appointments.filter(state__in=_OPEN):
        if not _lapse(case, appointment) and not appointment.took_place:
            raise TransitionNotAllowed(
                OFFER,
                case.state,
                _("There is an appointment already. Move it, or take it back first."),
            )
    appointment = Appointment.objects.create(
        case=case,
        kind=kind,
        place=place,
        note=note,
        offered_by=actor,
        offered_at=clock.now(),
        form_id=form_id,
    )
    AppointmentSlot.objects.bulk_create(
        AppointmentSlot(appointment=appointment, starts_at=start, ends_at=end)
        for start, end in sorted(slots)
    )
    case.note_message(from_requester=False)
    event = _record(appointment, K.APPOINTMENT_OFFERED, actor)
    tell_offer(appointment)
    return event


@transaction.atomic
def pick_slot(*, case_id: int, actor: User, slot_id: UUID) -> CaseEvent | None:
    """Choose one of the offered times. None when ``actor`` has chosen this one already."""
    case = _for_requester(case_id, actor)
    slot = AppointmentSlot.objects.select_related("appointment").get(
        public_id=slot_id, appointment__case=case
    )
    appointment = _of(case, slot.appointment.public_id)
    if appointment.state == AppointmentState.FIXED:
        if appointment.picked_by_id == actor.pk and appointment.starts_at == slot.starts_at:
            return None
        assert appointment.starts_at is not None  # noqa: S101 # the database's constraint
        raise TransitionNotAllowed(
            AppointmentAction.PICK,
            appointment.state,
            _("%(name)s was faster: the appointment is fixed for %(when)s.")
            % {
                "name": appointment.picked_by,
                "when": moment_in_words(appointment.starts_at),
            },
        )
    if appointment.state != AppointmentState.OFFERED:
        raise TransitionNotAllowed(
            AppointmentAction.PICK,
            appointment.state,
            _("These appointments are no longer offered. Please look at the current state."),
        )
    if slot.is_past:
        raise TransitionNotAllowed(
            AppointmentAction.PICK,
            appointment.state,
            _("This appointment is no longer free. Choose another one."),
        )
    appointment.pick(actor=actor, slot=slot)
    case.note_message(from_requester=True)
    event = _record(appointment, K.APPOINTMENT_FIXED, actor)
    tell_appointment(appointment, "fixed")
    return event


@transaction.atomic
def refuse_slots(
    *, case_id: int, actor: User, appointment_id: UUID, text: str, message_id: UUID | None = None
) -> CaseEvent | None:
    """None of them fits; ``text`` becomes a public message. None when it was said already."""
    case = _for_requester(case_id, actor)
    if is_said(case, actor, message_id):
        return None
    appointment = _of(case, appointment_id)
    appointment.refuse(actor=actor)
    write_message(
        case,
        actor=actor,
        body=text,
        kind=MessageKind.MESSAGE,
        by_osk=False,
        message_id=message_id,
    )
    case.note_message(from_requester=True)
    event = _record(appointment, K.APPOINTMENT_REFUSED, actor)
    tell(event)
    return event


@transaction.atomic
def move_appointment(
    *,
    case_id: int,
    actor: User,
    appointment_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    kind: AppointmentKind,
    place: str,
    reason: str,
    message_id: UUID | None = None,
    expected_version: int | None = None,
) -> CaseEvent | None:
    """Another time or place for a fixed one; ``reason`` becomes a public message. None when moved already.

    Raises as ``offer_appointment``.
    """
    case = _for_osk(case_id, actor)
    if is_said(case, actor, message_id):
        return None
    check_version(case, AppointmentAction.MOVE, expected_version)
    _check_time((starts_at, ends_at))
    appointment = _of(case, appointment_id)
    appointment.move(starts_at=starts_at, ends_at=ends_at, kind=kind, place=place)
    _give_reason(case, actor, reason, message_id, by_osk=True)
    case.note_message(from_requester=False)
    event = _record(appointment, K.APPOINTMENT_MOVED, actor)
    tell_appointment(appointment, "moved")
    return event


@transaction.atomic
def cancel_appointment(
    *,
    case_id: int,
    actor: User,
    appointment_id: UUID,
    reason: str,
    message_id: UUID | None = None,
    expected_version: int | None = None,
    expected_sequence: int | None = None,
) -> CaseEvent | None:
    """Cancel a fixed one, or take an offer back (OSK only). ``reason`` becomes a public message.

    None when it was sent already. The requester's side may cancel what is fixed, and says by
    ``expected_sequence`` what it has seen: another time may suit it.
    """
    case = locked(case_id)
    for_requester = permissions.can_choose_appointment(actor, case)
    appointment = _of(case, appointment_id)
    may = permissions.can_arrange(actor, case) or (for_requester and not appointment.is_offered)
    if not may:
        raise PermissionDenied("cancel an appointment")
    if is_said(case, actor, message_id):
        return None
    check_version(case, AppointmentAction.CANCEL, expected_version)
    if expected_sequence is not None and appointment.sequence != expected_sequence:
        raise TransitionNotAllowed(
            AppointmentAction.CANCEL,
            appointment.state,
            _("The appointment was moved in the meantime. Please look at the new time."),
        )
    was_offered = appointment.is_offered
    if was_offered:
        appointment.withdraw(actor=actor)
    else:
        appointment.cancel(actor=actor)
    _give_reason(case, actor, reason, message_id, by_osk=not for_requester)
    case.note_message(from_requester=for_requester)
    if was_offered:
        event = _record(appointment, K.APPOINTMENT_WITHDRAWN, actor)
        tell_offer_withdrawn(appointment)
    else:
        event = _record(appointment, K.APPOINTMENT_CANCELLED, actor)
        tell_appointment_over(appointment)
    return event


def end_appointments(case: ConsultingRequest, actor: User | None) -> None:
    """A case that has ended takes its open appointment along. The caller holds the case's lock."""
    for appointment in case.appointments.filter(state__in=_OPEN):
        if appointment.is_offered:
            appointment.withdraw(actor=actor)
            _record(appointment, K.APPOINTMENT_WITHDRAWN, actor)
        elif appointment.is_upcoming:
            appointment.cancel(actor=actor)
            _record(appointment, K.APPOINTMENT_CANCELLED, actor)
            tell_appointment_over(appointment)


def hosts_of(case: ConsultingRequest) -> Hosts:
    """What is fixed and to come, each with who speaks for the OSK now."""
    upcoming = [each for each in case.appointments.filter(state=_FIXED) if each.is_upcoming]
    return [(appointment, host_of(appointment)) for appointment in upcoming]


def hand_over(hosts: Hosts, event: CaseEvent) -> None:
    """``event`` changed the contact person. ``hosts``: from before it, of the same case object."""
    for appointment, before in hosts:
        tell_new_host(appointment, before, event.pk)


@transaction.atomic
def lapse_offer(*, appointment_id: int) -> bool:
    """End an offer whose times are all past, and tell the OSK. Whether there was something to end."""
    case_id = Appointment.objects.values_list("case", flat=True).get(pk=appointment_id)
    case = locked(case_id)
    return _lapse(case, case.appointments.get(pk=appointment_id))


_OPEN: Final = (AppointmentState.OFFERED, AppointmentState.FIXED)


def _lapse(case: ConsultingRequest, appointment: Appointment) -> bool:
    if not appointment.is_offered or appointment.slots.filter(starts_at__gt=clock.now()).exists():
        return False
    appointment.withdraw(actor=None)
    tell(record(case, K.APPOINTMENT_LAPSED, None, appointment=appointment.pk))
    return True


def _for_requester(case_id: int, actor: User) -> ConsultingRequest:
    case = locked(case_id)
    if not permissions.can_choose_appointment(actor, case):
        raise PermissionDenied("appointment")
    return case


def _for_osk(case_id: int, actor: User) -> ConsultingRequest:
    case = locked(case_id)
    if not permissions.can_arrange(actor, case):
        raise PermissionDenied("appointment")
    return case


def _of(case: ConsultingRequest, appointment_id: UUID) -> Appointment:
    """Read under the lock of the case, which every writer takes first."""
    appointment = case.appointments.get(public_id=appointment_id)
    appointment.case = case
    return appointment


def _check_time(slot: Slot) -> None:
    start, _end = slot
    if start <= clock.now():
        raise TransitionNotAllowed(
            OFFER,
            "",
            _("Choose a time that is still to come: %(when)s.") % {"when": moment_in_words(start)},
        )
    for moment in slot:
        check_names_one_moment(moment)


def _give_reason(
    case: ConsultingRequest, actor: User, reason: str, message_id: UUID | None, *, by_osk: bool
) -> None:
    write_message(
        case,
        actor=actor,
        body=reason,
        kind=MessageKind.REASON,
        by_osk=by_osk,
        message_id=message_id,
    )


def _record(appointment: Appointment, kind: CaseEventKind, actor: User | None) -> CaseEvent:
    when = {"starts_at": appointment.starts_at.isoformat()} if appointment.starts_at else {}
    return record(
        appointment.case,
        kind,
        actor,
        appointment=appointment.pk,
        sequence=appointment.sequence,
        **when,
    )
