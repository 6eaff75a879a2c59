"""Steps of what ends: down to the proof that nothing is left."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from django.db import InterfaceError, OperationalError, transaction

from osk_portal.toolkit import clock
from sandbox import delays, failing, notifications, restoring, services
from sandbox.backends.base import BackendError, Item, Observed, ObservedState, Retryable
from sandbox.enums import (
    BookingState,
    EnvironmentEventKind,
    EnvironmentState,
    ProofKind,
    SnapshotState,
)
from sandbox.leases import Claim
from sandbox.models import Environment, RemovalProof
from sandbox.services import snapshots

logger = logging.getLogger(__name__)

_COPY_AGAIN: Final = timedelta(seconds=15)
_OF_THE_PORTAL: Final = (ProofKind.CREDENTIAL, ProofKind.MAIL)
"""What the portal itself kept; all else in a proof was seen at the engine."""


def begin_removal(claimed: Claim) -> None:
    """Writes down what there is before anything goes, so that the proof names it."""
    if _waits_for_a_copy(claimed):
        return
    found = _seen(claimed)
    if _is_held(claimed, found):
        return
    # A set-up that waits has asked its engine for nothing: nobody waits for one that cannot answer. What
    # there is all the same has a row that says gone, and is removed as an orphan.
    is_nothing = claimed.environment.state == EnvironmentState.PENDING and (
        found is None or found.state == ObservedState.UNKNOWN
    )
    items = found.items if found is not None else ()
    with claimed.writing() as environment:
        if environment is None:
            return
        _note(environment, items)
        environment.tear_down()
        if is_nothing:
            _close(environment)


def remove(claimed: Claim) -> None:
    """TEARING_DOWN: gone is what the engine, asked again, says is absent. Unknown is not gone."""
    if _is_held(claimed):
        return
    if not claimed.environment.proofs.exclude(kind__in=_OF_THE_PORTAL).exists():
        _name_what_is_there(claimed)
    claimed.backend.destroy(claimed.ref)
    found = claimed.backend.observe(claimed.ref)
    if found.state == ObservedState.ASKED:
        _wait_for_a_person(claimed)
        return
    if found.state != ObservedState.ABSENT:
        raise Retryable(f"still {found.state} after the removal")
    with claimed.writing() as environment:
        if environment is not None:
            _close(environment)


def _seen(claimed: Claim) -> Observed | None:
    """What the engine has of it. Where it does not say nothing can be named; that it goes is tried all the same."""
    try:
        return claimed.backend.observe(claimed.ref)
    except BackendError as error:
        logger.warning(
            "sandbox: not seen before its removal",
            extra={"environment": claimed.environment.backend_key, "detail": str(error)},
        )
    except (InterfaceError, OperationalError):
        raise
    except Exception:
        # An answer that no engine gives holds up no removal.
        logger.exception(
            "sandbox: not seen before its removal",
            extra={"environment": claimed.environment.backend_key},
        )
    return None


def _name_what_is_there(claimed: Claim) -> None:
    """The engine did not answer when the removal began, or had nothing: what it has now stands in the proof before
    it goes. The lease is kept; who has lost it names nothing.
    """
    found = _seen(claimed)
    if found is None or not found.items:
        return
    with transaction.atomic():
        mine = Environment.objects.select_for_update(of=("self",)).filter(
            pk=claimed.environment.pk, lease_token=claimed.token
        )
        for environment in mine:
            _note(environment, found.items)


def _note(environment: Environment, items: Iterable[Item]) -> None:
    """What cannot be written down of an answer that no engine gives is left out: it holds up no removal."""
    for item in items:
        try:
            with transaction.atomic():
                RemovalProof.objects.get_or_create(
                    environment=environment, kind=item.kind, name=item.name[:200]
                )
        except (InterfaceError, OperationalError):
            raise
        except Exception:
            logger.exception(
                "sandbox: not named in the proof",
                extra={"environment": environment.backend_key, "detail": f"{item!r}"[:300]},
            )


def _close(environment: Environment) -> None:
    """Nothing of it is left; the next generation follows, or its place is free. ``environment`` is locked."""
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
            environment.next_action_at = clock.of_database() + failing.HELD_AGAIN
            environment.save(update_fields=["next_action_at"])
    return True


def _waits_for_a_copy(claimed: Claim) -> bool:
    """Its people asked for it before the end; what is read meanwhile must not go."""
    asked = claimed.environment.snapshots.filter(state=SnapshotState.ASKED)
    if not (snapshots.is_waited_for(claimed.environment) and asked.exists()):
        return False
    with claimed.writing() as environment:
        if environment is not None:
            environment.attempts = 0
            environment.next_action_at = clock.of_database() + _COPY_AGAIN
            environment.save(update_fields=["attempts", "next_action_at"])
    return True


def _wait_for_a_person(claimed: Claim) -> None:
    """Whose word makes it due at once; the operators are reminded meanwhile."""
    with claimed.writing() as environment:
        if environment is not None:
            delays.wait(environment, delays.backoff(environment.attempts))


def _had_begun(environment: Environment) -> bool:
    """Else the booking was cancelled before its set-up, and the person was told so at once."""
    return (
        environment.generation > 1
        or environment.events.filter(kind=EnvironmentEventKind.SECRETS_MADE).exists()
    )
