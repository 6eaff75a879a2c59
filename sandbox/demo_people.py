"""The demo world's bookings with people: an application, a turn on the waitlist, a booking of the OSK for an event.
Nothing of it runs yet, and nobody is mailed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from network.models import Membership
from osk_portal.accounts.demo import DOMAIN
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from sandbox import capacity, deadlines, shipped
from sandbox.enums import (
    BookingEventKind,
    BookingState,
    ParticipantState,
    ResourceClass,
)
from sandbox.models import (
    Blueprint,
    BlueprintVersion,
    Booking,
    Pool,
    Slot,
    TestParticipant,
    TestTask,
    WaitlistEntry,
)
from sandbox.services import add_generation
from sandbox.windows import end_after

LARGE = "kalenderserver-gross"
_APPLICATION = "Wir möchten mit 40 Personen gleichzeitig Termine anlegen und die Last beobachten."
_WAITING = "Lasttest vor der Umstellung im Frühjahr."
_EVENT = "Alle Gäste legen gemeinsam einen Kalender an und abonnieren ihn auf dem Telefon."


def load(product: Blueprint) -> None:
    """Each once; without its people, none."""
    large = _large_product(product)
    pankow = member("behoerde2")
    advisor = User.objects.filter(email=f"beratung@{DOMAIN}").first()
    if pankow is not None:
        _application(large, pankow)
        if advisor is not None:
            _for_an_event(product, pankow, advisor)


def wait() -> None:
    """A turn on the waitlist, once the place is taken by others."""
    mitte = member("behoerde")
    if mitte is not None:
        _turn(Blueprint.objects.get(slug=LARGE), mitte)


def member(login: str) -> Membership | None:
    found = Membership.objects.active().filter(user__email=f"{login}@{DOMAIN}")
    return found.select_related("user", "organisation").first()


def _large_product(product: Blueprint) -> Blueprint:
    pool, _new = Pool.objects.get_or_create(
        slug="grosser-testplatz",
        defaults={"name": "Großer Testplatz", "resource_class": ResourceClass.LARGE},
    )
    for name in ("Großer Platz", "Großer Platz 2"):
        Slot.objects.get_or_create(pool=pool, name=name, defaults={"backend": "process"})
    large, is_new = Blueprint.objects.get_or_create(
        slug=LARGE,
        defaults={
            "name": "Kalenderserver für große Runden",
            "summary": "Derselbe Kalenderserver auf dem großen Platz, für viele Personen zugleich.",
            "first_steps": product.first_steps,
            "solution": product.solution,
            "pool": pool,
            "longest_days": 14,
            "is_bookable": True,
            "needs_approval": True,
        },
    )
    if is_new:
        spec = shipped.read(product.slug)["spec"]
        BlueprintVersion.objects.create(
            blueprint=large, number=1, spec=spec, published_at=clock.now()
        )
    return large


def _booking(
    product: Blueprint, person: Membership, window: tuple[datetime, datetime], **fields: object
) -> Booking | None:
    version = product.published_version()
    known = Booking.objects.filter(
        organisation=person.organisation, purpose=fields.get("purpose", "")
    )
    if version is None or known.exists():
        return None
    booking = Booking.objects.create(
        **{
            "blueprint_version": version,
            "organisation": person.organisation,
            "booked_by": person.user,
            "test_data_acknowledged_at": clock.now(),
            "window": DateTimeTZRange(*window),
            **fields,
        }
    )
    capacity.allocate(booking)
    return booking


def _application(product: Blueprint, person: Membership) -> None:
    """What the OSK decides on; it lapses like any other."""
    now = clock.now()
    start = deadlines.first_start_with_approval(now)
    booking = _booking(
        product,
        person,
        (start, end_after(start, 5)),
        purpose=_APPLICATION,
        state=BookingState.REQUESTED,
        hold_expires_at=deadlines.approval_deadline(start, now),
    )
    if booking is not None:
        booking.record(BookingEventKind.ASK, actor=person.user)


def _turn(product: Blueprint, person: Membership) -> None:
    """For longer than the gap before the application: nothing is offered yet."""
    WaitlistEntry.objects.get_or_create(
        blueprint=product,
        person=person.user,
        organisation=person.organisation,
        defaults={
            "days": 14,
            "purpose": _WAITING,
            "test_data_acknowledged_at": clock.now(),
        },
    )


def _for_an_event(product: Blueprint, guest: Membership, advisor: User) -> None:
    """In a fortnight, outside the quota, with somebody who tests along."""
    start = (clock.now() + timedelta(days=14)).replace(hour=9, minute=0, second=0, microsecond=0)
    booking = _booking(
        product,
        guest,
        (start, end_after(start, 1)),
        purpose=_EVENT,
        booked_by=advisor,
        occasion="Roadshow im Rathaus Pankow",
        is_outside_quota=True,
    )
    if booking is None:
        return
    booking.record(BookingEventKind.BOOK, actor=advisor)
    add_generation(booking, booking.allocations.held().select_related("slot__pool").get().slot)
    TestTask.objects.create(booking=booking, position=1, task="Kalender auf dem Telefon abonnieren")
    TestParticipant.objects.create(
        booking=booking,
        user=guest.user,
        organisation=guest.organisation,
        state=ParticipantState.ACTIVE,
        added_by=advisor,
    )
