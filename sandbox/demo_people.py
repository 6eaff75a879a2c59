"""The demo world's bookings with people: an application, a turn on the waitlist, a booking of the OSK for an event,
a test with a report whose result is published. Nothing of it runs, and nobody is mailed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from network.enums import MembershipState
from network.models import Membership
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from sandbox import capacity, deadlines, shipped
from sandbox.enums import (
    BookingEventKind,
    BookingState,
    Outcome,
    ParticipantState,
    ResourceClass,
)
from sandbox.models import (
    Blueprint,
    BlueprintVersion,
    Booking,
    Pool,
    PublishedResult,
    Slot,
    TaskResult,
    TestParticipant,
    TestReport,
    TestTask,
    WaitlistEntry,
)
from sandbox.services import add_generation
from sandbox.windows import end_after

LARGE = "kalenderserver-gross"
_APPLICATION = "Wir möchten mit 40 Personen gleichzeitig Termine anlegen und die Last beobachten."
_WAITING = "Lasttest vor der Umstellung im Frühjahr."
_EVENT = "Alle Gäste legen gemeinsam einen Kalender an und abonnieren ihn auf dem Telefon."
_TESTED = "Übernahme vorhandener Termine aus ICS-Dateien testen."
_TASKS = (
    ("ICS-Datei mit 200 Terminen übernehmen", "Alle Termine stehen im Kalender.", Outcome.MET),
    ("Wiederkehrende Termine prüfen", "Ausnahmen bleiben erhalten.", Outcome.PARTLY),
    ("Umlaute in Titeln", "Werden richtig angezeigt.", Outcome.MET),
)
_FINDINGS = "Einzelne Ausnahmen von Serien fehlten nach der Übernahme; ein zweiter Versuch half."
_PUBLISHED = (
    "Die Übernahme aus ICS-Dateien gelingt. Prüfen Sie Serien mit Ausnahmen einzeln nach. Für unsere"
    " Außenstellen genügt der Kalender."
)


def load(product: Blueprint) -> None:
    """Each once; without its people, none."""
    large = _large_product(product)
    pankow, mitte = _member("behoerde2@demo.osk.example"), _member("behoerde@demo.osk.example")
    advisor = User.objects.filter(email="beratung@demo.osk.example").first()
    if pankow is not None:
        _application(large, pankow)
        _report(pankow)
        if advisor is not None:
            _for_an_event(product, pankow, advisor)
    if mitte is not None:
        _turn(large, mitte)


def _member(login: str) -> Membership | None:
    found = Membership.objects.filter(user__email=login, state=MembershipState.ACTIVE)
    return found.select_related("user", "organisation").first()


def _large_product(product: Blueprint) -> Blueprint:
    pool, _new = Pool.objects.get_or_create(
        slug="grosser-testplatz",
        defaults={"name": "Großer Testplatz", "resource_class": ResourceClass.LARGE},
    )
    Slot.objects.get_or_create(pool=pool, name="Großer Platz", defaults={"backend": "process"})
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


def _report(person: Membership) -> None:
    """A test that is over, with a report; its result stands on the page of the solution."""
    booking = Booking.objects.filter(organisation=person.organisation, purpose=_TESTED).first()
    if booking is None or booking.tasks.exists():
        return
    at = booking.ends_at + timedelta(hours=2)
    report = TestReport.objects.create(
        booking=booking,
        author=person.user,
        findings=_FINDINGS,
        overall="Passt zu uns.",
        submitted_at=at,
        updated_at=at,
    )
    rows = []
    for position, (words, expected, outcome) in enumerate(_TASKS, start=1):
        task = TestTask.objects.create(
            booking=booking, position=position, task=words, expected=expected
        )
        TaskResult.objects.create(report=report, task=task, outcome=outcome)
        counts = [int(outcome == shown) for shown in (Outcome.MET, Outcome.PARTLY)]
        rows.append([words, *counts, 0, 0])
    booking.record(BookingEventKind.REPORT, actor=person.user)
    solution = booking.blueprint_version.blueprint.solution
    if solution is not None:
        PublishedResult.objects.create(
            booking=booking,
            solution=solution,
            text=_PUBLISHED,
            tasks=rows,
            reports=1,
            names_tasks=True,
            consented_by=person.user,
            consented_at=at,
        )
        booking.record(BookingEventKind.PUBLISH_RESULT, actor=person.user)
