"""Requests to the OSK, what is said in them, and what comes of them."""

from consulting.models.conversation import CaseEvent, CaseMessage
from consulting.models.counter import Counter
from consulting.models.export import ListExport
from consulting.models.notice import DeadlineNotice
from consulting.models.request import ConsultingRequest, Participant
from consulting.models.result import CaseResult, PartnerQuestion, Recommendation
from consulting.models.text_module import TextModule

__all__ = [
    "CaseEvent",
    "CaseMessage",
    "CaseResult",
    "ConsultingRequest",
    "Counter",
    "DeadlineNotice",
    "ListExport",
    "Participant",
    "PartnerQuestion",
    "Recommendation",
    "TextModule",
]
