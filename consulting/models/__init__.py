"""Requests to the OSK, what is said in them, and what comes of them."""

from consulting.models.conversation import CaseEvent, CaseMessage
from consulting.models.counter import Counter
from consulting.models.published import PublishedAnswer, PublishedAnswerEvent
from consulting.models.request import ConsultingRequest, Participant
from consulting.models.result import CaseResult, PartnerQuestion, Recommendation

__all__ = [
    "CaseEvent",
    "CaseMessage",
    "CaseResult",
    "ConsultingRequest",
    "Counter",
    "Participant",
    "PartnerQuestion",
    "PublishedAnswer",
    "PublishedAnswerEvent",
    "Recommendation",
]
