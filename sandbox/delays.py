"""How long something may take, and when it is looked at again."""

from __future__ import annotations

import logging
import random
from datetime import timedelta

from osk_portal.toolkit import clock
from sandbox.enums import Desired, EnvironmentState
from sandbox.leases import Claim
from sandbox.models import Environment
from sandbox.spec import SpecError

logger = logging.getLogger(__name__)

PROVISIONING_TIMEOUT = timedelta(minutes=10)
DISTURBANCE_ALERT = timedelta(minutes=10)
FIRST_BACKOFF = timedelta(seconds=5)
LONGEST_BACKOFF = timedelta(minutes=5)
_chance = random.SystemRandom()


def is_too_late(environment: Environment, timeout: timedelta) -> bool:
    return clock.of_database() - environment.state_since > timeout


def is_over_time(claimed: Claim) -> bool:
    """It has been in its state for longer than it may: ten minutes at an engine, to start as long as its
    specification says. What waits for its place has none; a person is reminded, and has until the end.
    """
    environment = claimed.environment
    if environment.state == EnvironmentState.PENDING:
        return False
    if environment.is_by_hand and environment.ready_at is None:
        return is_too_late(environment, environment.expires_at - environment.state_since)
    if environment.state == EnvironmentState.DEGRADED:
        return is_too_late(environment, DISTURBANCE_ALERT)
    if environment.state == EnvironmentState.STARTING:
        try:
            return is_too_late(environment, timedelta(seconds=claimed.spec.ready_timeout))
        except SpecError:
            logger.warning(
                "sandbox: specification damaged", extra={"environment": environment.backend_key}
            )
    return is_too_late(environment, PROVISIONING_TIMEOUT)


def backoff(attempts: int) -> timedelta:
    """5 s, 10 s, 20 s … at most 5 minutes, a fifth more or less so that not all come at once."""
    doublings = min(max(attempts - 1, 0), 10)
    wait: timedelta = min(FIRST_BACKOFF * (1 << doublings), LONGEST_BACKOFF)
    return wait * _chance.uniform(0.8, 1.2)


def wait(environment: Environment, delay: timedelta) -> None:
    """A removal that was asked for meanwhile waits for nothing."""
    is_ended = environment.desired == Desired.ABSENT and not environment.keeps_its_course
    environment.next_action_at = clock.of_database() + (timedelta() if is_ended else delay)
    environment.save(update_fields=["next_action_at"])


def wait_for_end(environment: Environment) -> None:
    if environment.desired == Desired.ABSENT:
        return  # it is due already
    environment.next_action_at = environment.expires_at
    environment.save(update_fields=["next_action_at"])
