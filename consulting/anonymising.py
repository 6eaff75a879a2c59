"""What becomes of each field of a case when it is anonymised: one table, and nothing beside it.

To add a model or a field that belongs to a case, add its line here. ``tests/consulting/keeping/test_anonymising.py``
walks over all models and fails for each text, JSON, file and person that is named nowhere:

* ``Treatment("case", goes=True)``: the rows go as a whole, with the contents of their files;
* ``Treatment("case", emptied={"reason": BLANK}, kept=("kind",))``: field by field. ``kept`` are figures:
  states, kinds, dates in words. A text that somebody has typed is never kept.

The order counts: what points at a row (PROTECT) is emptied, or goes, before that row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

TEXT: Final = "Anonymisiert"
"""Stands where a text has stood and may not be empty. A stored text, so German."""


class Becomes(Enum):
    BLANK = "the empty text"
    TEXT = "the fixed text, where something stood"
    NOBODY = "no person, no row"
    SOMEBODY = "the placeholder person, where there was a person"
    FIGURES = "only the keys of EVENT_DATA"


BLANK, SAID, NOBODY = Becomes.BLANK, Becomes.TEXT, Becomes.NOBODY
SOMEBODY, FIGURES = Becomes.SOMEBODY, Becomes.FIGURES

EVENT_DATA: Final = frozenset(
    {
        "answer_by", "before", "channel", "due_on", "ends_on", "from_organisation", "internal",
        "notice", "occasion", "promise_kept", "promised_on", "recommendation", "reply_by",
        "record_type", "starts_at", "target", "to_organisation", "until", "uptake", "what",
    }
)  # fmt: skip
"""Keys of an event's data that say nothing about a person; all others go."""


@dataclass(frozen=True)
class Treatment:
    path: str
    """The lookup from a row to its case; "pk" for the case itself."""
    goes: bool = False
    emptied: Mapping[str, Becomes] = field(default_factory=dict)
    kept: tuple[str, ...] = ()


_EVENT: Final = {"actor": SOMEBODY, "data": FIGURES, "request_id": BLANK}

TREATMENTS: Final[Mapping[str, Treatment]] = {
    "Recommendation": Treatment(
        "result__case", emptied={"reason": BLANK, "uptake_reason": BLANK}, kept=("uptake",)
    ),
    # The offers are what the network said of itself on that day.
    "CaseResult": Treatment("case", emptied={"text": SAID, "author": SOMEBODY}, kept=("offers",)),
    "PartnerContact": Treatment("question__case", goes=True),
    "PartnerQuestion": Treatment(
        "case",
        emptied={
            "question": SAID, "answer": SAID, "refusal": SAID, "consent_source": BLANK,
            "asked_by": SOMEBODY, "answered_by": SOMEBODY,
            "consent": NOBODY, "consent_document": NOBODY,
        },
        kept=("state",),
    ),
    "PartnerConsent": Treatment("case", goes=True),
    "MarketInquiry": Treatment(
        "case", emptied={"reason": SAID, "scope": SAID, "decided_by": SOMEBODY}
    ),
    "AppointmentSlot": Treatment("appointment__case"),
    "Appointment": Treatment(
        "case",
        emptied={
            "place": SAID, "note": BLANK,
            "offered_by": SOMEBODY, "picked_by": SOMEBODY, "ended_by": SOMEBODY,
        },
        kept=("state", "kind"),
    ),
    # Who was introduced to whom stays a figure; the other side reads no more who it was.
    "IntroductionSide": Treatment(
        "case", emptied={"released": SAID, "contact": SOMEBODY}, kept=("state",)
    ),
    "Introduction": Treatment(
        "sides__case", emptied={"text": SAID, "proposed_by": SOMEBODY}, kept=("state",)
    ),
    # That two cases were linked says nothing once one of them is gone.
    "CaseRelation": Treatment("sides__case", goes=True),
    "RelationSide": Treatment("case", goes=True),
    "NeedSupport": Treatment("need__case", goes=True),
    "NeedEvent": Treatment("need__case", emptied=_EVENT, kept=("kind", "from_state", "to_state")),
    # One that is still published is ended before (services/anonymisation.py).
    "Need": Treatment(
        "case",
        emptied={
            "title": SAID, "text": SAID, "reason": SAID, "joint_step": SAID, "joint_link": BLANK,
            "author": SOMEBODY, "proposed_by": SOMEBODY,
        },
        kept=("state", "topics"),
    ),
    "ProcurementOutcome": Treatment(
        "case", emptied={"reason": BLANK}, kept=("occasion", "what", "contract_type")
    ),
    "ProcurementBlock": Treatment(
        "case",
        kept=(
            "awarding", "reuse_contract", "architecture", "staff_council", "womens_representative",
            "disability_representative", "data_protection", "accessibility",
        ),
    ),
    "SurveyInvitation": Treatment("case"),
    "DeadlineNotice": Treatment("case", kept=("kind",)),
    # Written anew without names, and published with consent; what was not published is withdrawn and
    # emptied before (services/anonymisation.py).
    "PublishedAnswer": Treatment(
        "case",
        emptied={"comment": BLANK, "objection": BLANK},
        kept=("state", "title", "question", "answer", "topics", "owner", "reviewer"),
    ),
    "PublishedAnswerEvent": Treatment(
        "answer__case", emptied=_EVENT, kept=("kind", "from_state", "to_state")
    ),
    "CaseEvent": Treatment("case", emptied=_EVENT, kept=("kind", "from_state", "to_state")),
    "CaseRetention": Treatment("case", emptied={"filed_by": SOMEBODY}),
    "RetentionHold": Treatment(
        "case",
        emptied={
            "reason": SAID, "asked_by": SOMEBODY, "set_by": SOMEBODY, "ended_by": SOMEBODY,
        },
    ),
    # Proof of who inspected what, and of what was anonymised: it outlives the case's texts.
    "RevisionGrant": Treatment(
        "cases",
        kept=("period_of", "reason", "person", "proposed_by", "confirmed_by", "ended_by"),
    ),
    "AccessRecord": Treatment("case", kept=("what", "person")),
    "Anonymisation": Treatment(
        "case", kept=("reference", "record_type", "legal_reason", "counts")
    ),
    # The label is the OSK's; that this case bore it goes (services/anonymisation.py).
    "Tag": Treatment("cases", kept=("name",)),
    "IncomingMailContent": Treatment("mail__case", goes=True),
    "IncomingMailEvent": Treatment("mail__case", goes=True),
    "IncomingMail": Treatment("case", goes=True),
    "StagedFile": Treatment("case", goes=True),
    "CaseFile": Treatment("case", goes=True),
    "MessageVersion": Treatment("message__case", goes=True),
    "CaseMessage": Treatment("case", goes=True),
    "CaseLink": Treatment("case", goes=True),
    "Participant": Treatment("case", goes=True),
    "ConsultingRequest": Treatment(
        "pk",
        emptied={
            "title": SAID, "description": SAID, "own_reference": BLANK, "software_in_use": BLANK,
            "urgency_reason": BLANK, "urgency_answer": BLANK, "decline_reason": SAID,
            "decline_referral": BLANK, "snooze_note": BLANK,
            "author": SOMEBODY, "deputy": NOBODY, "assignee": NOBODY,
        },
        kept=(
            "reference", "kind", "topics", "phase", "channel", "urgency", "procedure_state",
            "visibility", "state", "state_before_waiting", "outcome", "passed_steps",
        ),
    ),
}  # fmt: skip
