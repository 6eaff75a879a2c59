"""The conversation of a case as one list: messages, answers, and the events worth a line between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from consulting.enums import FILE_EVENTS, CaseEventKind, MessageKind
from consulting.models import CaseEvent, Recommendation
from sandbox.models import Blueprint

if TYPE_CHECKING:
    from consulting.models import ConsultingRequest
    from osk_portal.accounts.models import User

K = CaseEventKind

# Shown between the messages; what a message says itself (question, reply, answer) is not said twice.
_SHOWN_EVENTS: Final = frozenset(
    {
        K.ASSIGNED, K.STARTED, K.PARTNER_INVOLVED, K.PARTNER_DONE, K.CLOSED, K.CLOSED_SILENT,
        K.REOPENED, K.DECLINED, K.MARKED_DUPLICATE, K.UNDONE, K.WITHDRAWN, K.REMINDED,
    }
)  # fmt: skip
_INTERNAL_EVENTS: Final = frozenset({K.RETURNED, K.TAKEN_UP, K.SHARED})
# In the history beside the case; the requester's never names what only the OSK does.
_HISTORY: Final = frozenset(
    set(K) - {K.MESSAGE_ADDED, K.NOTE_ADDED, K.RETURNED, K.SHARED} - FILE_EVENTS
)

EVENTS: Final = Prefetch("events", CaseEvent.objects.select_related("actor"))
"""For the query of a case whose timeline and history are shown: one query for both."""
RECOMMENDATIONS: Final = Prefetch(
    "recommendations",
    Recommendation.objects.select_related("solution", "blueprint", "organisation").prefetch_related(
        Prefetch(
            "solution__blueprints", Blueprint.objects.bookable(), to_attr="bookable_blueprints"
        )
    ),
)
"""With the test environments that can be booked for a recommended solution."""


@dataclass(frozen=True)
class Entry:
    """One line of the conversation. ``what``: message, answer or event."""

    what: str
    at: datetime
    author: User | None = None
    by_osk: bool = False
    is_internal: bool = False
    label: str = ""
    """What kind of message it is, or what the event says; empty for a plain message."""
    body: str = ""
    is_markdown: bool = False
    recommendations: Sequence[Recommendation] = field(default=())


def timeline(case: ConsultingRequest, *, internal: bool) -> list[Entry]:
    """The conversation, oldest first; with notes and internal events only for the OSK."""
    entries = [
        Entry("message", case.submitted_at or case.created_at, case.author, body=case.description)
    ]
    messages = case.messages.select_related("author")
    if not internal:
        messages = messages.filter(is_internal=False)
    entries += [
        Entry(
            "message",
            m.created_at,
            m.author,
            by_osk=m.by_osk,
            is_internal=m.is_internal,
            label="" if m.kind == MessageKind.MESSAGE else str(MessageKind(m.kind).label),
            body=m.body,
            is_markdown=m.by_osk,
        )
        for m in messages
    ]
    results = case.results.select_related("author").prefetch_related(RECOMMENDATIONS)
    entries += [
        Entry(
            "answer",
            r.created_at,
            r.author,
            by_osk=True,
            body=r.text,
            is_markdown=True,
            recommendations=list(r.recommendations.all()),
        )
        for r in results
    ]
    shown = _SHOWN_EVENTS | _INTERNAL_EVENTS if internal else _SHOWN_EVENTS
    entries += [
        Entry(
            "event",
            event.at,
            event.actor if internal else None,
            is_internal=event.kind in _INTERNAL_EVENTS,
            label=_label(event, case),
        )
        for event in case.events.all()
        if event.kind in shown
    ]
    # sort() is stable: what happened in the same moment stays in the order messages, answers, events.
    entries.sort(key=lambda entry: entry.at)
    return entries


def _label(event: CaseEvent, case: ConsultingRequest) -> str:
    if event.kind == K.ASSIGNED and event.data.get("assignee") == case.assignee_id:
        return _("The contact person is %(name)s") % {"name": case.assignee}
    return event.label


def history(case: ConsultingRequest, *, internal: bool) -> list[CaseEvent]:
    """What happened, newest first."""
    events = reversed(case.events.all())
    return [event for event in events if internal or event.kind in _HISTORY]
