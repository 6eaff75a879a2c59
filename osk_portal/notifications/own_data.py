"""The messages' part of "Meine Daten"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from osk_portal import portal
from osk_portal.notifications.models import Notification, OutgoingMail

if TYPE_CHECKING:
    from osk_portal.accounts.models import User


def erase(user: User) -> None:
    """Every message to the person and every mail to the address, sent or not.

    A worker that sends one at this moment finds no row to stamp, as in ``services.forget``.
    """
    Notification.objects.filter(user=user).delete()
    OutgoingMail.objects.filter(Q(user=user) | Q(address__iexact=user.email)).delete()


OFFER: Final = portal.PersonalData(
    key="notifications",
    order=15,
    label=_("Messages and mails"),
    stored=_("What the portal has told you, in your inbox and by mail."),
    kept=_("So that you can read it again, and we can see whether a mail arrived."),
    afterwards=_("They are deleted. One last mail says that your account is gone."),
    rows=(
        portal.Rows(
            "notifications.Notification.user",
            _("Messages"),
            {
                "created_at": _("When"),
                "subject": _("Subject"),
                "text": _("Text"),
                "read_at": _("Read at"),
            },
        ),
        # The text of a mail stands in the inbox; codes and links are secrets and have served.
        portal.Rows(
            "notifications.OutgoingMail.user",
            _("Mails"),
            {
                "created_at": _("When"),
                "address": _("E-mail address"),
                "subject": _("Subject"),
                "state": _("State"),
                "sent_at": _("Sent at"),
            },
        ),
    ),
    erase=erase,
)
