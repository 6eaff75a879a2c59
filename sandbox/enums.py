from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class BookingState(models.TextChoices):
    """What was promised (sandbox.md section 1). What exists is the environment's state.

    A draft is an offer from the waitlist: complete but for the person's yes.
    """

    DRAFT = "draft", _("Draft")
    REQUESTED = "requested", _("Requested")
    APPROVED = "approved", _("Approved")
    ACTIVE = "active", _("Active")
    ENDED = "ended", _("Ended")
    CANCELLED = "cancelled", _("Cancelled")
    FAILED = "failed", _("Failed")
    REJECTED = "rejected", _("Rejected")
    EXPIRED = "expired", _("Expired")


class BookingAction(models.TextChoices):
    ACCEPT = "accept", _("Accept the offer")
    APPROVE = "approve", _("Approve")
    REJECT = "reject", _("Reject")
    EXPIRE = "expire", _("Let it lapse")
    MOVE = "move", _("Change the time")
    EXTEND = "extend", _("Extend")
    ACTIVATE = "activate", _("Hand over")
    CANCEL = "cancel", _("End early")
    FINISH = "finish", _("End")
    FAIL = "fail", _("Give up")
    RETRY = "retry", _("Try again")
    RESUME = "resume", _("Go on after a check")


class BookingEventKind(models.TextChoices):
    """How a booking began and who tests in it; what else follows is a ``BookingAction``."""

    BOOK = "book", _("Booked")
    ASK = "ask", _("Asked for approval")
    OFFER = "offer", _("Offered from the waitlist")
    PARTICIPANT_ADD = "participant_add", _("Participant added")
    PARTICIPANT_ACCEPT = "participant_accept", _("Invitation accepted")
    PARTICIPANT_DECLINE = "participant_decline", _("Invitation declined")
    PARTICIPANT_REMOVE = "participant_remove", _("Participant removed")
    PARTICIPANT_RENEW = "participant_renew", _("New link for a guest")
    PLAN = "plan", _("Test plan changed")
    ASK_LONGER = "ask_longer", _("Asked to run longer")
    REFUSE_LONGER = "refuse_longer", _("Longer time refused")
    GIVE_RESULT = "give_result", _("Result given to the OSK")
    TAKE_RESULT_BACK = "take_result_back", _("Result taken back from the OSK")
    PUBLISH_RESULT = "publish_result", _("Result published on the page of the solution")
    WITHDRAW_RESULT = "withdraw_result", _("Published result withdrawn")
    FILE_REMOVED = "file_removed", _("File of a report removed: malware found")
    DEPUTY_NAMED = "deputy_named", _("Deputy named")
    DEPUTY_ENDED = "deputy_ended", _("Deputy ended")
    HANDED_OVER = "handed_over", _("Handed over to a colleague")
    TAKEN_OVER = "taken_over", _("Taken over by the Organisationsverwaltung")
    TAKEOVER_ENDED = "takeover_ended", _("Take-over ended")
    REPORT = "report", _("Test report handed in")
    ANONYMISE = "anonymise", _("Anonymised: the time for keeping it is over")


class EnvironmentState(models.TextChoices):
    """What exists at the engine."""

    PENDING = "pending", _("Waiting")
    PROVISIONING = "provisioning", _("Being set up")
    STARTING = "starting", _("Starting")
    READY = "ready", _("Ready")
    DEGRADED = "degraded", _("Disturbed")
    FAILED = "failed", _("Failed")
    QUARANTINED = "quarantined", _("Quarantined")
    TEARING_DOWN = "tearing_down", _("Being removed")
    GONE = "gone", _("Removed")
    ABANDONED = "abandoned", _("Given up by an operator")


class EnvironmentAction(models.TextChoices):
    PROVISION = "provision", pgettext_lazy("step", "Set up")
    START = "start", _("Start")
    HAND_OVER = "hand_over", _("Hand over")
    DISTURB = "disturb", _("Report a disturbance")
    RESTART = "restart", _("Start anew")
    FAIL = "fail", _("Give up")
    TEAR_DOWN = "tear_down", pgettext_lazy("step", "Remove")
    VANISH = "vanish", _("Confirm the removal")
    ABANDON = "abandon", _("Forget")
    QUARANTINE = "quarantine", _("Quarantine")
    RELEASE = "release", _("Lift the quarantine")


class Desired(models.TextChoices):
    PRESENT = "present", _("Present")
    ABSENT = "absent", _("Absent")


class EnvironmentEventKind(models.TextChoices):
    """The lines of the log that the person who booked reads."""

    BOOKED = "booked", _("A place is reserved for you")
    WAITING_FOR_SLOT = "waiting_for_slot", _("We are still clearing the place")
    WAITING_FOR_ENGINE = (
        "waiting_for_engine",
        _("The machine for test environments does not answer. We go on as soon as it does"),
    )
    WAITING_FOR_ROOM = (
        "waiting_for_room",
        _(
            "The machine for test environments has too little room at the moment."
            " We go on as soon as there is enough"
        ),
    )
    LATE = "late", _("It takes longer than promised. We have written to you why")
    SECRETS_MADE = "secrets_made", _("Passwords generated")
    STARTED = "started", _("Program started")
    READY = "ready", _("Everything checked, ready")
    RETRYING = "retrying", _("A step did not work. We try it again")
    FAILED = "failed", _("The set-up did not work")
    TOO_SLOW = "too_slow", _("This attempt took longer than it may. We end it")
    GIVEN_UP = "given_up", _("We do not try again. The OSK looks into it and gets back to you")
    NEVER_CAME = "never_came", _("The booked time is over, and the environment was never ready")
    REPLACED = "replaced", _("We set the environment up anew")
    DISTURBED = "disturbed", _("The environment does not answer. We look into it")
    STILL_DISTURBED = (
        "still_disturbed",
        _("It still does not answer. We go on trying, and an operator looks into it"),
    )
    REPAIRED = "repaired", _("The environment works again")
    RESTARTED = "restarted", _("Restart asked for")
    RESET = "reset", _("Reset asked for")
    EXTENDED = "extended", _("Extended")
    MOVED = "moved", _("Moved to another time")
    LOST = "lost", _("The environment has disappeared")
    HALTED = "halted", _("The OSK has halted the environment and keeps it for a check")
    RELEASED = "released", _("The check is over. We start the environment again, with your data")
    ENDED_BY_OPERATOR = "ended_by_operator", _("An operator ended the environment")
    REMOVING = "removing", _("Removal started")
    REMOVAL_HELD = (
        "removal_held",
        _("The removal waits until an operator has checked the portal's data"),
    )
    REMOVAL_SLOW = (
        "removal_slow",
        _("The removal takes longer than usual. We go on trying, and an operator looks into it"),
    )
    GONE = "gone", _("Everything is removed and checked")
    ABANDONED = "abandoned", _("An operator ended the removal by hand")
    CREDENTIAL_SHOWN = "credential_shown", _("Password shown")
    SNAPSHOT_ASKED = "snapshot_asked", _("Configuration to be saved")
    SNAPSHOT_TAKEN = "snapshot_taken", _("Configuration saved")
    SNAPSHOT_FAILED = "snapshot_failed", _("The configuration could not be saved")
    SNAPSHOT_FETCHED = "snapshot_fetched", _("Saved configuration downloaded")
    SNAPSHOT_DELETED = "snapshot_deleted", _("Saved configuration deleted")
    SNAPSHOT_EXPIRED = "snapshot_expired", _("Saved configuration deleted: its time was over")
    SNAPSHOT_INFECTED = "snapshot_infected", _("Saved configuration removed: malware found")
    SET_UP_ASKED = "set_up_asked", _("The operators are asked to set it up by hand")
    SET_UP_BEGUN = "set_up_begun", _("Somebody works on the set-up")
    SET_UP_DONE = "set_up_done", _("Set up by hand")
    SET_UP_REFUSED = "set_up_refused", _("It could not be set up by hand")
    SET_UP_WITHDRAWN = "set_up_withdrawn", _("The set-up is no longer needed")
    REMOVAL_ASKED = "removal_asked", _("The operators are asked to remove it by hand")
    REMOVAL_BEGUN = "removal_begun", _("Somebody works on the removal")
    REMOVAL_DONE = "removal_done", _("Removed by hand, and confirmed")


class LateReason(models.TextChoices):
    """What an environment that is late waits for."""

    PLACE = "place", _("The place is not cleared yet")
    ENGINE = "engine", _("The engine does not answer")
    ROOM = "room", _("The engine has too little room")
    PERSON = "person", _("The operators have not set it up yet")
    SLOW = "slow", _("The set-up takes longer than usual")


class AlertCause(models.TextChoices):
    """What operators are told of by e-mail, without having asked."""

    FAILED = "failed", _("Booking failed")
    LATE = "late", _("Not ready in time")
    DISTURBED = "disturbed", _("Does not answer")
    REMOVAL = "removal", _("Removal does not end")
    QUARANTINE = "quarantine", _("Quarantine does not take effect")
    ENGINE = "engine", _("Engine does not answer")
    ROOM = "room", _("Engine has too little room")
    RESTORE = "restore", _("Database older than the engines")
    MALWARE = "malware", _("Malware found")


class ProofKind(models.TextChoices):
    """What a proof of deletion speaks of."""

    PROCESS = "process", _("Program")
    FOLDER = "folder", _("Folder with all data")
    CONTAINER = "container", _("Container")
    NETWORK = "network", _("Network of its own")
    VOLUME = "volume", _("Volume with data")
    SECRET = "secret", _("File with passwords")
    PORT = "port", _("Network address")
    CREDENTIAL = "credential", _("Password in the portal")
    MAIL = "mail", _("E-mails caught by the portal")
    NAMESPACE = "namespace", _("Area in the cluster")
    BY_HAND = "by_hand", _("Set up by hand")


class Phase(models.TextChoices):
    """What a person reads; derived from booking and environment (product.md 3, ux.md 4.3)."""

    OFFERED = "offered", _("Offered")
    REQUESTED = "requested", _("Requested")
    SCHEDULED = "scheduled", _("Booked")
    PROVISIONING = "provisioning", _("Being provided")
    READY = "ready", _("Active")
    DISTURBED = "disturbed", _("Disturbed")
    RESTARTING = "restarting", _("Being restarted")
    EXPIRING = "expiring", _("Ending soon")
    HALTED = "halted", _("Halted")
    REMOVING = "removing", _("Being removed")
    ENDED = "ended", _("Ended")
    FAILED = "failed", _("Failed")
    REJECTED = "rejected", _("Rejected")
    CANCELLED = "cancelled", _("Cancelled")
    LAPSED = "lapsed", _("Lapsed")


class ParticipantState(models.TextChoices):
    """Of somebody who tests along."""

    INVITED = "invited", pgettext_lazy("participant", "Invited")
    ACTIVE = "active", pgettext_lazy("participant", "Takes part")
    DECLINED = "declined", pgettext_lazy("participant", "Declined")
    REMOVED = "removed", pgettext_lazy("participant", "Removed")


class ParticipantAction(models.TextChoices):
    ACCEPT = "accept", _("Accept the invitation")
    DECLINE = "decline", _("Decline the invitation")
    REMOVE = "remove", _("Remove from the test")
    RENEW = "renew", _("Send a new link")


class Outcome(models.TextChoices):
    """Of a task of the test plan, as one person saw it."""

    UNTESTED = "untested", _("not checked")
    MET = "met", _("met")
    PARTLY = "partly", _("partly met")
    FAILED = "failed", _("not met")


class FileState(models.TextChoices):
    """Of a file of a test report."""

    QUARANTINED = "quarantined", _("being checked")
    CLEAN = "clean", _("checked")
    INFECTED = "infected", _("malware found, removed")


class SnapshotState(models.TextChoices):
    """Of a copy of a configuration; the middle two are those of ``FileState``."""

    ASKED = "asked", pgettext_lazy("snapshot", "being saved")
    QUARANTINED = "quarantined", _("being checked")
    CLEAN = "clean", pgettext_lazy("snapshot", "saved")
    INFECTED = "infected", _("malware found, removed")
    FAILED = "failed", pgettext_lazy("snapshot", "not saved")
    DELETED = "deleted", pgettext_lazy("snapshot", "deleted")


class SnapshotError(models.TextChoices):
    """Why none was made, in words for people."""

    ENGINE = "engine", _("The machine for test environments does not answer.")
    UNREADABLE = "unreadable", _("The files could not be read.")
    EMPTY = "empty", _("There was nothing to save.")
    ENDED = "ended", _("The environment had ended or was not running.")
    HALTED = "halted", _("The OSK has halted the environment.")


class ReminderKind(models.TextChoices):
    """How long before the end (product.md 3)."""

    THREE_DAYS = "three_days", _("3 days before")
    DAY = "day", _("1 day before")
    HOUR = "hour", _("1 hour before")


class WaitState(models.TextChoices):
    """Where somebody stands on the waitlist."""

    WAITING = "waiting", pgettext_lazy("waitlist", "Waiting")
    OFFERED = "offered", _("Offered")
    TAKEN = "taken", _("Accepted")
    DECLINED = "declined", pgettext_lazy("waitlist", "Declined")
    LAPSED = "lapsed", _("Lapsed")
    LEFT = "left", pgettext_lazy("waitlist", "Left")


class WaitAction(models.TextChoices):
    OFFER = "offer", pgettext_lazy("waitlist", "Offer")
    TAKE = "take", _("Accept the offer")
    DECLINE = "decline", _("Decline the offer")
    LAPSE = "lapse", _("Let it lapse")
    LEAVE = "leave", _("Leave the waitlist")


class MeasureKind(models.TextChoices):
    """What an operator did by hand."""

    RETRY = "retry", _("Tried again")
    END = "end", _("Ended")
    FORGET = "forget", _("Forgotten")
    QUARANTINE = "quarantine", _("Put into quarantine")
    RELEASE = "release", _("Quarantine lifted")
    CONFIRM = "confirm", _("State after a restore confirmed")
    SETTLE = "settle", _("Deletion of kept data confirmed")


class RestoreEvidence(models.TextChoices):
    """By what the portal saw that its database is older than what the engines have."""

    MARKER = "marker", _("The portal's own marker is newer than the database.")
    UNKNOWN_OBJECT = (
        "unknown_object",
        _("An engine has an environment that the database never knew."),
    )
    LATER_END = "later_end", _("An engine knows a later end than the database.")


class StrayVerdict(models.TextChoices):
    """What becomes of an object without a living row."""

    GRACE = "grace", _("Goes after ten minutes")
    LATER_END = "later_end", _("Known, but the engine has a later end")
    HELD = "held", _("Kept until the state after the restore is confirmed")
    DAMAGED = "damaged", _("Its label does not fit: look at it yourself")
    STUCK = "stuck", _("The removal did not work, and is tried again")
    LEAVING = "leaving", _("Being removed")
    KEPT = "kept", _("The engine keeps its data: delete it there")
    SETTLED = "settled", _("An operator has confirmed that its data is deleted")
    REMOVED = "removed", _("Removed")


class WishKind(models.TextChoices):
    """What is asked for: a product that all may try, or an organisation's own prototype."""

    PRODUCT = "product", _("Product")
    PROTOTYPE = "prototype", _("Prototype")


class WishState(models.TextChoices):
    """Where a wished test environment stands (product.md 3)."""

    ASKED = "asked", pgettext_lazy("wish", "Received")
    CHECKING = "checking", pgettext_lazy("wish", "Being checked")
    TRIAL = "trial", pgettext_lazy("wish", "Trial run")
    BOOKABLE = "bookable", pgettext_lazy("wish", "Can be booked")
    MANUAL = "manual", pgettext_lazy("wish", "Set up by hand")
    REFUSED = "refused", pgettext_lazy("wish", "Declined")
    MERGED = "merged", pgettext_lazy("wish", "Merged")
    WITHDRAWN = "withdrawn", pgettext_lazy("wish", "Withdrawn")


class WishAction(models.TextChoices):
    CHECK = "check", pgettext_lazy("wish", "Check whether it is possible")
    TRY = "try", pgettext_lazy("wish", "Begin the trial run")
    OFFER = "offer", pgettext_lazy("wish", "Let it be booked")
    BY_HAND = "by_hand", pgettext_lazy("wish", "Set it up by hand")
    REFUSE = "refuse", pgettext_lazy("wish", "Decline")
    REOPEN = "reopen", pgettext_lazy("wish", "Take it up again")
    MERGE = "merge", pgettext_lazy("wish", "Merge")
    WITHDRAW = "withdraw", pgettext_lazy("wish", "Withdraw")


class WishEventKind(models.TextChoices):
    """What else happens to a wish than a ``WishAction``."""

    ASK = "ask", pgettext_lazy("wish", "Asked for")
    JOIN = "join", pgettext_lazy("wish", "Joined")
    LEAVE = "leave", pgettext_lazy("wish", "Taken back by one who asked")
    DRAFT = "draft", pgettext_lazy("wish", "Test product drafted")
    RENEW = "renew", pgettext_lazy("wish", "Time of the prototype extended")


class ScanResult(models.TextChoices):
    """What the last scan of the images for known holes found."""

    CLEAN = "clean", _("no known holes")
    SOME = "some", _("known holes, none of them critical")
    CRITICAL = "critical", _("a critical hole is known")


class AccessibilityStatus(models.TextChoices):
    """What is known of the product, in the words of the statements of BITV 2.0."""

    UNKNOWN = "unknown", pgettext_lazy("accessibility", "not known")
    FULL = "full", pgettext_lazy("accessibility", "fully conformant")
    PARTLY = "partly", pgettext_lazy("accessibility", "partly conformant")
    NOT = "not", pgettext_lazy("accessibility", "not conformant")


class BlockCause(models.TextChoices):
    """Why nobody can book a product for now."""

    STAFF = "staff", _("by a decision")
    CRITICAL = "critical", _("because of a critical hole")
    OUTDATED = "outdated", _("because the last scan is too old")


class BlueprintEventKind(models.TextChoices):
    DRAFTED = "drafted", pgettext_lazy("test product", "Specification written")
    TRIED = "tried", pgettext_lazy("test product", "Trial run started")
    PUBLISHED = "published", pgettext_lazy("test product", "Published")
    WITHDRAWN = "withdrawn", pgettext_lazy("test product", "Withdrawn")
    BLOCKED = "blocked", pgettext_lazy("test product", "Blocked")
    UNBLOCKED = "unblocked", pgettext_lazy("test product", "Block lifted")
    SCANNED = "scanned", pgettext_lazy("test product", "Scan recorded")


class TestChange(models.TextChoices):
    """What those who test along are told of, beside a cancellation before the begin."""

    __test__ = False  # no class of tests

    MOVED = "moved"
    ENDED = "ended"
    RESET = "reset"
    RESUMED = "resumed"


class ResourceClass(models.TextChoices):
    """What a place offers, the smallest first."""

    SMALL = "small", pgettext_lazy("class of places", "small")
    MEDIUM = "medium", pgettext_lazy("class of places", "medium")
    LARGE = "large", pgettext_lazy("class of places", "large")


class TaskKind(models.TextChoices):
    """What a person is asked to do where no engine can."""

    SET_UP = "set_up", pgettext_lazy("operator's task", "Set up")
    REMOVE = "remove", pgettext_lazy("operator's task", "Remove")


class TaskState(models.TextChoices):
    OPEN = "open", pgettext_lazy("operator's task", "Open")
    BEGUN = "begun", _("In progress")
    DONE = "done", _("Done")
    REFUSED = "refused", _("Not possible")
    WITHDRAWN = "withdrawn", _("No longer needed")


class TaskAction(models.TextChoices):
    BEGIN = "begin", pgettext_lazy("operator's task", "Begin")
    TICK = "tick", _("Tick off steps")
    FINISH = "finish", _("Report as done")
    REFUSE = "refuse", _("Report as not possible")
    WITHDRAW = "withdraw", _("Withdraw")
