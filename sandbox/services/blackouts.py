"""Maintenance: places go out of use for a while, under the same constraint as bookings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _
from psycopg.errors import ExclusionViolation

from osk_portal.accounts.models import User
from osk_portal.notifications.doorbell import ring
from osk_portal.toolkit import clock
from osk_portal.toolkit.deadlocks import without_deadlock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox.models import Allocation, Blackout, Pool, Slot
from sandbox.services.environments import OFFER


class PlacesTaken(Exception):
    """``allocations``: what lies in that time, bookings and other maintenance."""

    def __init__(self, allocations: Sequence[Allocation]) -> None:
        self.allocations = allocations
        super().__init__(
            _("In this time places are booked. Choose another time, or move the bookings.")
        )


def add_blackout(
    *,
    actor: User,
    pool: Pool,
    slots: Sequence[Slot],
    start: datetime,
    end: datetime,
    reason: str,
) -> Blackout:
    """Take ``slots`` of ``pool`` out of use: all of them or none.

    Raises PlacesTaken with what is in the way, PermissionDenied, ValueError for places of another capacity.
    """
    if not actor.is_operator:
        raise PermissionDenied("maintenance")
    if not slots or any(slot.pool_id != pool.pk for slot in slots):
        raise ValueError("places of one capacity")

    def work() -> Blackout:
        with transaction.atomic():
            return _add(actor, pool, slots, DateTimeTZRange(start, end), reason)

    return without_deadlock(work)


def _add(
    actor: User, pool: Pool, slots: Sequence[Slot], during: DateTimeTZRange, reason: str
) -> Blackout:
    ids = sorted(slot.pk for slot in slots)
    # Whoever books takes one of these locks first, so nothing comes between the look and the write.
    list(Slot.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))
    in_the_way = list(
        Allocation.objects.held()
        .filter(slot__in=ids, occupies__overlap=during)
        .select_related(
            "slot", "blackout", "booking__blueprint_version__blueprint", "booking__organisation"
        )
        .order_by("occupies", "pk")
    )
    if in_the_way:
        raise PlacesTaken(in_the_way)
    blackout = Blackout.objects.create(pool=pool, during=during, reason=reason, created_by=actor)
    try:
        with transaction.atomic():
            Allocation.objects.bulk_create(
                Allocation(slot_id=pk, blackout=blackout, occupies=during) for pk in ids
            )
    except IntegrityError as error:
        if not isinstance(error.__cause__, ExclusionViolation):
            raise
        raise PlacesTaken([]) from error
    return blackout


def lift_blackout(*, blackout_id: int, actor: User) -> Blackout:
    """The places can be booked again. Raises TransitionNotAllowed (lifted, or over), PermissionDenied."""
    if not actor.is_operator:
        raise PermissionDenied("maintenance")
    with transaction.atomic():
        blackout = Blackout.objects.select_for_update(of=("self",)).get(pk=blackout_id)
        if not blackout.is_open:
            raise TransitionNotAllowed("lift", "over")
        blackout.lifted_at, blackout.lifted_by = clock.now(), actor
        blackout.save(update_fields=["lifted_at", "lifted_by"])
        Allocation.objects.held().filter(blackout=blackout).update(released_at=clock.now())
        ring(OFFER)
        return blackout
