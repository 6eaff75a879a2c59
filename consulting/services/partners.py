"""What a partner says to a question of the OSK. It sees the question, never the case (product.md 1.5)."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from consulting import permissions
from consulting.enums import CaseAction, CaseEventKind, PartnerQuestionState
from consulting.models import ConsultingRequest, PartnerQuestion
from consulting.notifications import tell
from consulting.services.common import locked, record
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed


@transaction.atomic
def answer_question(*, question_id: int, actor: User, text: str) -> PartnerQuestion:
    """The partner answers the OSK. The requester sees it only when the OSK passes it on.

    Raises PermissionDenied, TransitionNotAllowed (answered, withdrawn or too late).
    """
    case, question = _begin("answer_question", question_id, actor)
    question.state = PartnerQuestionState.ANSWERED
    question.answer = text
    _finish(case, question, actor, CaseEventKind.PARTNER_ANSWERED)
    return question


@transaction.atomic
def refuse_question(*, question_id: int, actor: User, reason: str) -> PartnerQuestion:
    """The partner says why it does not answer. Raises as ``answer_question``."""
    case, question = _begin("refuse_question", question_id, actor)
    question.state = PartnerQuestionState.REFUSED
    question.refusal = reason
    _finish(case, question, actor, CaseEventKind.PARTNER_REFUSED)
    return question


def _begin(action: str, question_id: int, actor: User) -> tuple[ConsultingRequest, PartnerQuestion]:
    """The case's row first, as everywhere: an answer of the OSK at the same moment withdraws the question."""
    case = locked(PartnerQuestion.objects.values_list("case_id", flat=True).get(pk=question_id))
    question = PartnerQuestion.objects.select_for_update(of=("self",)).get(pk=question_id)
    if not permissions.can_answer_question(actor, question):
        raise PermissionDenied(f"{action} {question.pk}")
    if not question.takes_answer:
        raise TransitionNotAllowed(
            action, question.state, _("This question takes no answer any more.")
        )
    return case, question


def _finish(
    case: ConsultingRequest, question: PartnerQuestion, actor: User, kind: CaseEventKind
) -> None:
    """Keep it; with the last answer work on the case goes on by itself (product.md 1.3)."""
    question.answered_at = clock.now()
    question.answered_by = actor
    question.save(update_fields=["state", "answer", "refusal", "answered_at", "answered_by"])
    event = record(case, kind, actor, question=question.pk)
    open_questions = case.partner_questions.filter(state=PartnerQuestionState.OPEN)
    if case.can(CaseAction.PARTNER_DONE) and not open_questions.exists():
        event = case.partner_done(actor=None)
    tell(event)
