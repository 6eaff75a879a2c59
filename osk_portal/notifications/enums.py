from django.db import models
from django.utils.translation import gettext_lazy as _


class MailState(models.TextChoices):
    """Where a mail is on its way. A worker that died leaves LEASED behind: it runs out by itself."""

    PENDING = "pending", _("Waiting")
    LEASED = "leased", _("Being sent")
    SENT = "sent", _("Sent")
    DEAD = "dead", _("Not deliverable")
    EXPIRED = "expired", _("Expired")
    WITHHELD = "withheld", _("Withheld")
