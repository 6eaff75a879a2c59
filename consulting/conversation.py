"""The conversation of a case as one list: messages, answers, and the events worth a line between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db.models import Prefetch, prefetch_related_objects
from django.utils.translation import gettext as _

from consulting import permissions
from consulting.deadlines import short_date
from consulting.enums import APPOINTMENT_EVENTS, CaseEventKind, MessageKind
from consulting.legal import cited_in, statements_in
from consulting.models import (
    CaseEvent,
    CaseFile,
    CaseMessage,
    IncomingMail,
    LegalStatement,
    MessageVersion,
    Recommendation,
)
from consulting.offers import OfferList, read_offers
from osk_portal.templatetags.osk import berlin_datetime
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
        K.URGENCY_CONFIRMED, K.URGENCY_ANSWERED, K.TAKEN_OVER, K.HANDED_OVER, *APPOINTMENT_EVENTS,
        K.DEPUTY_NAMED, K.DEPUTY_LEFT,
        K.TAKE_OVER_ENDED,
        K.CONSENT_ASKED, K.CONSENT_GIVEN, K.CONSENT_REFUSED, K.CONSENT_WITHDRAWN, K.INQUIRY_DECIDED,
        K.PROCEDURE_CHANGED, K.COMPANIES_WITHDRAWN, K.PROCUREMENT_COMPLETED,
    }
)  # fmt: skip
# What a partner says reaches the requester only when the OSK passes it on.
_INTERNAL_EVENTS: Final = frozenset(
    {
        K.RETURNED, K.TAKEN_UP, K.SHARED, K.SNOOZED, K.WOKEN, K.PARTNER_ANSWERED, K.PARTNER_REFUSED,
        K.LINK_SENT, K.PARTNER_ASKED_BACK, K.PARTNER_REPLIED,
    }
)  # fmt: skip
# The requester's history: a new kind is the OSK's alone until it is named here.
_HISTORY: Final = frozenset(
    {
        K.SUBMITTED, K.TAKEN_UP, K.ASSIGNED, K.STARTED, K.ASKED_BACK, K.REPLIED, K.PARTNER_INVOLVED,
        K.PARTNER_DONE, K.ANSWERED, K.CLOSED, K.CLOSED_SILENT, K.REOPENED, K.DECLINED,
        K.MARKED_DUPLICATE, K.UNDONE, K.WITHDRAWN, K.REMINDED, K.RECOMMENDATION_MARKED,
        K.RECORD_TAKEN, K.URGENCY_CONFIRMED, K.URGENCY_ANSWERED, K.TAKEN_OVER, K.HANDED_OVER,
        K.CONSENT_ASKED, K.CONSENT_GIVEN, K.CONSENT_REFUSED, K.CONSENT_WITHDRAWN, K.INQUIRY_DECIDED,
        K.PROCEDURE_CHANGED, K.COMPANIES_WITHDRAWN, K.PROCUREMENT_COMPLETED, *APPOINTMENT_EVENTS,
        K.INTRODUCTION_ASKED, K.INTRODUCTION_AGREED, K.INTRODUCTION_TAKEN_BACK,
        K.INTRODUCTION_REFUSED, K.INTRODUCTION_ENDED, K.INTRODUCED, K.NEED_PUBLISHED,
        K.RETENTION_ANNOUNCED, K.FILED, K.HOLD_SET, K.HOLD_LIFTED, K.ANONYMISED,
        K.ORGANISATION_CORRECTED, K.TAKE_OVER_ENDED, K.DEPUTY_NAMED, K.DEPUTY_LEFT, K.COLLEAGUE_LEFT,
        K.BOOKING_LINKED, K.BOOKING_UNLINKED,
    }
)  # fmt: skip

_RECOMMENDED = Recommendation.objects.select_related("solution", "blueprint", "organisation")
RECOMMENDED: Final = Prefetch("recommendations", _RECOMMENDED)
RECOMMENDATIONS: Final = Prefetch(
    "recommendations",
    _RECOMMENDED.prefetch_related(
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
    voice: str = ""
    """Who speaks where no person does: a Funktionspostfach."""
    by_osk: bool = False
    is_internal: bool = False
    label: str = ""
    """What kind of message it is, or what the event says; empty for a plain message."""
    is_call: bool = False
    body: str = ""
    quoted: str = ""
    """Of a mail: what it quoted."""
    mail_key: UUID | None = None
    """For the OSK: the mail that it came as."""
    files_refused: int = 0
    is_markdown: bool = False
    recommendations: Sequence[Recommendation] = field(default=())
    offers: OfferList | None = None
    """Of an answer: the support offers that were listed beside it."""
    citations: Sequence[LegalStatement] = field(default=())
    """Legal statements that a text of the OSK cites."""
    files: Sequence[CaseFile] = field(default=())
    message: CaseMessage | None = None
    edit_url: str = ""
    """For who may change it now."""
    versions: Sequence[MessageVersion] = field(default=())
    """What stood there before the author changed it, oldest first."""


def timeline(case: ConsultingRequest, *, internal: bool) -> list[Entry]:
    """The conversation, oldest first; with notes and internal events only for the OSK."""
    files = _files(case, internal=internal)
    handed_in = [
        f
        for f in files[None, None]
        if case.submitted_at is None or f.created_at <= case.submitted_at
    ]
    if is_loaded(case, "messages"):
        messages = [m for m in case.messages.all() if internal or not m.is_internal]
    else:
        public = {} if internal else {"is_internal": False}
        messages = list(case.messages.filter(**public).select_related("author", "mailbox_of"))
    mails = _mails_of(case)
    edited = [m for m in messages if m.edited_at]
    if edited:
        prefetch_related_objects(edited, "versions")
    entries = [
        Entry(
            "message",
            case.submitted_at or case.created_at,
            case.author,
            body=case.description,
            files=handed_in,
        )
    ]
    entries += [
        Entry(
            "message",
            m.created_at,
            m.author,
            voice=m.voice,
            by_osk=m.by_osk,
            is_internal=m.is_internal,
            label=_message_label(m),
            is_call=m.kind in (MessageKind.CALL, MessageKind.MAIL),
            body=m.body,
            quoted=m.quoted_text,
            mail_key=mails[m.pk].public_id if internal and m.pk in mails else None,
            files_refused=mails[m.pk].files_refused if internal and m.pk in mails else 0,
            is_markdown=m.kind != MessageKind.MAIL and m.pk not in mails,
            files=files[m.pk, None],
            message=m,
            versions=list(m.versions.all()) if m.edited_at else (),
        )
        for m in messages
    ]
    # Without a first answer there is no result to look for; staff see no buttons for a booking.
    recommended = RECOMMENDED if internal else RECOMMENDATIONS
    if is_loaded(case, "results"):
        results = list(case.results.all())
    elif case.answered_at is None:
        results = []
    else:
        results = list(case.results.select_related("author").prefetch_related(recommended))
    entries += [
        Entry(
            "answer",
            r.created_at,
            r.author,
            by_osk=True,
            body=r.text,
            is_markdown=True,
            recommendations=list(r.recommendations.all()),
            offers=read_offers(r.offers),
            files=files[None, r.pk],
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
    entries = _with_citations(entries, case)
    # sort() is stable: what happened in the same moment stays in the order messages, answers, events.
    entries.sort(key=lambda entry: entry.at)
    return entries


def _with_citations(entries: list[Entry], case: ConsultingRequest) -> list[Entry]:
    """Only the OSK cites: what others type in brackets stays what it is."""
    cites = [entry for entry in entries if entry.by_osk and not _is_mail(entry)]
    known = statements_in(case, (entry.body for entry in cites))
    if not known:
        return entries
    return [
        replace(entry, citations=[known[r] for r in cited_in(entry.body) if r in known])
        if entry.by_osk and not _is_mail(entry)
        else entry
        for entry in entries
    ]


def _is_mail(entry: Entry) -> bool:
    """Put into the case by the OSK, but the words of somebody else."""
    return entry.message is not None and entry.message.kind == MessageKind.MAIL


def with_edit_links(
    entries: Sequence[Entry], case: ConsultingRequest, user: User, address: Callable[[UUID], str]
) -> list[Entry]:
    """With a link at each text that ``user`` may change now; ``address`` gives it for a message."""
    return [
        replace(entry, edit_url=address(entry.message.public_id))
        if entry.message is not None
        and entry.message.can_be_edited
        and permissions.can_edit_message(user, entry.message, case)
        else entry
        for entry in entries
    ]


def _mails_of(case: ConsultingRequest) -> dict[int, IncomingMail]:
    """The mails that messages came as, by message; no query where none did, which the events say."""
    if not any("by_mail" in event.data for event in case.events.all()):
        return {}
    found = IncomingMail.objects.filter(message__case=case).only(
        "public_id", "files_refused", "message"
    )
    return {mail.message_id: mail for mail in found.order_by("-pk") if mail.message_id is not None}


def is_loaded(case: ConsultingRequest, name: str) -> bool:
    """The rows of a related manager were read along with the case (``case_rows``, or a prefetch)."""
    return name in getattr(case, "_prefetched_objects_cache", {})


def _files(
    case: ConsultingRequest, *, internal: bool
) -> Mapping[tuple[int | None, int | None], list[CaseFile]]:
    """By message and answer to which they belong; (None, None): of the request itself."""
    found = defaultdict(list)
    for file in case.files.all():
        if internal or not file.is_internal:
            found[file.message_id, file.result_id].append(file)
    return found


def _message_label(message: CaseMessage) -> str:
    """What kind of message it is; of a call also with whom and when."""
    if message.kind == MessageKind.MESSAGE:
        return ""
    if message.kind == MessageKind.CALL and message.spoken_at is not None:
        return _("Telephone note: call with %(name)s on %(when)s") % {
            "name": message.spoken_with,
            "when": berlin_datetime(message.spoken_at),
        }
    if message.kind == MessageKind.MAIL and message.spoken_at is not None:
        return _("Mail from %(name)s of %(when)s") % {
            "name": message.spoken_with,
            "when": berlin_datetime(message.spoken_at),
        }
    return str(MessageKind(message.kind).label)


def _label(event: CaseEvent, case: ConsultingRequest) -> str:
    if event.kind == K.ASSIGNED and event.data.get("assignee", 0) == case.assignee_id:
        return _("The contact person is %(name)s") % {"name": case.assignee}
    if event.kind == K.SNOOZED:
        day = date.fromisoformat(str(event.data["until"]))
        return _("Follow-up date: %(date)s") % {"date": short_date(day)}
    if event.kind == K.TAKEN_OVER:
        return _("%(name)s has taken over for the Organisationsverwaltung.") % {"name": event.actor}
    if event.kind == K.TAKE_OVER_ENDED:
        return _("%(name)s has ended a take-over by the Organisationsverwaltung.") % {
            "name": event.actor
        }
    if event.kind == K.HANDED_OVER and event.data.get("successor", 0) == case.author_id:
        return _("%(name)s goes on with this request for the authority.") % {"name": case.author}
    return event.label


def history(case: ConsultingRequest, *, internal: bool) -> list[CaseEvent]:
    """What happened, newest first."""
    events = reversed(case.events.all())
    return [event for event in events if internal or event.kind in _HISTORY]
