"""The queues of the OSK: which cases stand in each, in which order, and how many."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    Case,
    Count,
    DateField,
    F,
    Func,
    IntegerField,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.urls import get_script_prefix, reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _

from consulting.deadlines import DUE_SOON_DAYS
from consulting.enums import CaseState, Urgency
from consulting.models import ConsultingRequest, IncomingMail
from consulting.querysets import (
    AT_WORK,
    OPEN_STATES,
    WITH_OSK_STATES,
    CaseQuerySet,
    looked_after_by,
)
from osk_portal import portal
from osk_portal.accounts.models import User
from osk_portal.pages import navigation
from osk_portal.toolkit import clock
from osk_portal.toolkit.prepared import TODAY, USER, Parameter
from osk_portal.toolkit.working_days import add_working_days

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

URGENT: Final = "urgent"
_REFERENCE: Final = re.compile(r"(?:osk[\s\-–]*)?(\d{4})[\s\-–]+(\d{1,5})", re.IGNORECASE)
_WITH_OSK = Q(state__in=WITH_OSK_STATES)
_FIRST_RESPONSE_OPEN = _WITH_OSK & Q(first_responded_at=None)


@dataclass(frozen=True)
class Days:
    """The days that the queues compare with; parameters where a query is prepared."""

    today: date | Parameter
    soon: date | Parameter
    """The last day that counts as "due soon"."""

    @classmethod
    def today_and_soon(cls) -> Days:
        return cls(clock.today(), _soon())


def _soon() -> date:
    return add_working_days(clock.today(), DUE_SOON_DAYS)


_ANY_DAYS: Final = Days(TODAY, Parameter(_soon, DateField()))


@dataclass(frozen=True)
class Queue:
    name: str
    label: _StrPromise
    heading: _StrPromise
    condition: Callable[[User | Parameter, Days], Q]
    is_exportable: bool = True
    """No list per advisor leaves the portal (product.md, Staff data)."""

    @property
    def url(self) -> str:
        return reverse("admin:consulting_consultingrequest_queue", args=[self.name])


def _promised(lookup: str, *days: date | Parameter) -> Q:
    """The next promise to keep, the first response or the answer, compared with ``days``."""
    value = days if len(days) > 1 else days[0]
    return _WITH_OSK & (
        Q(first_responded_at=None, **{f"first_response_due_on__{lookup}": value})
        | Q(first_responded_at__isnull=False, **{f"answer_due_on__{lookup}": value})
    )


def due_soon(days: Days) -> Q:
    return _promised("range", days.today, days.soon)


def overdue(days: Days) -> Q:
    return _promised("lt", days.today)


QUEUES: Final = (
    Queue("new", _("New"), _("New requests"), lambda user, days: Q(state=CaseState.SUBMITTED)),
    Queue(
        "mine",
        _("Mine"),
        _("My requests"),
        lambda user, days: (
            looked_after_by(user, days.today)
            & Q(state__in=(*OPEN_STATES, CaseState.ANSWERED))
            & (Q(snoozed_until=None) | Q(snoozed_until__lte=days.today))
        ),
        is_exportable=False,
    ),
    Queue(
        "unassigned",
        _("Unassigned"),
        _("Unassigned requests"),
        lambda user, days: Q(assignee=None, state__in=OPEN_STATES),
    ),
    Queue(
        "waiting",
        _("Waiting"),
        _("Waiting requests"),
        lambda user, days: Q(state__in=(CaseState.WAITING_REQUESTER, CaseState.WAITING_THIRD)),
    ),
    Queue(
        URGENT,
        _("To decide: urgent"),
        _("Requests marked as urgent"),
        lambda user, days: Q(state__in=OPEN_STATES, urgency=Urgency.WISHED),
    ),
    Queue(
        "due-soon",
        _("Due soon"),
        _("Requests due soon"),
        lambda user, days: due_soon(days),
    ),
    Queue("overdue", _("Overdue"), _("Overdue requests"), lambda user, days: overdue(days)),
    Queue(
        "follow-up",
        _("Follow-up"),
        _("Requests with a follow-up date"),
        lambda user, days: Q(snoozed_until__isnull=False),
    ),
    Queue(
        "answered",
        _("Answered"),
        _("Answered requests"),
        lambda user, days: Q(state=CaseState.ANSWERED),
    ),
    Queue(
        "open", _("All open"), _("All open requests"), lambda user, days: Q(state__in=OPEN_STATES)
    ),
)
BY_NAME: Final = {queue.name: queue for queue in QUEUES}
HOME: Final = BY_NAME["new"]
OVERDUE: Final = BY_NAME["overdue"]
MAILS_URL: Final = reverse_lazy("admin:consulting_incomingmail_changelist")
RECORD_URL: Final = reverse_lazy("admin:consulting_consultingrequest_record")
ABSENCE_URL: Final = reverse_lazy("admin:consulting_absence")


def case_url(case: ConsultingRequest, queue: Queue | None = None) -> str:
    """The page of a case for the OSK; ``queue``: where one came from, shown at its side."""
    before, after = _around_case(get_script_prefix())
    return _within(queue, f"{before}{case.public_id}{after}")


@lru_cache(maxsize=8)
def _around_case(prefix: str) -> tuple[str, str]:
    """What stands in the address of a case before and after its id: lists write many."""
    nobody = UUID(int=0)
    url = reverse("admin:consulting_consultingrequest_case", args=[nobody])
    before, _id, after = url.partition(str(nobody))
    return before, after


def step_url(case: ConsultingRequest, step: str, queue: Queue | None = None) -> str:
    """The page or the button of something to do with a case: a step, "message" or "note"."""
    url = reverse("admin:consulting_consultingrequest_step", args=[case.public_id, step])
    return _within(queue, url)


def edit_url(case: ConsultingRequest, message: UUID, queue: Queue | None = None) -> str:
    """Where the OSK changes a text of its own."""
    url = reverse("admin:consulting_consultingrequest_edit", args=[case.public_id, message])
    return _within(queue, url)


def _within(queue: Queue | None, url: str) -> str:
    return f"{url}?queue={queue.name}" if queue else url


def cases_in(queue: Queue, user: User) -> CaseQuerySet:
    """The cases of ``queue`` that ``user`` may read, ready for a list."""
    return in_order(all_cases(user).filter(queue.condition(user, Days.today_and_soon())), queue)


def cases_to_prepare(queue: Queue) -> CaseQuerySet:
    """As ``cases_in`` for any advisor and day: a query with the parameter USER."""
    cases = ConsultingRequest.objects.sent().visible_to_advisor(USER)
    return in_order(cases.filter(queue.condition(USER, _ANY_DAYS)), queue)


def all_cases(user: User) -> CaseQuerySet:
    """What ever reached the OSK. An advisor's own drafts are no work of the OSK."""
    return ConsultingRequest.objects.sent().visible_to(user)


def case_named(user: User, text: str) -> ConsultingRequest | None:
    """The case whose reference ``text`` is, also as people type it: "osk 2026 42", "2026-42"."""
    found = _REFERENCE.fullmatch(text.strip())
    if found is None:
        return None
    year, number = found.groups()
    return all_cases(user).filter(reference=f"OSK-{year}-{int(number):05d}").first()


def in_order(cases: CaseQuerySet, queue: Queue | None = None) -> CaseQuerySet:
    """In the order of the promise; of what ``queue`` the cases are, where that has an order of its own.

    About an urgency the Leitung decides within a working day from the sending: first what was sent first.
    """
    if queue is not None and queue.name == URGENT:
        return _by_promise(cases).order_by("submitted_at", "pk")
    return _by_promise(cases)


def _by_promise(cases: CaseQuerySet) -> CaseQuerySet:
    """What the OSK has promised first, by the next promise; then what rests; then what is answered.

    A further question to an answer has no promise of its own: it counts from the day it was asked.
    """
    return (
        cases.for_list()
        .prefetch_related("partner_questions")
        .annotate(
            rank=Case(
                When(_WITH_OSK | Q(follow_up_at__isnull=False), then=Value(0)),
                When(state=CaseState.WAITING_REQUESTER, then=Value(1)),
                When(state=CaseState.ANSWERED, then=Value(2)),
                default=Value(3),
                output_field=IntegerField(),
            ),
            promised_on=Case(
                When(_FIRST_RESPONSE_OPEN, then=F("first_response_due_on")),
                When(_WITH_OSK, then=F("answer_due_on")),
                When(follow_up_at__isnull=False, then=TruncDate("follow_up_at")),
                When(state=CaseState.WAITING_REQUESTER, then=F("reply_due_on")),
                When(state=CaseState.ANSWERED, then=F("closes_on")),
                output_field=DateField(),
            ),
        )
        .order_by("rank", F("promised_on").asc(nulls_last=True), "pk")
    )


def waiting_in(queue: Queue, request: HttpRequest) -> int:
    """How many cases stand in ``queue`` for an advisor: what the side list of the same page says."""
    for section in navigation.work(request):
        for entry in section.entries:
            if entry.url == queue.url and isinstance(entry.count, int):
                return entry.count
    raise LookupError(queue.name)


def _counting() -> QuerySet[ConsultingRequest, tuple[list[int]]]:
    # Most cases of a portal in its tenth year are closed: only what can stand in a queue is read.
    cases = ConsultingRequest.objects.sent().visible_to_advisor(USER).filter(AT_WORK)
    numbers = Func(
        *(Count("pk", filter=queue.condition(USER, _ANY_DAYS)) for queue in QUEUES),
        template="ARRAY[%(expressions)s]",
        output_field=ArrayField(IntegerField()),
    )
    together = cases.order_by().annotate(_all=Value(1)).values("_all")
    return together.annotate(numbers=numbers).values_list("numbers")


_NUMBERS: Final = portal.Numbers(_counting)


def work_entries(user: User) -> Iterable[portal.WorkEntry]:
    """The queues in the side list of the staff area; none for those who do not advise."""
    if not user.is_advisor:
        return
    for position, queue in enumerate(QUEUES):
        number = portal.OneOf(_NUMBERS, position)
        late = number if queue is OVERDUE else False
        yield portal.WorkEntry(queue.label, queue.url, number, is_overdue=late)
    yield portal.WorkEntry(_("Mail queue"), str(MAILS_URL), IncomingMail.objects.waiting)
    yield portal.WorkEntry(_("Record a request for somebody"), str(RECORD_URL))
    yield portal.WorkEntry(_("My absence"), str(ABSENCE_URL))
