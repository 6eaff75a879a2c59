"""Answers for everybody: written anew, reviewed by a second advisor, shown to the requester first.

All raise ``PermissionDenied`` when the actor may not, and ``TransitionNotAllowed`` when the answer has
moved on or may not be published: its text is for people.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from catalog.models import Solution
from consulting import notifications, permissions
from consulting.anonymity import Finding, findings
from consulting.enums import AnswerAction, AnswerState, CaseState
from consulting.models import ConsultingRequest, PublishedAnswer, PublishedAnswerEvent
from consulting.models.published import NEVER_FROM
from consulting.services.common import locked
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from osk_portal.toolkit.working_days import add_working_days

logger = logging.getLogger(__name__)

OBJECTION_DAYS: Final = 5
"""Working days in Berlin in which the requester may object (product.md 1.6)."""


class NamesSomebody(TransitionNotAllowed):
    """The text would give away whose request it was; ``places`` says where."""

    def __init__(self, answer: PublishedAnswer, places: list[Finding]) -> None:
        self.places = places
        super().__init__(
            AnswerAction.HAND_IN,
            answer.state,
            _("The text still names people or the authority. Please look at the places below."),
        )


def may_be_published(case: ConsultingRequest) -> bool:
    """Answered or closed with a result that is still there, and neither about procurement nor security."""
    is_kept = case.is_confidential or any(topic in case.topics for topic in NEVER_FROM)
    is_answered = case.state in (CaseState.ANSWERED, CaseState.CLOSED) and not case.anonymised_at
    return is_answered and case.result_id is not None and not is_kept


@transaction.atomic
def create_answer(*, case_id: int, actor: User) -> PublishedAnswer:
    """An empty draft from a case. A second time: the one that is there."""
    _advisors_only(actor)
    case = locked(case_id)
    _check_case(case, AnswerAction.SAVE)
    there = case.published_answers.exclude(state=AnswerState.WITHDRAWN).first()
    if there is not None:
        return there
    answer = PublishedAnswer.objects.create(case=case, owner=actor, topics=case.topics)
    answer.solutions.set(case.solutions.all())
    answer.move(AnswerAction.SAVE, AnswerState.DRAFT, actor=actor)
    return answer


@transaction.atomic
def save_answer(
    *,
    answer_id: int,
    actor: User,
    expected_version: int,
    title: str,
    question: str,
    answer: str,
    topics: Iterable[str],
    solutions: Iterable[Solution],
) -> PublishedAnswerEvent:
    """Write the draft. Its owner is who wrote last: the second advisor is always somebody else."""
    row = _begin(answer_id, AnswerAction.SAVE, actor, expected_version)
    row.owner = actor
    row.title, row.question, row.answer, row.topics = title, question, answer, list(topics)
    row.solutions.set(solutions)
    return row.move(AnswerAction.SAVE, AnswerState.DRAFT, actor=actor)


@transaction.atomic
def hand_in_answer(
    *, answer_id: int, actor: User, expected_version: int, is_checked: bool = False
) -> PublishedAnswerEvent:
    """Ask for a second look. ``is_checked``: the uncertain places were looked at by a person.

    Raises NamesSomebody for what certainly names somebody, checked or not.
    """
    row = _begin(answer_id, AnswerAction.HAND_IN, actor, expected_version)
    _check_case(row.case, AnswerAction.HAND_IN)
    if not (row.title and row.question and row.answer):
        raise TransitionNotAllowed(
            AnswerAction.HAND_IN, row.state, _("Write title, question and answer first.")
        )
    places = places_of(row)
    if any(place.is_certain for place in places) or (places and not is_checked):
        raise NamesSomebody(row, places)
    row.reviewer, row.comment = None, ""
    event = row.move(AnswerAction.HAND_IN, AnswerState.REVIEW, actor=actor)
    notifications.tell_answer(event, User.objects.advisors())
    return event


@transaction.atomic
def return_answer(
    *, answer_id: int, actor: User, expected_version: int, comment: str
) -> PublishedAnswerEvent:
    """The second advisor wants something changed."""
    row = _begin(answer_id, AnswerAction.RETURN, actor, expected_version)
    _not_the_owner(row, actor)
    row.comment = comment
    event = row.move(AnswerAction.RETURN, AnswerState.DRAFT, actor=actor)
    notifications.tell_answer(event, _owner_or_advisors(row))
    return event


@transaction.atomic
def agree_to_answer(*, answer_id: int, actor: User, expected_version: int) -> PublishedAnswerEvent:
    """The second advisor agrees: the requester's side sees the text and may object."""
    row = _begin(answer_id, AnswerAction.AGREE, actor, expected_version)
    _not_the_owner(row, actor)
    _check_case(row.case, AnswerAction.AGREE)
    people = list(notifications.requester_side(row.case))
    if not people:
        raise TransitionNotAllowed(
            AnswerAction.AGREE,
            row.state,
            _("Nobody of the authority can be asked any more. It cannot be published."),
        )
    row.reviewer, row.objection = actor, ""
    row.objection_until = add_working_days(clock.today(), OBJECTION_DAYS)
    event = row.move(AnswerAction.AGREE, AnswerState.OBJECTION, actor=actor)
    notifications.tell_answer(event, people)
    return event


@transaction.atomic
def object_to_answer(
    *, answer_id: int, actor: User, expected_version: int, reason: str
) -> PublishedAnswerEvent:
    """The requester's side does not want it so: back to the draft with the reason."""
    row = _begin_as_requester(answer_id, AnswerAction.OBJECT, actor, expected_version)
    row.objection = reason
    event = row.move(AnswerAction.OBJECT, AnswerState.DRAFT, actor=actor)
    notifications.tell_answer(event, _owner_or_advisors(row))
    return event


@transaction.atomic
def consent_to_answer(
    *, answer_id: int, actor: User, expected_version: int
) -> PublishedAnswerEvent:
    """The requester's side agrees at once."""
    row = _begin_as_requester(answer_id, AnswerAction.CONSENT, actor, expected_version)
    _check_case(row.case, AnswerAction.CONSENT)
    return _publish(row, AnswerAction.CONSENT, actor)


@transaction.atomic
def confirm_answer(*, answer_id: int, actor: User, expected_version: int) -> PublishedAnswerEvent:
    """It is still right: 24 months more in list and search."""
    row = _begin(answer_id, AnswerAction.CONFIRM, actor, expected_version)
    row.reviewed_on = clock.today()
    return row.move(AnswerAction.CONFIRM, AnswerState.PUBLISHED, actor=actor)


@transaction.atomic
def withdraw_answer(*, answer_id: int, actor: User, expected_version: int) -> PublishedAnswerEvent:
    """Take it away from everybody, at once."""
    row = _begin(answer_id, AnswerAction.WITHDRAW, actor, expected_version)
    return row.move(AnswerAction.WITHDRAW, AnswerState.WITHDRAWN, actor=actor)


@transaction.atomic
def hand_over_answer(
    *, answer_id: int, person: User, successor: User, actor: User
) -> PublishedAnswerEvent | None:
    """``successor`` is responsible for it from now on. None when it is no longer ``person``'s.

    Raises TransitionNotAllowed for who does not advise, and for the second advisor: two have seen it.
    """
    row = _locked(answer_id)
    if not permissions.can_pass_on(actor, person):
        raise PermissionDenied(f"hand over answer {answer_id}")
    if row.owner_id != person.pk or not row.can(AnswerAction.HAND_OVER):
        return None
    if not successor.is_advisor or successor.pk in (person.pk, row.reviewer_id):
        raise TransitionNotAllowed(
            AnswerAction.HAND_OVER,
            row.state,
            _("Choose another advisor, who has not reviewed this answer."),
        )
    row.owner = successor
    event = row.move(AnswerAction.HAND_OVER, AnswerState(row.state), actor=actor)
    notifications.tell_answer(event, [successor])
    return event


def publish_due() -> int:
    """Publish what nobody has objected to in time. How many."""
    due = PublishedAnswer.objects.filter(
        state=AnswerState.OBJECTION, objection_until__lt=clock.today()
    )
    return sum(map(_publish_due, list(due.order_by("pk").values_list("pk", flat=True))))


def places_of(answer: PublishedAnswer) -> list[Finding]:
    """Where the texts of ``answer`` might name somebody."""
    return findings(f"{answer.title}\n{answer.question}\n{answer.answer}", answer.case)


@transaction.atomic
def _publish_due(answer_id: int) -> bool:
    row = _locked(answer_id)
    is_over = row.objection_until is not None and row.objection_until < clock.today()
    if not row.can(AnswerAction.PUBLISH) or not is_over:
        return False
    if not may_be_published(row.case):
        # Became confidential, or is worked on again: a person decides anew.
        row.move(AnswerAction.WITHDRAW, AnswerState.WITHDRAWN, actor=None)
        logger.info("answer of a case that may not be published", extra={"answer": row.pk})
        return False
    _publish(row, AnswerAction.PUBLISH, None)
    return True


def _publish(
    row: PublishedAnswer, action: AnswerAction, actor: User | None
) -> PublishedAnswerEvent:
    row.reviewed_on, row.published_at = clock.today(), clock.now()
    event = row.move(action, AnswerState.PUBLISHED, actor=actor)
    notifications.tell_answer(event, _owner_or_advisors(row))
    return event


def _locked(answer_id: int) -> PublishedAnswer:
    """The answer with its row locked, after its case's: always in this order."""
    case_id = PublishedAnswer.objects.values_list("case_id", flat=True).get(pk=answer_id)
    case = locked(case_id, also_anonymised=True)
    row = PublishedAnswer.objects.select_for_update(of=("self",)).get(pk=answer_id)
    row.case = case
    return row


def _begin(
    answer_id: int, action: AnswerAction, actor: User, expected_version: int
) -> PublishedAnswer:
    _advisors_only(actor)
    return _fresh(_locked(answer_id), action, expected_version)


def _begin_as_requester(
    answer_id: int, action: AnswerAction, actor: User, expected_version: int
) -> PublishedAnswer:
    row = _locked(answer_id)
    if not permissions.is_requester_side(actor, row.case):
        raise PermissionDenied(f"{action} on answer {row.pk}")
    return _fresh(row, action, expected_version)


def _fresh(row: PublishedAnswer, action: AnswerAction, version: int) -> PublishedAnswer:
    if not row.can(action) or row.version != version:
        raise TransitionNotAllowed(action, row.state)
    return row


def _owner_or_advisors(row: PublishedAnswer) -> Iterable[User]:
    """Who looks after it; everybody of the OSK when that person has left."""
    return [row.owner] if row.owner.is_advisor else User.objects.advisors()


def _advisors_only(actor: User) -> None:
    if not actor.is_advisor:
        raise PermissionDenied("published answers are written by advisors")


def _not_the_owner(row: PublishedAnswer, actor: User) -> None:
    if row.owner_id == actor.pk:
        raise PermissionDenied(f"review of the own answer {row.pk}")


def _check_case(case: ConsultingRequest, action: AnswerAction) -> None:
    if not may_be_published(case):
        raise TransitionNotAllowed(
            action,
            case.state,
            _(
                "Nothing can be published from this request: it is not answered, or it is about"
                " procurement or security."
            ),
        )
