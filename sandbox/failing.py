"""When it does not work: tried again, kept and told, or given up."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.utils.translation import gettext_noop

from osk_portal.notifications.doorbell import ring
from osk_portal.toolkit import clock
from sandbox import (
    delays,
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
    CapacityExhausted,
    ObservedState,
    Retryable,
)
from sandbox.enums import Desired, EnvironmentEventKind, EnvironmentState
from sandbox.leases import Claim
from sandbox.models import Booking, Environment, EnvironmentEvent
from sandbox.querysets import REMOVAL_ALERT

logger = logging.getLogger(__name__)

MAX_GENERATIONS = 3
LOG_LINES = 40
HELD_AGAIN = timedelta(seconds=30)
SETUP_FAILED = gettext_noop("We could not set up the environment.")
TOO_SLOW = gettext_noop("The product did not answer in time.")
LOST = gettext_noop("The environment has disappeared.")
_WAITS = (
    (BackendUnavailable, EnvironmentEventKind.WAITING_FOR_ENGINE),
    (CapacityExhausted, EnvironmentEventKind.WAITING_FOR_ROOM),
)


def try_again(claimed: Claim, error: Retryable) -> None:
    environment = claimed.environment
    removing = environment.keeps_its_course or environment.begins_to_go
    if not removing and environment.ready_at is not None:
        keep(claimed, error.detail, after=error.after)
        return
    # What an engine lacks is no fault of this generation, and the next one would find no more of it.
    waits_for = next((kind for what, kind in _WAITS if isinstance(error, what)), None)
    if not removing and waits_for is None and delays.is_over_time(claimed):
        give_up(claimed, SETUP_FAILED, error.detail)
        return
    is_slow = removing and delays.is_too_late(environment, REMOVAL_ALERT)
    with claimed.writing() as locked:
        if locked is None:
            return
        if not removing:
            _note_a_delay(locked, waits_for)
        if is_slow and environment.state == EnvironmentState.QUARANTINED:
            operator_mails.not_isolated(locked)
        elif is_slow:
            kind = EnvironmentEventKind.REMOVAL_SLOW
            if not locked.events.filter(kind=kind).exists():
                locked.record(kind)
                operator_mails.removal_slow(locked)
        locked.error_for_operator = _storable(error.detail)
        locked.save(update_fields=["error_for_operator"])
        pause = max(delays.backoff(locked.attempts), timedelta(seconds=error.after))
        if removing:
            # Also one that has not begun: it broke just now, and is not to break without a pause.
            locked.next_action_at = clock.of_database() + pause
            locked.save(update_fields=["next_action_at"])
        else:
            delays.wait(locked, pause)
    extra = {"environment": environment.backend_key, "detail": error.detail}
    if is_slow:
        is_kept = environment.state == EnvironmentState.QUARANTINED
        what = "the quarantine does not take effect" if is_kept else "the removal does not end"
        logger.error("sandbox: %s", what, extra=extra)
    else:
        logger.warning("sandbox: tried again later", extra=extra)


def _note_a_delay(environment: Environment, waits_for: EnvironmentEventKind | None) -> None:
    """The person reads why it is not set up yet; while its engine is away or full no time limit runs."""
    last = environment.last_step
    if waits_for is None:
        if environment.attempts == 1 or last in [kind for _what, kind in _WAITS]:
            environment.record(EnvironmentEventKind.RETRYING)
        return
    if last != waits_for:
        environment.record(waits_for)
    if not environment.is_by_hand:
        environment.state_since = clock.of_database()
        environment.save(update_fields=["state_since"])


def give_up(
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
    if claimed.environment.keeps_its_course or claimed.environment.begins_to_go:
        # A removal is never given up by itself: only an operator may forget it.
        try_again(claimed, Retryable(detail, after=delays.LONGEST_BACKOFF.total_seconds()))
        return
    if claimed.environment.ready_at is not None and not lost:
        keep(
            claimed, detail, after=delays.LONGEST_BACKOFF.total_seconds() if is_final else 0,
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
            for_user=_storable(for_user),
            for_operator=_storable("\n".join([str(detail), *lines])),
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


def is_lost(claimed: Claim) -> bool:
    """Given up because the engine says that nothing of it is left; while the database may be older than
    the engine it only waits. Raises BackendUnavailable where the engine cannot tell: then nothing may be
    made in its place either.
    """
    found = claimed.backend.observe(claimed.ref)
    if found.state == ObservedState.UNKNOWN:
        raise BackendUnavailable("the engine cannot tell what is left of it", after=30)
    if found.state != ObservedState.ABSENT:
        return False
    if restoring.is_held():
        _wait_for_a_word(claimed)
        return True
    give_up(claimed, LOST, "nothing of it is left at the engine", lost=True)
    return True


def _wait_for_a_word(claimed: Claim) -> None:
    """Of the operators: what the engine lacks may be what was ended after the backup. Nobody is told of it."""
    with claimed.writing() as environment:
        if environment is not None:
            delays.wait(environment, HELD_AGAIN)
    logger.warning(
        "sandbox: not there, only reported",
        extra={"environment": claimed.environment.backend_key},
    )


def keep(claimed: Claim, detail: str, *, after: float = 0, needs_a_person: bool = False) -> None:
    """Somebody has worked in it, so it is never given up by itself: tried again, and told.

    ``needs_a_person``: trying again is of no use by itself, so that is told at once.
    """
    is_late = needs_a_person or delays.is_over_time(claimed)
    with claimed.writing() as environment:
        if environment is None:
            return
        environment.error_for_operator = _storable(detail)
        environment.save(update_fields=["error_for_operator"])
        if is_late and environment.desired == Desired.PRESENT:
            was_told = is_told(environment)
            if environment.state == EnvironmentState.STARTING:
                environment.disturb()
            if not was_told:
                environment.record(EnvironmentEventKind.STILL_DISTURBED)
                notifications.booking_disturbed(environment)
                operator_mails.disturbed(environment)
        delays.wait(
            environment, max(delays.backoff(environment.attempts), timedelta(seconds=after))
        )
    logger.warning(
        "sandbox: disturbed, tried again later",
        extra={"environment": claimed.environment.backend_key, "detail": detail},
    )


def is_told(environment: Environment) -> bool:
    """Its people know that it has not worked since it last did."""
    kinds = (
        EnvironmentEventKind.STILL_DISTURBED,
        EnvironmentEventKind.READY,
        EnvironmentEventKind.REPAIRED,
    )
    last = environment.events.filter(kind__in=kinds).order_by("pk").last()
    return last is not None and last.kind == EnvironmentEventKind.STILL_DISTURBED


def _last_words(claimed: Claim) -> list[str]:
    try:
        return log_tail.read(claimed.backend, claimed.ref, claimed.environment, LOG_LINES)
    except BackendError:
        return []  # its engine is not configured any more


def _storable(text: object) -> str:
    """What an engine said may hold what no database takes."""
    return str(text).replace("\0", "").encode("utf-8", "replace").decode()


def _failures(booking: Booking) -> int:
    """Generations that did not come or were lost; a reset by a person is none."""
    return EnvironmentEvent.objects.filter(
        environment__booking=booking,
        kind__in=(EnvironmentEventKind.FAILED, EnvironmentEventKind.LOST),
    ).count()
