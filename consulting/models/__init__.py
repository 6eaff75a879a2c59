"""Requests to the OSK, what is said in them, and what comes of them."""

from consulting.models.conversation import CaseEvent, CaseMessage
from consulting.models.counter import Counter
from consulting.models.feedback import ProcurementOutcome, SurveyAnswer, SurveyInvitation
from consulting.models.files import CaseFile, FileState
from consulting.models.request import ConsultingRequest, Participant
from consulting.models.result import CaseResult, PartnerQuestion, Recommendation

__all__ = [
    "CaseEvent",
    "CaseFile",
    "CaseMessage",
    "CaseResult",
    "ConsultingRequest",
    "Counter",
    "FileState",
    "Participant",
    "PartnerQuestion",
    "ProcurementOutcome",
    "Recommendation",
    "SurveyAnswer",
    "SurveyInvitation",
]
