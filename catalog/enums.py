from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class SolutionState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class SolutionAction(models.TextChoices):
    PUBLISH = "publish", _("Publish")
    WITHDRAW = "withdraw", _("Withdraw")


class RevisionOrigin(models.TextChoices):
    """What made a revision of an entry."""

    IMPORT = "import", _("Import")
    PROPOSAL = "proposal", _("Proposal")
    FILE = "file", pgettext_lazy("origin", "File in the repository")
    FORM = "form", pgettext_lazy("origin", "Form")
    OSK = "osk", "OSK"
    RESTORED = "restored", pgettext_lazy("origin", "Restored")


class DevelopmentStatus(models.TextChoices):
    """publiccode.yml 0.7, developmentStatus, in the words of ux.md 4.3."""

    CONCEPT = "concept", _("Idea")
    DEVELOPMENT = "development", _("In development")
    BETA = "beta", _("In trial")
    STABLE = "stable", _("In productive use")
    OBSOLETE = "obsolete", _("No longer maintained")


class MaintenanceType(models.TextChoices):
    """publiccode.yml 0.7, maintenance.type."""

    INTERNAL = "internal", _("By own staff")
    CONTRACT = "contract", _("By a contractor")
    COMMUNITY = "community", _("By a community")
    NONE = "none", pgettext_lazy("maintenance", "None")


class SoftwareType(models.TextChoices):
    """publiccode.yml 0.7, softwareType."""

    WEB = "standalone/web", _("Web application")
    DESKTOP = "standalone/desktop", _("Desktop program")
    MOBILE = "standalone/mobile", _("App for phones and tablets")
    BACKEND = "standalone/backend", _("Service in the background")
    IOT = "standalone/iot", _("Software for devices")
    OTHER = "standalone/other", _("Other program")
    ADDON = "addon", _("Add-on")
    LIBRARY = "library", _("Library")
    CONFIGURATION = "configurationFiles", _("Configuration files")


class LicenceFamily(models.TextChoices):
    """What a licence asks of those who pass the software on; drives the facet and the plain words."""

    COPYLEFT = "copyleft", _("Copyleft (EUPL, GPL, AGPL)")
    WEAK_COPYLEFT = "weak_copyleft", _("Weak copyleft (LGPL, MPL)")
    PERMISSIVE = "permissive", _("Permissive (MIT, Apache)")
    OTHER = "other", _("Other licence")


class ReuseStage(models.TextChoices):
    INTEREST = "interest", pgettext_lazy("reuse", "Interest")
    TEST = "test", pgettext_lazy("reuse", "Test")
    PILOT = "pilot", pgettext_lazy("reuse", "Pilot")
    PRODUCTION = "production", pgettext_lazy("reuse", "Production")
    REPLACED = "replaced", pgettext_lazy("reuse", "Replaced")


# Interest is not use yet, and what was replaced is not used any more.
STAGES_IN_USE = (ReuseStage.TEST, ReuseStage.PILOT, ReuseStage.PRODUCTION)


class ReuseHosting(models.TextChoices):
    """Who runs the software for the body that uses it."""

    OWN = "own", pgettext_lazy("hosting", "Own data centre")
    ITDZ = "itdz", pgettext_lazy("hosting", "ITDZ Berlin")
    PUBLIC = "public", pgettext_lazy("hosting", "Other public IT provider")
    COMPANY = "company", pgettext_lazy("hosting", "Company")
    CLOUD = "cloud", pgettext_lazy("hosting", "Cloud service")


class SupportKind(models.TextChoices):
    OPERATION = "operation", pgettext_lazy("support", "Operation")
    ADAPTATION = "adaptation", pgettext_lazy("support", "Adaptation")
    TRAINING = "training", pgettext_lazy("support", "Training")
    CONTRACT = "contract", pgettext_lazy("support", "Support contract")


class SupportState(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("support", "Being checked")
    SHOWN = "shown", pgettext_lazy("support", "Shown")
    REFUSED = "refused", pgettext_lazy("support", "Not shown")
    WITHDRAWN = "withdrawn", pgettext_lazy("support", "Withdrawn")


class SupportAction(models.TextChoices):
    OFFER = "offer", _("Offer")
    SHOW = "show", _("Show")
    REFUSE = "refuse", _("Refuse")
    WITHDRAW = "withdraw", _("Withdraw")


class NoticeKind(models.TextChoices):
    """What a notice of the OSK on an entry (Hinweis) is about."""

    SECURITY = "security", pgettext_lazy("notice", "Security")
    LICENCE = "licence", pgettext_lazy("notice", "Licence")
    MAINTENANCE_END = "maintenance_end", pgettext_lazy("notice", "End of maintenance")
    SUCCESSOR = "successor", pgettext_lazy("notice", "Successor")
    OTHER = "other", pgettext_lazy("notice", "Other notice")


class NoticeState(models.TextChoices):
    STANDING = "standing", pgettext_lazy("notice", "Stands")
    WITHDRAWN = "withdrawn", pgettext_lazy("notice", "Withdrawn")


class NoticeAction(models.TextChoices):
    CORRECT = "correct", _("Correct")
    WITHDRAW = "withdraw", _("Withdraw")


class NoticeNews(models.TextChoices):
    """What is told of a notice; also the kinds of its events, with "confirmed"."""

    ISSUED = "issued", pgettext_lazy("notice", "Issued")
    CORRECTED = "corrected", pgettext_lazy("notice", "Corrected")
    WITHDRAWN = "withdrawn", pgettext_lazy("notice", "Withdrawn")
    REMINDER = "reminder", pgettext_lazy("notice", "Reminded")


class ReportState(models.TextChoices):
    """What became of a report that an entry says something wrong (Falsche Angabe)."""

    OPEN = "open", pgettext_lazy("entry report", "New")
    CHECKING = "checking", pgettext_lazy("entry report", "Being checked")
    ACCEPTED = "accepted", pgettext_lazy("entry report", "Mended")
    REJECTED = "rejected", pgettext_lazy("entry report", "Left as it is")


class ReportAction(models.TextChoices):
    CHECK = "check", pgettext_lazy("entry report action", "Check")
    ACCEPT = "accept", pgettext_lazy("entry report action", "Accept")
    REJECT = "reject", pgettext_lazy("entry report action", "Reject")
    ANSWER = "answer", pgettext_lazy("entry report action", "Answer")
    OBJECT = "object", pgettext_lazy("entry report action", "Object")


class ProposalKind(models.TextChoices):
    CHANGE = "change", pgettext_lazy("proposal", "Change")
    NEW = "new", pgettext_lazy("proposal", "New entry")
    WITHDRAWAL = "withdrawal", pgettext_lazy("proposal", "Withdrawal of the entry")


class ProposalState(models.TextChoices):
    OPEN = "open", _("Being checked")
    ACCEPTED = "accepted", _("Accepted")
    RETURNED = "returned", _("Returned")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class ProposalAction(models.TextChoices):
    ACCEPT = "accept", _("Accept")
    RETURN = "return", _("Return")
    REFUSE = "refuse", _("Refuse")
    WITHDRAW = "withdraw", _("Withdraw")
    REVISE = "revise", _("Revise")
    OVERTURN = "overturn", pgettext_lazy("objection", "Overturn the refusal")


class ProposalDeadline(models.TextChoices):
    """What the OSK is told of the promise to decide."""

    DUE_SOON = "due_soon", _("Due soon")
    OVERDUE = "overdue", _("Overdue")


class PromiseSubject(models.TextChoices):
    """Besides proposals and objections: what the OSK has promised to decide by a day."""

    STATEMENT = "statement", _("Proposed statement")
    REPORT = "report", _("Reported statement")
    CLAIM = "claim", _("Claim to an entry")
    CORRECTION = "correction", _("Correction of an assessment")


class ObjectionState(models.TextChoices):
    """The one objection against the refusal of a proposal, decided by the Leitung."""

    OPEN = "open", pgettext_lazy("objection", "Being checked by the Leitung")
    GRANTED = "granted", pgettext_lazy("objection", "Granted")
    REJECTED = "rejected", pgettext_lazy("objection", "Rejected")
    WITHDRAWN = "withdrawn", pgettext_lazy("objection", "Taken back")


class ObjectionAction(models.TextChoices):
    GRANT = "grant", pgettext_lazy("objection", "Grant")
    REJECT = "reject", pgettext_lazy("objection", "Reject")
    WITHDRAW = "withdraw", pgettext_lazy("objection", "Take back")


class PictureKind(models.TextChoices):
    LOGO = "logo", _("Logo")
    SCREENSHOT = "screenshot", _("Screenshot")


class PictureProblem(models.TextChoices):
    """Why a picture that a file names is not shown. One word for "not there" and "not asked"."""

    NOT_FOUND = "not_found", pgettext_lazy("picture", "The picture cannot be fetched.")
    UNREADABLE = "unreadable", pgettext_lazy("picture", "The file is no picture that we can read.")
    TOO_LARGE = "too_large", pgettext_lazy("picture", "The picture is too large.")
    TEXT = "text", pgettext_lazy("picture", "The SVG holds text. Convert the text into paths.")
    STRETCHED = "stretched", pgettext_lazy("picture", "The picture is too long and narrow.")


class Proof(models.TextChoices):
    """By what an organisation shows that it looks after a solution (product.md 2, Maintainers)."""

    CODE = "code", _("A code in the repository")
    NAMED = "named", _("Our name in the publiccode.yml")
    LETTER = "letter", _("A letter")


class ClaimState(models.TextChoices):
    OPEN = "open", _("Being checked")
    ACCEPTED = "accepted", _("Accepted")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class ClaimAction(models.TextChoices):
    ACCEPT = "accept", _("Accept")
    REFUSE = "refuse", _("Refuse")
    WITHDRAW = "withdraw", _("Withdraw")
    ANSWER = "answer", pgettext_lazy("claim", "Answer")


class LetterState(models.TextChoices):
    """Of an uploaded letter: nobody gets one that a scanner has not released, where there is a scanner."""

    NONE = "", pgettext_lazy("letter", "No file")
    QUARANTINED = "quarantined", pgettext_lazy("letter", "Being checked for malware")
    CLEAN = "clean", pgettext_lazy("letter", "Can be read")
    INFECTED = "infected", pgettext_lazy("letter", "Malware found, removed")


class MaintainershipState(models.TextChoices):
    ACTIVE = "active", _("Active")
    CONTESTED = "contested", pgettext_lazy("maintainership", "Contested")
    HANDED_OVER = "handed_over", pgettext_lazy("maintainership", "Handed over")
    LOST = "lost", pgettext_lazy("maintainership", "Expired")


class MaintainershipAction(models.TextChoices):
    CONTEST = "contest", pgettext_lazy("maintainership", "Contest")
    SETTLE = "settle", pgettext_lazy("maintainership", "Confirm")
    OFFER = "offer", pgettext_lazy("maintainership", "Offer")
    WITHDRAW_OFFER = "withdraw_offer", pgettext_lazy("maintainership", "Withdraw the offer")
    DECLINE = "decline", pgettext_lazy("maintainership", "Decline the offer")
    HAND_OVER = "hand_over", pgettext_lazy("maintainership", "Hand over")
    LOSE = "lose", pgettext_lazy("maintainership", "End")


class MaintainershipEnd(models.TextChoices):
    """Why a maintainership has expired."""

    GIVEN_BACK = "given_back", pgettext_lazy("maintainership", "Given back")
    UNREACHABLE = "unreachable", pgettext_lazy("maintainership", "The organisation does not answer")
    CLOSED = "closed", pgettext_lazy("maintainership", "The organisation exists no more")
    CONTEST = "contest", pgettext_lazy("maintainership", "Another organisation has taken it on")
    OTHER = "other", pgettext_lazy("maintainership", "Another reason")


class IntakeState(models.TextChoices):
    """What became of a wanted address or file."""

    WAITING = "waiting", pgettext_lazy("intake", "Being fetched")
    TAKEN = "taken", pgettext_lazy("intake", "Taken in as a draft")
    KNOWN = "known", pgettext_lazy("intake", "In the catalog already")
    REFUSED = "refused", pgettext_lazy("intake", "Not taken in")


class IntakeProblem(models.TextChoices):
    """Why an address or file was not taken in. One word for "not there" and "not asked"."""

    NOT_FOUND = "not_found", pgettext_lazy("intake", "No file found")
    TOO_LARGE = "too_large", pgettext_lazy("intake", "File too large")
    UNREADABLE = "unreadable", pgettext_lazy("intake", "File not readable")
    FORK = "fork", pgettext_lazy("intake", "File of another repository")


class SourceProblem(models.TextChoices):
    """Why an entry's file could not be refreshed; the texts complete "Problem: …"."""

    NOT_FOUND = "not_found", pgettext_lazy("source", "The file cannot be fetched.")
    UNREADABLE = "unreadable", pgettext_lazy("source", "The file cannot be read.")
    OTHER_REPOSITORY = "other", pgettext_lazy("source", "The file names another repository.")
    BROKEN = "broken", pgettext_lazy("source", "The file has new errors.")


class StatementTopic(models.TextChoices):
    """What an administration must know before it takes a solution over (product.md 2, Entry)."""

    OZG = "ozg", _("Service under the Online Access Act (OZG)")
    LEIKA = "leika", _("LeiKa keys")
    EFA = "efa", _("One for all (EfA)")
    ACCESSIBILITY = "accessibility", _("Accessibility (BITV, EN 301 549)")
    SECURITY = "security", _("IT-Grundschutz")
    PROCESSING = "processing", _("Data processing agreement (AVV)")
    IMPACT = "impact", _("Data protection impact assessment (DSFA)")
    ITDZ = "itdz", _("Operation at the ITDZ")


class StatementAnswer(models.TextChoices):
    YES = "yes", pgettext_lazy("statement", "Yes")
    NO = "no", pgettext_lazy("statement", "No")
    PLANNED = "planned", pgettext_lazy("statement", "Planned")
    OPEN = "open", pgettext_lazy("statement", "Being clarified")


class StatementOrigin(models.TextChoices):
    """Who says it."""

    FILE = "file", _("Repository's file")
    MAINTAINER = "maintainer", _("Maintainer of the entry")
    OSK = "osk", _("OSK")
    ORGANISATION = "organisation", _("An organisation")


class StatementState(models.TextChoices):
    PROPOSED = "proposed", pgettext_lazy("statement", "Being checked")
    STANDING = "standing", pgettext_lazy("statement", "In force")
    SUPERSEDED = "superseded", pgettext_lazy("statement", "Replaced")
    RETRACTED = "retracted", pgettext_lazy("statement", "Taken off")
    REFUSED = "refused", pgettext_lazy("statement", "Refused")
    WITHDRAWN = "withdrawn", pgettext_lazy("statement", "Withdrawn")


class StatementAction(models.TextChoices):
    ACCEPT = "accept", _("Accept")
    REFUSE = "refuse", _("Refuse")
    WITHDRAW = "withdraw", _("Withdraw")
    SUPERSEDE = "supersede", pgettext_lazy("statement", "Replace")
    RETRACT = "retract", pgettext_lazy("statement", "Take off")


class OwnWeight(models.TextChoices):
    """How much a reader's own row of a comparison matters; the value stands in the address."""

    MUST = "muss", pgettext_lazy("comparison", "Must")
    SHOULD = "soll", pgettext_lazy("comparison", "Should")


class OwnAnswer(models.TextChoices):
    """What a reader knows of a solution; without an answer it is unknown, never a no."""

    YES = "yes", pgettext_lazy("comparison", "Yes")
    PARTLY = "partly", pgettext_lazy("comparison", "Partly")
    NO = "no", pgettext_lazy("comparison", "No")
    UNKNOWN = "unknown", pgettext_lazy("comparison", "not stated")


class CriterionAnswer(models.TextChoices):
    """What the OSK says of one criterion: words, which nobody adds up."""

    MET = "met", pgettext_lazy("assessment", "Met")
    PARTLY = "partly", pgettext_lazy("assessment", "Partly met")
    NOT_MET = "not_met", pgettext_lazy("assessment", "Not met")
    NOT_APPLICABLE = "not_applicable", pgettext_lazy("assessment", "Does not apply")
    NOT_CHECKED = "not_checked", pgettext_lazy("assessment", "Not checked")


class AssessmentState(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("assessment", "Draft")
    SENT = "sent", pgettext_lazy("assessment", "With the maintainer")
    PUBLISHED = "published", pgettext_lazy("assessment", "Published")
    SUPERSEDED = "superseded", pgettext_lazy("assessment", "Replaced")
    DISCARDED = "discarded", pgettext_lazy("assessment", "Discarded")


class AssessmentAction(models.TextChoices):
    """The value is the kind of the event."""

    BEGIN = "begin", pgettext_lazy("assessment", "Begun")
    WRITE = "write", pgettext_lazy("assessment", "Written")
    SEND = "send", pgettext_lazy("assessment", "Sent to the maintainer")
    TAKE_BACK = "take_back", pgettext_lazy("assessment", "Taken back for revision")
    PUBLISH = "publish", pgettext_lazy("assessment", "Published")
    SUPERSEDE = "supersede", pgettext_lazy("assessment", "Replaced")
    DISCARD = "discard", pgettext_lazy("assessment", "Discarded")
    REPLY = "reply", pgettext_lazy("assessment", "Reply of the maintainer")
    ASK = "ask", pgettext_lazy("assessment", "Correction asked for")
    ANSWER = "answer", pgettext_lazy("assessment", "Correction not taken over")
    HIDE = "hide", pgettext_lazy("assessment", "Reply taken off")


class PointAnswer(models.TextChoices):
    """How far a point is before own code is published."""

    OPEN = "open", pgettext_lazy("point", "Open")
    DONE = "done", pgettext_lazy("point", "Done")
    NOT_NEEDED = "not_needed", pgettext_lazy("point", "Not needed")


class CodeReleaseAction(models.TextChoices):
    """What people do with the list of an own code that is to be published."""

    BEGIN = "begin", pgettext_lazy("code release", "Begun")
    ANSWER = "answer", pgettext_lazy("code release", "Step changed")
    CHECK_FILE = "check_file", pgettext_lazy("code release", "File checked")
    MAKE_DRAFT = "make_draft", pgettext_lazy("code release", "Draft made")


class FollowRhythm(models.TextChoices):
    """How often somebody hears of followed entries. Source: product.md 6 (at once, digest, off)."""

    AT_ONCE = "at_once", pgettext_lazy("how often", "At once")
    DAILY = "daily", pgettext_lazy("how often", "Once a day, gathered in one mail")
    WEEKLY = "weekly", pgettext_lazy("how often", "Once a week, gathered in one mail")
    OFF = "off", pgettext_lazy("how often", "Not at all")
