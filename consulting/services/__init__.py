"""Every write to a case. Keyword arguments; each opens its transaction, locks, authorises, moves, tells.

All raise ``PermissionDenied`` when the actor may not, and ``TransitionNotAllowed`` (``CaseChanged`` when
``expected_version`` is out of date) when the case has moved on: its text is for people.
"""

from consulting.services.absence import end_absence, set_absence
from consulting.services.advising import (
    Advice,
    answer,
    answer_at_once,
    ask_back,
    assign,
    decline,
    mark_duplicate,
    partner_done,
    return_to_queue,
    start,
    take_up,
    undo,
)
from consulting.services.appointments import (
    cancel_appointment,
    move_appointment,
    offer_appointment,
    pick_slot,
    refuse_slots,
)
from consulting.services.attachments import stage_file, unstage_file
from consulting.services.belonging import confirm_author, correct_author, refuse_author
from consulting.services.bookings import book_for_case, link_booking, unlink_booking
from consulting.services.calls import add_call
from consulting.services.common import CaseChanged
from consulting.services.consents import ask_consent, give_consent, refuse_consent, withdraw_consent
from consulting.services.conversation import add_message, add_note, edit_message, reply
from consulting.services.departures import end_shares, hand_over_deputy, hand_over_need
from consulting.services.drafts import (
    FilesNotReady,
    Incomplete,
    create_draft,
    delete_draft,
    pass_step,
    save_draft,
    share,
    submit,
)
from consulting.services.ending import close, close_silent, reopen, withdraw
from consulting.services.exports import export_list
from consulting.services.feedback import add_to_outcome, answer_survey, tell_outcome
from consulting.services.files import add_file, note_read, remove_file
from consulting.services.follow_up import snooze, wake
from consulting.services.handover import hand_over
from consulting.services.hints import set_hints_hidden
from consulting.services.incoming import receive_mail, route_mail, store_mail
from consulting.services.introductions import (
    TextNamesSomebody,
    agree_to_introduction,
    call_off_introduction,
    propose_introduction,
    refuse_introduction,
    take_back_consent,
)
from consulting.services.links import LinkDead, renew_link, say_by_link
from consulting.services.mail_decisions import (
    Decided,
    MailMoved,
    answer_mail,
    discard_mail,
    join_mail,
    record_from_mail,
    restore_mail,
)
from consulting.services.market import (
    decide_market_inquiry,
    tell_procedure_state,
    withdraw_company_questions,
)
from consulting.services.needs import (
    NeedNamesSomebody,
    edit_need,
    end_need,
    join_need,
    leave_need,
    propose_joint_step,
    publish_need,
    restore_need,
    take_down_need,
)
from consulting.services.partners import (
    answer_question,
    ask_back_question,
    involve_consented,
    involve_partner,
    note_partner_read,
    refuse_question,
    reply_to_partner,
)
from consulting.services.procurement import complete_procurement, save_procurement
from consulting.services.published import (
    agree_to_answer,
    confirm_answer,
    consent_to_answer,
    create_answer,
    hand_in_answer,
    hand_over_answer,
    object_to_answer,
    return_answer,
    save_answer,
    withdraw_answer,
)
from consulting.services.recommendations import mark_recommendation
from consulting.services.recording import NotRecordable, record_request
from consulting.services.records import take_record
from consulting.services.relations import (
    agree_to_merging,
    end_relation,
    refuse_merging,
    relate_cases,
    take_back_merging,
)
from consulting.services.retention import (
    ask_for_hold,
    confirm_filed,
    enter_contract_end,
    lift_hold,
    set_hold,
)
from consulting.services.revision import confirm_grant, end_grant, open_as_revision, propose_grant
from consulting.services.saved_filters import change_filter, delete_filter, save_filter
from consulting.services.succession import hand_over_work, pass_on
from consulting.services.tags import add_tag, remove_tag
from consulting.services.takeover import take_over
from consulting.services.urgency import answer_urgency, confirm_urgency

__all__ = [
    "Advice",
    "CaseChanged",
    "Decided",
    "FilesNotReady",
    "Incomplete",
    "LinkDead",
    "MailMoved",
    "NeedNamesSomebody",
    "NotRecordable",
    "TextNamesSomebody",
    "add_call",
    "add_file",
    "add_message",
    "add_note",
    "add_tag",
    "add_to_outcome",
    "agree_to_answer",
    "agree_to_introduction",
    "agree_to_merging",
    "answer",
    "answer_at_once",
    "answer_mail",
    "answer_question",
    "answer_survey",
    "answer_urgency",
    "ask_back",
    "ask_back_question",
    "ask_consent",
    "ask_for_hold",
    "assign",
    "book_for_case",
    "call_off_introduction",
    "cancel_appointment",
    "change_filter",
    "close",
    "close_silent",
    "complete_procurement",
    "confirm_answer",
    "confirm_author",
    "confirm_filed",
    "confirm_grant",
    "confirm_urgency",
    "consent_to_answer",
    "correct_author",
    "create_answer",
    "create_draft",
    "decide_market_inquiry",
    "decline",
    "delete_draft",
    "delete_filter",
    "discard_mail",
    "edit_message",
    "edit_need",
    "end_absence",
    "end_grant",
    "end_need",
    "end_relation",
    "end_shares",
    "enter_contract_end",
    "export_list",
    "give_consent",
    "hand_in_answer",
    "hand_over",
    "hand_over_answer",
    "hand_over_deputy",
    "hand_over_need",
    "hand_over_work",
    "involve_consented",
    "involve_partner",
    "join_mail",
    "join_need",
    "leave_need",
    "lift_hold",
    "link_booking",
    "mark_duplicate",
    "mark_recommendation",
    "move_appointment",
    "note_partner_read",
    "note_read",
    "object_to_answer",
    "offer_appointment",
    "open_as_revision",
    "partner_done",
    "pass_on",
    "pass_step",
    "pick_slot",
    "propose_grant",
    "propose_introduction",
    "propose_joint_step",
    "publish_need",
    "receive_mail",
    "record_from_mail",
    "record_request",
    "refuse_author",
    "refuse_consent",
    "refuse_introduction",
    "refuse_merging",
    "refuse_question",
    "refuse_slots",
    "relate_cases",
    "remove_file",
    "remove_tag",
    "renew_link",
    "reopen",
    "reply",
    "reply_to_partner",
    "restore_mail",
    "restore_need",
    "return_answer",
    "return_to_queue",
    "route_mail",
    "save_answer",
    "save_draft",
    "save_filter",
    "save_procurement",
    "say_by_link",
    "set_absence",
    "set_hints_hidden",
    "set_hold",
    "share",
    "snooze",
    "stage_file",
    "start",
    "store_mail",
    "submit",
    "take_back_consent",
    "take_back_merging",
    "take_down_need",
    "take_over",
    "take_record",
    "take_up",
    "tell_outcome",
    "tell_procedure_state",
    "undo",
    "unlink_booking",
    "unstage_file",
    "wake",
    "withdraw",
    "withdraw_answer",
    "withdraw_company_questions",
    "withdraw_consent",
]
