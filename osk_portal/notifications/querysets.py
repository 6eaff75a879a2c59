from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from osk_portal.notifications.enums import MailState
from osk_portal.toolkit.clock import DbNow

if TYPE_CHECKING:
    from osk_portal.accounts.models import User
    from osk_portal.notifications.models import Notification, OutgoingMail


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, user: User) -> NotificationQuerySet:
        return self.filter(user=user)

    def unread(self) -> NotificationQuerySet:
        return self.filter(read_at=None)


class OutgoingMailQuerySet(models.QuerySet["OutgoingMail"]):
    def due(self) -> OutgoingMailQuerySet:
        """Waiting and due by the database's clock, or left behind by a worker that died."""
        return self.filter(
            Q(state=MailState.PENDING, next_attempt_at__lte=DbNow())
            | Q(state=MailState.LEASED, lease_until__lt=DbNow())
        )

    def came_back(self, user: User) -> OutgoingMailQuerySet:
        """Those to the present address of ``user`` that a server refused for good after we had sent them."""
        return self.came_back_from(user, user.email)

    def came_back_from(self, user: Any, address: Any) -> OutgoingMailQuerySet:
        """As ``came_back``; keys, or references to an outer query."""
        return self.filter(user=user, address__iexact=address, bounced_at__isnull=False)

    def dead(self) -> OutgoingMailQuerySet:
        return self.filter(state=MailState.DEAD)
