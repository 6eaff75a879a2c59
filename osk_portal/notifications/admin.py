"""The outbox for the operator: what could not be delivered, and a second try."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from osk_portal.notifications import services
from osk_portal.notifications.models import Heartbeat, OutgoingMail, PeriodicRun
from osk_portal.notifications.querysets import OutgoingMailQuerySet
from osk_portal.toolkit.admin import ReadOnlyAdmin, column
from osk_portal.toolkit.transitions import TransitionNotAllowed


@admin.register(OutgoingMail)
class OutgoingMailAdmin(ReadOnlyAdmin):
    """Without the texts: an operator keeps the mails going and does not read them."""

    list_display = ["created_at", "kind", "address", "subject", "state", "attempts", "last_error"]
    list_filter = ["state", "kind"]
    search_fields = ["address", "subject_key", "=public_id"]
    exclude = [
        "body",
        "attachments",
        "answers",
        "reply_to",
        "stop_path",  # ends somebody's mails without a sign-in
        "lease_token",
        "lease_until",
        "dedupe_key",
    ]
    actions = ["resend"]

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("notifications.change_outgoingmail")

    @admin.action(description=_("Send again"), permissions=["resend"])
    def resend(self, request: HttpRequest, queryset: OutgoingMailQuerySet) -> None:
        sent, refused = 0, 0
        for mail_id in queryset.values_list("pk", flat=True):
            try:
                services.resend_mail(mail_id=mail_id)
            except TransitionNotAllowed:
                refused += 1
            else:
                sent += 1
        if sent:
            text = ngettext("%d mail will be sent again.", "%d mails will be sent again.", sent)
            self.message_user(request, text % sent, messages.SUCCESS)
        if refused:
            text = ngettext(
                "%d mail was left as it is: only mails that could not be delivered are sent again.",
                "%d mails were left as they are: only mails that could not be delivered are sent again.",
                refused,
            )
            self.message_user(request, text % refused, messages.WARNING)


@admin.register(PeriodicRun)
class PeriodicRunAdmin(ReadOnlyAdmin):
    list_display = [
        column("name", _("daily run")),
        column("last_on", _("last on")),
        column("lease_until", _("leased until")),
    ]
    fields: ClassVar[Any] = list_display  # callables too, which the stubs do not know


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = [column("name", _("heartbeat")), column("at", _("last at"))]
    fields: ClassVar[Any] = list_display  # callables too, which the stubs do not know
