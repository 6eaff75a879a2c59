"""How the outbox is, for the status page and the figures of the operator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, DurationField, ExpressionWrapper, F, Min, Q

from osk_portal.notifications import queue
from osk_portal.notifications.enums import MailState
from osk_portal.notifications.models import Heartbeat, OutgoingMail
from osk_portal.toolkit.clock import DbNow


@dataclass(frozen=True)
class OutboxStatus:
    """``lag``: how long the oldest mail that is due waits. ``worker_age``: since the last sweep."""

    waiting: int
    dead: int
    lag: timedelta
    worker_age: timedelta | None

    @property
    def worker_is_alive(self) -> bool:
        """The sweep runs every 15 seconds and needs beat, broker and worker."""
        return self.worker_age is not None and self.worker_age < timedelta(minutes=2)


def outbox_status() -> OutboxStatus:
    due = Q(state__in=(MailState.PENDING, MailState.LEASED), next_attempt_at__lte=DbNow())
    counts = OutgoingMail.objects.aggregate(
        waiting=Count("pk", filter=Q(state__in=(MailState.PENDING, MailState.LEASED))),
        dead=Count("pk", filter=Q(state=MailState.DEAD)),
        lag=ExpressionWrapper(
            DbNow() - Min("next_attempt_at", filter=due), output_field=DurationField()
        ),
    )
    return OutboxStatus(
        waiting=counts["waiting"],
        dead=counts["dead"],
        lag=counts["lag"] or timedelta(0),
        worker_age=heartbeat_age(queue.SWEEP),
    )


def heartbeat_age(name: str) -> timedelta | None:
    """Time since ``name`` ran last, or None if it never did."""
    age = ExpressionWrapper(DbNow() - F("at"), output_field=DurationField())
    found = Heartbeat.objects.filter(name=name).annotate(age=age).values_list("age", flat=True)
    return found.first()
