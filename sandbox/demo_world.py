"""The sandbox's part of the demo world: places, products, and bookings of the past, of today and to come."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.notifications.demo import without_mails
from osk_portal.toolkit import clock
from sandbox import demo_people, demo_tests, demo_wishes, shipped
from sandbox.enums import BookingState, Desired, EnvironmentEventKind, EnvironmentState, ProofKind
from sandbox.models import (
    Allocation,
    Blueprint,
    Booking,
    Environment,
    Pool,
    RemovalProof,
    Slot,
)

BOOKINGS = Path(__file__).parent / "demo" / "bookings.json"
PLACES = 3


@transaction.atomic
def load() -> str:
    pool, _created = Pool.objects.get_or_create(slug="testplaetze", defaults={"name": "Testplätze"})
    for number in range(1, PLACES + 1):
        Slot.objects.get_or_create(
            pool=pool, name=f"Platz {number}", defaults={"backend": "process"}
        )
    blueprint = shipped.ensure("radicale", pool)
    blueprint.is_bookable = True
    blueprint.save(update_fields=["is_bookable"])
    if BOOKINGS.exists():
        for row in json.loads(BOOKINGS.read_text(encoding="utf-8")):
            _past_booking(row)
    with without_mails():
        demo_people.load(blueprint)
        demo_tests.load()
        demo_people.wait()
        demo_wishes.load()
    return f"{Blueprint.objects.count()} test products, {Booking.objects.count()} bookings"


def _past_booking(row: dict[str, Any]) -> None:
    blueprint = Blueprint.objects.filter(slug=row["product"]).select_related("pool").first()
    organisation = Organisation.objects.filter(short_name=row["organisation"]).first()
    user = User.objects.filter(email=row["login"]).first()
    version = blueprint.published_version() if blueprint else None
    if blueprint is None or version is None or organisation is None or user is None:
        return
    start = (clock.now() - timedelta(days=row["days_ago"])).replace(
        minute=0, second=0, microsecond=0
    )
    end = start + timedelta(days=row["days"])
    known = Booking.objects.filter(organisation=organisation, purpose=row["purpose"])
    if known.exists():
        return
    booking = Booking.objects.create(
        blueprint_version=version,
        organisation=organisation,
        booked_by=user,
        purpose=row["purpose"],
        test_data_acknowledged_at=start,
        window=DateTimeTZRange(start, end),
        state=BookingState(row["state"]),
        created_at=start,
        ended_at=start if row["state"] == BookingState.CANCELLED else end,
    )
    slot = blueprint.pool.slots.order_by("pk").first()
    if slot is not None and booking.state != BookingState.FAILED:
        _past_environment(
            booking, slot, start, end, timedelta(seconds=row.get("set_up_seconds", 20))
        )


def _past_environment(
    booking: Booking, slot: Slot, start: datetime, end: datetime, took: timedelta
) -> None:
    """What the page shows of one that is long gone. A cancelled one had never been set up.

    ``took``: from its passwords to its first answer; together they say how long a set-up usually takes.
    """
    was_used = booking.state == BookingState.ENDED
    gone_at = (end if was_used else start) + timedelta(minutes=1)
    environment = Environment(
        booking=booking,
        slot=slot,
        state=EnvironmentState.GONE,
        state_since=gone_at,
        desired=Desired.ABSENT,
        next_action_at=gone_at,
        backend=slot.backend,
        endpoint="http://127.0.0.1/" if was_used else "",
        expires_at=end,
        ready_at=start + took if was_used else None,
        gone_at=gone_at,
        created_at=start,
    )
    environment.backend_key = Environment.key_for(environment.public_id, 1)
    environment.save()
    Allocation.objects.create(
        slot=slot, booking=booking, occupies=booking.window, released_at=gone_at
    )
    if was_used:
        for happened, at in (
            (EnvironmentEventKind.BOOKED, start - timedelta(days=2)),
            (EnvironmentEventKind.SECRETS_MADE, start),
            (EnvironmentEventKind.STARTED, start + took / 2),
            (EnvironmentEventKind.READY, start + took),
            (EnvironmentEventKind.REMOVING, end),
            (EnvironmentEventKind.GONE, gone_at),
        ):
            with clock.moved_to(at):
                environment.record(happened)
    things = (
        (ProofKind.PROCESS, "PID 4711"),
        (ProofKind.FOLDER, environment.backend_key),
        (ProofKind.CREDENTIAL, "Testperson"),
    )
    for kind, name in things if was_used else ():
        RemovalProof.objects.create(
            environment=environment, kind=kind, name=name, found_at=end, verified_at=gone_at
        )
