"""From a booking to what it promised, and back to nothing (sandbox.md section 1).

Every step is the same three moves: **claim** the row (lease in a short transaction), **work** at the
engine without any transaction, **write** the outcome in a second short transaction that looks at the
lease token and at ``desired`` first. A worker that dies leaves a lease that runs out; whoever takes the
row next repeats the step, and every step at an engine may be repeated.

No waiting lives in the broker: what is due says ``next_action_at``, and the tick rings for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from django.db import InterfaceError, OperationalError, transaction

from osk_portal.notifications.doorbell import ring
from osk_portal.toolkit.encryption import CannotDecrypt
from sandbox import (
    failing,
    looking_after,
    notifications,
    operator_mails,
    participant_mails,
    removing,
    restoring,
    services,
    setting_up,
)
from sandbox.backends.base import Permanent, Retryable
from sandbox.enums import EnvironmentEventKind, EnvironmentState
from sandbox.leases import Claim, claim
from sandbox.models import Booking, Environment
from sandbox.one_by_one import each
from sandbox.services import snapshots
from sandbox.spec import SpecError

logger = logging.getLogger(__name__)

BATCH = 50
STEPS_AT_ONCE = 10
"""A run that goes well needs three; a loop that does not end must not hold the worker."""


def tick() -> list[int]:
    """End what is over, remind of what ends soon, then ring for what is due. Returns the ids rung for.

    Each also where something before it fails: one mail that cannot be written must not hold up everybody's
    set-up, end and removal.
    """
    try:
        if not restoring.is_held():
            # A database that was restored knows too little to decide anything by itself.
            each(
                end_what_is_over,
                services.expire_holds,
                services.tell_late,
                services.send_reminders,
                services.remind_operators,
                services.offer_places,
                restoring.advance,
            )
    finally:
        ids = _ring_for_what_is_due()
    return ids


def _ring_for_what_is_due() -> list[int]:
    with transaction.atomic():
        due = (
            Environment.objects.due()
            .ends_first()
            .select_for_update(skip_locked=True, of=("self",))
            .values_list("pk", flat=True)
        )
        ids = list(due[:BATCH])
    for environment_id in ids:
        ring(services.WORK, environment_id=environment_id)
    snapshots.ring_due()
    return ids


def end_what_is_over() -> None:
    """Bookings whose window is over end. What was never handed over has failed: it takes no days."""
    due = Booking.objects.due_to_end().values_list("pk", flat=True)[:BATCH]
    each(*(partial(_end, booking_id) for booking_id in due))


def _end(booking_id: int) -> None:
    with transaction.atomic():
        booking = (
            Booking.objects.due_to_end()
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("blueprint_version__blueprint", "booked_by")
            .filter(pk=booking_id)
            .first()
        )
        if booking is None:
            return
        if booking.environments.handed_over().exists():
            booking.finish()
        else:
            _fail_at_its_end(booking)
        services.remove_environment(booking)


def _fail_at_its_end(booking: Booking) -> None:
    """``booking`` is locked."""
    booking.fail()
    newest = booking.environments.order_by("-generation").first()
    if newest is None:
        return
    newest.booking = booking
    newest.record(EnvironmentEventKind.NEVER_CAME)
    notifications.booking_failed(newest, is_over=True)
    operator_mails.booking_failed(newest)
    participant_mails.access_ended(booking)
    logger.warning("sandbox: never set up", extra={"environment": newest.backend_key})


def work(environment_id: int) -> None:
    """Do what is due for one environment, step by step until it has to wait. Twice is once."""
    for _ in range(STEPS_AT_ONCE):
        claimed = claim(environment_id)
        if claimed is None:
            return
        with claimed.heartbeat():
            _step(claimed)


def _step(claimed: Claim) -> None:
    """An answer that no engine gives, or an error of ours, also in what is written of a step that does not work:
    time limits and alerts hold all the same.
    """
    try:
        _try_step(claimed)
    except (InterfaceError, OperationalError):
        raise  # nothing can be written: the lease runs out, and the next one repeats the step
    except Exception as error:
        logger.exception(
            "sandbox: a step broke", extra={"environment": claimed.environment.backend_key}
        )
        failing.try_again(claimed, Retryable(f"unexpected: {type(error).__name__}", after=15))


def _try_step(claimed: Claim) -> None:
    environment = claimed.environment
    steps: dict[str, Callable[[Claim], None]] = {
        EnvironmentState.PENDING: setting_up.prepare,
        EnvironmentState.PROVISIONING: setting_up.set_up,
        EnvironmentState.STARTING: setting_up.wait_until_ready,
        EnvironmentState.READY: looking_after.rest,
        EnvironmentState.DEGRADED: looking_after.repair,
        EnvironmentState.TEARING_DOWN: removing.remove,
        EnvironmentState.QUARANTINED: looking_after.keep_apart,
    }
    try:
        if environment.begins_to_go:
            removing.begin_removal(claimed)
        elif environment.ends_too_late:
            looking_after.tell_end(claimed)
        else:
            steps[environment.state](claimed)
    except Permanent as error:
        message = error.message_for_user or failing.SETUP_FAILED
        failing.give_up(claimed, message, error.detail_for_operator, is_final=True)
    except Retryable as error:
        failing.try_again(claimed, error)
    except SpecError as error:
        failing.give_up(claimed, failing.SETUP_FAILED, str(error), is_final=True)
    except CannotDecrypt:
        # The next generation makes passwords of its own.
        failing.give_up(claimed, failing.SETUP_FAILED, "the key of the credentials was lost")
