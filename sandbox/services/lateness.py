"""What is late is told, and why: to its people and to the operators, once a wait."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import (
    Case,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Greatest

from osk_portal.toolkit.clock import DbNow
from sandbox import notifications, operator_mails
from sandbox.enums import (
    BookingState,
    Desired,
    EnvironmentEventKind,
    EnvironmentState,
    LateReason,
    MeasureKind,
)
from sandbox.models import Booking, Environment, EnvironmentEvent, Measure, OperatorTask
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
                due_at = environment.due  # type: ignore[attr-defined] # annotated by _late
                _tell(environment, due_at=due_at)


def _late() -> EnvironmentQuerySet:
    """What should have been ready for a quarter of an hour; or is to follow one that was, since its end began."""
    told = EnvironmentEvent.objects.filter(
        environment__booking=OuterRef("booking"), kind__in=_TOLD
    ).order_by("-pk")
    is_told_since = Q(told=EnvironmentEventKind.LATE) & (
        Q(retried_at=None) | Q(told_at__gte=F("retried_at"))
    )
    return (
        Environment.objects.existing()
        .annotate(
            told=Subquery(told.values("kind")[:1]),
            told_at=Subquery(told.values("at")[:1]),
            retried_at=_retried_at(),
            due=_due(),
        )
        .filter(
            Q(ready_at__isnull=True) | Q(desired=Desired.ABSENT),
            Q(booking__state=BookingState.APPROVED)
            | Q(desired=Desired.PRESENT)
            | Q(state=EnvironmentState.TEARING_DOWN),
            booking__is_trial=False,
            booking__state__in=PROMISED,
            due__lte=DbNow() - LATE_AFTER,
            booking__window__endswith__gt=DbNow(),
        )
        .filter(Q(told=None) | ~is_told_since)
        .order_by("pk")
    )


def _due() -> Greatest:
    """When it should be ready; the greatest of what there is, since what is null does not count.

    Who books for now, or moves it to now, gives the place its lead all the same. A first wait goes on over
    generations that failed, and begins anew where an operator has tried again. By hand a person was told
    until when.
    """
    moves = EnvironmentEvent.objects.filter(
        environment__booking=OuterRef("booking"), kind=EnvironmentEventKind.MOVED
    ).order_by("-pk")
    first = Environment.objects.filter(booking=OuterRef("booking")).order_by("generation")
    tasks = OperatorTask.objects.filter(environment=OuterRef("pk")).order_by("-pk")
    lead = ExpressionWrapper(
        F("slot__pool__lead_minutes") * Value(timedelta(minutes=1)), output_field=DurationField()
    )
    since = Case(
        When(
            booking__state=BookingState.APPROVED,
            then=Greatest(
                Subquery(first.values("created_at")[:1]),
                Subquery(moves.values("at")[:1]),
                _retried_at(),
            )
            + lead,
        ),
        When(state=EnvironmentState.TEARING_DOWN, then=F("state_since")),
        default=F("created_at") + lead,
        output_field=DateTimeField(),
    )
    return Greatest(
        F("booking__window__startswith"),
        since,
        Subquery(tasks.values("due_at")[:1]),
        output_field=DateTimeField(),
    )


def _retried_at() -> Subquery:
    retries = Measure.objects.filter(
        environment__booking=OuterRef("booking"),
        kind__in=(MeasureKind.RETRY, MeasureKind.RELEASE),
    )
    return Subquery(retries.order_by("-pk").values("at")[:1])


def _tell(environment: Environment, *, due_at: datetime) -> None:
    why = _why(environment)
    environment.record(EnvironmentEventKind.LATE)
    notifications.booking_late(environment, why=why, due_at=due_at)
    operator_mails.late(environment, why=why)
    logger.warning(
        "sandbox: late", extra={"environment": environment.backend_key, "detail": str(why)}
    )


def _why(environment: Environment) -> LateReason:
    """The place first: while it is taken nobody, and no engine, is asked to set anything up."""
    others = Environment.objects.owning().filter(slot=environment.slot_id)
    is_removed = environment.state == EnvironmentState.TEARING_DOWN
    if is_removed or others.exclude(pk=environment.pk).exists():
        return LateReason.PLACE
    if environment.is_by_hand:
        return LateReason.PERSON
    if environment.waits_for_room:
        return LateReason.ROOM
    return LateReason.ENGINE if environment.waits_for_engine else LateReason.SLOW
