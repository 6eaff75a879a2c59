"""Try: products to book, the capacity they need, who booked what, and what exists of it."""

from sandbox.models.blackouts import Blackout
from sandbox.models.blueprints import Blueprint, BlueprintEvent, BlueprintVersion
from sandbox.models.bookings import Application, Booking, BookingEvent
from sandbox.models.capacity import Allocation, Pool, Slot
from sandbox.models.environments import Credential, Environment, EnvironmentEvent, RemovalProof
from sandbox.models.mails import CaughtMail
from sandbox.models.operations import EngineHealth, Measure, Restore, RestoreMarker, Stray
from sandbox.models.operator_tasks import OperatorTask
from sandbox.models.participants import TestParticipant
from sandbox.models.published import PublishedResult
from sandbox.models.quotas import OrganisationQuota
from sandbox.models.reminders import Reminder
from sandbox.models.report_files import ReportFile
from sandbox.models.snapshots import Snapshot
from sandbox.models.testing import TaskResult, TestReport, TestTask
from sandbox.models.waiting import WaitlistEntry, WaitlistEvent
from sandbox.models.wishes import Wish, WishAsk, WishEvent

__all__ = [
    "Allocation",
    "Application",
    "Blackout",
    "Blueprint",
    "BlueprintEvent",
    "BlueprintVersion",
    "Booking",
    "BookingEvent",
    "CaughtMail",
    "Credential",
    "EngineHealth",
    "Environment",
    "EnvironmentEvent",
    "Measure",
    "OperatorTask",
    "OrganisationQuota",
    "Pool",
    "PublishedResult",
    "Reminder",
    "RemovalProof",
    "ReportFile",
    "Restore",
    "RestoreMarker",
    "Slot",
    "Snapshot",
    "Stray",
    "TaskResult",
    "TestParticipant",
    "TestReport",
    "TestTask",
    "WaitlistEntry",
    "WaitlistEvent",
    "Wish",
    "WishAsk",
    "WishEvent",
]
