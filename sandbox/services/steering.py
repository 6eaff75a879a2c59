"""Restart and reset of what runs."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction

from osk_portal.accounts.models import User
from osk_portal.notifications.doorbell import ring
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import circle_mails, permissions
from sandbox.enums import Desired, EnvironmentAction, EnvironmentEventKind, TestChange
from sandbox.models import Booking, Environment
from sandbox.services.environments import WORK, remove_environment
from sandbox.services.snapshots import BeingSaved, is_being_saved


def restart_environment(*, booking_id: int, actor: User) -> Environment:
    """Stop its programs and start them again; the data stays.

    Raises TransitionNotAllowed (not running, or restarting already), PermissionDenied.
    """
    with transaction.atomic():
        environment = _running(booking_id, actor, "restart")
        environment.restart(actor=actor)
        ring(WORK, environment_id=environment.pk)
        return environment


def reset_environment(*, booking_id: int, actor: User) -> Environment:
    """Remove it with all that was entered and set up the next generation in its place.

    Raises BeingSaved, TransitionNotAllowed (not running, or being reset already), PermissionDenied.
    """
    with transaction.atomic():
        environment = _running(booking_id, actor, "reset")
        if is_being_saved(environment.booking):
            raise BeingSaved("reset")
        environment.record(EnvironmentEventKind.RESET, actor=actor)
        remove_environment(environment.booking)
        circle_mails.tell(environment.booking, TestChange.RESET)
        return environment


def can_steer(booking: Booking, environment: Environment | None) -> bool:
    """It runs, shall go on running, and its time is not over. What a person set up waits for no button."""
    return (
        booking.is_holding
        and booking.ends_at > clock.now()
        and environment is not None
        and environment.desired == Desired.PRESENT
        and not environment.is_by_hand
        and environment.state in Environment.ALLOWED[EnvironmentAction.RESTART]
    )


def _running(booking_id: int, actor: User, action: str) -> Environment:
    booking = Booking.objects.select_for_update(of=("self",)).get(pk=booking_id)
    if not permissions.can_change(actor, booking):
        raise PermissionDenied(action)
    environment = booking.environments.existing().select_for_update(of=("self",)).first()
    if environment is None or not can_steer(booking, environment):
        raise TransitionNotAllowed(action, environment.state if environment else booking.state)
    environment.booking = booking
    return environment
