"""Every write to a case. Keyword arguments; each opens its transaction, locks, authorises, moves, tells.

All raise ``PermissionDenied`` when the actor may not, and ``TransitionNotAllowed`` (``CaseChanged`` when
``expected_version`` is out of date) when the case has moved on: its text is for people.
"""

from consulting.services.advising import (
    Advice,
    answer,
    answer_at_once,
    ask_back,
    assign,
    decline,
    involve_partner,
    mark_duplicate,
    partner_done,
    return_to_queue,
    start,
    take_up,
    undo,
)
from consulting.services.common import CaseChanged
from consulting.services.conversation import add_message, add_note, reply
from consulting.services.drafts import (
    Incomplete,
    create_draft,
    delete_draft,
    save_draft,
    share,
    submit,
)
from consulting.services.ending import close, close_silent, reopen, withdraw
from consulting.services.feedback import answer_survey, tell_outcome
from consulting.services.recommendations import mark_recommendation
from consulting.services.records import take_record

__all__ = [
    "Advice",
    "CaseChanged",
    "Incomplete",
    "add_message",
    "add_note",
    "answer",
    "answer_at_once",
    "answer_survey",
    "ask_back",
    "assign",
    "close",
    "close_silent",
    "create_draft",
    "decline",
    "delete_draft",
    "involve_partner",
    "mark_duplicate",
    "mark_recommendation",
    "partner_done",
    "reopen",
    "reply",
    "return_to_queue",
    "save_draft",
    "share",
    "start",
    "submit",
    "take_record",
    "take_up",
    "tell_outcome",
    "undo",
    "withdraw",
]
