"""What is late is told, and why: to its people and to the operators, once a wait."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import OuterRef, Q, Subquery

from osk_portal.toolkit.clock import DbNow
from sandbox import notifications, operator_mails
from sandbox.enums import (
    BookingState,
    Desired,
    EnvironmentEventKind,
    EnvironmentState,
    LateReason,
)
from sandbox.models import Booking, Environment, EnvironmentEvent
from sandbox.querysets import PROMISED, EnvironmentQuerySet

logger = logging.getLogger(__name__)

LATE_AFTER: Final = timedelta(minutes=15)
BATCH: Final = 50
_TOLD: Final = (EnvironmentEventKind.READY, EnvironmentEventKind.LATE)


def tell_late() -> None:
    """Called again it tells nothing twice; what has come meanwhile and is lost again is told anew."""
    for environment_id in list(_late().values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            booking = (
                Booking.objects.select_for_update(skip_locked=True, of=("self",))
                .select_related("blueprint_version__blueprint", "booked_by", "organisation")
                .filter(environments__pk=environment_id)
                .first()
            )
            environment = _late().filter(pk=environment_id).first()
            if booking is not None and environment is not None:
                environment.booking = booking
                _tell(environment)


def _late() -> EnvironmentQuerySet:
    """What should be ready since a quarter of an hour; or is to follow one that was, since its end began."""
    last = (
        EnvironmentEvent.objects.filter(environment__booking=OuterRef("booking"), kind__in=_TOLD)
        .order_by("-pk")
        .values("kind")[:1]
    )
    first_wait = Q(booking__state=BookingState.APPROVED)
    next_wait = Q(booking__state=BookingState.ACTIVE) & (
        Q(desired=Desired.PRESENT, created_at__lte=DbNow() - LATE_AFTER)
        | Q(state=EnvironmentState.TEARING_DOWN, state_since__lte=DbNow() - LATE_AFTER)
    )
    return (
        Environment.objects.existing()
        .annotate(last_told=Subquery(last))
        .filter(
            Q(ready_at__isnull=True) | Q(desired=Desired.ABSENT),
            first_wait | next_wait,
            booking__is_trial=False,
            booking__state__in=PROMISED,
            booking__window__startswith__lte=DbNow() - LATE_AFTER,
            booking__window__endswith__gt=DbNow(),
        )
        .filter(Q(last_told__isnull=True) | ~Q(last_told=EnvironmentEventKind.LATE))
        .order_by("pk")
    )


def _tell(environment: Environment) -> None:
    why = _why(environment)
    environment.record(EnvironmentEventKind.LATE)
    notifications.booking_late(environment, why=why)
    operator_mails.late(environment, why=why)
    logger.warning(
        "sandbox: late", extra={"environment": environment.backend_key, "detail": str(why)}
    )


def _why(environment: Environment) -> LateReason:
    if environment.is_by_hand:
        return LateReason.PERSON
    if environment.waits_for_engine:
        return LateReason.ENGINE
    others = Environment.objects.owning().filter(slot=environment.slot_id)
    is_removed = environment.state == EnvironmentState.TEARING_DOWN
    if is_removed or others.exclude(pk=environment.pk).exists():
        return LateReason.PLACE
    return LateReason.SLOW
