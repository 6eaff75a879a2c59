"""Under which address people open an environment, and where it really answers.

With ``OSK_SANDBOX_DOMAIN`` each booking has a host name of its own below it, the same for every generation:
``https://<32 hex of the booking>.<domain>``. The gate (``services/gate.py``) stands in front of it. Without
the setting people open the engine's own address, which works on the portal's machine only.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

from django.conf import settings

if TYPE_CHECKING:
    from sandbox.models import Booking, Environment

_LABEL: Final = re.compile(r"[0-9a-f]{32}")
_HTTP_PORT: Final = 80


def is_gated() -> bool:
    """Whether there is a gate at all."""
    return bool(settings.OSK_SANDBOX_DOMAIN)


def origin_of(booking: Booking) -> str:
    """``https://…`` of the booking, without a path; empty where there is no gate."""
    if not is_gated():
        return ""
    return f"https://{booking.public_id.hex}.{settings.OSK_SANDBOX_DOMAIN}"


def booking_of_host(host: str) -> UUID | None:
    """Whose host name a request names, with or without a port; None for any other."""
    domain = settings.OSK_SANDBOX_DOMAIN.partition(":")[0]
    label, _, rest = host.strip().lower().partition(".")
    if not domain or rest.partition(":")[0] != domain or not _LABEL.fullmatch(label):
        return None
    return UUID(label)


def upstream_of(environment: Environment) -> str:
    """``address:port`` at which the gate finds the environment; empty where it may not lead there.

    Only what an engine of ours has reported: plain HTTP at a private address. What an operator has set up
    elsewhere has an address of its own.
    """
    if environment.is_by_hand:
        return ""
    found = urlsplit(environment.endpoint)
    return f"{found.hostname}:{found.port or _HTTP_PORT}" if _is_of_an_engine(found) else ""


def _is_of_an_engine(endpoint: SplitResult) -> bool:
    try:
        address = ipaddress.IPv4Address(endpoint.hostname or "")
    except ValueError:
        return False
    return endpoint.scheme == "http" and address.is_private


def shown_address(booking: Booking, environment: Environment) -> str:
    """What people open, with the path of the product."""
    if is_gated() and upstream_of(environment):
        return origin_of(booking) + (urlsplit(environment.endpoint).path or "/")
    return environment.endpoint
