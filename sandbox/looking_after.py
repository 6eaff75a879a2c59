"""Steps of what is there: told its end, repaired, or kept apart."""

from __future__ import annotations

import logging

from osk_portal.toolkit import clock
from sandbox import delays, failing, removing, services, setting_up
from sandbox.backends.base import BackendError, ObservedState, Retryable, quarantine
from sandbox.leases import Claim

logger = logging.getLogger(__name__)


def rest(claimed: Claim) -> None:
    """READY: the engine is told the end, which may have been moved; ``end_what_is_over`` finds it."""
    told = claimed.environment.expires_at
    try:
        claimed.backend.set_expiry(claimed.ref, told)
    except BackendError as error:
        # Only the second line of defence: what runs is not given up for it.
        logger.warning(
            "sandbox: the engine does not know the new end",
            extra={"environment": claimed.environment.backend_key, "detail": str(error)},
        )
        with claimed.writing() as environment:
            if environment is not None:
                delays.wait(environment, delays.backoff(environment.attempts))
        return
    with claimed.writing() as environment:
        if environment is not None and environment.expires_at == told:
            delays.wait_for_end(environment)


def tell_end(claimed: Claim) -> None:
    """What was kept apart goes on, and ends with its booking again. The one time that an end moves to an earlier
    one: the engine learns it first, or its later end would look like that of a database that was restored.
    A booking that was extended meanwhile stays due, and its new end is told.
    """
    end = claimed.environment.booking.ends_at
    claimed.backend.set_expiry(claimed.ref, end)
    with claimed.writing() as environment:
        if environment is None or environment.booking.ends_at != end:
            return
        if environment.expires_at == claimed.environment.expires_at:
            environment.expires_at = end
            environment.save(update_fields=["expires_at"])


def repair(claimed: Claim) -> None:
    """DEGRADED: started again with its data, for as long as it takes; what has disappeared comes back
    as a new generation.
    """
    if claimed.environment.restart_at is not None:
        setting_up.restart(claimed)
        return
    if failing.is_lost(claimed):
        return
    is_running = claimed.backend.observe(claimed.ref).state == ObservedState.RUNNING
    if not is_running:
        setting_up.ensure(claimed)
    result = setting_up.probe_patiently(claimed)
    if result.ok:
        setting_up.hand_over(claimed)
        return
    if is_running:
        # It does not answer, perhaps since nobody reaches it: what is missing around it is put right.
        setting_up.ensure(claimed)
    failing.keep(claimed, result.detail)


def keep_apart(claimed: Claim) -> None:
    """QUARANTINED: stopped, cut off, and kept until its date; then removed like any other."""
    until = claimed.environment.quarantined_until
    if until is not None and until <= clock.of_database():
        # Also where it could not be stopped until then: a removal ends what a stop does not.
        removing.begin_removal(claimed)
        return
    if claimed.environment.isolated_at is None:
        claimed.backend.set_expiry(claimed.ref, claimed.environment.expires_at)
        quarantine(claimed.backend, claimed.ref)
        if claimed.backend.observe(claimed.ref).state == ObservedState.RUNNING:
            raise Retryable("still running after it was stopped")
    with claimed.writing() as environment:
        if environment is None:
            return
        if environment.isolated_at is None:
            environment.isolated_at = clock.of_database()
            services.release_slot(environment.booking)
        environment.next_action_at = environment.quarantined_until or clock.of_database()
        environment.save(update_fields=["isolated_at", "next_action_at"])
