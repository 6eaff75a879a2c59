"""Event → who is told, and with which template. Decides no state, sends nothing itself.

Each step of a case tells the other side (issue of the main job). Mails carry reference, title and link,
never what was written; of a procurement case not even the title (product.md 1.5).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.urls import reverse

from consulting import permissions
from consulting.enums import AnswerAction, CaseEventKind
from consulting.models import CaseEvent, ConsultingRequest, PublishedAnswerEvent
from consulting.presentation import Standing
from osk_portal.accounts.enums import StaffRole
from osk_portal.accounts.models import User
from osk_portal.notifications.services import Message, notify

K = CaseEventKind

_TO_REQUESTER: Final[dict[str, str]] = {
    K.SUBMITTED: "request_received",
    K.TAKEN_UP: "case_moved",
    K.ASSIGNED: "case_moved",
    K.STARTED: "case_moved",
    K.ASKED_BACK: "case_asked_back",
    K.REPLIED: "case_moved",
    K.PARTNER_INVOLVED: "case_moved",
    K.PARTNER_DONE: "case_moved",
    K.ANSWERED: "case_answered",
    K.CLOSED: "case_closed",
    K.CLOSED_SILENT: "case_closed",
    K.REOPENED: "case_moved",
    K.DECLINED: "case_moved",
    K.MARKED_DUPLICATE: "case_moved",
    K.UNDONE: "case_moved",
    K.WITHDRAWN: "case_moved",
    K.MESSAGE_ADDED: "case_message",
    K.REMINDED: "case_reminder",
}
"""Templates for the requester's side. K.RETURNED is no news for it: the text stays the same."""

_TO_OSK: Final[dict[str, str]] = {
    K.SUBMITTED: "staff_new",
    K.ASSIGNED: "staff_assigned",
    K.RETURNED: "staff_moved",
    K.REPLIED: "staff_replied",
    K.PARTNER_DONE: "staff_moved",
    K.CLOSED: "staff_moved",
    K.CLOSED_SILENT: "staff_moved",
    K.REOPENED: "staff_moved",
    K.DECLINED: "staff_moved",
    K.WITHDRAWN: "staff_moved",
    K.MESSAGE_ADDED: "staff_message",
}
"""Templates for the assignee, or for all advisors while there is none; never for who did it."""


def tell(event: CaseEvent) -> None:
    """Tell both sides about ``event``, except the person who caused it."""
    case = event.case
    if event.kind in _TO_REQUESTER:
        people = list(requester_side(case))
        if event.kind != K.SUBMITTED:  # the receipt goes to who has sent it
            people = _without(event.actor, people)
        _send(event, _TO_REQUESTER[event.kind], people, case.get_absolute_url(), "requester")
    if event.kind in _TO_OSK:
        people = _without(event.actor, osk_side(case))
        _send(event, _TO_OSK[event.kind], people, staff_url(case), "osk")


def tell_draft_expires(case: ConsultingRequest) -> None:
    """The author hears once, 14 days before a draft goes."""
    notify(
        Message(
            kind="consulting.draft_expires",
            template="consulting/email/draft_expires",
            url=case.get_absolute_url(),
            dedupe=f"consulting:draft:{case.pk}:{case.version}",
            subject_key=str(case.public_id),
            context={"case": case},
        ),
        [case.author],
    )


def requester_side(case: ConsultingRequest) -> Iterable[User]:
    """The author and the colleagues with write access who may still read the case."""
    people = {case.author_id: case.author}
    if case.deputy is not None:
        people[case.deputy.pk] = case.deputy
    for participant in case.participants.filter(may_write=True).select_related("user"):
        people[participant.user_id] = participant.user
    return [p for p in people.values() if p.is_active and permissions.is_requester_side(p, case)]


def osk_side(case: ConsultingRequest) -> Iterable[User]:
    if case.assignee is not None and case.assignee.is_advisor:
        return [case.assignee]
    return advisors()


def advisors() -> Iterable[User]:
    """Active advisors and leads."""
    return User.objects.filter(
        is_active=True, is_staff=True, groups__name__in=(StaffRole.ADVISOR, StaffRole.LEAD)
    ).distinct()


def staff_url(case: ConsultingRequest) -> str:
    """The case page of the OSK."""
    return reverse("admin:consulting_consultingrequest_case", args=[case.public_id])


def _without(actor: User | None, people: Iterable[User]) -> list[User]:
    return [p for p in people if actor is None or p.pk != actor.pk]


def _send(event: CaseEvent, template: str, recipients: Iterable[User], url: str, side: str) -> None:
    case = event.case
    notify(
        Message(
            kind=f"consulting.{template}",
            template=f"consulting/email/{template}",
            url=url,
            dedupe=f"consulting:event:{event.pk}:{side}",
            subject_key=str(case.public_id),
            context={
                "case": case,
                "standing": Standing(case),
                "title": "" if case.is_about_procurement else case.title,
                "event": event,
                "actor": event.actor,
            },
        ),
        recipients,
    )


def tell_answer(event: PublishedAnswerEvent, recipients: Iterable[User]) -> None:
    """Tell who has to do something with an answer for everybody, except who caused it."""
    answer = event.answer
    for_requester = event.kind == AnswerAction.AGREE
    name = "answer_objection" if for_requester else "answer_moved"
    url = (
        reverse("consulting:answer_objection", args=[answer.case.public_id])
        if for_requester
        else reverse("admin:consulting_publishedanswer_page", args=[answer.public_id])
    )
    notify(
        Message(
            kind=f"consulting.{name}",
            template=f"consulting/email/{name}",
            url=url,
            dedupe=f"consulting:answer:{event.pk}",
            subject_key=str(answer.case.public_id),
            context={"answer": answer, "case": answer.case},
        ),
        _without(event.actor, recipients),
    )
