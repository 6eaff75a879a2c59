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
from consulting.services.published import (
    agree_to_answer,
    confirm_answer,
    consent_to_answer,
    create_answer,
    hand_in_answer,
    object_to_answer,
    return_answer,
    save_answer,
    withdraw_answer,
)

__all__ = [
    "Advice",
    "CaseChanged",
    "Incomplete",
    "add_message",
    "add_note",
    "agree_to_answer",
    "answer",
    "answer_at_once",
    "ask_back",
    "assign",
    "close",
    "close_silent",
    "confirm_answer",
    "consent_to_answer",
    "create_answer",
    "create_draft",
    "decline",
    "delete_draft",
    "hand_in_answer",
    "involve_partner",
    "mark_duplicate",
    "object_to_answer",
    "partner_done",
    "reopen",
    "reply",
    "return_answer",
    "return_to_queue",
    "save_answer",
    "save_draft",
    "share",
    "start",
    "submit",
    "take_up",
    "undo",
    "withdraw",
    "withdraw_answer",
]
