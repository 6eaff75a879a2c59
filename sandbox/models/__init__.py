"""Try: products to book, the capacity they need, who booked what, and what exists of it."""

from sandbox.models.blackouts import Blackout
from sandbox.models.blueprints import Blueprint, BlueprintVersion
from sandbox.models.bookings import Application, Booking, BookingEvent
from sandbox.models.capacity import Allocation, Pool, Slot
from sandbox.models.environments import Credential, Environment, EnvironmentEvent, RemovalProof
from sandbox.models.operator_tasks import OperatorTask
from sandbox.models.participants import TestParticipant
from sandbox.models.published import PublishedResult
from sandbox.models.quotas import OrganisationQuota
from sandbox.models.reminders import Reminder
from sandbox.models.report_files import ReportFile
from sandbox.models.testing import TaskResult, TestReport, TestTask
from sandbox.models.waiting import WaitlistEntry, WaitlistEvent

__all__ = [
    "Allocation",
    "Application",
    "Blackout",
    "Blueprint",
    "BlueprintVersion",
    "Booking",
    "BookingEvent",
    "Credential",
    "Environment",
    "EnvironmentEvent",
    "OperatorTask",
    "OrganisationQuota",
    "Pool",
    "PublishedResult",
    "Reminder",
    "RemovalProof",
    "ReportFile",
    "Slot",
    "TaskResult",
    "TestParticipant",
    "TestReport",
    "TestTask",
    "WaitlistEntry",
    "WaitlistEvent",
]
