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
    URGENCY_CONFIRMED = "urgency_confirmed", _("Handled as urgent")
    URGENCY_ANSWERED = "urgency_answered", _("Urgency answered")
    TAKEN_OVER = "taken_over", _("Taken over by the Organisationsverwaltung")
    LINK_SENT = "link_sent", _("Link sent")
    CALLED = "called", _("Telephone note")
    CALL_NOTED = "call_noted", _("Internal telephone note")
    FILE_ADDED = "file_added", _("File added")
    FILE_REMOVED = "file_removed", _("File removed")
    FILE_READ = "file_read", _("File of a confidential request read")
    FILE_INFECTED = "file_infected", _("Malware found in a file, file removed")
    MESSAGE_EDITED = "message_edited", _("Message changed")
    NOTE_EDITED = "note_edited", _("Internal note changed")


FILE_EVENTS: Final = frozenset(
    {
        CaseEventKind.FILE_ADDED,
        CaseEventKind.FILE_REMOVED,
        CaseEventKind.FILE_READ,
        CaseEventKind.FILE_INFECTED,
    }
)
"""For the OSK only; they leave the version of the case as it is."""


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
    FOLLOW_UP = "follow_up", _("Follow-up question")
    REASON = "reason", _("Reason")
    NOTE = "note", _("Internal note")


class PartnerQuestionState(models.TextChoices):
    OPEN = "open", _("Open")
    ANSWERED = "answered", _("Answered")
    REFUSED = "refused", _("Refused")
    MISSED = "missed", _("No answer in time")
    WITHDRAWN = "withdrawn", _("Withdrawn")


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
