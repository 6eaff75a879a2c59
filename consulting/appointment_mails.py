"""Mails about Termine: to those who take part, with what their calendars need.

Each gets a mail of his or her own, so that nobody's address stands in a file for others. As in all mails,
nothing of what was written; time and place do, without them nobody could come.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import translation

from consulting import confidential
from consulting.appointments import invitation
from consulting.models import Appointment
from consulting.notifications import replies, requester_side, staff_url
from osk_portal.accounts.models import User
from osk_portal.notifications.attachments import Attachment
from osk_portal.notifications.services import Message, notify
from osk_portal.toolkit import ics


def tell_offer(appointment: Appointment) -> None:
    """The requester's side chooses; the OSK has written it itself."""
    _tell_requester(appointment, "offered", {"slots": list(appointment.slots.all())})


def tell_offer_withdrawn(appointment: Appointment) -> None:
    _tell_requester(appointment, "withdrawn", {})


def tell_appointment(appointment: Appointment, what: str) -> None:
    """``what``: fixed or moved. The mail puts it into the calendar, or in another place there."""
    for person, url in _taking_part(appointment):
        _tell(appointment, what, person, url, _attached(appointment, person, url, "REQUEST"))


def tell_new_host(appointment: Appointment, before: User, turn: int) -> None:
    """Somebody else than ``before`` speaks for the OSK: out of one calendar and into the other.

    ``turn``: tells this change from others, so that who gives it away and gets it back is told each time.
    """
    host = host_of(appointment)
    if host == before:
        return
    side = {person.pk for person in requester_side(appointment.case)}
    url = staff_url(appointment.case)
    methods: tuple[tuple[User, str, ics.Method], ...] = (
        (before, "handed_over", "CANCEL"),
        (host, "fixed", "REQUEST"),
    )
    for person, what, method in methods:
        if person.is_advisor and person.pk not in side:
            attached = _attached(appointment, person, url, method)
            _tell(appointment, what, person, url, attached, turn=f":{turn}")


def tell_appointment_over(appointment: Appointment) -> None:
    """Cancelled: the mail takes it out of the calendar."""
    for person, url in _taking_part(appointment):
        _tell(appointment, "cancelled", person, url, _attached(appointment, person, url, "CANCEL"))


def remind_of_appointment(appointment: Appointment) -> None:
    for person, url in _taking_part(appointment):
        _tell(appointment, "reminder", person, url, ())


def _taking_part(appointment: Appointment) -> Iterable[tuple[User, str]]:
    """Author, deputy, those who work along, and who speaks for the OSK; each with his or her page."""
    case = appointment.case
    people = {person.pk: (person, case.get_absolute_url()) for person in requester_side(case)}
    host = host_of(appointment)
    if host.is_advisor:
        people.setdefault(host.pk, (host, staff_url(case)))
    return people.values()


def host_of(appointment: Appointment) -> User:
    """Who speaks for the OSK."""
    assignee = appointment.case.assignee
    return assignee if assignee and assignee.is_advisor else appointment.offered_by


def _attached(
    appointment: Appointment, person: User, url: str, method: ics.Method
) -> tuple[Attachment, ...]:
    with translation.override(person.language):
        text = invitation(appointment, person, method=method, url=url)
    name = "absage.ics" if method == "CANCEL" else "termin.ics"
    return (Attachment(name, f"text/calendar; method={method}; charset=utf-8", text),)


def _tell_requester(appointment: Appointment, what: str, more: dict[str, object]) -> None:
    case = appointment.case
    notify(
        _message(appointment, what, case.get_absolute_url(), (), more), list(requester_side(case))
    )


def _tell(
    appointment: Appointment,
    what: str,
    person: User,
    url: str,
    attachments: tuple[Attachment, ...],
    turn: str = "",
) -> None:
    notify(_message(appointment, what, url, attachments, {}, turn), [person])


def _message(
    appointment: Appointment,
    what: str,
    url: str,
    attachments: tuple[Attachment, ...],
    more: dict[str, object],
    turn: str = "",
) -> Message:
    case = appointment.case
    is_osk = url != case.get_absolute_url()
    facts = confidential.staff_mail(case) if is_osk else {"title": confidential.title_outside(case)}
    return Message(
        kind=f"consulting.appointment_{what}",
        template=f"consulting/email/appointment_{what}",
        url=url,
        dedupe=f"consulting:appointment:{appointment.pk}:{what}:{appointment.sequence}{turn}",
        subject_key=str(case.public_id),
        thread=str(case.public_id),
        reply_to=None if is_osk else replies(case),
        context={"case": case, "is_osk": is_osk, **facts, "appointment": appointment, **more},
        attachments=attachments,
    )
