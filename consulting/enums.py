from __future__ import annotations

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class CaseState(models.TextChoices):
    """Where a request stands (product.md 1.3). Texts for people: presentation.py."""

    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Received")
    TRIAGE = "triage", _("In triage")
    ASSIGNED = "assigned", _("Assigned")
    IN_PROGRESS = "in_progress", _("In progress")
    WAITING_REQUESTER = "waiting_requester", _("Waiting for the authority")
    WAITING_THIRD = "waiting_third", _("Information requested")
    ANSWERED = "answered", _("Answered")
    CLOSED = "closed", _("Closed")
    DECLINED = "declined", _("Not taken on")
    DUPLICATE = "duplicate", _("Merged")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class CaseAction(models.TextChoices):
    """The transitions of product.md 1.3, in its order; labels are those of the buttons."""

    SUBMIT = "submit", _("Send request")
    TAKE_UP = "take_up", _("Take up")
    ASSIGN = "assign", _("Assign")
    RETURN_TO_QUEUE = "return_to_queue", _("Return to the queue")
    START = "start", _("Start work")
    ANSWER_AT_ONCE = "answer_at_once", _("Answer at once")
    ASK_BACK = "ask_back", _("Ask back")
    REPLY = "reply", _("Reply")
    INVOLVE_PARTNER = "involve_partner", _("Involve a partner")
    PARTNER_DONE = "partner_done", _("Go on without further information")
    ANSWER = "answer", _("Answer")
    CLOSE = "close", _("Close")
    CLOSE_SILENT = "close_silent", _("Close without a reply")
    REOPEN = "reopen", _("Reopen")
    DECLINE = "decline", _("Do not take on")
    MARK_DUPLICATE = "mark_duplicate", _("Merge")
    UNDO = "undo", _("Undo")
    WITHDRAW = "withdraw", _("Withdraw request")
    DELETE_DRAFT = "delete_draft", _("Delete draft")
    SNOOZE = "snooze", _("Set a follow-up date")
    WAKE = "wake", _("Take back the follow-up date")


class CaseEventKind(models.TextChoices):
    """What has happened; the labels stand in the history of the case."""

    SUBMITTED = "submitted", _("Received")
    TAKEN_UP = "taken_up", _("In triage")
    ASSIGNED = "assigned", _("Contact person named")
    RETURNED = "returned_to_queue", _("Returned to the queue")
    STARTED = "started", _("In progress")
    ASKED_BACK = "asked_back", _("Question to the authority")
    REPLIED = "replied", _("Reply of the authority")
    PARTNER_INVOLVED = "partner_involved", _("Information requested")
    PARTNER_ANSWERED = "partner_answered", _("Answer of a partner")
    PARTNER_REFUSED = "partner_refused", _("A partner does not answer")
    PARTNER_DONE = "partner_done", _("Information received")
    ANSWERED = "answered", _("Answer given")
    CLOSED = "closed", _("Closed")
    CLOSED_SILENT = "closed_silent", _("Closed without a reply")
    REOPENED = "reopened", _("Reopened")
    DECLINED = "declined", _("Not taken on")
    MARKED_DUPLICATE = "marked_duplicate", _("Merged")
    UNDONE = "undone", _("Decision taken back")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    MESSAGE_ADDED = "message_added", _("Message")
    NOTE_ADDED = "note_added", _("Internal note")
    REMINDED = "reminded", _("Reminder sent")
    SHARED = "shared", _("Sharing changed")
    RECOMMENDATION_MARKED = "recommendation_marked", _("Feedback on a recommendation")
    OUTCOME_ASKED = "outcome_asked", _("Asked what became of it")
    OUTCOME_TOLD = "outcome_told", _("Told what became of it")
    RECORD_TAKEN = "record_taken", _("Full record downloaded")
    SNOOZED = "snoozed", _("Follow-up date set")
    WOKEN = "woken", _("Follow-up date taken back")
    TAGGED = "tagged", _("Label added")
    UNTAGGED = "untagged", _("Label removed")
    BOOKING_LINKED = "booking_linked", _("Test environment linked")
    BOOKING_UNLINKED = "booking_unlinked", _("Link to a test environment removed")
    URGENCY_CONFIRMED = "urgency_confirmed", _("Handled as urgent")
    URGENCY_ANSWERED = "urgency_answered", _("Urgency answered")
    TAKEN_OVER = "taken_over", _("Taken over by the Organisationsverwaltung")
    TAKE_OVER_ENDED = "take_over_ended", _("Take-over ended")
    HANDED_OVER = "handed_over", _("Handed over to a successor")
    DEPUTY_NAMED = "deputy_named", _("New deputy named")
    DEPUTY_LEFT = "deputy_left", _("The deputy has left the authority")
    COLLEAGUE_LEFT = "colleague_left", _("A colleague who took part has left the authority")
    LINK_SENT = "link_sent", _("Link sent")
    CALLED = "called", _("Telephone note")
    CALL_NOTED = "call_noted", _("Internal telephone note")
    MAIL_ADDED = "mail_added", _("Mail added")
    MAIL_NOTED = "mail_noted", _("Mail added internally")
    FILE_ADDED = "file_added", _("File added")
    FILE_REMOVED = "file_removed", _("File removed")
    FILE_READ = "file_read", _("File of a confidential request read")
    CONSENT_ASKED = "consent_asked", _("Asked whether partners may be asked")
    CONSENT_GIVEN = "consent_given", _("Permitted to ask partners")
    CONSENT_REFUSED = "consent_refused", _("Not permitted to ask partners")
    CONSENT_WITHDRAWN = "consent_withdrawn", _("Consent withdrawn")
    PARTNER_ASKED_BACK = "partner_asked_back", _("A partner asks back")
    PARTNER_REPLIED = "partner_replied", _("Reply to a partner")
    INQUIRY_DECIDED = "inquiry_decided", _("Markterkundung decided")
    PROCEDURE_CHANGED = "procedure_changed", _("State of the procedure changed")
    COMPANIES_WITHDRAWN = "companies_withdrawn", _("Questions to companies withdrawn")
    APPOINTMENT_OFFERED = "appointment_offered", _("Appointments offered")
    APPOINTMENT_FIXED = "appointment_fixed", _("Appointment fixed")
    APPOINTMENT_MOVED = "appointment_moved", _("Appointment moved")
    APPOINTMENT_CANCELLED = "appointment_cancelled", _("Appointment cancelled")
    APPOINTMENT_REFUSED = "appointment_refused", _("No offered appointment fits")
    APPOINTMENT_WITHDRAWN = "appointment_withdrawn", _("Offered appointments withdrawn")
    APPOINTMENT_LAPSED = "appointment_lapsed", _("Offered appointments are over")
    INTRODUCTION_ASKED = "introduction_asked", _("Asked for an introduction")
    INTRODUCTION_AGREED = "introduction_agreed", _("Agreed to the introduction")
    INTRODUCTION_TAKEN_BACK = "introduction_taken_back", _("Consent to the introduction taken back")
    INTRODUCTION_REFUSED = "introduction_refused", _("Introduction not wanted")
    INTRODUCTION_ENDED = "introduction_ended", _("Introduction did not come about")
    INTRODUCED = "introduced", _("Introduced to another authority")
    NEED_PUBLISHED = "need_published", _("Need published inside the administration")
    RETENTION_ANNOUNCED = "retention_announced", _("Anonymising announced")
    FILED = "filed", _("Taken into the authority's e-file")
    HOLD_ASKED = "hold_asked", _("Hold asked for")
    HOLD_SET = "hold_set", _("Hold set")
    HOLD_LIFTED = "hold_lifted", _("Hold lifted")
    CONTRACT_END_ENTERED = "contract_end_entered", _("End of the contract entered")
    ANONYMISED = "anonymised", _("Anonymised")
    MEMBERSHIP_CONFIRMED = "membership_confirmed", _("Membership confirmed")
    MEMBERSHIP_REFUSED = "membership_refused", _("Membership refused")
    ORGANISATION_CORRECTED = "organisation_corrected", _("Authority corrected")
    FILE_INFECTED = "file_infected", _("Malware found in a file, file removed")
    MESSAGE_EDITED = "message_edited", _("Message changed")
    NOTE_EDITED = "note_edited", _("Internal note changed")
    RELATED = "related", _("Linked with another request")
    UNRELATED = "unrelated", _("Link to another request ended")
    MERGE_ASKED = "merge_asked", _("Asked whether it may be merged")
    MERGE_AGREED = "merge_agreed", _("Agreed to merging")
    MERGE_TAKEN_BACK = "merge_taken_back", _("Consent to merging taken back")
    MERGE_REFUSED = "merge_refused", _("Merging not wanted")
    PROCUREMENT_COMPLETED = "procurement_completed", _("Details of the procurement completed")


FILE_EVENTS: Final = frozenset(
    {
        CaseEventKind.FILE_ADDED,
        CaseEventKind.FILE_REMOVED,
        CaseEventKind.FILE_READ,
        CaseEventKind.FILE_INFECTED,
    }
)
"""For the OSK only; they leave the version of the case as it is."""


APPOINTMENT_EVENTS: Final = frozenset(
    {
        CaseEventKind.APPOINTMENT_OFFERED,
        CaseEventKind.APPOINTMENT_FIXED,
        CaseEventKind.APPOINTMENT_MOVED,
        CaseEventKind.APPOINTMENT_CANCELLED,
        CaseEventKind.APPOINTMENT_REFUSED,
        CaseEventKind.APPOINTMENT_WITHDRAWN,
        CaseEventKind.APPOINTMENT_LAPSED,
    }
)
"""Of both sides, who see them in the conversation and in the history."""


class AppointmentState(models.TextChoices):
    """That it took place is not stored: a fixed one has done so when its end is past."""

    OFFERED = "offered", pgettext_lazy("appointment", "Offered")
    FIXED = "fixed", pgettext_lazy("appointment", "Fixed")
    REFUSED = "refused", pgettext_lazy("appointment", "Nothing fits")
    CANCELLED = "cancelled", pgettext_lazy("appointment", "Cancelled")


class AppointmentKind(models.TextChoices):
    VIDEO = "video", _("Video conference")
    PHONE = "phone", _("Telephone")
    ON_SITE = "on_site", _("On site")


INTRODUCTION_EVENTS: Final = frozenset(
    {
        CaseEventKind.INTRODUCTION_ASKED,
        CaseEventKind.INTRODUCTION_AGREED,
        CaseEventKind.INTRODUCTION_TAKEN_BACK,
        CaseEventKind.INTRODUCTION_REFUSED,
        CaseEventKind.INTRODUCTION_ENDED,
        CaseEventKind.INTRODUCED,
    }
)
"""Of one's own side only; they leave the version of the case as it is."""
RELATION_EVENTS: Final = frozenset(
    {
        CaseEventKind.RELATED,
        CaseEventKind.UNRELATED,
        CaseEventKind.MERGE_ASKED,
        CaseEventKind.MERGE_AGREED,
        CaseEventKind.MERGE_TAKEN_BACK,
        CaseEventKind.MERGE_REFUSED,
    }
)
"""For the OSK only; they leave the version of the case as it is."""
KEEPING_EVENTS: Final = frozenset(
    {
        CaseEventKind.RETENTION_ANNOUNCED,
        CaseEventKind.FILED,
        CaseEventKind.HOLD_ASKED,
        CaseEventKind.HOLD_SET,
        CaseEventKind.HOLD_LIFTED,
        CaseEventKind.CONTRACT_END_ENTERED,
        CaseEventKind.MEMBERSHIP_CONFIRMED,
        CaseEventKind.MEMBERSHIP_REFUSED,
    }
)
"""How long a case is kept, and for whom it was written; they leave the version of the case as it is."""


class RecordType(models.TextChoices):
    """Which period of retention counts for a case (product.md 1.6)."""

    CLOSED = "closed", _("Closed requests")
    PROCUREMENT = "procurement", _("Closed procurement requests, from the end of the contract")
    DECLINED = "declined", _("Requests not taken on")
    DUPLICATE = "duplicate", _("Merged requests")
    WITHDRAWN = "withdrawn", _("Withdrawn requests")


class GrantPeriod(models.TextChoices):
    """Which date of a case the period of a right to inspect is about."""

    SUBMITTED = "submitted", _("Day of receipt")
    CLOSED = "closed", _("Day of closing")


class Accessed(models.TextChoices):
    """What the Revision has opened."""

    LIST = "list", _("List of requests")
    CASE = "case", _("Request with notes and history")
    FILE = "file", _("File")
    RECORD = "record", _("Record (PDF)")
    PROOFS = "proofs", _("Proofs")
    REPORT = "report", _("Report on retention")


class DeadlineKind(models.TextChoices):
    """What the OSK is told about a promise."""

    DUE_SOON = "due_soon", _("Due soon")
    OVERDUE = "overdue", _("Overdue")


class RequestKind(models.TextChoices):
    QUESTION = "question", _("Question")
    IDEA = "idea", _("Idea")
    PROJECT = "project", _("Concrete project")


class Topic(models.TextChoices):
    INTRODUCTION = "introduction", _("Introduction")
    OPERATION = "operation", _("Operation")
    PROCUREMENT = "procurement", _("Procurement")
    REUSE = "reuse", _("Reuse")
    LICENCE_LAW = "licence_law", _("Licence and law")
    SECURITY = "security", _("Security")
    DATA_PROTECTION = "data_protection", _("Data protection")
    ACCESSIBILITY = "accessibility", _("Accessibility")
    PUBLISHING_CODE = "publishing_code", _("Publishing own code")
    MIGRATION = "migration", _("Migration")
    COOPERATION = "cooperation", _("Cooperation")


class Phase(models.TextChoices):
    IDEA = "idea", _("First idea")
    PLANNING = "planning", _("Planning")
    SELECTION = "selection", _("Selection")
    INTRODUCTION = "introduction", _("Introduction")
    OPERATION = "operation", _("In operation")


class Visibility(models.TextChoices):
    """Who of the own organisation reads along (product.md 1.1, step 5)."""

    ONLY_ME = "only_me", _("Only me")
    SELECTED = "selected", _("Selected colleagues")
    ORGANISATION = "organisation", _("All members of my authority")


class Outcome(models.TextChoices):
    """Why a case was closed."""

    SETTLED = "settled", _("Settled")
    AUTOMATIC = "automatic", _("Closed after the time for questions")
    NO_REPLY = "no_reply", _("No reply")


class Uptake(models.TextChoices):
    """What becomes of a recommendation, by the requester's side (product.md 1.6)."""

    OPEN = "open", _("Not decided yet")
    TAKEN_UP = "taken_up", _("We take it up")
    NOT_FOR_US = "not_for_us", _("Not for us")


class Occasion(models.TextChoices):
    """When "Was wurde daraus?" is asked (product.md 1.6)."""

    AT_CLOSING = "at_closing", _("At closing")
    HALF_YEAR = "half_year", _("After six months")


class Procured(models.TextChoices):
    OPEN_SOURCE = "open_source", _("Open source")
    PROPRIETARY = "proprietary", _("Proprietary")
    MIXED = "mixed", _("Mixed")
    NOTHING = "nothing", _("Not bought")


class ContractType(models.TextChoices):
    """EVB-IT types, as far as they concern software."""

    LICENCE = "licence", _("EVB-IT licence")
    CARE = "care", _("EVB-IT care")
    SERVICE = "service", _("EVB-IT service")
    CREATION = "creation", _("EVB-IT creation")
    SYSTEM = "system", _("EVB-IT system")
    CLOUD = "cloud", _("EVB-IT cloud")
    OTHER = "other", _("Another contract")
    UNKNOWN = "unknown", _("I do not know")


class Channel(models.TextChoices):
    """How a request came in (product.md 1.2)."""

    WEB = "web", _("Portal")
    MAIL = "mail", _("Mail")
    PHONE = "phone", _("Telephone")
    ROADSHOW = "roadshow", _("Roadshow")
    TALK = "talk", _("Conversation")


class Urgency(models.TextChoices):
    """Marked as urgent by the requester; the Leitung confirms or answers within a working day (1.1)."""

    NORMAL = "normal", _("Not urgent")
    WISHED = "wished", _("Marked as urgent")
    CONFIRMED = "confirmed", _("Urgent")
    ANSWERED = "answered", _("Not handled as urgent")


class ProcedureState(models.TextChoices):
    """Where the procurement procedure stands (1.1, procurement block)."""

    NONE = "none", _("No procedure")
    PLANNED = "planned", _("Planned")
    RUNNING = "running", _("Running")


class Awarding(models.TextChoices):
    """How the order is cut (1.1, procurement block)."""

    SINGLE = "single", _("One order without lots")
    LOTS = "lots", _("Lots")
    FRAMEWORK = "framework", _("Framework contract")
    FRAMEWORK_LOTS = "framework_lots", _("Framework contract with lots")
    OPEN = "open", _("Not decided yet")


class ReuseContract(models.TextChoices):
    """Is the software to be reused by contract with another administration?"""

    NO = "no", _("No")
    PLANNED = "planned", _("Planned")
    YES = "yes", _("Signed")


class ArchitectureCheck(models.TextChoices):
    """Was the ITDZ/IKT architecture checked?"""

    YES = "yes", _("Yes")
    EXEMPT = "exempt", _("Exempt")
    OPEN = "open", _("Open")


class Involvement(models.TextChoices):
    """Of Personalrat, Frauenvertretung and Schwerbehindertenvertretung."""

    INVOLVED = "involved", _("Involved")
    TO_BE_INVOLVED = "to_be_involved", _("To be involved")
    NOT_NEEDED = "not_needed", _("Not needed")


class TaskStatus(models.TextChoices):
    """How far data protection and accessibility are."""

    OPEN = "open", pgettext_lazy("task", "Open")
    STARTED = "started", pgettext_lazy("task", "In progress")
    DONE = "done", pgettext_lazy("task", "Done")
    NOT_NEEDED = "not_needed", _("Not needed")


class MessageKind(models.TextChoices):
    MESSAGE = "message", _("Message")
    QUESTION = "question", _("Question")
    REPLY = "reply", _("Reply to the question")
    CALL = "call", _("Telephone note")
    MAIL = "mail", _("Mail")
    FOLLOW_UP = "follow_up", _("Follow-up question")
    REASON = "reason", _("Reason")
    NOTE = "note", _("Internal note")


class PartnerQuestionState(models.TextChoices):
    OPEN = "open", _("Open")
    ANSWERED = "answered", _("Answered")
    REFUSED = "refused", _("Refused")
    MISSED = "missed", _("No answer in time")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class ConsentState(models.TextChoices):
    """Of what the requester is asked before partners are (product.md 1.5)."""

    ASKED = "asked", _("To be decided")
    GIVEN = "given", _("Permitted")
    REFUSED = "refused", pgettext_lazy("consent", "Not permitted")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class ContactKind(models.TextChoices):
    """What passed between the OSK and a partner."""

    ASKED = "asked", _("Question sent")
    FILE_READ = "file_read", _("File downloaded")
    ASKED_BACK = "asked_back", _("Query of the partner")
    REPLIED = "replied", _("Reply of the OSK")
    ANSWERED = "answered", _("Answer received")
    REFUSED = "refused", _("No answer given")
    WITHDRAWN = "withdrawn", _("Question withdrawn")


class IntroductionState(models.TextChoices):
    """Where an introduction of two authorities stands (product.md 1.6, Synergy)."""

    ASKED = "asked", _("Both are asked")
    HALF = "half", _("One has agreed")
    INTRODUCED = "introduced", _("Introduced")
    REFUSED = "refused", _("Refused")
    EXPIRED = "expired", _("No answer in time")
    CALLED_OFF = "called_off", _("Called off")


class SideState(models.TextChoices):
    """What one of the two authorities has said."""

    ASKED = "asked", _("Asked")
    AGREED = "agreed", _("Agreed")
    REFUSED = "refused", _("Refused")


class RelationState(models.TextChoices):
    """Where two linked requests stand (product.md 1.3, mark duplicate)."""

    LINKED = "linked", pgettext_lazy("linked requests", "Nobody is asked")
    ASKED = "asked", _("Both are asked")
    HALF = "half", _("One has agreed")
    AGREED = "agreed", pgettext_lazy("linked requests", "Both agree to merging")
    REFUSED = "refused", pgettext_lazy("linked requests", "Merging is not wanted")

    @classmethod
    def asking(cls) -> tuple[RelationState, ...]:
        """Consent is given, refused or taken back."""
        return (cls.ASKED, cls.HALF, cls.AGREED)


class MergeConsent(models.TextChoices):
    """What one side of two linked requests has said."""

    NOT_ASKED = "not_asked", _("Not asked")
    ASKED = "asked", _("Asked")
    AGREED = "agreed", _("Agreed")
    REFUSED = "refused", _("Refused")

    @classmethod
    def decided(cls) -> tuple[MergeConsent, ...]:
        return (cls.AGREED, cls.REFUSED)


class NeedState(models.TextChoices):
    """A need of "Wer hat dasselbe Problem?" (product.md 1.6, Synergy)."""

    PUBLISHED = "published", _("Published")
    ENDED = "ended", _("Ended")
    TAKEN_DOWN = "taken_down", _("Taken down by the OSK")


class NeedEnd(models.TextChoices):
    """Why a need is no longer shown, as those who have joined are told."""

    SOLVED = "solved", _("It is solved")
    WITHDRAWN = "withdrawn", _("Show it no longer")
    TAKEN_DOWN = "taken_down", _("Taken down by the OSK")


class NeedAction(models.TextChoices):
    """What happens to a need; the labels stand in its history."""

    PUBLISH = "publish", _("Published")
    EDIT = "edit", _("Changed")
    JOIN = "join", _("Another organisation has joined")
    LEAVE = "leave", _("An organisation has taken it back")
    PROPOSE = "propose", _("Joint step written")
    HAND_OVER = "hand_over", _("Handed over to a successor")
    END = "end", _("Ended")
    TAKE_DOWN = "take_down", _("Taken down by the OSK")
    RESTORE = "restore", _("Published again")


class AnswerState(models.TextChoices):
    """Where a published answer stands (product.md 1.6)."""

    DRAFT = "draft", _("Draft")
    REVIEW = "review", _("In review")
    OBJECTION = "objection", _("Time to object")
    PUBLISHED = "published", _("Published")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class AnswerAction(models.TextChoices):
    SAVE = "save", _("Save")
    HAND_IN = "hand_in", _("Hand in for review")
    RETURN = "return", _("Return with a comment")
    AGREE = "agree", _("Agree")
    OBJECT = "object", _("Object")
    CONSENT = "consent", _("Agree to the publication")
    PUBLISH = "publish", _("Publish")
    CONFIRM = "confirm", _("Confirm as reviewed")
    WITHDRAW = "withdraw", _("Withdraw")
    HAND_OVER = "hand_over", _("Hand over")
