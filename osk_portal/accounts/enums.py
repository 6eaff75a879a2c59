from django.db import models
from django.utils.translation import gettext_lazy as _


class StaffRole(models.TextChoices):
    """Roles of OSK and ITDZ staff, each a group of the same name (product.md, People)."""

    ADVISOR = "advisor", _("Advisor")
    LEAD = "lead", _("OSK lead")
    OPERATOR = "operator", _("Operator")
