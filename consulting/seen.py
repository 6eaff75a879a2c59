"""What a person saw who writes in a case: an old form never answers what came after it.

The version of the case would be too strict: a colleague's message or a new contact person makes no text
wrong. What does is another question, another answer, or that work goes on in place of either.
"""

from __future__ import annotations

from consulting.conversation import is_loaded
from consulting.enums import CaseState, MessageKind, Outcome
from consulting.models import CaseMessage, ConsultingRequest


def token(case: ConsultingRequest) -> str:
    """For the form of a text: the same as long as the text would mean the same."""
    if case.state == CaseState.WAITING_REQUESTER:
        asked = _question(case)
        # Changed within its five minutes it is another question.
        edited = asked.edited_at.timestamp() if asked and asked.edited_at else ""
        return f"question:{asked.public_id if asked else ''}:{edited}"
    if case.state == CaseState.CLOSED and case.outcome == Outcome.NO_REPLY:
        return f"silent:{case.closed_at.timestamp() if case.closed_at else ''}"
    if case.state in (CaseState.ANSWERED, CaseState.CLOSED):
        return f"answer:{case.result_id}"
    return f"{'work' if case.is_open else case.state}:{case.result_id or ''}"


def _question(case: ConsultingRequest) -> CaseMessage | None:
    if not is_loaded(case, "messages"):
        return case.messages.filter(kind=MessageKind.QUESTION).last()
    asked = [said for said in case.messages.all() if said.kind == MessageKind.QUESTION]
    return asked[-1] if asked else None
