"""A case as one line of a queue: what is promised, who must do what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from django.core.paginator import Page
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from consulting import permissions, queues
from consulting.deadlines import Due, short_date
from consulting.enums import CaseState, Urgency
from consulting.models import ConsultingRequest
from consulting.presentation import Standing
from consulting.queues import Queue
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock

if TYPE_CHECKING:
    from datetime import date

    from django.utils.functional import _StrPromise

NOTE_LENGTH: Final = 120
_NEXT: Final[Mapping[str, _StrPromise]] = {
    CaseState.SUBMITTED: gettext_lazy("look at the request"),
    CaseState.TRIAGE: gettext_lazy("assign the request"),
    CaseState.ASSIGNED: gettext_lazy("start work"),
    CaseState.IN_PROGRESS: gettext_lazy("prepare the answer"),
    CaseState.WAITING_REQUESTER: gettext_lazy("answer the question"),
    CaseState.WAITING_THIRD: gettext_lazy("wait for the information"),
    CaseState.ANSWERED: gettext_lazy("confirm the answer"),
}

_NEEDS_CONTACT: Final = (CaseState.IN_PROGRESS, CaseState.WAITING_THIRD)
"""Reopened, perhaps, without a contact person: nobody would prepare the answer."""


@dataclass(frozen=True)
class Row:
    case: ConsultingRequest
    queue: Queue | None = None
    user: User | None = None
    """Who looks at it."""

    @property
    def url(self) -> str:
        return queues.case_url(self.case, self.queue)

    @cached_property
    def standing(self) -> Standing:
        return Standing(self.case)

    @cached_property
    def due(self) -> Due | None:
        return self.standing.first_response or self.standing.due

    @property
    def tick_label(self) -> str:
        """What its box says to those who do not see the row."""
        return _("Tick %(reference)s") % {"reference": self.case.reference}

    @property
    def urgency(self) -> str:
        """That it is marked as urgent, while that can still be acted upon."""
        case = self.case
        is_marked = case.urgency in (Urgency.WISHED, Urgency.CONFIRMED)
        return case.get_urgency_display() if is_marked and case.is_open else ""

    @property
    def urgency_note(self) -> str:
        """By when the Leitung decides about the urgency, while it has not."""
        day = self.standing.urgency_due
        return _("decide by %(date)s") % {"date": short_date(day)} if day else ""

    @property
    def due_note(self) -> str:
        """The date behind the words: of the promise, of the question, of the closing."""
        case = self.case
        if case.state == CaseState.WAITING_REQUESTER and case.reply_due_on:
            return _("question until %(date)s") % {"date": short_date(case.reply_due_on)}
        if case.state == CaseState.ANSWERED:
            if case.closes_on is None:
                return ""
            return _("closes on %(date)s") % {"date": short_date(case.closes_on)}
        if case.is_with_osk and self.due and self.due.on:
            day = short_date(self.due.on)
            if self.standing.first_response:
                return _("first response by %(date)s") % {"date": day}
            return day
        return ""

    @property
    def follow_up(self) -> str:
        """The follow-up date, from its day on with the note; empty where there is none."""
        case = self.case
        if case.snoozed_until is None:
            return ""
        text = _("Follow-up on %(date)s") % {"date": short_date(case.snoozed_until)}
        if case.is_snoozed or not case.snooze_note:
            return text
        return f"{text}: {Truncator(case.snooze_note).chars(NOTE_LENGTH)}"

    @property
    def stands_in_for(self) -> User | None:
        """The absent contact person in whose place the reader looks after it."""
        is_deputy = self.user is not None and permissions.stands_in(self.user, self.case)
        return self.case.assignee if is_deputy else None

    @property
    def tags(self) -> list[str]:
        """Its labels, where the list has read them."""
        names: list[str] = getattr(self.case, "tag_names", [])
        return names

    @property
    def contact(self) -> str:
        """Its contact person, or in whose place the reader stands; empty while there is nobody."""
        absent = self.stands_in_for
        if absent is not None:
            return _("as deputy of %(name)s") % {"name": absent}
        return str(self.case.assignee or "")

    @property
    def line(self) -> dict[str, object]:
        """What a list shows of it: a mapping of plain values, which a template reads fastest by far."""
        case, standing, due = self.case, self.standing, self.due
        return {
            "due": due.text if due else "",
            "due_tone": due.tone if due else "",
            "due_note": self.due_note,
            "public_id": str(case.public_id),
            "version": case.version,
            "tick_label": self.tick_label,
            "is_confidential": case.is_confidential,
            "url": self.url,
            "title": case.title,
            "tags": self.tags,
            "reference": case.reference,
            "organisation": str(case.organisation),
            "tone": standing.tone,
            "state": standing.staff_badge,
            "urgency": self.urgency,
            "urgency_note": self.urgency_note,
            "next_step": self.next_step,
            "must_act": standing.staff_must_act if self.next_step else "",
            "follow_up": self.follow_up,
            "contact": self.contact,
        }

    @cached_property
    def next_step(self) -> str:
        """What whoever must act has to do."""
        until: date | None = getattr(self.case, "waits_until", None)
        return next_step(self.case, until, has_query=getattr(self.case, "has_query", False))


def late_in_words(rows: Sequence[Row], page: Page[Any]) -> str:
    """``1 ist überfällig, 2 sind heute fällig.``, read off the first page: the next promise stands first.

    Empty on later pages, and where nothing is. When even the last row is late there may be more.
    """
    if page.number != 1:
        return ""
    today = clock.today()
    late = [row.due is not None and row.due.tone == "over" for row in rows]
    now = [row.due is not None and row.due.on == today for row in rows]
    said = []
    if any(late):
        n = sum(late)
        said.append(ngettext("%(n)d is overdue", "%(n)d are overdue", n) % {"n": n})
    if any(now):
        n = sum(now)
        said.append(ngettext("%(n)d is due today", "%(n)d are due today", n) % {"n": n})
    if not said:
        return ""
    is_all = not page.has_next() or not (late[-1] or now[-1])
    text = _("%(late)s.") if is_all else _("At least %(late)s.")
    return text % {"late": ", ".join(said)}


def next_step(case: ConsultingRequest, waits_until: date | None, *, has_query: bool = False) -> str:
    """``waits_until``: the last day that partners have for their answer, where some are asked.

    ``has_query``: one of them asked back and waits for us.
    """
    if case.follow_up_at is not None:
        return _("answer the further question")
    if case.state in _NEEDS_CONTACT and case.assignee_id is None:
        return _("name a contact person")
    if case.state == CaseState.WAITING_THIRD and has_query:
        return _("answer the partner's query")
    if case.state == CaseState.WAITING_THIRD and waits_until is not None:
        return _("wait for the information until %(date)s") % {"date": short_date(waits_until)}
    return str(_NEXT.get(case.state, ""))
