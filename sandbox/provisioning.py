"""From a booking to what it promised, and back to nothing (sandbox.md section 1).

Every step is the same three moves: **claim** the row (lease in a short transaction), **work** at the
engine without any transaction, **write** the outcome in a second short transaction that looks at the
lease token and at ``desired`` first. A worker that dies leaves a lease that runs out; whoever takes the
row next repeats the step, and every step at an engine may be repeated.

No waiting lives in the broker: what is due says ``next_action_at``, and the tick rings for it.
"""

from __future__ import annotations

import logging
import os
import random
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext_noop

from osk_portal.notifications.doorbell import ring
from osk_portal.toolkit import clock
from osk_portal.toolkit.clock import DbNow
from osk_portal.toolkit.encryption import CannotDecrypt
from sandbox import (
    addresses,
    backends,
    capacity,
    log_tail,
    notifications,
    operator_mails,
    participant_mails,
    restoring,
    services,
)
from sandbox.backends.base import (
    BackendError,
    BackendUnavailable,
    EnvRef,
    Observed,
    ObservedState,
    Permanent,
    ProbeResult,
    Retryable,
    SandboxBackend,
    quarantine,
)
from sandbox.enums import (
    BookingState,
    Desired,
    EnvironmentEventKind,
    EnvironmentState,
)
from sandbox.models import Booking, Environment, EnvironmentEvent, RemovalProof
from sandbox.querysets import FINAL, REMOVAL_ALERT
from sandbox.spec import EnvSpec, SpecError

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
HEARTBEAT_SECONDS = 10
BATCH = 50
STEPS_AT_ONCE = 10
"""A run that goes well needs three; a loop that does not end must not hold the worker."""
PROVISIONING_TIMEOUT = timedelta(minutes=10)
DISTURBANCE_ALERT = timedelta(minutes=10)
MAX_GENERATIONS = 3
PROBES = 5
PROBE_PATIENCE = 4.0
"""Seconds; between two of them the page of the booking gets the last words of the program."""
PROBE_AGAIN = timedelta(seconds=5)
FIRST_BACKOFF = timedelta(seconds=5)
LONGEST_BACKOFF = timedelta(minutes=5)
HELD_AGAIN = timedelta(seconds=30)
LOG_LINES = 40

SETUP_FAILED = gettext_noop("We could not set up the environment.")
TOO_SLOW = gettext_noop("The product did not answer in time.")
LOST = gettext_noop("The environment has disappeared.")

_UNDER_WAY = (ObservedState.RUNNING, ObservedState.CREATING)
_chance = random.SystemRandom()


# What is due


def tick() -> list[int]:
    """End what is over, remind of what ends soon, then ring for what is due. Returns the ids rung for."""
    if not restoring.is_held():
        # A database that was restored knows too little to decide anything by itself.
        services.expire_holds()
        end_what_is_over()
        services.tell_late()
        services.send_reminders()
        services.remind_operators()
        services.offer_places()
        restoring.advance()
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
    return ids


def end_what_is_over() -> None:
    """Bookings whose window is over end. What was never handed over has failed: it takes no days."""
    for booking_id in list(Booking.objects.due_to_end().values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            booking = (
                Booking.objects.due_to_end()
                .select_for_update(skip_locked=True, of=("self",))
                .select_related("blueprint_version__blueprint", "booked_by")
                .filter(pk=booking_id)
                .first()
            )
            if booking is None:
                continue
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
    logger.warning("sandbox: never set up", extra={"environment": newest.backend_key})


# Claim and fence


@dataclass(frozen=True)
class Claim:
    """The right to work on an environment until the lease runs out."""

    environment: Environment
    token: uuid.UUID

    @property
    def ref(self) -> EnvRef:
        """With the address of the gate, which products write into their own links."""
        origin = addresses.origin_of(self.environment.booking)
        return replace(ref_of(self.environment), origin=origin)

    @property
    def spec(self) -> EnvSpec:
        """Raises SpecError where the row was changed past the admin."""
        found: EnvSpec = self.environment.booking.blueprint_version.parsed
        return found

    @property
    def backend(self) -> SandboxBackend:
        return backends.get(self.environment.backend)

    @contextmanager
    def heartbeat(self) -> Iterator[None]:
        """Extends the lease while the engine works, so that slow is not taken for dead."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(HEARTBEAT_SECONDS):
                try:
                    mine = Environment.objects.filter(lease_token=self.token)
                    mine.update(lease_until=DbNow() + LEASE)
                except DatabaseError:
                    logger.warning("sandbox: heartbeat missed", exc_info=True)
                finally:
                    connection.close()

        thread = threading.Thread(target=beat, name="sandbox-heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    @contextmanager
    def writing(self) -> Iterator[Environment | None]:
        """The row and its booking, locked, the lease given back; None where the claim was lost.

        Who has lost it writes nothing: the next owner repeats the step from what the engine has.
        The booking is locked first, as everywhere, so that two writers never wait for each other.
        """
        with transaction.atomic():
            booking = (
                Booking.objects.select_for_update(of=("self",))
                .select_related("blueprint_version__blueprint", "booked_by")
                .get(pk=self.environment.booking_id)
            )
            environment = (
                Environment.objects.select_for_update(of=("self",))
                .select_related("slot__pool")
                .filter(pk=self.environment.pk, lease_token=self.token)
                .first()
            )
            if environment is None:
                logger.warning(
                    "sandbox: lease lost, outcome dropped",
                    extra={"environment": self.environment.backend_key},
                )
            else:
                environment.booking = booking
                services.release_lease(environment)
            yield environment


def ref_of(environment: Environment) -> EnvRef:
    """``environment`` with its booking, version and product."""
    return EnvRef(
        settings.OSK_SANDBOX_INSTANCE,
        str(environment.public_id),
        environment.generation,
        template=environment.template,
    )


def claim(environment_id: int) -> Claim | None:
    """Take the lease where work is due and nobody else has it. Counts the attempt."""
    with transaction.atomic():
        environment = (
            Environment.objects.due()
            .select_for_update(skip_locked=True, of=("self",))
            .filter(pk=environment_id)
            .first()
        )
        if environment is None:
            return None
        if environment.lease_token is not None:
            logger.warning(
                "sandbox: taken over from a worker that went away",
                extra={
                    "environment": environment.backend_key,
                    "worker": environment.lease_owner,
                    "state": environment.state,
                },
            )
        token = uuid.uuid4()
        Environment.objects.filter(pk=environment.pk).update(
            lease_owner=f"{socket.gethostname()}:{os.getpid()}"[:100],
            lease_until=DbNow() + LEASE,
            lease_token=token,
            attempts=environment.attempts + 1,
        )
    environment = Environment.objects.select_related(
        "booking__blueprint_version__blueprint", "slot__pool"
    ).get(pk=environment_id)
    return Claim(environment, token)


def work(environment_id: int) -> None:
    """Do what is due for one environment, step by step until it has to wait. Twice is once."""
    for _ in range(STEPS_AT_ONCE):
        claimed = claim(environment_id)
        if claimed is None:
            return
        with claimed.heartbeat():
            _step(claimed)


def _step(claimed: Claim) -> None:
    environment = claimed.environment
    if environment.desired == Desired.ABSENT and not environment.keeps_its_course:
        _begin_removal(claimed)
        return
    steps: dict[str, Callable[[Claim], None]] = {
        EnvironmentState.PENDING: _prepare,
        EnvironmentState.PROVISIONING: _set_up,
        EnvironmentState.STARTING: _wait_until_ready,
        EnvironmentState.READY: _rest,
        EnvironmentState.DEGRADED: _repair,
        EnvironmentState.TEARING_DOWN: _remove,
        EnvironmentState.QUARANTINED: _keep_apart,
    }
    try:
        steps[environment.state](claimed)
    except Permanent as error:
        message = error.message_for_user or SETUP_FAILED
        _give_up(claimed, message, error.detail_for_operator, is_final=True)
    except Retryable as error:
        _try_again(claimed, error)
    except SpecError as error:
        _give_up(claimed, SETUP_FAILED, str(error), is_final=True)
    except CannotDecrypt:
        # The next generation makes passwords of its own.
        _give_up(claimed, SETUP_FAILED, "the key of the credentials was lost")


# Steps, one a state


def _prepare(claimed: Claim) -> None:
    """PENDING: the engine must answer and the slot be empty, whatever its rows promise; then the
    passwords are made.
    """
    spec = claimed.spec
    if claimed.environment.desired == Desired.PRESENT:
        health = claimed.backend.check()
        if not health.ok:
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
            if not environment.events.filter(kind=EnvironmentEventKind.WAITING_FOR_SLOT).exists():
                environment.record(EnvironmentEventKind.WAITING_FOR_SLOT)
            _wait(environment, _backoff(environment.attempts))
            return
        if environment.desired == Desired.PRESENT:
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


def _set_up(claimed: Claim) -> None:
    """PROVISIONING: the engine makes it; what it has of an earlier attempt it takes over."""
    found = _ensure(claimed)
    if found.state not in _UNDER_WAY and _is_over_time(claimed):
        _give_up(claimed, TOO_SLOW, "provisioning took too long", too_slow=True)
        return
    with claimed.writing() as environment:
        if environment is None or environment.desired == Desired.ABSENT:
            return  # ended meanwhile: still due, and the next step removes it
        if found.state not in _UNDER_WAY:
            _wait(environment, _backoff(environment.attempts))
            return
        environment.start(endpoint=found.endpoint, others=found.others)


def _ensure(claimed: Claim) -> Observed:
    environment, spec = claimed.environment, claimed.spec
    origins = addresses.origins_of(environment.booking, spec.other_ports)
    found = claimed.backend.ensure(
        replace(claimed.ref, origins=origins),
        spec,
        services.plain_credentials(environment),
        expires_at=environment.expires_at,
    )
    state = Environment.objects.values_list("state", flat=True).get(pk=environment.pk)
    if state == EnvironmentState.QUARANTINED:
        quarantine(claimed.backend, claimed.ref)
    elif state in FINAL:
        # We stood still past our lease: another worker has proved meanwhile that nothing is left.
        logger.warning("sandbox: late, removed", extra={"environment": environment.backend_key})
        claimed.backend.destroy(claimed.ref)
    return found


def _wait_until_ready(claimed: Claim) -> None:
    """STARTING: asked by us, not by the engine, whose own checks may never run (sandbox.md 4)."""
    if claimed.environment.restart_at is not None:
        _restart(claimed)
        return
    result = _probe_patiently(claimed)
    if result.ok:
        _hand_over(claimed)
        return
    if _is_over_time(claimed):
        _give_up(claimed, TOO_SLOW, result.detail, too_slow=True)
        return
    if result.is_over:
        if claimed.environment.ready_at is not None and _is_lost(claimed):
            return
        _ensure(claimed)
    with claimed.writing() as environment:
        if environment is not None:
            _wait(environment, PROBE_AGAIN)


def _restart(claimed: Claim) -> None:
    """Stopped once; a step that is repeated stops it once more, which only takes time."""
    if _is_lost(claimed):
        return
    claimed.backend.halt(claimed.ref)
    found = _ensure(claimed)
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


def _probe_patiently(claimed: Claim) -> ProbeResult:
    """While it does not answer, the page of the booking shows what its programs say."""
    result = _probe(claimed, PROBE_PATIENCE)
    for _time in range(PROBES - 1):
        if result.ok or result.is_over:
            break
        lines = log_tail.read(claimed.backend, claimed.ref, claimed.environment, LOG_LINES)
        log_tail.store(claimed.environment, lines)
        result = _probe(claimed, PROBE_PATIENCE)
    return result


def _hand_over(claimed: Claim) -> None:
    found = claimed.backend.observe(claimed.ref)
    with claimed.writing() as environment:
        if environment is None or environment.desired == Desired.ABSENT:
            return
        is_new = environment.ready_at is None
        was_told = environment.state == EnvironmentState.DEGRADED and _is_told(environment)
        environment.hand_over(endpoint=found.endpoint or environment.endpoint, others=found.others)
        if found.expires_at == environment.expires_at:
            _wait_for_end(environment)
        booking = environment.booking
        if booking.state == BookingState.APPROVED:
            booking.activate()
        if is_new:
            notifications.booking_ready(environment)
        elif was_told:
            notifications.booking_repaired(environment)
        logger.info("sandbox: ready", extra={"environment": environment.backend_key})


def _rest(claimed: Claim) -> None:
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
                _wait(environment, _backoff(environment.attempts))
        return
    with claimed.writing() as environment:
        if environment is not None and environment.expires_at == told:
            _wait_for_end(environment)


def _repair(claimed: Claim) -> None:
    """DEGRADED: started again with its data, for as long as it takes; what has disappeared comes back
    as a new generation.
    """
    if claimed.environment.restart_at is not None:
        _restart(claimed)
        return
    if _is_lost(claimed):
        return
    if claimed.backend.observe(claimed.ref).state != ObservedState.RUNNING:
        _ensure(claimed)
    result = _probe_patiently(claimed)
    if result.ok:
        _hand_over(claimed)
        return
    _keep(claimed, result.detail)


def _is_lost(claimed: Claim) -> bool:
    """Given up because the engine says that nothing of it is left. Raises BackendUnavailable where it
    cannot tell: then nothing may be made in its place either.
    """
    found = claimed.backend.observe(claimed.ref)
    if found.state == ObservedState.UNKNOWN:
        raise BackendUnavailable("the engine cannot tell what is left of it", after=30)
    if found.state != ObservedState.ABSENT:
        return False
    _give_up(claimed, LOST, "nothing of it is left at the engine", lost=True)
    return True


def _keep(claimed: Claim, detail: str, *, after: float = 0, needs_a_person: bool = False) -> None:
    """Somebody has worked in it, so it is never given up by itself: tried again, and told.

    ``needs_a_person``: trying again is of no use by itself, so that is told at once.
    """
    is_late = needs_a_person or _is_over_time(claimed)
    with claimed.writing() as environment:
        if environment is None:
            return
        environment.error_for_operator = detail
        environment.save(update_fields=["error_for_operator"])
        if is_late and environment.desired == Desired.PRESENT:
            was_told = _is_told(environment)
            if environment.state == EnvironmentState.STARTING:
                environment.disturb()
            if not was_told:
                environment.record(EnvironmentEventKind.STILL_DISTURBED)
                notifications.booking_disturbed(environment)
                operator_mails.disturbed(environment)
        _wait(environment, max(_backoff(environment.attempts), timedelta(seconds=after)))
    logger.warning(
        "sandbox: disturbed, tried again later",
        extra={"environment": claimed.environment.backend_key, "detail": detail},
    )


def _is_told(environment: Environment) -> bool:
    """Its people know that it has not worked since it last did."""
    kinds = (
        EnvironmentEventKind.STILL_DISTURBED,
        EnvironmentEventKind.READY,
        EnvironmentEventKind.REPAIRED,
    )
    last = environment.events.filter(kind__in=kinds).order_by("pk").last()
    return last is not None and last.kind == EnvironmentEventKind.STILL_DISTURBED


def _keep_apart(claimed: Claim) -> None:
    """QUARANTINED: stopped, cut off, and kept until its date; then removed like any other."""
    until = claimed.environment.quarantined_until
    if (
        claimed.environment.isolated_at is not None
        and until is not None
        and until <= clock.of_database()
    ):
        _begin_removal(claimed)
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


def _is_held(claimed: Claim, found: Observed | None = None) -> bool:
    """Nothing is removed while the database may be older than what the engine has."""
    if found is not None:
        restoring.compare(claimed.environment, found)
    if not restoring.is_held():
        return False
    with claimed.writing() as environment:
        if environment is not None:
            kind = EnvironmentEventKind.REMOVAL_HELD
            if not environment.events.filter(kind=kind).exists():
                environment.record(kind)
            environment.next_action_at = clock.of_database() + HELD_AGAIN
            environment.save(update_fields=["next_action_at"])
    return True


def _begin_removal(claimed: Claim) -> None:
    """Writes down what there is before anything goes, so that the proof names it."""
    found: Observed | None = None
    try:
        found = claimed.backend.observe(claimed.ref)
    except BackendError as error:
        # What is there cannot be named then; that it goes is tried, and told, all the same.
        logger.warning(
            "sandbox: not seen before its removal",
            extra={"environment": claimed.environment.backend_key, "detail": str(error)},
        )
    if _is_held(claimed, found):
        return
    items = found.items if found is not None else ()
    with claimed.writing() as environment:
        if environment is None:
            return
        for item in items:
            RemovalProof.objects.get_or_create(
                environment=environment, kind=item.kind, name=item.name[:200]
            )
        environment.tear_down()


def _remove(claimed: Claim) -> None:
    """TEARING_DOWN: gone is what the engine, asked again, says is absent. Unknown is not gone."""
    if _is_held(claimed):
        return
    claimed.backend.destroy(claimed.ref)
    found = claimed.backend.observe(claimed.ref)
    if found.state == ObservedState.ASKED:
        _wait_for_a_person(claimed)
        return
    if found.state != ObservedState.ABSENT:
        raise Retryable(f"still {found.state} after the removal")
    with claimed.writing() as environment:
        if environment is None:
            return
        environment.vanish()
        # What a person confirmed bears the time of their word already.
        environment.proofs.filter(verified_at__isnull=True).update(verified_at=clock.of_database())
        services.wipe_credentials(environment)
        services.wipe_mails(environment)
        booking = environment.booking
        if booking.is_holding and booking.ends_at > clock.of_database():
            services.add_generation(booking, environment.slot)
            return
        services.release_slot(booking)
        if booking.state != BookingState.FAILED and _had_begun(environment):
            notifications.booking_ended(booking)
        logger.info("sandbox: gone", extra={"environment": environment.backend_key})


# When it does not work


def _try_again(claimed: Claim, error: Retryable) -> None:
    environment = claimed.environment
    removing = environment.keeps_its_course
    if not removing and environment.ready_at is not None:
        _keep(claimed, error.detail, after=error.after)
        return
    is_away = isinstance(error, BackendUnavailable)
    if not removing and not is_away and _is_over_time(claimed):
        _give_up(claimed, SETUP_FAILED, error.detail)
        return
    is_slow = removing and _is_too_late(environment, REMOVAL_ALERT)
    with claimed.writing() as locked:
        if locked is None:
            return
        if not removing:
            _note_a_delay(locked, is_away=is_away)
        if is_slow:
            kind = EnvironmentEventKind.REMOVAL_SLOW
            if not locked.events.filter(kind=kind).exists():
                locked.record(kind)
                operator_mails.removal_slow(locked)
        locked.error_for_operator = error.detail
        locked.save(update_fields=["error_for_operator"])
        _wait(locked, max(_backoff(locked.attempts), timedelta(seconds=error.after)))
    extra = {"environment": environment.backend_key, "detail": error.detail}
    if is_slow:
        logger.error("sandbox: the removal does not end", extra=extra)
    else:
        logger.warning("sandbox: tried again later", extra=extra)


def _note_a_delay(environment: Environment, *, is_away: bool) -> None:
    """The person reads why it is not set up yet; while its engine is away no time limit runs."""
    if not is_away:
        if environment.attempts == 1:
            environment.record(EnvironmentEventKind.RETRYING)
        return
    if not environment.waits_for_engine:
        environment.record(EnvironmentEventKind.WAITING_FOR_ENGINE)
    if not environment.is_by_hand:
        environment.state_since = clock.of_database()
        environment.save(update_fields=["state_since"])


def _give_up(
    claimed: Claim,
    for_user: str,
    detail: str,
    *,
    lost: bool = False,
    is_final: bool = False,
    too_slow: bool = False,
) -> None:
    """This generation will not come. The next one follows where the window and the count allow it.

    Each time the log says in words what comes next.
    """
    if claimed.environment.keeps_its_course:
        # A removal is never given up by itself: only an operator may forget it.
        _try_again(claimed, Retryable(detail, after=LONGEST_BACKOFF.total_seconds()))
        return
    if claimed.environment.ready_at is not None and not lost:
        _keep(
            claimed, detail, after=LONGEST_BACKOFF.total_seconds() if is_final else 0,
            needs_a_person=is_final,
        )  # fmt: skip
        return
    lines = _last_words(claimed)
    with claimed.writing() as environment:
        if environment is None:
            return
        if too_slow:
            environment.record(EnvironmentEventKind.TOO_SLOW)
        environment.fail(
            for_user=for_user,
            for_operator="\n".join([detail, *lines]),
            kind=EnvironmentEventKind.LOST if lost else EnvironmentEventKind.FAILED,
        )
        ring(services.WORK, environment_id=environment.pk)
        booking = environment.booking
        if not booking.is_holding:
            return
        # A trial run is to show whether it works: it does not, once is enough.
        most = 1 if booking.is_trial else MAX_GENERATIONS
        is_enough = is_final or _failures(booking) >= most
        if not is_enough and booking.ends_at > clock.of_database():
            environment.record(EnvironmentEventKind.REPLACED)
            logger.warning("sandbox: set up anew", extra={"environment": environment.backend_key})
            return
        environment.record(EnvironmentEventKind.GIVEN_UP)
        booking.fail()
        notifications.booking_failed(environment)
        operator_mails.booking_failed(environment)
        participant_mails.access_ended(booking)
        logger.error(
            "sandbox: booking failed",
            extra={"environment": environment.backend_key, "detail": detail},
        )


def _last_words(claimed: Claim) -> list[str]:
    try:
        return log_tail.read(claimed.backend, claimed.ref, claimed.environment, LOG_LINES)
    except BackendError:
        return []


def _had_begun(environment: Environment) -> bool:
    """Else the booking was cancelled before its set-up, and the person was told so at once."""
    return (
        environment.generation > 1
        or environment.events.filter(kind=EnvironmentEventKind.SECRETS_MADE).exists()
    )


def _failures(booking: Booking) -> int:
    """Generations that did not come or were lost; a reset by a person is none."""
    return EnvironmentEvent.objects.filter(
        environment__booking=booking,
        kind__in=(EnvironmentEventKind.FAILED, EnvironmentEventKind.LOST),
    ).count()


# Small things


def _is_too_late(environment: Environment, timeout: timedelta) -> bool:
    return clock.of_database() - environment.state_since > timeout


def _is_over_time(claimed: Claim) -> bool:
    """It has been in its state for longer than it may: ten minutes at an engine, to start as long as its
    specification says. What waits for its place has none; a person is reminded, and has until the end.
    """
    environment = claimed.environment
    if environment.state == EnvironmentState.PENDING:
        return False
    if environment.is_by_hand and environment.ready_at is None:
        return _is_too_late(environment, environment.expires_at - environment.state_since)
    if environment.state == EnvironmentState.DEGRADED:
        return _is_too_late(environment, DISTURBANCE_ALERT)
    if environment.state == EnvironmentState.STARTING:
        try:
            return _is_too_late(environment, timedelta(seconds=claimed.spec.ready_timeout))
        except SpecError:
            logger.warning(
                "sandbox: specification damaged", extra={"environment": environment.backend_key}
            )
    return _is_too_late(environment, PROVISIONING_TIMEOUT)


def _wait_for_a_person(claimed: Claim) -> None:
    """Whose word makes it due at once; the operators are reminded meanwhile."""
    with claimed.writing() as environment:
        if environment is not None:
            _wait(environment, _backoff(environment.attempts))


def _backoff(attempts: int) -> timedelta:
    """5 s, 10 s, 20 s … at most 5 minutes, a fifth more or less so that not all come at once."""
    doublings = min(max(attempts - 1, 0), 10)
    wait: timedelta = min(FIRST_BACKOFF * (1 << doublings), LONGEST_BACKOFF)
    return wait * _chance.uniform(0.8, 1.2)


def _wait(environment: Environment, delay: timedelta) -> None:
    """A removal that was asked for meanwhile waits for nothing."""
    is_ended = environment.desired == Desired.ABSENT and not environment.keeps_its_course
    environment.next_action_at = clock.of_database() + (timedelta() if is_ended else delay)
    environment.save(update_fields=["next_action_at"])


def _wait_for_end(environment: Environment) -> None:
    if environment.desired == Desired.ABSENT:
        return  # it is due already
    environment.next_action_at = environment.expires_at
    environment.save(update_fields=["next_action_at"])
