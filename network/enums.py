from django.db import models
from django.utils.translation import gettext_lazy as _


class OrganisationKind(models.TextChoices):
    BERLIN_ADMINISTRATION = "berlin_administration", _("Berlin administration")
    OTHER_PUBLIC_ADMINISTRATION = "other_public_administration", _("Other public administration")
    SCIENCE = "science", _("Science")
    BUSINESS = "business", _("Business")
    CIVIL_SOCIETY = "civil_society", _("Civil society")


class MembershipState(models.TextChoices):
    PENDING = "pending", _("To be confirmed")
    ACTIVE = "active", _("Active")
    REFUSED = "refused", _("Refused")
    SUSPENDED = "suspended", _("Suspended")
    ENDED = "ended", _("Ended")


class MembershipAction(models.TextChoices):
    PROVE = "prove", _("Prove by a mail domain")
    CONFIRM = "confirm", _("Confirm")
    REFUSE = "refuse", _("Refuse")
    SUSPEND = "suspend", _("Suspend")
    END = "end", _("End")


class PresenceReason(models.TextChoices):
    """Why "Noch da?" is asked (product.md, Leaving)."""

    BOUNCED = "bounced", _("Mails to this person come back.")
    SILENT = "silent", _("This person has not signed in for 13 months.")


class PresenceOutcome(models.TextChoices):
    """How "Noch da?" ended."""

    STILL_THERE = "still_there", _("Is still there")
    SIGNED_IN = "signed_in", _("Has signed in")
    OVER = "over", _("The membership rests or has ended")


class MailboxKind(models.TextChoices):
    """Of what the Funktionspostfach gets a copy."""

    QUESTION = "question", _("The OSK asks back")
    ANSWER = "answer", _("The OSK has answered")
    CLOSING = "closing", _("A request closes soon, or is closed")
