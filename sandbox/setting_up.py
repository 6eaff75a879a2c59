"""Steps of what begins: from an empty place to an environment that is handed over."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

from osk_portal.toolkit import clock
from sandbox import (
    addresses,
    capacity,
    circle_mails,
    delays,
    failing,
    log_tail,
    notifications,
    room,
    services,
)
from sandbox.backends.base import (
    BackendUnavailable,
    Observed,
    ObservedState,
    ProbeResult,
    Retryable,
    quarantine,
)
from sandbox.enums import (
    BookingState,
    Desired,
    EnvironmentEventKind,
    EnvironmentState,
    TestChange,
)
from sandbox.leases import Claim
from sandbox.models import Environment
from sandbox.querysets import FINAL

logger = logging.getLogger(__name__)

PROBES = 5
PROBE_PATIENCE = 4.0
"""Seconds; between two of them the page of the booking gets the last words of the program."""
PROBE_AGAIN = timedelta(seconds=5)
_UNDER_WAY = (ObservedState.RUNNING, ObservedState.CREATING)
_SET_UP = (
    EnvironmentState.PROVISIONING,
    EnvironmentState.STARTING,
    EnvironmentState.READY,
    EnvironmentState.DEGRADED,
)
"""An engine is to run it: what a quarantine is lifted to, and what comes after that."""


def prepare(claimed: Claim) -> None:
    """PENDING: the engine must answer and have room, and the slot be empty, whatever its rows promise; then
    the passwords are made.
    """
    spec, asked_at = claimed.spec, clock.of_database()
    health = claimed.backend.check() if claimed.environment.desired == Desired.PRESENT else None
    if health is not None and not health.ok:
        raise BackendUnavailable(health.detail, after=60)
    with claimed.writing() as environment:
        if environment is None:
            return
        if (
            environment.next_action_at > clock.of_database()
            and environment.desired == Desired.PRESENT
        ):
            return  # moved to a later time meanwhile
        if Environment.objects.owning().filter(slot=environment.slot).exists():
            if _take_another_place(environment):
                return  # due at once: perhaps at another engine
            if environment.last_step != EnvironmentEventKind.WAITING_FOR_SLOT:
                environment.record(EnvironmentEventKind.WAITING_FOR_SLOT)
            delays.wait(environment, delays.backoff(environment.attempts))
            return
        if environment.desired == Desired.PRESENT and health is not None:
            room.reserve(environment, spec, health, asked_at=asked_at)
            services.ensure_credentials(environment, spec)
            environment.provision()


def _take_another_place(environment: Environment) -> bool:
    """Whoever had the place before is still in it; ``environment`` has nothing anywhere yet."""
    held = environment.booking.allocations.held().select_related("slot__pool").first()
    if held is None or environment.desired == Desired.ABSENT:
        return False
    slot = capacity.another_place(held, is_trial=environment.booking.is_trial)
    if slot is None:
        return False
    environment.slot, environment.backend = slot, slot.backend
    environment.save(update_fields=["slot", "backend"])
    logger.info("sandbox: another place", extra={"environment": environment.backend_key})
    return True


def set_up(claimed: Claim) -> None:
    """PROVISIONING: the engine makes it; what it has of an earlier attempt it takes over."""
    found = ensure(claimed)
    if found.state not in _UNDER_WAY and delays.is_over_time(claimed):
        failing.give_up(claimed, failing.TOO_SLOW, "provisioning took too long", too_slow=True)
        return
    with claimed.writing() as environment:
        if environment is None or environment.desired == Desired.ABSENT:
            return  # ended meanwhile: still due, and the next step removes it
        if found.state not in _UNDER_WAY:
            delays.wait(environment, delays.backoff(environment.attempts))
            return
        environment.start(endpoint=found.endpoint, others=found.others)


def ensure(claimed: Claim) -> Observed:
    environment, spec = claimed.environment, claimed.spec
    origins = addresses.origins_of(environment.booking, spec.other_ports)
    found = claimed.backend.ensure(
        replace(claimed.ref, origins=origins),
        spec,
        services.plain_credentials(environment),
        expires_at=environment.expires_at,
    )
    state = _state_of(environment)
    if state == EnvironmentState.QUARANTINED:
        quarantine(claimed.backend, claimed.ref)
        state = _state_of(environment)
        if state in _SET_UP:
            # Lifted meanwhile: we may have cut off what another worker has started since.
            return ensure(claimed)
    if state in FINAL:
        # We stood still past our lease: another worker has proved meanwhile that nothing is left.
        logger.warning("sandbox: late, removed", extra={"environment": environment.backend_key})
        claimed.backend.destroy(claimed.ref)
    return found


def _state_of(environment: Environment) -> str:
    """As it is now, whoever has changed it."""
    return Environment.objects.values_list("state", flat=True).get(pk=environment.pk)


def wait_until_ready(claimed: Claim) -> None:
    """STARTING: asked by us, not by the engine, whose own checks may never run (sandbox.md 4)."""
    if claimed.environment.restart_at is not None:
        restart(claimed)
        return
    result = probe_patiently(claimed)
    if result.ok:
        hand_over(claimed)
        return
    if delays.is_over_time(claimed):
        failing.give_up(claimed, failing.TOO_SLOW, result.detail, too_slow=True)
        return
    # What was given back may be cut off still, by whoever stood still while it was: it runs, and nobody reaches it.
    if result.is_over or claimed.environment.is_released:
        if claimed.environment.ready_at is not None and failing.is_lost(claimed):
            return
        ensure(claimed)
    with claimed.writing() as environment:
        if environment is not None:
            delays.wait(environment, PROBE_AGAIN)


def restart(claimed: Claim) -> None:
    """Stopped once; a step that is repeated stops it once more, which only takes time."""
    if failing.is_lost(claimed):
        return
    claimed.backend.halt(claimed.ref)
    found = ensure(claimed)
    with claimed.writing() as environment:
        if environment is None or environment.desired == Desired.ABSENT:
            return
        environment.restart_at = None
        environment.endpoint = found.endpoint or environment.endpoint
        environment.other_addresses = dict(found.others or environment.other_addresses)
        environment.save(update_fields=["restart_at", "endpoint", "other_addresses"])


def _probe(claimed: Claim, patience: float) -> ProbeResult:
    """The first component that is not ready, or a good result."""
    for component in claimed.spec.components:
        if component.readiness is not None:
            result = claimed.backend.probe(claimed.ref, component.readiness, patience=patience)
            if not result.ok:
                return result
    return ProbeResult(ok=True)


def probe_patiently(claimed: Claim) -> ProbeResult:
    """While it does not answer, the page of the booking shows what its programs say."""
    result = _probe(claimed, PROBE_PATIENCE)
    for _time in range(PROBES - 1):
        if result.ok or result.is_over:
            break
        lines = log_tail.read(claimed.backend, claimed.ref, claimed.environment, failing.LOG_LINES)
        log_tail.store(claimed.environment, lines)
        result = _probe(claimed, PROBE_PATIENCE)
    return result


def hand_over(claimed: Claim) -> None:
    found = claimed.backend.observe(claimed.ref)
    with claimed.writing() as environment:
        if environment is None or environment.desired == Desired.ABSENT:
            return
        is_new = environment.ready_at is None
        was_told = not is_new and failing.is_told(environment)
        is_released = environment.is_released
        endpoint = found.endpoint or environment.endpoint
        if not endpoint:
            raise Retryable("the engine names no address")
        environment.hand_over(endpoint=endpoint, others=found.others)
        if found.expires_at == environment.expires_at:
            delays.wait_for_end(environment)
        booking = environment.booking
        if booking.state == BookingState.APPROVED:
            booking.activate()
        if is_released:
            circle_mails.tell(booking, TestChange.RESUMED)
        if is_new:
            notifications.booking_ready(environment)
        elif is_released:
            notifications.booking_released(environment)
        elif was_told:
            notifications.booking_repaired(environment)
        logger.info("sandbox: ready", extra={"environment": environment.backend_key})
