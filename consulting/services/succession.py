"""An advisor leaves, or hands over the own work: the same as for a member of an authority (product.md, Leaving).

Each request and each answer gets a successor, one for all or one by one. A request that nobody is chosen for goes
back to the queue. Who advises no more has nothing assigned any more, whoever took the role away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from consulting import permissions
from consulting.enums import AnswerState, CaseAction, CaseEventKind
from consulting.models import CaseEvent, ConsultingRequest, PublishedAnswer
from consulting.notifications import tell
from consulting.querysets import NEEDS_SOMEBODY, CaseQuerySet
from consulting.services import bulk
from consulting.services.advising import return_to_queue
from consulting.services.appointments import hand_over as hand_over_appointments
from consulting.services.appointments import hosts_of
from consulting.services.common import locked, record, touch, withdraw_partner_questions
from consulting.services.published import hand_over_answer
from osk_portal.accounts.models import User
from osk_portal.toolkit.transitions import TransitionNotAllowed


@dataclass(frozen=True)
class Succession:
    """Who gets what, by the public id of the case or answer; None: back to the queue.

    ``kept``: what stays with the person. ``everything``: who gets all that is not named.
    """

    single: Mapping[UUID, User | None] = field(default_factory=dict)
    kept: frozenset[UUID] = frozenset()
    everything: User | None = None

    def of(self, public_id: UUID) -> User | None:
        return self.single.get(public_id, self.everything)


def cases_of(person: User) -> CaseQuerySet:
    """What ``person`` is the contact person of, as long as somebody may need one."""
    return ConsultingRequest.objects.assigned_to(person).filter(state__in=NEEDS_SOMEBODY)


def answers_of(person: User) -> list[PublishedAnswer]:
    """Answers for everybody that ``person`` is responsible for, drafts among them."""
    mine = PublishedAnswer.objects.filter(owner=person).exclude(state=AnswerState.WITHDRAWN)
    return list(mine.select_related("case").order_by("pk"))


def people_with_work() -> QuerySet[User]:
    """Who looks after a request or an answer, of the OSK or no more."""
    cases = ConsultingRequest.objects.filter(state__in=NEEDS_SOMEBODY, assignee__isnull=False)
    answers = PublishedAnswer.objects.exclude(state=AnswerState.WITHDRAWN)
    return User.objects.filter(
        Q(pk__in=cases.order_by().values("assignee")) | Q(pk__in=answers.order_by().values("owner"))
    )


def hand_over_work(*, person: User, actor: User, choice: Succession, reason: str) -> bulk.Report:
    """Each by its own service and in its own transaction; what is not possible is reported.

    Raises PermissionDenied unless ``actor`` is the person or leads.
    """
    if not permissions.can_pass_on(actor, person):
        raise PermissionDenied("hand over the work of this person")
    return bulk.report_of(_steps(person, actor, choice, reason))


def _steps(
    person: User, actor: User, choice: Succession, reason: str
) -> Iterator[tuple[ConsultingRequest, Callable[[], object]]]:
    for case in list(cases_of(person).in_order_of_promise()):
        successor = choice.of(case.public_id)
        if case.public_id in choice.kept:
            continue
        if successor is not None:
            yield (
                case,
                partial(pass_on, case_id=case.pk, person=person, successor=successor, actor=actor),
            )
        elif case.can(CaseAction.RETURN_TO_QUEUE):
            yield (
                case,
                partial(_give_back, case_id=case.pk, person=person, actor=actor, reason=reason),
            )
    for answer in answers_of(person):
        successor = choice.of(answer.public_id)
        if successor is not None and answer.public_id not in choice.kept:
            yield (
                answer.case,
                partial(
                    hand_over_answer,
                    answer_id=answer.pk,
                    person=person,
                    successor=successor,
                    actor=actor,
                ),
            )


@transaction.atomic
def pass_on(*, case_id: int, person: User, successor: User, actor: User) -> CaseEvent | None:
    """``successor`` is the contact person from now on, of an answered case too; its appointments go along.

    None when it is no longer ``person``'s or has ended. Raises PermissionDenied, and TransitionNotAllowed for
    a successor who does not advise.
    """
    case = locked(case_id)
    if not permissions.can_pass_on(actor, person):
        raise PermissionDenied("pass on a request")
    if case.assignee_id != person.pk or case.state not in NEEDS_SOMEBODY:
        return None
    if not successor.is_advisor or successor.pk == person.pk:
        raise TransitionNotAllowed(
            CaseAction.ASSIGN, case.state, _("Choose another advisor from the list.")
        )
    hosts = hosts_of(case)
    if case.can(CaseAction.ASSIGN):
        event = case.assign(actor=actor, assignee=successor)
    else:
        case.assignee = successor
        touch(case, "assignee")
        event = record(case, CaseEventKind.ASSIGNED, actor, assignee=successor.pk)
    tell(event)
    hand_over_appointments(hosts, event)
    return event


def release(person: User, actor: User | None) -> None:
    """``person`` advises no more: what is open goes back to the queue, what is answered has no contact person.

    In the transaction that takes the role away.
    """
    for case_id in list(cases_of(person).order_by("pk").values_list("pk", flat=True)):
        _release(case_id, person, actor)


@transaction.atomic
def _release(case_id: int, person: User, actor: User | None) -> None:
    case = locked(case_id)
    if case.assignee_id != person.pk:
        return
    hosts = hosts_of(case)
    if case.can(CaseAction.RETURN_TO_QUEUE):
        event = case.return_to_queue(actor=actor)
        withdraw_partner_questions(case, actor)
    else:
        case.assignee = None
        touch(case, "assignee")
        event = record(case, CaseEventKind.RETURNED, actor)
    event.data = {**event.data, "left": person.pk}
    event.save(update_fields=["data"])
    tell(event)
    hand_over_appointments(hosts, event)


@transaction.atomic
def _give_back(*, case_id: int, person: User, actor: User, reason: str) -> CaseEvent | None:
    if locked(case_id).assignee_id != person.pk:
        return None
    return return_to_queue(case_id=case_id, actor=actor, reason=reason)
