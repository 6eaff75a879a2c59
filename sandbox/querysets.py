from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

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
    TaskState,
    WaitState,
)

if TYPE_CHECKING:
    from network.models import Organisation
    from osk_portal.accounts.models import User
    from sandbox.models import (  # named in the type parameters
        Allocation,
        Blueprint,
        Booking,
        Credential,
        Environment,
        OperatorTask,
        Slot,
        TestParticipant,
        WaitlistEntry,
    )

PROMISED = (BookingState.APPROVED, BookingState.ACTIVE)
"""Bookings that will have an environment, or have one."""

UNDECIDED = (BookingState.DRAFT, BookingState.REQUESTED)
"""Offers and applications: they hold a place for a while."""

HOLDING = (*UNDECIDED, *PROMISED)
"""Bookings that count against the quota of an organisation."""

FINAL = (EnvironmentState.GONE, EnvironmentState.ABANDONED)
"""Environments that own nothing at an engine any more."""


class BlueprintQuerySet(models.QuerySet["Blueprint"]):
    def published(self) -> Self:
        """With a version that could be booked: their pages are public."""
        return self.filter(versions__published_at__isnull=False).distinct()

    def bookable(self) -> Self:
        return self.published().filter(is_bookable=True)


class SlotQuerySet(models.QuerySet["Slot"]):
    def enabled(self) -> Self:
        return self.filter(is_enabled=True)


class AllocationQuerySet(models.QuerySet["Allocation"]):
    def held(self) -> Self:
        """Not released: the slot is taken in the range, whatever the clock says."""
        return self.filter(released_at__isnull=True)


class BookingQuerySet(models.QuerySet["Booking"]):
    def visible_to(self, user: User) -> Self:
        """One's own bookings while the membership lasts, and those of organisations one manages."""
        memberships = active_memberships(user)
        member_of = [m.organisation_id for m in memberships]
        managed = [m.organisation_id for m in memberships if m.is_manager]
        return self.filter(
            Q(booked_by=user, organisation__in=member_of) | Q(organisation__in=managed)
        )

    def holding(self) -> Self:
        return self.filter(state__in=HOLDING)

    def promised(self) -> Self:
        return self.filter(state__in=PROMISED)

    def ever_promised(self) -> Self:
        """Whatever became of them: not what was only offered or asked for."""
        return self.filter(environments__generation=1)

    def to_approve(self) -> Self:
        return self.filter(state=BookingState.REQUESTED)

    def asked_for(self) -> Self:
        """On which the OSK decides or has decided."""
        return self.filter(
            Q(state=BookingState.REQUESTED) | Q(events__kind=BookingEventKind.ASK)
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
            "blueprint_version__blueprint__solution", "organisation", "booked_by"
        ).prefetch_related("environments")


class ParticipantQuerySet(models.QuerySet["TestParticipant"]):
    def open(self) -> Self:
        """Asked, or taking part."""
        return self.filter(state__in=(ParticipantState.INVITED, ParticipantState.ACTIVE))

    def visible_to(self, user: User) -> Self:
        """One's own, while nobody has taken it back and one is a member of an organisation."""
        if not active_memberships(user):
            return self.none()
        return self.open().filter(user=user)

    def with_sheet(self) -> Self:
        """With what their page shows."""
        return self.select_related(
            "user",
            "booking__blueprint_version__blueprint",
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

    def owning(self) -> Self:
        """Set up or being set up or removed: a slot in which one is cannot take another."""
        return self.existing().exclude(state=EnvironmentState.PENDING)

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
