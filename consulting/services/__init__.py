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
from consulting.services.attachments import stage_file, unstage_file
from consulting.services.calls import add_call
from consulting.services.common import CaseChanged
from consulting.services.conversation import add_message, add_note, edit_message, reply
from consulting.services.drafts import (
    FilesNotReady,
    Incomplete,
    create_draft,
    delete_draft,
    save_draft,
    share,
    submit,
)
from consulting.services.ending import close, close_silent, reopen, withdraw
from consulting.services.exports import export_list
from consulting.services.feedback import answer_survey, tell_outcome
from consulting.services.files import add_file, note_read, remove_file
from consulting.services.follow_up import snooze, wake
from consulting.services.links import LinkDead, renew_link, say_by_link
from consulting.services.partners import answer_question, refuse_question
from consulting.services.procurement import save_procurement
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
from consulting.services.recommendations import mark_recommendation
from consulting.services.recording import NotRecordable, record_request
from consulting.services.records import take_record
from consulting.services.takeover import take_over
from consulting.services.urgency import answer_urgency, confirm_urgency

__all__ = [
    "Advice",
    "CaseChanged",
    "FilesNotReady",
    "Incomplete",
    "LinkDead",
    "NotRecordable",
    "add_call",
    "add_file",
    "add_message",
    "add_note",
    "agree_to_answer",
    "answer",
    "answer_at_once",
    "answer_question",
    "answer_survey",
    "answer_urgency",
    "ask_back",
    "assign",
    "close",
    "close_silent",
    "confirm_answer",
    "confirm_urgency",
    "consent_to_answer",
    "create_answer",
    "create_draft",
    "decline",
    "delete_draft",
    "edit_message",
    "export_list",
    "hand_in_answer",
    "involve_partner",
    "mark_duplicate",
    "mark_recommendation",
    "note_read",
    "object_to_answer",
    "partner_done",
    "record_request",
    "refuse_question",
    "remove_file",
    "renew_link",
    "reopen",
    "reply",
    "return_answer",
    "return_to_queue",
    "save_answer",
    "save_draft",
    "save_procurement",
    "say_by_link",
    "share",
    "snooze",
    "stage_file",
    "start",
    "submit",
    "take_over",
    "take_record",
    "take_up",
    "tell_outcome",
    "undo",
    "unstage_file",
    "wake",
    "withdraw",
    "withdraw_answer",
]
