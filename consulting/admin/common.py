"""What the staff pages of consulting have in common: finding a case, its frame, and who came first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import admin
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from consulting import queues
from consulting.admin import listed
from consulting.admin.rows import Row
from consulting.contacts import KNOWN
from consulting.continuing import CONTINUED, with_continued
from consulting.enums import (
    FILE_EVENTS,
    INTRODUCTION_EVENTS,
    KEEPING_EVENTS,
    RELATION_EVENTS,
    CaseEventKind,
)
from consulting.models import CaseEvent, ConsultingRequest, IncomingMail
from consulting.presentation import Standing
from consulting.queues import Queue
from consulting.summary import PROCUREMENT
from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail

if TYPE_CHECKING:
    from osk_portal.toolkit.access import AuthenticatedRequest

MOST_NEIGHBOURS = 50
MOST_CHANGES = 10
# They leave the case's version, and with it every open form, as it is.
WITHOUT_VERSION = (
    CaseEventKind.NOTE_ADDED,
    CaseEventKind.NOTE_EDITED,
    CaseEventKind.CALL_NOTED,
    CaseEventKind.MAIL_ADDED,
    CaseEventKind.MAIL_NOTED,
    CaseEventKind.LINK_SENT,
    CaseEventKind.PARTNER_ANSWERED,
    CaseEventKind.PARTNER_REFUSED,
    CaseEventKind.PARTNER_ASKED_BACK,
    CaseEventKind.PARTNER_REPLIED,
    CaseEventKind.CONSENT_GIVEN,
    CaseEventKind.CONSENT_REFUSED,
    CaseEventKind.CONSENT_WITHDRAWN,
    CaseEventKind.RECOMMENDATION_MARKED,
    CaseEventKind.RECORD_TAKEN,
    *FILE_EVENTS,
    *INTRODUCTION_EVENTS,
    CaseEventKind.NEED_PUBLISHED,
    *KEEPING_EVENTS,
    *RELATION_EVENTS,
    CaseEventKind.OUTCOME_ASKED,
    CaseEventKind.OUTCOME_TOLD,
    CaseEventKind.APPOINTMENT_LAPSED,
    CaseEventKind.TAGGED,
    CaseEventKind.UNTAGGED,
    CaseEventKind.BOOKING_LINKED,
    CaseEventKind.BOOKING_UNLINKED,
)
MAIL_CAME_BACK_AT = Subquery(
    OutgoingMail.objects.filter(
        user=OuterRef("author"), address__iexact=OuterRef("author__email"), sent_at__isnull=False
    )
    .order_by("-sent_at", "-pk")
    .values("bounced_at")[:1]
)
"""Of the latest mail to the author's present address: one that arrives again ends the warning."""
MOST_MAILS = 99
WAITING_MAILS = ArraySubquery(
    IncomingMail.objects.about(OuterRef("pk"))
    .order_by("received_at", "pk")
    .values("public_id")[:MOST_MAILS]
)
"""Mails in the Posteingang that are perhaps about the case, the oldest first."""


@dataclass(frozen=True)
class Conflict:
    """Somebody was faster: nothing was written. ``changes``: what happened since the form was shown."""

    changes: Sequence[CaseEvent]
    can_send: bool
    """What was typed can still be sent, to the case as it is now."""


def find_case(user: User, public_id: UUID) -> ConsultingRequest:
    """The case for its page; 404 for a draft or an unknown id."""
    cases = (
        queues.all_cases(user)
        .select_related(
            "organisation",
            "author",
            "assignee__absence__deputy",
            "deputy",
            "duplicate_of",
            CONTINUED,
            "result",
            "retention",
            *PROCUREMENT,
        )
        .annotate(
            mail_came_back_at=MAIL_CAME_BACK_AT,
            waiting_mails=WAITING_MAILS,
            **KNOWN,
            **with_continued(user),
        )
    )
    return get_object_or_404(cases, public_id=public_id)


def queue_of(request: HttpRequest) -> Queue | None:
    """The queue that one came from."""
    return queues.BY_NAME.get(request.GET.get("queue", ""))


def conflict(case: ConsultingRequest, seen_version: int, *, can_send: bool) -> Conflict:
    """What happened since ``seen_version``: each change of a case raises its version by one."""
    missed = min(max(case.version - seen_version, 0), MOST_CHANGES)
    events = (
        case.events.exclude(kind__in=WITHOUT_VERSION)
        .select_related("actor")
        .order_by("-at", "-pk")[:missed]
    )
    return Conflict(list(reversed(events)), can_send)


def page(
    request: HttpRequest, template: str, context: Mapping[str, object], *, status: int = 200
) -> HttpResponse:
    """A page in the staff shell."""
    shell = admin.site.each_context(request)
    return render(request, f"admin/consulting/{template}", {**shell, **context}, status=status)


def case_frame(request: AuthenticatedRequest, case: ConsultingRequest) -> dict[str, object]:
    """What stands around every page of a case: title, state, and the queue at the side."""
    queue = queue_of(request)
    neighbours: list[Row] = []
    total = 0
    if queue is not None:
        found = listed.read_queue(queue, request.user, range(MOST_NEIGHBOURS + 1))
        total = len(found)
        neighbours = [Row(other, queue) for other in found[:MOST_NEIGHBOURS]]
    return {
        "case": case,
        "standing": Standing(case),
        "case_url": queues.case_url(case, queue),
        "queue": queue,
        "neighbours": neighbours,
        "more_neighbours": total > MOST_NEIGHBOURS,
    }
