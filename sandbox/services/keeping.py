"""How long the words of a test are kept (product.md 1.6): then they and the names go, figures and proofs stay."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from osk_portal.accounts.models import User
from osk_portal.accounts.services import anonymous_person
from osk_portal.notifications.services import forget
from osk_portal.toolkit import clock
from sandbox.enums import BookingEventKind, BookingState, EnvironmentEventKind
from sandbox.models import (
    Booking,
    BookingEvent,
    Environment,
    EnvironmentEvent,
    Measure,
    OperatorTask,
    PublishedResult,
    Snapshot,
    WaitlistEntry,
    WaitlistEvent,
)
from sandbox.querysets import HOLDING, BookingQuerySet
from sandbox.services.report_files import remove
from sandbox.services.snapshots import delete_kept

logger = logging.getLogger(__name__)

_PEOPLE: Final = ("person", "successor", "guest")
"""In the data of a line: keys of people."""
GONE: Final = "–"
"""In the place of a text that a row must have."""


def anonymise_old() -> None:
    """Daily: bookings that ended longer ago than they are kept, and turns on the waitlist. Twice is once.

    While the offer of records to the Landesarchiv is not settled, their number is only reported.
    """
    due = list(due_bookings().order_by("pk").values_list("pk", flat=True))
    if not settings.OSK_ARCHIVE_OFFER_SETTLED:
        if due:
            logger.warning("sandbox: bookings to be anonymised", extra={"count": len(due)})
        return
    for booking_id in due:
        with transaction.atomic():
            booking = Booking.objects.select_for_update(of=("self",)).get(pk=booking_id)
            if due_bookings().filter(pk=booking_id).exists():
                _anonymise(booking, anonymous_person())
    with transaction.atomic():
        old = WaitlistEntry.objects.filter(ended_at__lt=_limit()).exclude(purpose="")
        WaitlistEvent.objects.filter(entry__in=old.values("pk")).update(actor=None)
        old.update(purpose="", person=anonymous_person())


def due_bookings() -> BookingQuerySet:
    """Over for the term, with nothing of theirs left at an engine."""
    limit = _limit()
    # What has failed has no end of its own: the window's counts.
    is_old = Q(ended_at__lt=limit) | Q(ended_at=None, window__endswith__lt=limit)
    due = Booking.objects.filter(is_old, anonymised_at=None).exclude(state__in=HOLDING)
    due = due.exclude(pk__in=Environment.objects.existing().values("booking"))
    # Of what was given up a person may still have to remove what the task names.
    return due.exclude(pk__in=OperatorTask.objects.open().values("environment__booking"))


def _limit() -> datetime:
    return clock.now() - timedelta(days=math.ceil(365.25 * settings.OSK_SANDBOX_KEEP_YEARS))


def _anonymise(booking: Booking, nobody: User) -> None:
    participants = list(booking.participants.all())
    keys = [str(booking.public_id)]
    keys += [key for one in participants for key in (str(one.public_id), one.link_key.hex)]
    mails = forget(keys)
    reports = list(booking.reports.all())
    for report in reports:
        remove(report, report.files.values_list("public_id", flat=True))
        report.delete()
    tasks = booking.tasks.count()
    booking.tasks.all().delete()
    booking.participants.all().delete()
    delete_kept([booking.pk])
    Snapshot.objects.of(booking).update(asked_by=nobody)
    _forget_who_did_what(booking)
    _forget_operators(booking, nobody)
    results = PublishedResult.objects.filter(booking=booking)
    results.update(consented_by=nobody)
    # What is shown was written for everybody.
    results.exclude(withdrawn_at=None).update(text="")
    turns = WaitlistEntry.objects.filter(booking=booking)
    WaitlistEvent.objects.filter(entry__in=turns.values("pk")).update(actor=None)
    turns.update(purpose="", person=nobody)
    is_rejected = booking.state == BookingState.REJECTED
    Booking.objects.filter(pk=booking.pk).update(
        purpose="",
        occasion="",
        booked_by=nobody,
        deputy=None,
        taken_over_by=None,
        takeover_reason="",
        decided_by=nobody if is_rejected else None,
        decision_reason=GONE if is_rejected else "",
        longer_reason="",
        ended_by=None,
        anonymised_at=clock.now(),
    )
    booking.record(
        BookingEventKind.ANONYMISE,
        actor=None,
        years=settings.OSK_SANDBOX_KEEP_YEARS,
        mails=mails,
        participants=len(participants),
        reports=len(reports),
        tasks=tasks,
    )
    logger.info("sandbox: booking anonymised", extra={"booking": str(booking.public_id)})


def _forget_who_did_what(booking: Booking) -> None:
    """The lines stay; of who has seen a password or has a copy not even those."""
    lines = EnvironmentEvent.objects.filter(environment__booking=booking)
    read = (EnvironmentEventKind.CREDENTIAL_SHOWN, EnvironmentEventKind.SNAPSHOT_FETCHED)
    lines.filter(kind__in=read).delete()
    for events in (booking.events.all(), lines):
        events.exclude(actor=None).update(actor=None)
        _forget_people(events.filter(data__has_any_keys=_PEOPLE))


def _forget_people(events: Iterable[BookingEvent | EnvironmentEvent]) -> None:
    for event in events:
        event.data = {key: value for key, value in event.data.items() if key not in _PEOPLE}
        event.save(update_fields=["data"])


def _forget_operators(booking: Booking, nobody: User) -> None:
    """That it was halted, ended or set up by hand stays; who did it and why goes, and what products wrote."""
    booking.environments.exclude(error_for_operator="").update(error_for_operator=GONE)
    booking.environments.exclude(abandoned_reason="").update(abandoned_reason=GONE)
    booking.environments.update(log_tail="")
    measures = Measure.objects.filter(environment__booking=booking)
    measures.update(actor=nobody)
    measures.exclude(reason="").update(reason=GONE)
    tasks = OperatorTask.objects.filter(environment__booking=booking)
    tasks.update(assignee=None)
    # What is done must have somebody who has done it.
    tasks.exclude(done_by=None).update(done_by=nobody)
    tasks.exclude(reason="").update(reason=GONE)
    for task in tasks.exclude(things=[]):
        # In somebody's words. What was confirmed as removed stands in the proof, the rest is only counted.
        task.things = [GONE] * len(task.things)
        task.save(update_fields=["things"])
