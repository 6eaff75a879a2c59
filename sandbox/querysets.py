from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

from network.permissions import active_memberships
from osk_portal.toolkit.clock import DbNow
from sandbox.enums import (
    BookingEventKind,
    BookingState,
    Desired,
    EnvironmentState,
    ParticipantState,
    SnapshotState,
    StrayVerdict,
    TaskState,
    WaitState,
    WishKind,
    WishState,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from network.models import Organisation
    from osk_portal.accounts.models import User
    from sandbox.models import (  # named in the type parameters
        Allocation,
        Blueprint,
        BlueprintVersion,
        Booking,
        Credential,
        Environment,
        OperatorTask,
        PublishedResult,
        Restore,
        Slot,
        Snapshot,
        Stray,
        TestParticipant,
        WaitlistEntry,
        Wish,
    )

PROMISED = (BookingState.APPROVED, BookingState.ACTIVE)
"""Bookings that will have an environment, or have one."""

UNDECIDED = (BookingState.DRAFT, BookingState.REQUESTED)
"""Offers and applications: they hold a place for a while."""

HOLDING = (*UNDECIDED, *PROMISED)
"""Bookings that count against the quota of an organisation."""

FINAL = (EnvironmentState.GONE, EnvironmentState.ABANDONED)
"""Environments that own nothing at an engine any more."""

HURT = (EnvironmentState.FAILED, EnvironmentState.DEGRADED, EnvironmentState.QUARANTINED)
"""Environments that an operator looks at."""

REMOVAL_ALERT = timedelta(minutes=15)
"""A removal that takes longer is told (sandbox.md section 1)."""


OPEN_WISHES = [
    WishState.ASKED.value,
    WishState.CHECKING.value,
    WishState.TRIAL.value,
    WishState.MANUAL.value,
]
"""Wishes that somebody can still join or take back."""

SHOWN_WISHES = (WishState.CHECKING, WishState.TRIAL, WishState.MANUAL, WishState.BOOKABLE)
"""The OSK has read them: their names may stand on a public page."""


class BlueprintQuerySet(models.QuerySet["Blueprint"]):
    def with_version(self) -> Self:
        """With a version that could be booked; prototypes too."""
        return self.filter(
            versions__published_at__isnull=False, versions__withdrawn_at__isnull=True
        ).distinct()

    def published(self) -> Self:
        """Whose pages are public: never a prototype."""
        return self.with_version().filter(organisation=None)

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The public ones, and the prototypes of one's own organisations."""
        if not user.is_authenticated:
            return self.published()
        member_of = [m.organisation_id for m in active_memberships(user)]
        return self.with_version().filter(Q(organisation=None) | Q(organisation__in=member_of))

    def listed_for(self, user: User) -> Self:
        """In the lists of the work area: the operators see all, others what they see elsewhere."""
        return self if user.is_operator else self.visible_to(user)

    def worked_on_by(self, user: User) -> Self:
        """Whose page in the work area opens: for advisors also what came of a wish, which they decide."""
        if user.is_operator:
            return self
        seen = self.model.objects.visible_to(user).values("pk")
        return self.filter(Q(pk__in=seen) | Q(pk__in=self.model.objects.wished().values("pk")))

    def wished(self) -> Self:
        return self.filter(wishes__isnull=False)

    def bookable(self) -> Self:
        return self.published().filter(is_bookable=True, blocked_at=None)


class VersionQuerySet(models.QuerySet["BlueprintVersion"]):
    def live(self) -> Self:
        """Published and not withdrawn."""
        return self.filter(published_at__isnull=False, withdrawn_at=None)


class WishQuerySet(models.QuerySet["Wish"]):
    def shown(self) -> Self:
        """What stands on the public list."""
        return self.filter(kind=WishKind.PRODUCT, state__in=SHOWN_WISHES)

    def mine(self, user: User) -> Self:
        """For which this person asks, while the membership lasts."""
        member_of = [m.organisation_id for m in active_memberships(user)]
        asks = self.model.objects.filter(asks__person=user, asks__organisation__in=member_of)
        return self.filter(pk__in=asks.values("pk"))

    def visible_to(self, user: User) -> Self:
        """What stands on the list, what one asks for, and prototypes of one's own organisations."""
        member_of = [m.organisation_id for m in active_memberships(user)]
        return self.filter(
            Q(kind=WishKind.PRODUCT, state__in=SHOWN_WISHES)
            | Q(pk__in=self.model.objects.mine(user).values("pk"))
            | Q(kind=WishKind.PROTOTYPE, organisation__in=member_of)
            # Leads on to where it is carried on.
            | Q(kind=WishKind.PRODUCT, state=WishState.MERGED)
        )

    def open(self) -> Self:
        return self.filter(state__in=OPEN_WISHES)

    def mergeable(self) -> Self:
        """With which another wish for the same product can be carried on."""
        return self.filter(
            kind=WishKind.PRODUCT, state__in=[*OPEN_WISHES, WishState.BOOKABLE.value]
        )

    def to_decide(self) -> Self:
        """The OSK has something to do with them."""
        return self.filter(state__in=(WishState.ASKED, WishState.CHECKING, WishState.TRIAL))

    def counted(self) -> Self:
        """``authorities``: how many organisations ask for it, whatever else the rows are filtered by."""
        return self.annotate(authorities=models.Count("asks__organisation", distinct=True))

    def most_wanted(self) -> Self:
        """``counted``, what most authorities ask for first."""
        counted = self.annotate(authorities=models.Count("asks__organisation", distinct=True))
        return counted.order_by("-authorities", "name", "pk")


class SlotQuerySet(models.QuerySet["Slot"]):
    def enabled(self) -> Self:
        return self.filter(is_enabled=True)

    def for_bookings(self) -> Self:
        """What people can book: not the places of trial runs."""
        return self.enabled().filter(is_for_trials=False)


class AllocationQuerySet(models.QuerySet["Allocation"]):
    def held(self) -> Self:
        """Not released: the slot is taken in the range, whatever the clock says."""
        return self.filter(released_at__isnull=True)


def _on_the_side(user: User) -> Q:
    """The rights of a booking are those of members of its organisation."""
    member_of = [m.organisation_id for m in active_memberships(user)]
    person = Q(booked_by=user) | Q(deputy=user) | Q(taken_over_by=user)
    return person & Q(organisation__in=member_of)


class BookingQuerySet(models.QuerySet["Booking"]):
    def visible_to(self, user: User) -> Self:
        """Those one has the rights of, and that they exist: those of organisations one manages.

        What the latter read of a booking before they take it over: ``permissions.can_read``.
        """
        managed = [m.organisation_id for m in active_memberships(user) if m.is_manager]
        rule = _on_the_side(user) | Q(organisation__in=managed)
        if user.is_advisor:
            rule |= Q(is_outside_quota=True, is_trial=False)
        if user.is_operator:
            rule |= Q(booked_by=user, is_trial=True)
        return self.filter(rule)

    def listed_for(self, user: User) -> Self:
        """In the lists of the work area: the operators see that they exist, others what they see elsewhere."""
        return self if user.is_operator else self.visible_to(user)

    def looked_after_by(self, user: User) -> Self:
        """As booker, as deputy, or after a take-over; an advisor what he or she booked for the OSK."""
        rule = _on_the_side(user)
        if user.is_advisor:
            rule |= Q(is_outside_quota=True, booked_by=user)
        return self.filter(rule)

    def to_hand_over(self, person: Any, organisation: Any) -> Self:
        """What needs a successor when ``person`` leaves ``organisation``; keys or outer references."""
        return self.filter(
            booked_by=person,
            organisation=organisation,
            is_outside_quota=False,
            state__in=(BookingState.REQUESTED, *PROMISED),
        )

    def holding(self) -> Self:
        return self.filter(state__in=HOLDING)

    def promised(self) -> Self:
        return self.filter(state__in=PROMISED)

    def ever_promised(self) -> Self:
        """Whatever became of them: not what was only offered or asked for, and no trial run."""
        return self.filter(environments__generation=1, is_trial=False)

    def trials(self) -> Self:
        return self.filter(is_trial=True)

    def of_people(self) -> Self:
        """Somebody wants to use it: no trial run of an operator."""
        return self.filter(is_trial=False)

    def to_approve(self) -> Self:
        """Applications, and what shall run longer than was approved."""
        longer = Q(asked_end__isnull=False, state__in=PROMISED, window__endswith__gt=DbNow())
        return self.filter(Q(state=BookingState.REQUESTED) | longer)

    def asked_for(self) -> Self:
        """On which the OSK decides or has decided."""
        return self.filter(
            Q(state=BookingState.REQUESTED)
            | Q(events__kind__in=(BookingEventKind.ASK, BookingEventKind.ASK_LONGER))
        ).distinct()

    def hold_is_over(self) -> Self:
        """Undecided, and their place is to be given back."""
        return self.filter(state__in=UNDECIDED, hold_expires_at__lte=DbNow())

    def of_organisation(self, organisation: Organisation) -> Self:
        return self.filter(organisation=organisation)

    def overlapping(self, start: datetime, end: datetime) -> Self:
        return self.filter(window__overlap=(start, end))

    def due_to_end(self) -> Self:
        """Their window is over, but nobody has ended them yet."""
        return self.promised().filter(window__endswith__lte=DbNow())

    def with_details(self) -> Self:
        return self.select_related(
            "blueprint_version__blueprint__solution",
            "organisation",
            "booked_by",
            "deputy",
            "taken_over_by",
        ).prefetch_related("environments")

    def with_what_came_out(self) -> Self:
        """For a page: whether there are reports and saved configurations to ask for at all."""
        one = self.model.objects.filter(pk=models.OuterRef("pk"))
        return self.annotate(
            has_reports=models.Exists(one.filter(reports__submitted_at__isnull=False)),
            has_snapshots=models.Exists(one.filter(environments__snapshots__isnull=False)),
        )


class ParticipantQuerySet(models.QuerySet["TestParticipant"]):
    def open(self) -> Self:
        """Asked, or taking part."""
        return self.filter(state__in=(ParticipantState.INVITED, ParticipantState.ACTIVE))

    def visible_to(self, user: User) -> Self:
        """One's own, while nobody has taken it back and one is a member of the organisation that was asked."""
        member_of = [m.organisation_id for m in active_memberships(user)]
        return self.open().filter(user=user, organisation__in=member_of)

    def with_sheet(self) -> Self:
        """With what their page shows."""
        return self.select_related(
            "user",
            "booking__blueprint_version__blueprint__solution",
            "booking__organisation",
            "booking__booked_by",
        )


class WaitlistQuerySet(models.QuerySet["WaitlistEntry"]):
    def visible_to(self, user: User) -> Self:
        """One's own, while the membership lasts."""
        member_of = [m.organisation_id for m in active_memberships(user)]
        return self.filter(person=user, organisation__in=member_of)

    def waiting(self) -> Self:
        return self.filter(state=WaitState.WAITING)

    def open(self) -> Self:
        """Waiting, or with an offer to answer."""
        return self.filter(state__in=(WaitState.WAITING, WaitState.OFFERED))


class EnvironmentQuerySet(models.QuerySet["Environment"]):
    def existing(self) -> Self:
        """Whatever may own something at an engine."""
        return self.exclude(state__in=FINAL)

    def handed_over(self) -> Self:
        """Ready at least once: somebody may have worked in it."""
        return self.filter(ready_at__isnull=False)

    def owning(self) -> Self:
        """Set up or being set up or removed: a slot in which one is cannot take another.

        What was stopped and cut off for a quarantine takes no more than room on a disk.
        """
        kept_apart = Q(state=EnvironmentState.QUARANTINED, isolated_at__isnull=False)
        return self.existing().exclude(state=EnvironmentState.PENDING).exclude(kept_apart)

    def needing_a_hand(self) -> Self:
        """What operators look at: failed, disturbed, kept apart, removals that do not end, and set-ups that wait
        for their engine.
        """
        # Without joins: what is looked at inside is the same table.
        newer = self.model.objects.filter(
            booking=models.OuterRef("booking"), generation__gt=models.OuterRef("generation")
        )
        given_up = Q(
            state=EnvironmentState.GONE,
            booking__state=BookingState.FAILED,
            booking__window__endswith__gt=DbNow(),
        ) & ~models.Exists(newer)
        return self.filter(
            Q(state__in=HURT)
            | Q(state=EnvironmentState.TEARING_DOWN, state_since__lte=DbNow() - REMOVAL_ALERT)
            | Q(
                state=EnvironmentState.PENDING,
                desired=Desired.PRESENT,
                attempts__gt=0,
                error_for_operator__gt="",
            )
            | given_up
        )

    def due(self) -> Self:
        """Work waits, and nobody holds a lease that is still good."""
        return self.existing().filter(
            Q(lease_until__isnull=True) | Q(lease_until__lte=DbNow()), next_action_at__lte=DbNow()
        )

    def ends_first(self) -> Self:
        """Removals before set-ups: a slot is freed before the next one needs it."""
        return self.alias(
            is_end=models.Case(
                models.When(desired=Desired.ABSENT, then=0),
                default=1,
                output_field=models.IntegerField(),
            )
        ).order_by("is_end", "next_action_at", "pk")


class StrayQuerySet(models.QuerySet["Stray"]):
    def there(self) -> Self:
        """Still at its engine when that was last asked."""
        return self.exclude(verdict=StrayVerdict.REMOVED)


class RestoreQuerySet(models.QuerySet["Restore"]):
    def open(self) -> Self:
        return self.filter(confirmed_at__isnull=True)


class TaskQuerySet(models.QuerySet["OperatorTask"]):
    def open(self) -> Self:
        """Somebody has to do it, begun or not."""
        return self.filter(state__in=(TaskState.OPEN, TaskState.BEGUN))

    def overdue(self) -> Self:
        return self.open().filter(due_at__lte=DbNow())

    def with_booking(self) -> Self:
        return self.select_related(
            "assignee",
            "environment__booking__blueprint_version__blueprint",
            "environment__booking__organisation",
        )


class CredentialQuerySet(models.QuerySet["Credential"]):
    def shown(self) -> Self:
        """Logins of people; what components know among each other is shown to nobody."""
        return self.exclude(username="")


class PublishedResultQuerySet(models.QuerySet["PublishedResult"]):
    def shown(self) -> Self:
        """On the page of the solution, to everybody."""
        return self.filter(withdrawn_at__isnull=True)


class SnapshotQuerySet(models.QuerySet["Snapshot"]):
    def of(self, booking: Booking) -> Self:
        return self.filter(environment__booking=booking)

    def kept(self) -> Self:
        """Those with a content."""
        return self.filter(state__in=(SnapshotState.QUARANTINED, SnapshotState.CLEAN))

    def over_since(self, limit: datetime) -> Self:
        """Of bookings that ended before; what has failed has no end of its own, the window's counts."""
        booking = "environment__booking"
        never = {f"{booking}__ended_at": None, f"{booking}__window__endswith__lt": limit}
        return self.filter(Q(**{f"{booking}__ended_at__lt": limit}) | Q(**never))

    def to_take(self) -> Self:
        """Asked for, its time has come, and no worker has it."""
        free = Q(leased_until=None) | Q(leased_until__lt=DbNow())
        return self.filter(free, state=SnapshotState.ASKED, next_attempt_at__lte=DbNow())
