"""What those who test along are told when something happens to the test, with an account or as guests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from osk_portal.notifications.services import Message, notify, notify_address
from osk_portal.toolkit import clock
from sandbox import guest_mails, notifications
from sandbox.deadlines import takes_reports
from sandbox.enums import ParticipantState
from sandbox.models import Blueprint, Booking, ReportFile, TestParticipant, TestReport
from sandbox.querysets import ParticipantQuerySet

ACCESS_ENDED: Final = "sandbox.access_ended"
BLOCKED: Final = "sandbox.tested_blocked"
UNBLOCKED: Final = "sandbox.tested_unblocked"
PARTICIPANT_KINDS: Final = frozenset({ACCESS_ENDED, BLOCKED, UNBLOCKED})
"""Their ``subject_key`` is the key of a participant."""
INFECTED: Final = "sandbox.file_infected"
"""Its ``subject_key`` is the key of a report."""
_WRITES = _("You have added files to a test report.")


def access_ended(booking: Booking, *, is_halted: bool = False) -> None:
    """It has failed for good. ``is_halted``: by the OSK, for a look at what happened in it.

    What somebody ends or cancels is told elsewhere (``circle_mails``, ``notifications.booking_cancelled``).
    Who was only asked has no access that could end, nor anybody where the whole time has passed: for them
    nothing comes of it.
    """
    is_over = booking.ends_at <= clock.now()
    was_ready = booking.environments.handed_over().exists()
    if is_over and was_ready:
        return
    people = booking.participants.open()
    if is_over:
        for person in people.select_related("user"):
            notifications.nothing_comes_of_it(person, booking, never_came=True)
        return
    for person in people.filter(state=ParticipantState.INVITED).select_related("user"):
        notifications.nothing_comes_of_it(person, booking)
    _tell(
        people.filter(state=ParticipantState.ACTIVE),
        ACCESS_ENDED,
        step=str(booking.events.count()),
        is_halted=is_halted,
        was_ready=was_ready,
        can_report=takes_reports(booking),
    )


def product_blocked(product: Blueprint, *, step: int, is_critical: bool) -> None:
    _tell(_testing(product), BLOCKED, step=str(step), is_critical=is_critical)


def product_unblocked(product: Blueprint, *, step: int) -> None:
    _tell(_testing(product), UNBLOCKED, step=str(step))


def file_infected(file: ReportFile) -> None:
    """To who brought it, guests too. The mail names neither the file nor the finding."""
    report = file.report
    booking, guest = report.booking, report.guest
    message = Message(
        kind=INFECTED,
        template="sandbox/email/file_infected",
        url="" if report.author is None else _report_page(report),
        dedupe=f"{INFECTED}:{file.public_id}",
        subject_key=str(report.public_id),
        context={
            "product": booking.blueprint_version.blueprint.name,
            "is_guest": guest is not None,
        },
        reason=_WRITES,
    )
    if report.author is not None:
        notify(message, [report.author])
    elif guest is not None and guest.email:
        notify_address(message, address=guest.email)


def _report_page(report: TestReport) -> str:
    booking, author = report.booking, report.author
    if author is not None and author in booking.side:
        return reverse("sandbox:booker_report", args=[booking.public_id])
    along = booking.participants.open().filter(user=author).first()
    if along is None:
        return ""
    return reverse("sandbox:participant_report", args=[along.public_id])


def _testing(product: Blueprint) -> ParticipantQuerySet:
    """Who can get in, or will."""
    bookings = Booking.objects.holding().filter(blueprint_version__blueprint=product)
    return TestParticipant.objects.filter(
        state=ParticipantState.ACTIVE, booking__in=bookings.values("pk")
    )


def _tell(people: ParticipantQuerySet, kind: str, *, step: str, **context: object) -> None:
    rows: Iterable[TestParticipant] = people.with_sheet()
    for person in rows:
        booking = person.booking
        message = Message(
            kind=kind,
            template=f"sandbox/email/{kind.partition('.')[2]}",
            url=person.get_absolute_url() if person.user is not None else "",
            dedupe=f"{kind}:{person.public_id}:{step}",
            subject_key=str(person.public_id),
            context={
                "product": booking.blueprint_version.blueprint.name,
                "booker": booking.booked_by,
                "organisation": booking.organisation.name,
                "is_guest": person.is_guest,
                **context,
            },
            reason=guest_mails.TESTS_ALONG,
        )
        if person.user is not None:
            notify(message, [person.user])
        elif person.email:
            notify_address(message, address=person.email)
