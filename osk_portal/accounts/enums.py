from django.db import models
from django.utils.translation import gettext_lazy as _


class StaffRole(models.TextChoices):
    """Roles of OSK and ITDZ staff, each a group of the same name (product.md, People)."""

    ADVISOR = "advisor", _("Advisor")
    LEAD = "lead", _("OSK lead")
    OPERATOR = "operator", _("Operator")


class AccountEventKind(models.TextChoices):
    ROLES_CHANGED = "roles_changed", _("Roles changed")
    LOCKED = "locked", _("Locked")
    UNLOCKED = "unlocked", _("Unlocked")
    SESSIONS_ENDED = "sessions_ended", _("Sessions ended")
    RECORDED = "recorded", _("Recorded by the OSK")
    DATA_EXPORTED = "data_exported", _("Copy of the personal data made")
    ENDED = "ended", _("Account deleted by the person")
