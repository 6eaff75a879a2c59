"""Requests to the OSK, what is said in them, and what comes of them."""

from consulting.models.absence import Absence
from consulting.models.appointment import Appointment, AppointmentSlot
from consulting.models.conversation import CaseEvent, CaseMessage, MessageVersion
from consulting.models.counter import Counter
from consulting.models.export import ListExport
from consulting.models.feedback import ProcurementOutcome, SurveyAnswer, SurveyInvitation
from consulting.models.files import CaseFile, FileState, StagedFile
from consulting.models.incoming import (
    IncomingMail,
    IncomingMailContent,
    IncomingMailEvent,
    MailboxPosition,
)
from consulting.models.introduction import Introduction, IntroductionSide
from consulting.models.legal import LegalStatement
from consulting.models.link import CaseLink
from consulting.models.market import MarketInquiry, PartnerConsent, PartnerContact
from consulting.models.need import Need, NeedEvent, NeedSupport
from consulting.models.notice import DeadlineNotice
from consulting.models.procurement import ContractType, ProcurementBlock, ValueBand
from consulting.models.published import PublishedAnswer, PublishedAnswerEvent
from consulting.models.relation import CaseRelation, RelationSide
from consulting.models.request import ConsultingRequest, Participant
from consulting.models.result import CaseResult, PartnerQuestion, Recommendation
from consulting.models.retention import Anonymisation, CaseRetention, RetentionHold, RetentionRule
from consulting.models.revision import AccessRecord, RevisionGrant
from consulting.models.saved_filter import SavedFilter
from consulting.models.tag import Tag
from consulting.models.text_module import TextModule

__all__ = [
    "Absence",
    "AccessRecord",
    "Anonymisation",
    "Appointment",
    "AppointmentSlot",
    "CaseEvent",
    "CaseFile",
    "CaseLink",
    "CaseMessage",
    "CaseRelation",
    "CaseResult",
    "CaseRetention",
    "ConsultingRequest",
    "ContractType",
    "Counter",
    "DeadlineNotice",
    "FileState",
    "IncomingMail",
    "IncomingMailContent",
    "IncomingMailEvent",
    "Introduction",
    "IntroductionSide",
    "LegalStatement",
    "ListExport",
    "MailboxPosition",
    "MarketInquiry",
    "MessageVersion",
    "Need",
    "NeedEvent",
    "NeedSupport",
    "Participant",
    "PartnerConsent",
    "PartnerContact",
    "PartnerQuestion",
    "ProcurementBlock",
    "ProcurementOutcome",
    "PublishedAnswer",
    "PublishedAnswerEvent",
    "Recommendation",
    "RelationSide",
    "RetentionHold",
    "RetentionRule",
    "RevisionGrant",
    "SavedFilter",
    "StagedFile",
    "SurveyAnswer",
    "SurveyInvitation",
    "Tag",
    "TextModule",
    "ValueBand",
]
