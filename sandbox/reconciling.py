"""Desired against actual, every minute: what the engines have against what the rows say.

An object of ours without a living row is an orphan and goes after a grace. A row whose object has ended
or disappeared is repaired or replaced, and its person is told. What an engine cannot tell ("unknown") and
what carries another portal's name is left alone.
"""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta

from django.conf import settings
from django.db import transaction

from osk_portal.notifications.doorbell import ring
from osk_portal.toolkit import clock
from sandbox import backends, services
from sandbox.backends.base import (
    BackendError,
    EnvRef,
    Observed,
    ObservedState,
    Retryable,
    SandboxBackend,
)
from sandbox.enums import Desired, EnvironmentState
from sandbox.models import Environment, Slot
from sandbox.provisioning import ref_of
from sandbox.spec import SpecError

logger = logging.getLogger(__name__)

ORPHAN_GRACE = timedelta(minutes=10)


def reconcile() -> None:
    """Every engine that a slot or an existing environment names."""
    keys = set(Slot.objects.enabled().values_list("backend", flat=True))
    keys |= set(Environment.objects.existing().values_list("backend", flat=True))
    for key in sorted(keys):
        try:
            backend = backends.get(key)
            found = {observed.name: observed for observed in backend.observe_all()}
        except Retryable as error:
            # Says nothing about what exists: no environment is taken for lost, no object for an orphan.
            logger.warning(
                "sandbox: engine does not answer", extra={"backend": key, "detail": error.detail}
            )
            continue
        _remove_orphans(backend, found)
        _find_lost(backend, found)


def _remove_orphans(backend: SandboxBackend, found: dict[str, Observed]) -> None:
    for observed in found.values():
        if observed.instance != settings.OSK_SANDBOX_INSTANCE:
            if observed.state != ObservedState.UNKNOWN:
                logger.info("sandbox: foreign object left alone", extra={"object": observed.name})
            continue
        if _is_known(observed) or _is_young(observed):
            continue
        ref = EnvRef(observed.instance, observed.env, observed.generation)
        if ref.name != observed.name:
            # Its label names another one: what would be removed is not what was found.
            logger.warning("sandbox: label does not fit", extra={"object": observed.name})
            continue
        try:
            left = backend.destroy(ref).state
        except BackendError as error:
            logger.warning(
                "sandbox: orphan stays", extra={"object": observed.name, "detail": str(error)}
            )
        else:
            if left == ObservedState.ABSENT:
                logger.warning("sandbox: orphan removed", extra={"object": observed.name})
            else:
                logger.info("sandbox: orphan being removed", extra={"object": observed.name})


def _is_known(observed: Observed) -> bool:
    try:
        public_id = uuid.UUID(observed.env)
    except ValueError:
        return False
    return Environment.objects.existing().filter(public_id=public_id).exists()


def _is_young(observed: Observed) -> bool:
    """Without a date it is a process whose folder is gone: nobody is making that just now."""
    return observed.created_at is not None and clock.now() - observed.created_at < ORPHAN_GRACE


def _find_lost(backend: SandboxBackend, found: dict[str, Observed]) -> None:
    """Environments that were handed over must run and answer."""
    rows = Environment.objects.filter(
        backend=backend.key, state=EnvironmentState.READY, desired=Desired.PRESENT
    ).select_related("booking__blueprint_version")
    for environment in rows:
        try:
            is_well = _is_well(backend, environment, found.get(environment.backend_key))
        except (BackendError, SpecError) as error:
            logger.warning(
                "sandbox: could not be checked",
                extra={"environment": environment.backend_key, "detail": str(error)},
            )
            continue
        if is_well:
            Environment.objects.filter(pk=environment.pk).update(checked_at=clock.now())
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
