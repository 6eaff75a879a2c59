"""What consulting puts into a person's own calendar. Asked anew at each fetch: what one may read then."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from django.db.models import Q
from django.utils.translation import gettext as _

from consulting.appointments import entry_of, name_outside, uid_of
from consulting.enums import AppointmentState, CaseState
from consulting.models import Appointment, ConsultingRequest, Participant
from consulting.notifications import staff_url
from osk_portal.toolkit import clock
from osk_portal.toolkit.ics import Entry

if TYPE_CHECKING:
    from consulting.querysets import CaseQuerySet
    from osk_portal.accounts.models import User

KEPT: Final = timedelta(days=30)
"""So long an appointment that is over stays in the calendar."""


def entries(user: User) -> Iterable[Entry]:
    """Own appointments, then promised days; for an advisor those of the cases he or she looks after.

    Of a confidential case the reference only (``appointments.name_outside``).
    """
    yield from _appointments(user)
    for case in _own(user).filter(_has_promise()):
        yield from _days_of_requester(case)
    if user.is_advisor:
        mine = ConsultingRequest.objects.visible_to(user).assigned_to(user)
        snoozed = Q(snoozed_until__gte=clock.today())
        for case in mine.filter(_has_promise() | snoozed):
            yield from _days_of_osk(case)


def _own(user: User) -> CaseQuerySet:
    """Cases in which ``user`` speaks for the authority, and may still read."""
    writing = Participant.objects.filter(user=user, may_write=True)
    speaks = Q(author=user) | Q(deputy=user) | Q(pk__in=writing.values("case"))
    return ConsultingRequest.objects.shared_with(user).sent().filter(speaks)


def _has_promise() -> Q:
    return Q(pk__in=ConsultingRequest.objects.with_osk().values("pk")) | Q(
        state=CaseState.WAITING_REQUESTER
    )


def _appointments(user: User) -> Iterable[Entry]:
    taking_part = Q(case__in=_own(user))
    if user.is_advisor:
        hosted = Q(case__assignee=user) | Q(case__assignee=None, offered_by=user)
        readable = ConsultingRequest.objects.visible_to(user)
        taking_part |= hosted & Q(case__in=readable)
    fixed = Appointment.objects.filter(
        taking_part, state=AppointmentState.FIXED, ends_at__gt=clock.now() - KEPT
    )
    for appointment in fixed.select_related("case").order_by("starts_at", "pk"):
        case = appointment.case
        is_host = user.is_advisor and case.author_id != user.pk
        yield entry_of(appointment, staff_url(case) if is_host else case.get_absolute_url())


def _days_of_requester(case: ConsultingRequest) -> Iterable[Entry]:
    url = case.get_absolute_url()
    if case.reply_due_on is not None:
        title = _("Your reply to the OSK: %(what)s") % {"what": name_outside(case)}
        yield _day(case, "reply", case.reply_due_on, title, url)
    elif case.answer_due_on is not None:
        title = _("Answer of the OSK promised: %(what)s") % {"what": name_outside(case)}
        yield _day(case, "answer", case.answer_due_on, title, url)


def _days_of_osk(case: ConsultingRequest) -> Iterable[Entry]:
    url = staff_url(case)
    is_first = case.first_responded_at is None
    due_on = case.first_response_due_on if is_first else case.answer_due_on
    if case.is_with_osk and due_on is not None:
        words = _("First response due: %(what)s") if is_first else _("Answer due: %(what)s")
        yield _day(case, "due", due_on, words % {"what": name_outside(case)}, url)
    if case.snoozed_until is not None and case.snoozed_until >= clock.today():
        title = _("Follow-up: %(what)s") % {"what": name_outside(case)}
        yield _day(case, "follow-up", case.snoozed_until, title, url)


def _day(case: ConsultingRequest, what: str, day: date, title: str, url: str) -> Entry:
    return Entry(uid=uid_of(case.public_id, what), title=title, starts=day, url=url)
