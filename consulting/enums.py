from django.db import models
from django.utils.translation import gettext_lazy as _


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
