"""Requests to the OSK, what is said in them, and what comes of them."""

from consulting.models.conversation import CaseEvent, CaseMessage, MessageVersion
from consulting.models.counter import Counter
from consulting.models.export import ListExport
from consulting.models.feedback import ProcurementOutcome, SurveyAnswer, SurveyInvitation
from consulting.models.files import CaseFile, FileState, StagedFile
from consulting.models.link import CaseLink
from consulting.models.notice import DeadlineNotice
from consulting.models.procurement import ContractType, ProcurementBlock, ValueBand
from consulting.models.published import PublishedAnswer, PublishedAnswerEvent
from consulting.models.request import ConsultingRequest, Participant
from consulting.models.result import CaseResult, PartnerQuestion, Recommendation
from consulting.models.text_module import TextModule

__all__ = [
    "CaseEvent",
    "CaseFile",
    "CaseLink",
    "CaseMessage",
    "CaseResult",
    "ConsultingRequest",
    "ContractType",
    "Counter",
    "DeadlineNotice",
    "FileState",
    "ListExport",
    "MessageVersion",
    "Participant",
    "PartnerQuestion",
    "ProcurementBlock",
    "ProcurementOutcome",
    "PublishedAnswer",
    "PublishedAnswerEvent",
    "Recommendation",
    "StagedFile",
    "SurveyAnswer",
    "SurveyInvitation",
    "TextModule",
    "ValueBand",
]
