"""What a person reads: one table phase → text and badge (product.md 3, ux.md 4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from osk_portal.templatetags.osk import berlin_datetime
from sandbox.enums import BookingState, EnvironmentState, Phase
from sandbox.models import Booking, Environment

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True)
class PhaseText:
    """``text`` may name %(end)s, the end of the window, %(hold)s, until when its place is held, and
    %(since)s, the end of the booking.
    """

    badge: str
    text: _StrPromise


PHASES: Mapping[Phase, PhaseText] = {
    Phase.OFFERED: PhaseText(
        "warning", _("A place is free for you. We keep it for you until %(hold)s.")
    ),
    Phase.REQUESTED: PhaseText(
        "info",
        _("We have received your application. We keep the place for you until %(hold)s."),
    ),
    Phase.SCHEDULED: PhaseText(
        "info", _("Your test environment is booked. We set it up in time for the start.")
    ),
    Phase.PROVISIONING: PhaseText(
        "info", _("We are setting up your environment. You can close this page.")
    ),
    Phase.READY: PhaseText(
        "success", _("Your test environment runs until %(end)s. Use test data only.")
    ),
    Phase.DISTURBED: PhaseText(
        "warning",
        _("Your test environment does not answer at the moment. We are already repairing it."),
    ),
    Phase.RESTARTING: PhaseText("info", _("We are restarting your environment. Your data stay.")),
    Phase.EXPIRING: PhaseText(
        "warning", _("Your test environment ends on %(end)s. Save what you want to keep.")
    ),
    Phase.HALTED: PhaseText(
        "none",
        _("Your test environment is halted. The OSK looks into something and gets back to you."),
    ),
    Phase.REMOVING: PhaseText("info", _("We are deleting the environment and all data in it.")),
    Phase.ENDED: PhaseText("none", _("The environment is deleted since %(since)s.")),
    Phase.FAILED: PhaseText(
        "danger", _("That did not work. We are informed. You do not have to do anything.")
    ),
    Phase.REJECTED: PhaseText("danger", _("We could not approve your application.")),
    Phase.CANCELLED: PhaseText("none", _("The booking was cancelled.")),
    Phase.LAPSED: PhaseText("none", _("The place was not confirmed in time and is free again.")),
}

_BEFORE_READY = (
    EnvironmentState.PROVISIONING,
    EnvironmentState.STARTING,
    EnvironmentState.FAILED,
    EnvironmentState.TEARING_DOWN,
    EnvironmentState.GONE,
)


def current_environment(booking: Booking) -> Environment | None:
    """The newest generation; reads the prefetched rows where they are there."""
    return max(booking.environments.all(), key=lambda e: e.generation, default=None)


def phase_of(booking: Booking, *, now: datetime) -> Phase:
    """Where the booking stands for the person who made it."""
    environment = current_environment(booking)
    if environment is not None and environment.state == EnvironmentState.QUARANTINED:
        return Phase.HALTED
    match booking.state:
        case BookingState.DRAFT:
            return Phase.OFFERED
        case BookingState.REQUESTED:
            return Phase.REQUESTED
        case BookingState.REJECTED:
            return Phase.REJECTED
        case BookingState.EXPIRED:
            return Phase.LAPSED
        case BookingState.FAILED:
            return Phase.FAILED
        case BookingState.ENDED | BookingState.CANCELLED:
            return _phase_of_an_ended(booking, environment)
    return _phase_of_a_holding(booking, environment, now)


def _phase_of_an_ended(booking: Booking, environment: Environment | None) -> Phase:
    if environment is None:
        return Phase.CANCELLED
    if not environment.is_final:
        return Phase.REMOVING
    if booking.state == BookingState.CANCELLED and not was_set_up(environment):
        return Phase.CANCELLED
    return Phase.ENDED


def was_set_up(environment: Environment) -> bool:
    """There was something to remove; else the booking was cancelled before its time."""
    return bool(environment.endpoint) or environment.generation > 1


def _phase_of_a_holding(booking: Booking, environment: Environment | None, now: datetime) -> Phase:
    if environment is None:
        return Phase.SCHEDULED
    if environment.state == EnvironmentState.STARTING and environment.ready_at is not None:
        return Phase.RESTARTING
    if environment.state in _BEFORE_READY:
        # A generation that failed is replaced by the next one: for the person it is still set up.
        return Phase.PROVISIONING
    if environment.state == EnvironmentState.DEGRADED:
        return Phase.DISTURBED
    if environment.state == EnvironmentState.READY:
        return Phase.EXPIRING if is_ending_soon(booking, now) else Phase.READY
    return Phase.SCHEDULED if booking.starts_at > now else Phase.PROVISIONING


def is_ending_soon(booking: Booking, now: datetime) -> bool:
    """In the last day, or the last quarter of a short booking."""
    length = booking.ends_at - booking.starts_at
    return booking.ends_at - now <= min(timedelta(days=1), length / 4)


def state_of(booking: Booking, phase: Phase) -> dict[str, object]:
    """The words and the badge of a phase."""
    environment = current_environment(booking)
    since = environment.gone_at if environment else booking.ended_at
    shown = PHASES[phase]
    values = {
        "end": berlin_datetime(booking.ends_at),
        "hold": berlin_datetime(booking.hold_expires_at),
        "since": berlin_datetime(since),
    }
    return {"phase": phase, "badge": shown.badge, "text": str(shown.text) % values}
