"""Every write that a person starts. What the engines are asked is in provisioning.py."""

from sandbox.services.blueprints import publish_version
from sandbox.services.bookings import book, end_booking
from sandbox.services.credentials import (
    PASSWORD_LENGTH,
    ensure_credentials,
    plain_credentials,
    reveal_credential,
    wipe_credentials,
)
from sandbox.services.environments import (
    WORK,
    add_generation,
    forget_environment,
    release_lease,
    release_slot,
    remove_environment,
    retry_booking,
)

__all__ = [
    "PASSWORD_LENGTH",
    "WORK",
    "add_generation",
    "book",
    "end_booking",
    "ensure_credentials",
    "forget_environment",
    "plain_credentials",
    "publish_version",
    "release_lease",
    "release_slot",
    "remove_environment",
    "retry_booking",
    "reveal_credential",
    "wipe_credentials",
]
