"""The sandbox's part of "Meine Daten": booked test environments."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from osk_portal import portal
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from sandbox import permissions, services
from sandbox.enums import BookingAction, BookingState
from sandbox.models import Booking, TestParticipant, TestReport, WaitlistEntry, WishAsk
from sandbox.querysets import HOLDING
from sandbox.services.participants import answer_invitation
from sandbox.services.snapshots import delete_alone
from sandbox.services.standing_in import settle_account
from sandbox.services.testing import withdraw_draft
from sandbox.services.wishes import take_back


def erase(user: User) -> None:
    """Environments that run or are to come end now; what they were for was the person's own words."""
    now = clock.now()
    for entry in WaitlistEntry.objects.waiting().filter(person=user):
        services.leave_waitlist(entry_id=entry.pk, actor=user)
    along = TestParticipant.objects.visible_to(user)
    # Of a test that is over there is nothing to leave, and nobody to be told of it.
    still = along.filter(booking__state__in=HOLDING, booking__window__endswith__gt=now)
    for participant in still.order_by("booking"):
        answer_invitation(participant_id=participant.pk, actor=user, accepts=False)
    drafts = TestReport.objects.filter(author=user, submitted_at=None).order_by("booking")
    for report_id in drafts.values_list("pk", flat=True):
        withdraw_draft(report_id=report_id)
    for wish_id in (
        WishAsk.objects.filter(person=user).order_by("wish").values_list("wish", flat=True)
    ):
        take_back(wish_id=wish_id, actor=user)
    settle_account(user)
    mine = Booking.objects.filter(booked_by=user)
    for booking in mine.filter(state__in=Booking.ALLOWED[BookingAction.CANCEL]).order_by("pk"):
        # Where the person is no member any more, its managers go on with it (hand-over).
        if permissions.can_end(user, booking):
            services.end_booking(booking_id=booking.pk, actor=user, waits_for_copy=False)
    delete_alone(mine, actor=user)
    mine.update(purpose="")
    # After the bookings, as whoever answers an offer does.
    WaitlistEntry.objects.filter(person=user).update(purpose="")


OFFER: Final = portal.PersonalData(
    key="sandbox",
    order=50,
    label=_("Test environments"),
    stored=_("Which test environments you have booked, for which organisation, when and what for."),
    kept=_(
        "So that the environment can be set up and counted. Its data are deleted when it ends, a configuration that"
        " somebody saved some days later."
    ),
    afterwards=_(
        "What has a deputy goes on with the deputy. All other environments end at once, with all their data."
        " The bookings stay as a figure, without a name and without their purpose."
    ),
    rows=(
        portal.Rows(
            "sandbox.Booking.booked_by",
            _("Bookings"),
            {
                "blueprint_version__blueprint__name": _("Product"),
                "organisation__name": _("Organisation"),
                "purpose": _("Purpose"),
                "test_data_acknowledged_at": _("Promised to use test data only"),
                "window__startswith": _("From"),
                "window__endswith": _("Until"),
                "state": _("State"),
                "created_at": _("Booked at"),
                "ended_at": _("Ended at"),
            },
        ),
        portal.Rows(
            "sandbox.BookingEvent.actor",
            _("What you did with bookings"),
            {
                "booking__blueprint_version__blueprint__name": _("Product"),
                "at": _("When"),
                "to_state": _("State"),
            },
            words={"to_state": dict(BookingState.choices)},
        ),
        portal.Rows(
            "sandbox.WaitlistEntry.person",
            _("Waitlist"),
            {
                "blueprint__name": _("Product"),
                "organisation__name": _("Organisation"),
                "days": _("Days"),
                "purpose": _("Purpose"),
                "test_data_acknowledged_at": _("Promised to use test data only"),
                "state": _("State"),
                "created_at": _("Since"),
                "ended_at": _("Ended at"),
            },
        ),
        portal.Rows(
            "sandbox.TestParticipant.user",
            _("Tests in which you take part"),
            {
                "booking__blueprint_version__blueprint__name": _("Product"),
                "booking__organisation__name": _("Organisation"),
                "state": _("State"),
                "created_at": _("Since"),
                "ended_at": _("Ended at"),
            },
        ),
        portal.Rows(
            "sandbox.TestReport.author",
            _("Test reports"),
            {
                "booking__blueprint_version__blueprint__name": _("Product"),
                "findings": _("What did you notice?"),
                "overall": _("Your overall judgement"),
                "submitted_at": _("Handed in at"),
                "updated_at": _("Changed at"),
            },
        ),
        portal.Rows(
            "sandbox.ReportFile.report__author",
            _("Files of your test reports"),
            {
                "report__booking__blueprint_version__blueprint__name": _("Product"),
                "name": _("File name"),
                "size": _("Size in bytes"),
                "state": _("State"),
                "created_at": _("Added at"),
            },
        ),
        portal.Rows(
            "sandbox.Snapshot.asked_by",
            _("Saved configurations of test environments"),
            {
                "environment__booking__blueprint_version__blueprint__name": _("Product"),
                "environment__booking__organisation__name": _("Organisation"),
                "asked_at": _("When"),
                "size": _("Size in bytes"),
                "state": _("State"),
                "deleted_at": _("Deleted at"),
            },
        ),
        portal.Rows(
            "sandbox.WishAsk.person",
            _("Wished test environments"),
            {
                "wish__name": _("Product"),
                "organisation__name": _("Organisation"),
                "why": _("Purpose"),
                "created_at": _("Since"),
            },
        ),
    ),
    left_out={
        "sandbox.PublishedResult.consented_by": "stands in the list of what the person did with bookings",
        "sandbox.Wish.decided_by": "a decision of the OSK on a wish of others",
        "sandbox.WishEvent.actor": "steps of a wish; one's own wishes stand in the list",
        "sandbox.Blueprint.blocked_by": "a block by staff, of the portal's products",
        "sandbox.BlueprintVersion.published_by": "a publication by an operator, of the portal's products",
        "sandbox.BlueprintEvent.actor": "steps of staff with the portal's products",
        "sandbox.TestParticipant.added_by": "an entry of the booking, which stands in the list of bookings",
        "sandbox.Booking.deputy": "named by a colleague, whose booking it is",
        "sandbox.Booking.taken_over_by": "stands in the list of what the person did with bookings",
        "sandbox.Booking.decided_by": "a decision of the OSK, in the list of what was done with bookings",
        "sandbox.OperatorTask.assignee": "work of an operator on an organisation's environment",
        "sandbox.OperatorTask.done_by": "work of an operator on an organisation's environment",
        "sandbox.Blackout.created_by": "maintenance by an operator, of the portal's places",
        "sandbox.Blackout.lifted_by": "maintenance by an operator, of the portal's places",
        "sandbox.WaitlistEvent.actor": "steps of the waitlist; the entry itself stands in the list",
        "sandbox.Booking.ended_by": "stands in the list of what the person did with bookings",
        "sandbox.Measure.actor": "measures by an operator, of an organisation's environment",
        "sandbox.Restore.confirmed_by": "a check by an operator, of the portal's data",
        "sandbox.EnvironmentEvent.actor": "steps of operators, and readings of a password, of the organisation's"
        " environment",
    },
    erase=erase,
)  # fmt: skip
