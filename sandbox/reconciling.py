"""Desired against actual, every minute: what the engines have against what the rows say.

An object of ours without a living row is an orphan and goes after a grace. A row whose object has ended
or disappeared is repaired or replaced, and its person is told. What an engine cannot tell ("unknown") and
what carries another portal's name is left alone. Where the database may be older than the engines
(``restoring.py``) this only reports. What was seen is kept for the page of the operators.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta
from functools import partial

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction

from osk_portal.notifications.doorbell import ring
from osk_portal.toolkit import clock
from osk_portal.toolkit.clock import DbNow
from sandbox import backends, operator_mails, restoring, room, services
from sandbox.backends.base import (
    BackendError,
    EnvRef,
    Health,
    Observed,
    ObservedState,
    SandboxBackend,
)
from sandbox.enums import Desired, EnvironmentState, RestoreEvidence, StrayVerdict
from sandbox.leases import ref_of
from sandbox.models import EngineHealth, Environment, Slot, Stray
from sandbox.one_by_one import each
from sandbox.spec import SpecError

logger = logging.getLogger(__name__)

ORPHAN_GRACE = timedelta(minutes=10)
STRAYS_KEPT = timedelta(days=30)


def reconcile() -> None:
    """Every engine that a slot or an existing environment names."""
    keys = set(Slot.objects.enabled().values_list("backend", flat=True))
    keys |= set(Environment.objects.existing().values_list("backend", flat=True))
    Stray.objects.filter(
        verdict=StrayVerdict.REMOVED, last_seen_at__lt=clock.now() - STRAYS_KEPT
    ).delete()
    # Each also where one before it fails; the error comes at the end.
    each(*(partial(_reconcile, key) for key in sorted(keys)))


def _reconcile(key: str) -> None:
    """Without an answer nothing is known of what exists: no environment counts as lost, no object as an orphan."""
    try:
        backend = backends.get(key)
        health, listed_at = backend.check(), clock.of_database()
        found = {observed.name: observed for observed in backend.observe_all()}
    except BackendError as error:
        logger.warning(
            "sandbox: engine does not answer", extra={"backend": key, "detail": str(error)}
        )
        _keep_health(key, Health(False, str(error)))
        return
    except (InterfaceError, OperationalError):
        raise
    except Exception as error:
        logger.exception("sandbox: engine answers what no engine does", extra={"backend": key})
        _keep_health(key, Health(False, f"unexpected: {type(error).__name__}"))
        return
    _keep_health(key, health)
    each(
        partial(_compare_ends, backend, found),
        partial(_remove_orphans, backend, found, listed_at),
        partial(_find_lost, backend, found),
    )


def _keep_health(key: str, found: Health) -> None:
    """Once a round, or ``since`` of an engine that answers only half of what it is asked began anew each time.

    The page of the operators reads the answer and its age.
    """
    now = clock.of_database()
    before = EngineHealth.objects.filter(backend=key).first()
    since = before.since if before is not None and before.is_ok == found.ok else now
    lacks = room.shortage(found)
    short_since = (before.short_since if before is not None else None) or now
    with transaction.atomic():
        health, _is_new = EngineHealth.objects.update_or_create(
            backend=key,
            defaults={
                "is_ok": found.ok,
                "detail": found.detail[:500],
                "checked_at": now,
                "since": since,
                "shortage": lacks[:200],
                "short_since": short_since if lacks else None,
            },
        )
        if not found.ok and now - since >= operator_mails.ENGINE_ALERT:
            operator_mails.engine_down(health)
        if lacks and now - short_since >= operator_mails.ENGINE_ALERT:
            operator_mails.engine_full(health, since=short_since)


def _compare_ends(backend: SandboxBackend, found: dict[str, Observed]) -> None:
    rows = Environment.objects.existing().filter(backend=backend.key)
    for environment in rows.select_related("booking__blueprint_version__blueprint"):
        observed = found.get(environment.backend_key)
        if observed is None or observed.env != str(environment.public_id):
            continue
        try:
            if observed.expires_at is not None and observed.expires_at > environment.expires_at:
                # The row is younger than the list: the end of what was kept apart moves to an earlier one.
                observed = backend.observe(ref_of(environment))
            restoring.compare(environment, observed)
        except BackendError:
            continue  # seen at the next round
        except (InterfaceError, OperationalError, SoftTimeLimitExceeded):
            raise
        except Exception:
            logger.exception(
                "sandbox: its end could not be compared",
                extra={"environment": environment.backend_key},
            )


def _remove_orphans(
    backend: SandboxBackend, found: dict[str, Observed], listed_at: datetime
) -> None:
    seen: set[str] = set()
    for observed in found.values():
        try:
            is_stray = _look_at(backend, observed, listed_at)
        except (InterfaceError, OperationalError, SoftTimeLimitExceeded):
            raise
        except Exception as error:
            # One that is odd holds up no other.
            logger.exception("sandbox: stray object stays", extra={"object": observed.name})
            is_stray = _note_stuck(backend.key, observed, f"unexpected: {type(error).__name__}")
        if is_stray:
            seen.add(observed.name)
    gone = Stray.objects.there().filter(backend=backend.key).exclude(name__in=seen)
    kept = gone.filter(verdict=StrayVerdict.KEPT).exclude(name__in=found)
    for name in kept.values_list("name", flat=True):
        services.prove_remains_gone(backend.key, name)
    gone.exclude(verdict=StrayVerdict.LATER_END, name__in=found).update(
        verdict=StrayVerdict.REMOVED, detail="", last_seen_at=clock.now()
    )


def _look_at(backend: SandboxBackend, observed: Observed, listed_at: datetime) -> bool:
    """Whether it is one for the list of the operators."""
    if observed.is_remains:
        return _note_remains(backend.key, observed, listed_at)
    if observed.instance != settings.OSK_SANDBOX_INSTANCE:
        if observed.state != ObservedState.UNKNOWN:
            logger.info("sandbox: foreign object left alone", extra={"object": observed.name})
        return False
    if _is_known(observed):
        return False
    verdict, detail = _remove_orphan(backend, observed)
    restoring.note_stray(backend.key, observed, verdict, detail)
    return True


def _note_stuck(key: str, observed: Observed, detail: str) -> bool:
    """In the list of the operators, as far as the database takes what the engine calls it."""
    if observed.is_remains or observed.instance != settings.OSK_SANDBOX_INSTANCE:
        return Stray.objects.there().filter(backend=key, name=observed.name).exists()
    try:
        with transaction.atomic():
            restoring.note_stray(key, observed, StrayVerdict.STUCK, detail)
    except (InterfaceError, OperationalError):
        raise
    except Exception:
        logger.exception("sandbox: stray object cannot be listed", extra={"object": observed.name})
    return True


def _remove_orphan(backend: SandboxBackend, observed: Observed) -> tuple[StrayVerdict, str]:
    """What became of it, and why. The database is asked before each, not once for all."""
    ref = EnvRef(observed.instance, observed.env, observed.generation)
    if ref.name != observed.name:
        # Its label names another one: what would be removed is not what was found.
        logger.warning("sandbox: label does not fit", extra={"object": observed.name})
        return StrayVerdict.DAMAGED, f"{observed.env} {observed.generation}"
    if _is_young(observed):
        return StrayVerdict.GRACE, ""
    if restoring.is_forgotten(backend.key, observed):
        restoring.suspect(RestoreEvidence.UNKNOWN_OBJECT, observed.name)
    if restoring.is_held():
        return StrayVerdict.HELD, ""
    try:
        left = backend.destroy(ref).state
    except BackendError as error:
        logger.warning(
            "sandbox: orphan stays", extra={"object": observed.name, "detail": str(error)}
        )
        return StrayVerdict.STUCK, str(error)
    if left != ObservedState.ABSENT:
        logger.info("sandbox: orphan being removed", extra={"object": observed.name})
        return StrayVerdict.LEAVING, ""
    logger.warning("sandbox: orphan removed", extra={"object": observed.name})
    return StrayVerdict.REMOVED, ""


def _note_remains(key: str, observed: Observed, listed_at: datetime) -> bool:
    """Data that an engine keeps of what the portal has given up: listed until it is gone, or an operator has
    confirmed it. The portal deletes none of it. False where the removal still waits for it, and for another
    portal's.
    """
    with transaction.atomic():
        known = (
            Stray.objects.select_for_update(of=("self",))
            .filter(backend=key, name=observed.name)
            .first()
        )
        environment = Environment.objects.filter(backend=key, backend_key=observed.name).first()
        if environment is None and known is None:
            logger.info("sandbox: foreign object left alone", extra={"object": observed.name})
            return False
        if environment is not None and not environment.is_final:
            return False
        detail = ", ".join(item.name for item in observed.items)[:500]
        is_settled = known is not None and (known.verdict, known.detail) == (
            StrayVerdict.SETTLED,
            detail,
        )
        if not is_settled and environment is not None:
            services.add_remains(environment, observed.items, listed_at=listed_at)
        verdict = StrayVerdict.SETTLED if is_settled else StrayVerdict.KEPT
        restoring.note_stray(key, observed, verdict, detail)
        return True


def _is_known(observed: Observed) -> bool:
    try:
        public_id = uuid.UUID(observed.env)
    except ValueError:
        return False
    return Environment.objects.existing().filter(public_id=public_id).exists()


def _is_young(observed: Observed) -> bool:
    """Without a date it is a process whose folder is gone: nobody is making that just now."""
    return (
        observed.created_at is not None and clock.of_database() - observed.created_at < ORPHAN_GRACE
    )


def _find_lost(backend: SandboxBackend, found: dict[str, Observed]) -> None:
    """Environments that were handed over must run and answer."""
    is_held = restoring.is_held()
    rows = Environment.objects.filter(
        backend=backend.key, state=EnvironmentState.READY, desired=Desired.PRESENT
    ).select_related("booking__blueprint_version__blueprint")
    for environment in rows:
        try:
            is_well = _is_well(backend, environment, found.get(environment.backend_key))
        except (BackendError, SpecError) as error:
            logger.warning(
                "sandbox: could not be checked",
                extra={"environment": environment.backend_key, "detail": str(error)},
            )
            continue
        except (InterfaceError, OperationalError):
            raise
        except Exception:
            logger.exception(
                "sandbox: could not be checked", extra={"environment": environment.backend_key}
            )
            continue
        if is_well:
            Environment.objects.filter(pk=environment.pk).update(checked_at=DbNow())
        elif is_well is False and is_held:
            logger.warning(
                "sandbox: not well, only reported", extra={"environment": environment.backend_key}
            )
        elif is_well is False:
            _disturb(environment)


def _is_well(
    backend: SandboxBackend, environment: Environment, observed: Observed | None
) -> bool | None:
    """None where it cannot be told. The list may be old by now, so what is missing is asked again."""
    if observed is None or observed.state != ObservedState.RUNNING:
        observed = backend.observe(ref_of(environment))
    if observed.state == ObservedState.UNKNOWN:
        return None
    if observed.state != ObservedState.RUNNING:
        return False
    for component in environment.booking.blueprint_version.parsed.components:
        check = component.readiness
        if check is not None and not backend.probe(ref_of(environment), check, patience=3).ok:
            return False
    return True


def _disturb(environment: Environment) -> None:
    with transaction.atomic():
        locked = (
            Environment.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(
                pk=environment.pk,
                state=EnvironmentState.READY,
                desired=Desired.PRESENT,
                lease_token__isnull=True,
            )
            .first()
        )
        if locked is not None:
            locked.disturb()
            ring(services.WORK, environment_id=locked.pk)
            logger.warning("sandbox: disturbed", extra={"environment": locked.backend_key})
