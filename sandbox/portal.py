"""What the sandbox offers to the shared pages."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from catalog.models import Solution
from osk_portal import portal
from osk_portal.accounts.enums import StaffRole
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.clock import BERLIN
from osk_portal.toolkit.ics import Entry
from osk_portal.toolkit.search_text import fold
from sandbox import demo_world, handover, own_data, statistics
from sandbox.calendar_entries import entry_of
from sandbox.circle_mails import TEST_CHANGED
from sandbox.enums import EnvironmentState, ParticipantState, Phase
from sandbox.models import (
    Blueprint,
    Booking,
    Credential,
    Environment,
    OperatorTask,
    PublishedResult,
    Restore,
    Snapshot,
    TestParticipant,
    TestReport,
    Wish,
)
from sandbox.notifications import (
    GUEST_LINK,
    INVITED,
    TEST_CANCELLED,
    TO_APPROVE,
)
from sandbox.operator_mails import OPERATOR_ALERT, OPERATOR_TASK
from sandbox.participant_mails import INFECTED, PARTICIPANT_KINDS
from sandbox.permissions import can_decide, works_on_wishes
from sandbox.phases import phase_of
from sandbox.public_results import PublicResult
from sandbox.services import (
    blocks,
    keeping,
    participants,
    report_files,
    snapshots,
    standing_in,
    wishes,
)
from sandbox.wish_mails import TO_CHECK, WISH_KINDS

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MOST_HITS = 10
MOST_RESULTS = 10
_TEST_ENVIRONMENT: _StrPromise = gettext_lazy("Test environment")
_TESTS_ALONG = gettext_lazy("You test along.")
_ASKED = gettext_lazy("You are invited to test along.")
_SHOWN = {
    Phase.OFFERED: (gettext_lazy("A place is free for you."), "warning"),
    Phase.REQUESTED: (gettext_lazy("Your application is with the OSK."), "info"),
    Phase.RESTARTING: (gettext_lazy("Your test environment is being restarted."), "info"),
    Phase.READY: (gettext_lazy("Your test environment is ready."), "success"),
    Phase.DISTURBED: (gettext_lazy("Your test environment does not answer."), "warning"),
    Phase.EXPIRING: (gettext_lazy("Your test environment ends soon."), "warning"),
    Phase.PROVISIONING: (gettext_lazy("Your test environment is being set up."), "info"),
    Phase.SCHEDULED: (gettext_lazy("Your test environment is booked."), "info"),
}


def _search(query: str, request: HttpRequest) -> Iterable[portal.Hit]:
    """Few enough to compare in Python, as people write: "Adressbuecher" finds "Adressbücher"."""
    wanted = fold(query)
    found = (
        blueprint
        for blueprint in Blueprint.objects.visible_to(request.user)
        if wanted in fold(f"{blueprint.name} {blueprint.summary}")
    )
    for blueprint in islice(found, MOST_HITS):
        yield portal.Hit(blueprint.name, blueprint.get_absolute_url(), blueprint.summary)


def _testing(solution: Solution) -> Iterable[portal.Concerned]:
    """Who has a test environment of the solution now or later, and who tests along with an account.

    Trial runs of the OSK test nothing for anybody.
    """
    bookings = (
        Booking.objects.promised()
        .of_people()
        .filter(blueprint_version__blueprint__solution=solution)
        .order_by()
    )
    people = set(bookings.values_list("booked_by", "organisation"))
    along = TestParticipant.objects.filter(
        booking__in=bookings.values("pk"), user__isnull=False, state=ParticipantState.ACTIVE
    )
    people |= set(along.order_by().values_list("user", "organisation"))
    return [portal.Concerned(user, organisation) for user, organisation in people]


def _tasks(user: User) -> Iterable[portal.Task]:
    """What runs or is to come; due when it ends."""
    now = clock.now()
    running = Booking.objects.looked_after_by(user).holding().with_details()
    for booking in running:
        shown = _SHOWN.get(phase_of(booking, now=now))
        if shown is not None:
            yield portal.Task(
                booking.blueprint_version.blueprint.name,
                str(shown[0]),
                booking.get_absolute_url(),
                (booking.hold_expires_at or booking.ends_at).astimezone(BERLIN).date(),
                badge=shown[1],
                action=pgettext("button", "Open"),
            )
    yield from _testing_along(user)


def _testing_along(user: User) -> Iterable[portal.Task]:
    """Where the person tests along, or is asked to, until the end."""
    now = clock.now()
    along = TestParticipant.objects.visible_to(user).with_sheet()
    for participant in along.filter(booking__in=Booking.objects.promised()):
        booking = participant.booking
        if booking.ends_at > now:
            yield portal.Task(
                booking.blueprint_version.blueprint.name,
                str(_TESTS_ALONG if participant.is_in else _ASKED),
                participant.get_absolute_url(),
                booking.ends_at.astimezone(BERLIN).date(),
                badge="info" if participant.is_in else "warning",
                action=pgettext("button", "Open"),
            )


def _calendar(user: User) -> Iterable[Entry]:
    """One's own bookings that run or are to come; they take no time of the person."""
    mine = Booking.objects.looked_after_by(user).promised().with_details()
    for booking in mine:
        yield entry_of(booking, booking.get_absolute_url())


def _of_solution(solution: Solution, request: HttpRequest) -> dict[str, object] | None:
    """Where it can be tried, and what came out of tests: two queries, however many there are.

    ``results``: the rows, each with what everybody may read of it.
    """
    found = list(Blueprint.objects.bookable().filter(solution=solution))
    results = PublishedResult.objects.shown().filter(solution=solution)
    rows = results.select_related("booking__organisation")[:MOST_RESULTS]
    shown = [(row, PublicResult.of(row)) for row in rows]
    if not found and not shown:
        return None
    may_withdraw = request.user.is_authenticated and can_decide(request.user)
    return {"blueprints": found, "results": shown, "may_withdraw": may_withdraw}


def _still_allowed(user_id: int, kind: str, subject_key: str) -> bool:
    """Whoever has lost the booking is no longer told about it, nor who is no advisor any more."""
    if kind == GUEST_LINK:
        return TestParticipant.objects.open().filter(link_key=subject_key).exists()
    if kind == TEST_CHANGED and not user_id:
        return TestParticipant.objects.open().filter(link_key=subject_key).exists()
    user = User.objects.filter(pk=user_id).first()
    if kind in (INVITED, TEST_CHANGED):
        mine = TestParticipant.objects.open().filter(user=user_id, public_id=subject_key)
        return user is not None and mine.exists()
    if kind == TEST_CANCELLED or kind in PARTICIPANT_KINDS:
        along = TestParticipant.objects.open().filter(public_id=subject_key)
        return along.filter(user=user_id or None).exists()
    if kind == INFECTED:
        brought = TestReport.objects.filter(public_id=subject_key)
        return brought.filter(author=user_id or None).exists()
    if kind in WISH_KINDS:
        return user is not None and Wish.objects.mine(user).filter(public_id=subject_key).exists()
    if kind in (TO_APPROVE, TO_CHECK):
        return user is not None and can_decide(user)
    if kind == OPERATOR_ALERT:
        return user is not None and user.is_operator
    if kind == OPERATOR_TASK:
        wanted = OperatorTask.objects.open().filter(public_id=subject_key)
        return user is not None and user.is_operator and wanted.exists()
    return (
        user is not None and Booking.objects.visible_to(user).filter(public_id=subject_key).exists()
    )


def _failed() -> QuerySet[Environment]:
    return Environment.objects.existing().filter(state=EnvironmentState.FAILED)


def _work(user: User) -> Iterable[portal.WorkEntry]:
    if user.is_advisor:
        yield portal.WorkEntry(
            gettext_lazy("To approve"),
            reverse("admin:sandbox_application_changelist"),
            Booking.objects.to_approve,
        )
        yield portal.WorkEntry(
            gettext_lazy("Book for an event"), reverse("admin:sandbox_booking_event_products")
        )
    if works_on_wishes(user):
        yield portal.WorkEntry(
            gettext_lazy("Wished test environments"),
            reverse("admin:sandbox_wish_changelist"),
            Wish.objects.to_decide,
        )
        yield portal.WorkEntry(
            gettext_lazy("Test products"), reverse("admin:sandbox_blueprint_changelist")
        )
    if not user.is_operator:
        return
    yield portal.WorkEntry(
        gettext_lazy("Operation"),
        reverse("admin:sandbox_operations"),
        Environment.objects.needing_a_hand,
        Restore.objects.open,
    )
    yield portal.WorkEntry(
        gettext_lazy("Environments"),
        reverse("admin:sandbox_environment_changelist"),
        Environment.objects.existing,
        _failed,
    )
    yield portal.WorkEntry(
        gettext_lazy("Tasks for operators"),
        reverse("admin:sandbox_operatortask_changelist"),
        OperatorTask.objects.open,
        OperatorTask.objects.overdue,
    )
    yield portal.WorkEntry(gettext_lazy("Capacity"), reverse("admin:sandbox_pool_changelist"))
    yield portal.WorkEntry(
        gettext_lazy("Planned maintenance"), reverse("admin:sandbox_blackout_changelist")
    )
    yield portal.WorkEntry(
        gettext_lazy("Quotas"), reverse("admin:sandbox_organisationquota_changelist")
    )
    yield portal.WorkEntry(
        gettext_lazy("Waitlist"), reverse("admin:sandbox_waitlistentry_changelist")
    )


portal.figures.register(
    portal.Figure(
        "sandbox",
        20,
        gettext_lazy("Test products"),
        lambda: Blueprint.objects.bookable().count(),
        "sandbox:blueprint_list",
    )
)
portal.search_sources.register(portal.SearchSource("sandbox", 25, _TEST_ENVIRONMENT, _search))
portal.my_areas.register(portal.MyArea("sandbox", 25, _tasks))
portal.audiences.register(
    portal.Audience(
        "sandbox",
        20,
        "catalog.solution",
        pgettext_lazy(
            "you get this because", "you test it or have booked a test environment of it"
        ),
        _testing,
    )
)
portal.calendar_sources.register(portal.CalendarSource("sandbox", 25, _calendar))
portal.panels.register(
    portal.Panel("sandbox", 20, "catalog.solution", "sandbox/_solution.html", _of_solution)
)
portal.mail_guards.register(portal.MailGuard("sandbox", 30, _still_allowed))
portal.work_lists.register(portal.WorkList("sandbox", 40, _TEST_ENVIRONMENT, _work))
portal.staff_rights.register(
    portal.StaffRights(
        "sandbox",
        order=30,
        app_label="sandbox",
        # What advisors work on says so itself: bookings of the OSK, products, applications, wishes.
        rights={StaffRole.OPERATOR: ("view", "add", "change")},
    )
)
portal.handovers.register(handover.HANDOVER)
portal.departures.register(portal.Departure("sandbox", 25, handover.leave))
portal.staff_exits.register(portal.StaffExit("sandbox", 20, standing_in.release_staff))
portal.daily_jobs.register(portal.DailyJob("sandbox.guests", 30, participants.forget_guests))
portal.daily_jobs.register(portal.DailyJob("sandbox.keeping", 30, keeping.anonymise_old))
portal.daily_jobs.register(portal.DailyJob("sandbox.files", 31, report_files.sweep_contents))
portal.daily_jobs.register(portal.DailyJob("sandbox.snapshots", 31, snapshots.delete_due))
portal.daily_jobs.register(portal.DailyJob("sandbox.prototypes", 31, wishes.end_prototypes))
portal.daily_jobs.register(portal.DailyJob("sandbox.scans", 32, blocks.block_outdated))
portal.demo_steps.register(portal.DemoStep("sandbox", 30, demo_world.load))
portal.personal_data.register(own_data.OFFER)
portal.sealed_values.register(
    portal.SealedValues(
        "credentials", 40, lambda: Credential.objects.filter(wiped_at__isnull=True), "secret"
    )
)
portal.sealed_values.register(
    portal.SealedValues("snapshots", 41, lambda: Snapshot.objects.kept(), "key")
)
for statistic in statistics.STATISTICS:
    portal.statistics.register(statistic)
