"""The right to work on an environment: one worker at a time, and none that stood still writes anything."""

from __future__ import annotations

import logging
import os
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from osk_portal.toolkit.clock import DbNow
from sandbox import addresses, backends, services
from sandbox.backends.base import EnvRef, SandboxBackend
from sandbox.models import Booking, Environment
from sandbox.spec import EnvSpec

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
HEARTBEAT_SECONDS = 10


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
        is_in_use=environment.ready_at is not None,
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
