"""Under which address people open an environment, and where it really answers.

With ``OSK_SANDBOX_DOMAIN`` each booking has a host name of its own below it, the same for every generation:
``https://<32 hex of the booking>.<domain>``; further endpoints of the product are ``<32 hex>-<way>``. The gate
(``services/gate.py``) stands in front of all of them. Without the setting people open the engine's own
addresses, which work on the portal's machine only.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

from django.conf import settings

if TYPE_CHECKING:
    from sandbox.models import Booking, Environment

LONGEST_WAY: Final = 30
"""A label of a host name has 63 characters, of which 33 say whose it is."""
_LABEL: Final = re.compile(r"([0-9a-f]{32})(?:-([a-z0-9][a-z0-9-]{0,29}))?")
_HTTP_PORT: Final = 80


class Place(NamedTuple):
    """What a host name names: a booking and, of its environment, the way in (empty: the first endpoint)."""

    booking: UUID
    way: str


@dataclass(frozen=True)
class Door:
    """An endpoint as people see it."""

    label: str
    address: str
    """With the path of the product."""
    way: str = ""
    is_gated: bool = False

    @property
    def path(self) -> str:
        return urlsplit(self.address).path or "/"


def is_gated() -> bool:
    """Whether there is a gate at all."""
    return bool(settings.OSK_SANDBOX_DOMAIN)


def way_of(port: str) -> str:
    """The end of the host's first label for a further endpoint: its port, or what stays of a long name."""
    if len(port) <= LONGEST_WAY and not port.endswith("-"):
        return port
    digest = hashlib.sha256(port.encode()).hexdigest()[:10]
    return f"{port[: LONGEST_WAY - 11].rstrip('-')}-{digest}"


def origin_of(booking: Booking, way: str = "") -> str:
    """``https://…`` of the booking, without a path; empty where there is no gate."""
    if not is_gated():
        return ""
    label = f"{booking.public_id.hex}-{way}" if way else booking.public_id.hex
    return f"https://{label}.{settings.OSK_SANDBOX_DOMAIN}"


def origins_of(booking: Booking, ports: Iterable[str]) -> dict[str, str]:
    """Of further endpoints, by port; empty where there is no gate."""
    return {port: origin_of(booking, way_of(port)) for port in ports} if is_gated() else {}


def place_of_host(host: str) -> Place | None:
    """What the host name of a request names, with or without a port; None for any other."""
    domain = settings.OSK_SANDBOX_DOMAIN.partition(":")[0]
    label, _, rest = host.strip().lower().partition(".")
    found = _LABEL.fullmatch(label)
    if not domain or rest.partition(":")[0] != domain or found is None:
        return None
    return Place(UUID(found[1]), found[2] or "")


def upstream_of(environment: Environment, way: str = "") -> str:
    """``address:port`` at which the gate finds the environment; empty where it may not lead there.

    Only what an engine of ours has reported: plain HTTP at a private address. What an operator has set up
    elsewhere has an address of its own.
    """
    return upstreams_of(environment).get(way, "")


def upstreams_of(environment: Environment) -> dict[str, str]:
    """The same for every way in; what the gate may not lead to is left out."""
    if environment.is_by_hand:
        return {}
    endpoints = {"": environment.endpoint}
    endpoints |= {way_of(port): at for port, at in environment.other_addresses.items()}
    found = {way: urlsplit(endpoint) for way, endpoint in endpoints.items()}
    return {
        way: f"{at.hostname}:{at.port or _HTTP_PORT}"
        for way, at in found.items()
        if _is_of_an_engine(at)
    }


def _is_of_an_engine(endpoint: SplitResult) -> bool:
    try:
        address = ipaddress.IPv4Address(endpoint.hostname or "")
        _ = endpoint.port
    except ValueError:
        return False
    # Clouds answer at link-local addresses with the machine's own secrets.
    is_inside = address.is_private and not (address.is_link_local or address.is_unspecified)
    return endpoint.scheme == "http" and is_inside


def shown_address(booking: Booking, environment: Environment) -> str:
    """What people open first, with the path of the product."""
    if is_gated() and upstream_of(environment):
        return origin_of(booking) + (urlsplit(environment.endpoint).path or "/")
    return environment.endpoint


def doors_of(booking: Booking, environment: Environment) -> list[Door]:
    """Every endpoint in the order of the specification; the first is the address of the booking.

    Raises SpecError where the version was changed past the admin.
    """
    upstreams = upstreams_of(environment) if is_gated() else {}
    first = shown_address(booking, environment)
    endpoints = booking.blueprint_version.parsed.endpoints
    label = endpoints[0].label if len(endpoints) > 1 else ""
    doors = [Door(label, first, is_gated="" in upstreams)]
    for endpoint in endpoints[1:]:
        is_first = endpoint.port == endpoints[0].port
        way = "" if is_first else way_of(endpoint.port)
        if way in upstreams:
            origin = origin_of(booking, way)
        elif is_first:
            origin = "/".join(environment.endpoint.split("/", 3)[:3])
        else:
            origin = environment.other_addresses.get(endpoint.port, "")
        if origin:
            doors.append(Door(endpoint.label, origin + endpoint.path, way, way in upstreams))
    return doors
